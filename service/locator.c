/* locator.c - reads and resolves locators. See locator.h. */
#include "service/locator.h"
#include "api/text/decimal.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unix_prefix[] = "unix:";
enum { UNIX_PREFIX_LENGTH = sizeof unix_prefix - 1, MODE_MOST = 0777 };

static const char tls_prefix[] = "tls:";
enum { TLS_PREFIX_LENGTH = sizeof tls_prefix - 1 };

/* Both loopback addresses, whatever a file or a name server makes of it (RFC 6761, 6.3). */
static const char this_machine[] = "localhost";

/* ---- unix sockets ---------------------------------------------------------------------------- */

static const char *const settings[] = {"mode=", "user=", "group="};

/* Whether the text goes on with a setting of a unix socket; *ret_value is what stands behind it. */
static const char *setting_of(const char *text, const char **ret_value)
{
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        size_t length = strlen(settings[i]);
        if (strncmp(text, settings[i], length) == 0) {
            *ret_value = text + length;
            return settings[i];
        }
    }
    return NULL;
}

size_t locator_length(const char *list)
{
    const char *end = strchrnul(list, ','), *value;
    if (strncmp(list, unix_prefix, UNIX_PREFIX_LENGTH) == 0)
        while (*end && setting_of(end + 1, &value))
            end = strchrnul(end + 1, ',');
    return (size_t)(end - list);
}

static bool copy_piece(const char *piece, size_t length, char *copy, size_t size)
{
    if (length == 0 || length >= size)
        return false;
    memcpy(copy, piece, length);
    copy[length] = '\0';
    return true;
}

static bool parse_mode(const char *text, size_t length, int *ret_mode)
{
    if (length == 0 || length > 4 || strspn(text, "01234567") < length)
        return false;
    *ret_mode = (int)strtol(text, NULL, 8);
    return *ret_mode <= MODE_MOST;
}

/* Whether the setting of that name has been made. */
static bool is_set(const struct locator *locator, const char *name)
{
    return name[0] == 'm' ? locator->mode >= 0 : name[0] == 'u' ? locator->user[0] : locator->group[0];
}

static const char *parse_setting(const char *text, size_t length, struct locator *locator)
{
    const char *value, *name = setting_of(text, &value);
    if (!name)
        return "behind the path there may be mode=, user= and group= only";
    if (is_set(locator, name))
        return "mode=, user= and group= may stand behind the path once each";
    size_t size = length - strlen(name);
    switch (name[0]) {
    case 'm':
        return parse_mode(value, size, &locator->mode) ? NULL : "the mode is not an octal number from 0 to 0777";
    case 'u':
        return copy_piece(value, size, locator->user, sizeof locator->user) ? NULL : "the user is missing or too long";
    default:
        return copy_piece(value, size, locator->group, sizeof locator->group) ? NULL
                                                                              : "the group is missing or too long";
    }
}

static const char *parse_unix(const char *text, struct locator *locator)
{
    const char *end = strchrnul(text, ','), *fault = NULL;
    if (end == text)
        return "the path is missing";
    if (!copy_piece(text, (size_t)(end - text), locator->path, sizeof locator->path))
        return "the path is longer than a unix socket's may be";
    while (*end && !fault) {
        const char *piece = end + 1;
        end = strchrnul(piece, ',');
        fault = parse_setting(piece, (size_t)(end - piece), locator);
    }
    return fault;
}

/* ---- hosts and ports ------------------------------------------------------------------------- */

static const char bad_port[] = "the port is not a number from 0 to 65535";

static bool parse_port(const char *text, unsigned *ret_port)
{
    uint64_t port;
    if (!decimal_parse(text, strlen(text), UINT16_MAX, &port))
        return false;
    *ret_port = (unsigned)port;
    return true;
}

/* An address of IPv6 and perhaps the interface that it is meant on, as in fe80::1%eth0. */
static bool is_inet6(const char *host)
{
    struct in6_addr number;
    char address[INET6_ADDRSTRLEN];
    const char *zone = strchrnul(host, '%');
    return copy_piece(host, (size_t)(zone - host), address, sizeof address) &&
           inet_pton(AF_INET6, address, &number) == 1 && (!*zone || (zone[1] && strlen(zone + 1) < IF_NAMESIZE));
}

/* What consists of digits and dots is meant as a number. */
static bool is_name(const char *host)
{
    size_t length = strlen(host);
    return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length &&
           strspn(host, "0123456789.") < length && isalnum((unsigned char)host[0]);
}

static bool parse_host(const char *text, size_t length, struct locator *locator)
{
    struct in_addr number;
    char *host = locator->host;
    if (length == 0)
        return true;
    if (text[0] == '[') {
        locator->numeric = true;
        return length > 2 && text[length - 1] == ']' && copy_piece(text + 1, length - 2, host, sizeof locator->host) &&
               is_inet6(host);
    }
    if (!copy_piece(text, length, host, sizeof locator->host))
        return false;
    locator->numeric = inet_pton(AF_INET, host, &number) == 1;
    return locator->numeric || is_name(host);
}

