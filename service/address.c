/* address.c - listen addresses: text to socket address and back. See address.h. */
#include "service/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char unix_prefix[] = "unix:";
enum { UNIX_PREFIX_LENGTH = sizeof(unix_prefix) - 1 };

static bool parse_port(const char *text, in_port_t *ret_port)
{
    size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "0123456789") != length)
        return false;
    unsigned long port = strtoul(text, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    *ret_port = htons((uint16_t)port);
    return true;
}

static bool parse_unix(const char *path, struct address *ret_address)
{
    struct sockaddr_un socket = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof(socket.sun_path))
        return false;
    memcpy(socket.sun_path, path, length);
    memcpy(&ret_address->socket, &socket, sizeof(socket));
    ret_address->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return true;
}

static bool parse_inet(const char *host, const char *port, struct address *ret_address)
{
    struct sockaddr_in socket = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, host, &socket.sin_addr) != 1 || !parse_port(port, &socket.sin_port))
        return false;
    memcpy(&ret_address->socket, &socket, sizeof(socket));
    ret_address->length = sizeof(socket);
    return true;
}

static bool parse_inet6(const char *host, const char *port, struct address *ret_address)
{
    struct sockaddr_in6 socket = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET6, host, &socket.sin6_addr) != 1 || !parse_port(port, &socket.sin6_port))
        return false;
    memcpy(&ret_address->socket, &socket, sizeof(socket));
    ret_address->length = sizeof(socket);
    return true;
}

bool address_parse(const char *text, struct address *ret_address)
{
    if (strncmp(text, unix_prefix, UNIX_PREFIX_LENGTH) == 0)
        return parse_unix(text + UNIX_PREFIX_LENGTH, ret_address);
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2];
    if (!colon || (size_t)(colon - text) >= sizeof(host))
        return false;
    size_t length = (size_t)(colon - text);
    memcpy(host, text, length);
    host[length] = '\0';
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        return parse_inet6(host + 1, colon + 1, ret_address);
    }
    return parse_inet(host, colon + 1, ret_address);
}

const char *address_path(const struct address *address)
{
    if (address->socket.ss_family != AF_UNIX)
        return NULL;
    return ((const struct sockaddr_un *)&address->socket)->sun_path;
}

unsigned address_port(const struct address *address)
{
    switch (address->socket.ss_family) {
    case AF_INET:
        return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
    case AF_INET6:
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    default:
        return 0;
    }
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *inet = (const struct sockaddr_in *)&address->socket;
    const struct sockaddr_in6 *inet6 = (const struct sockaddr_in6 *)&address->socket;

    switch (address->socket.ss_family) {
    case AF_INET:
        inet_ntop(AF_INET, &inet->sin_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, address_port(address));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &inet6->sin6_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, address_port(address));
        break;
    default:
        snprintf(text, ADDRESS_TEXT_MAX, "%s%s", unix_prefix, address_path(address));
        break;
    }
}

void address_make_local(struct address *address)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)&address->socket;

    if (address->socket.ss_family == AF_INET && inet->sin_addr.s_addr == htonl(INADDR_ANY))
        inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (address->socket.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr))
        inet6->sin6_addr = in6addr_loopback;
}
