/* host.c - IPv4 is kept as the IPv6 address that stands for it, so that there is one kind. See host.h. */
#include "api/http/host.h"
#include "api/text/decimal.h"

#include <arpa/inet.h>
#include <string.h>

enum { BITS = 128, BITS_MAPPED = 96 /* that stand before an IPv4 address */ };

static const char unix_word[] = "unix";

static struct in6_addr mapped(struct in_addr inet)
{
    struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&address.s6_addr[12], &inet, sizeof inet);
    return address;
}

struct host host_of_socket(const struct sockaddr *socket)
{
    if (socket && socket->sa_family == AF_INET)
        return (struct host){.address = mapped(((const struct sockaddr_in *)socket)->sin_addr)};
    if (socket && socket->sa_family == AF_INET6)
        return (struct host){.address = ((const struct sockaddr_in6 *)socket)->sin6_addr};
    return (struct host){.unix_socket = true};
}

/* An address without anything around it; `*ret_inet4` tells how it was written. */
static bool parse_address(const char *text, size_t length, struct host *ret_host, bool *ret_inet4)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr inet4;
    struct in6_addr inet6;
    if (length >= sizeof copy || memchr(text, '\0', length))
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    *ret_inet4 = inet_pton(AF_INET, copy, &inet4) == 1;
    if (!*ret_inet4 && inet_pton(AF_INET6, copy, &inet6) != 1)
        return false;
    *ret_host = (struct host){.address = *ret_inet4 ? mapped(inet4) : inet6};
    return true;
}

/* A number as one is written: of five digits at most. */
static bool parse_number(const char *text, size_t length, uint64_t most, uint64_t *ret_number)
{
    return length <= 5 && decimal_parse(text, length, most, ret_number);
}

/* `:PORT`, or nothing. */
static bool is_port(const char *text, size_t length)
{
    uint64_t port;
    return length == 0 || (*text == ':' && parse_number(text + 1, length - 1, UINT16_MAX, &port));
}

bool host_parse(const char *text, size_t length, struct host *ret_host)
{
    bool inet4;
    struct host host;
    const char *colon = memchr(text, ':', length), *bracket = memchr(text, ']', length);
    if (length > 0 && *text == '[') {
        if (!bracket || !parse_address(text + 1, (size_t)(bracket - text) - 1, &host, &inet4) || inet4 ||
            !is_port(bracket + 1, length - (size_t)(bracket + 1 - text)))
            return false;
    } else {
        bool with_port = colon && !memchr(colon + 1, ':', length - (size_t)(colon + 1 - text));
        size_t address = with_port ? (size_t)(colon - text) : length;
        if (!parse_address(text, address, &host, &inet4) || !is_port(text + address, length - address))
            return false;
    }
    *ret_host = host;
    return true;
}

void host_write(const struct host *host, char text[HOST_TEXT_SIZE])
{
    const struct in6_addr *address = &host->address;
    if (host->unix_socket)
        memcpy(text, unix_word, sizeof unix_word);
    else if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, &address->s6_addr[12], text, HOST_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, address, text, HOST_TEXT_SIZE);
}

bool network_parse(const char *text, size_t length, struct network *ret_network)
{
    const char *slash = memchr(text, '/', length);
    size_t address = slash ? (size_t)(slash - text) : length;
    struct host host;
    bool inet4;
    if (length == strlen(unix_word) && memcmp(text, unix_word, length) == 0) {
        *ret_network = (struct network){.host.unix_socket = true};
        return true;
    }
    if (!parse_address(text, address, &host, &inet4))
        return false;
    unsigned before = inet4 ? BITS_MAPPED : 0;
    uint64_t bits = BITS - before;
    if (slash && !parse_number(slash + 1, length - address - 1, bits, &bits))
        return false;
    *ret_network = (struct network){.host = host, .bits = before + (unsigned)bits};
    return true;
}

bool network_holds(const struct network *network, const struct host *host)
{
    const unsigned char *ours = network->host.address.s6_addr, *its = host->address.s6_addr;
    size_t whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (network->host.unix_socket || host->unix_socket)
        return network->host.unix_socket && host->unix_socket;
    return memcmp(ours, its, whole) == 0 && (rest == 0 || (ours[whole] ^ its[whole]) >> (8 - rest) == 0);
}
