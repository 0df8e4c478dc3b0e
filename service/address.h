/* address.h - an address of a socket: IPv4 or IPv6 with a port, or the path of a unix socket. */
#ifndef CAIRN_ADDRESS_H
#define CAIRN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

enum { ADDRESS_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) };
enum { ADDRESS_TEXT_MAX = ADDRESS_PATH_MAX + sizeof "unix:" };

struct address {
    struct sockaddr_storage socket;
    socklen_t length;
    /* Of a unix socket's file; -1: as the process makes it. */
    int mode;
    uid_t user;
    gid_t group;
};

struct address address_of_socket(const struct sockaddr *socket, socklen_t length);

/* The path is shorter than ADDRESS_PATH_MAX. */
struct address address_of_path(const char *path);

/* The address as a user types it: "127.0.0.1:8080", "[::1]:8080", "unix:/run/cairn.sock". A client's has no path:
 * "a unix socket". */
void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX]);

/* The path of a unix socket, NULL for the other families. Borrowed from the address. */
const char *address_path(const struct address *address);

/* The port in host order; 0 for a unix socket. */
unsigned address_port(const struct address *address);

/* A unix socket stays as it is. */
void address_set_port(struct address *address, unsigned port);

/* Whether binding both is binding one twice. */
bool address_is_same(const struct address *a, const struct address *b);

/* Whether it is of this machine alone: a loopback address, also one of IPv4 on a socket of both families, or the path
 * of a unix socket. */
bool address_is_local(const struct sockaddr *address);

/* [::], every interface. */
bool address_is_every_inet6(const struct address *address);

/* Turns "every interface" (0.0.0.0, ::) into the loopback address that reaches it from this machine. */
void address_make_local(struct address *address);

#endif