/* What people write that is no locator, in words that help; NULL: nothing of that kind. */
static const char *misconception(const char *text)
{
    if (!*text)
        return "it is empty";
    if (strstr(text, "://"))
        return "it is a URL: leave out what stands in front of the host, and behind the port";
    if (strncmp(text, "*:", 2) == 0)
        return "every interface is written without a host, as in :8080";
    if (strncmp(text, unix_prefix, UNIX_PREFIX_LENGTH) == 0)
        return "over a unix socket no TLS is spoken";
    if (strchr(text, '='))
        return "only a unix socket has settings, and only mode=, user= and group=";
    return NULL;
}

/* Without a colon it can only be a port, unless it looks like a host. */
static const char *lacks_colon(const char *text)
{
    bool number = isdigit((unsigned char)*text) || *text == '-';
    return number && !strchr(text, '.') ? bad_port : "a port is missing behind the host";
}

const char *locator_parse(const char *text, struct locator *ret_locator)
{
    *ret_locator = (struct locator){.mode = -1};
    if (strncmp(text, unix_prefix, UNIX_PREFIX_LENGTH) == 0)
        return parse_unix(text + UNIX_PREFIX_LENGTH, ret_locator);
    if (strncmp(text, tls_prefix, TLS_PREFIX_LENGTH) == 0) {
        ret_locator->tls = true;
        text += TLS_PREFIX_LENGTH;
    }
    if (parse_port(text, &ret_locator->port)) {
        memcpy(ret_locator->host, this_machine, sizeof this_machine);
        return NULL;
    }
    const char *colon = strrchr(text, ':'), *fault = misconception(text);
    if (fault || !colon)
        return fault ? fault : lacks_colon(text);
    if (!parse_host(text, (size_t)(colon - text), ret_locator))
        return "the host is neither a name nor an address; one of IPv6 stands in brackets";
    return parse_port(colon + 1, &ret_locator->port) ? NULL : bad_port;
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* Adds an address, once. */
static void add(struct locator_addresses *addresses, const struct address *address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (address_is_same(&addresses->items[i], address))
            return;
    if (addresses->count < LOCATOR_ADDRESSES_MAX)
        addresses->items[addresses->count++] = *address;
}

/* A number stands for itself. The largest one means nobody: chown() would leave what is there. */
static bool parse_id(const char *text, id_t *ret_id)
{
    uint64_t number;
    if (!decimal_parse(text, strlen(text), UINT32_MAX - 1, &number))
        return false;
    *ret_id = (id_t)number;
    return true;
}

static const char *resolve_user(const char *name, uid_t *ret_user)
{
    const struct passwd *entry = *name ? getpwnam(name) : NULL;
    if (entry)
        *ret_user = entry->pw_uid;
    else if (*name && !parse_id(name, ret_user))
        return "there is no such user on this machine";
    return NULL;
}

static const char *resolve_group(const char *name, gid_t *ret_group)
{
    const struct group *entry = *name ? getgrnam(name) : NULL;
    if (entry)
        *ret_group = entry->gr_gid;
    else if (*name && !parse_id(name, ret_group))
        return "there is no such group on this machine";
    return NULL;
}

static const char *resolve_unix(const struct locator *locator, struct locator_addresses *addresses)
{
    struct address address = address_of_path(locator->path);
    address.mode = locator->mode;
    const char *reason = resolve_user(locator->user, &address.user);
    if (!reason)
        reason = resolve_group(locator->group, &address.group);
    add(addresses, &address);
    return reason;
}

static void add_both_families(struct in_addr ipv4, struct in6_addr ipv6, unsigned port,
                              struct locator_addresses *addresses)
{
    in_port_t number = htons((uint16_t)port);
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_addr = ipv4, .sin_port = number};
    struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6, .sin6_addr = ipv6, .sin6_port = number};
    struct address address = address_of_socket((const struct sockaddr *)&inet, sizeof inet);
    add(addresses, &address);
    address = address_of_socket((const struct sockaddr *)&inet6, sizeof inet6);
    add(addresses, &address);
}

static const char *look_up(const struct locator *locator, struct locator_addresses *addresses)
{
    char port[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    hints.ai_flags = AI_NUMERICSERV | (locator->numeric ? AI_NUMERICHOST : 0);
    snprintf(port, sizeof port, "%u", locator->port);
    int error = getaddrinfo(locator->host, port, &hints, &list);
    if (error == EAI_NONAME && strchr(locator->host, '%'))
        return "there is no such interface, or the address is not link-local (fe80::...)";
    if (error)
        return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
    for (const struct addrinfo *item = list; item; item = item->ai_next) {
        struct address address = address_of_socket(item->ai_addr, item->ai_addrlen);
        add(addresses, &address);
    }
    freeaddrinfo(list);
    return NULL;
}

const char *locator_resolve(const struct locator *locator, struct locator_addresses *ret_addresses)
{
    ret_addresses->count = 0;
    if (locator->path[0])
        return resolve_unix(locator, ret_addresses);
    if (!locator->host[0])
        add_both_families((struct in_addr){INADDR_ANY}, in6addr_any, locator->port, ret_addresses);
    else if (strcmp(locator->host, this_machine) == 0)
        add_both_families((struct in_addr){htonl(INADDR_LOOPBACK)}, in6addr_loopback, locator->port, ret_addresses);
    else
        return look_up(locator, ret_addresses);
    return NULL;
}
