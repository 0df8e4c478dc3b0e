/* host.h - where a client is: an address of the Internet, or this machine, when it comes over a unix socket; and
 * networks, which hold some of them.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_HOST_H
#define CAIRN_API_HOST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { HOST_TEXT_SIZE = INET6_ADDRSTRLEN };

struct host {
    bool unix_socket;
    struct in6_addr address; /* of IPv4 too: mapped into IPv6 */
};

struct network {
    struct host host;
    unsigned bits; /* of the address, from the front: those that all hosts in it have in common */
};

/* The other end of a connection; NULL, or another family than the three: a unix socket. */
struct host host_of_socket(const struct sockaddr *socket);

/* `203.0.113.7`, `2001:db8::7`, `[2001:db8::7]`, and the first and the last of them with `:PORT`. */
bool host_parse(const char *text, size_t length, struct host *ret_host);

/* The address as it is usually written, or "unix". */
void host_write(const struct host *host, char text[HOST_TEXT_SIZE]);

/* An address, which stands for itself alone, `ADDRESS/BITS`, or `unix` for all unix sockets. */
bool network_parse(const char *text, size_t length, struct network *ret_network);

bool network_holds(const struct network *network, const struct host *host);

#endif
