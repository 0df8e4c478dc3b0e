/* address.h - where cairnd listens: an IPv4 or IPv6 address with a port, or the path of a unix socket. */
#ifndef CAIRN_ADDRESS_H
#define CAIRN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ADDRESS_TEXT_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof("unix:") };

/* What an address may look like, for messages. */
#define ADDRESS_FORMS "127.0.0.1:8080, [::1]:8080 or unix:/path/to/socket (numeric addresses; port 0 picks a free port)"

struct address {
    struct sockaddr_storage socket;
    socklen_t length;
};

/* Reads an address from text; false when it is none. */
bool address_parse(const char *text, struct address *ret_address);

/* The address as a user types it: "127.0.0.1:8080", "[::1]:8080", "unix:/run/cairn.sock". */
void address_format(const struct address *address, char text[ADDRESS_TEXT_MAX]);

/* The path of a unix socket, NULL for the other families. Borrowed from the address. */
const char *address_path(const struct address *address);

/* The port in host order; 0 for a unix socket. */
unsigned address_port(const struct address *address);

/* Turns "every interface" (0.0.0.0, ::) into the loopback address that reaches it from this machine. */
void address_make_local(struct address *address);

#endif
