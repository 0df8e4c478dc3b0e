/* address.c - addresses of sockets. See address.h. */
#include "service/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct address address_of_socket(const struct sockaddr *socket, socklen_t length)
{
    struct address address = {.length = length, .mode = -1, .user = (uid_t)-1, .group = (gid_t)-1};
    memcpy(&address.socket, socket, length);
    return address;
}

struct address address_of_path(const char *path)
{
    struct sockaddr_un socket = {.sun_family = AF_UNIX};
    size_t length = strnlen(path, sizeof socket.sun_path - 1);
    memcpy(socket.sun_path, path, length);
    return address_of_socket((const struct sockaddr *)&socket,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1));
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

void address_set_port(struct address *address, unsigned port)
{
    if (address->socket.ss_family == AF_INET)
        ((struct sockaddr_in *)&address->socket)->sin_port = htons((uint16_t)port);
    if (address->socket.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->socket)->sin6_port = htons((uint16_t)port);
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX])
{
    char host[NI_MAXHOST] = "";
    const char *path = address_path(address);
    if (path) {
        snprintf(text, ADDRESS_TEXT_MAX, *path != '\0' ? "unix:%s" : "a unix socket%s", path);
        return;
    }
    getnameinfo((const struct sockaddr *)&address->socket, address->length, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    bool brackets = address->socket.ss_family == AF_INET6;
    snprintf(text, ADDRESS_TEXT_MAX, "%s%.64s%s:%u", brackets ? "[" : "", host, brackets ? "]" : "",
             address_port(address));
}

bool address_is_same(const struct address *a, const struct address *b)
{
    return a->length == b->length && memcmp(&a->socket, &b->socket, a->length) == 0;
}

bool address_is_local(const struct sockaddr *address)
{
    const struct in6_addr *inet6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    switch (address->sa_family) {
    case AF_INET:
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(inet6) || (IN6_IS_ADDR_V4MAPPED(inet6) && inet6->s6_addr[12] == IN_LOOPBACKNET);
    default:
        return true;
    }
}

bool address_is_every_inet6(const struct address *address)
{
    return address->socket.ss_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address->socket)->sin6_addr);
}

void address_make_local(struct address *address)
{
    struct sockaddr_in *inet = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)&address->socket;

    if (address->socket.ss_family == AF_INET && inet->sin_addr.s_addr == htonl(INADDR_ANY))
        inet->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (address_is_every_inet6(address))
        inet6->sin6_addr = in6addr_loopback;
}
