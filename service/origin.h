/* origin.h - how many connections each address has, so that no one has them all.
 *
 * An address is what one network gets as one: a whole IPv4 address, the first half of an IPv6 one (but all of it on the
 * local link, where that half is the same for everybody). Loopback and unix sockets have no limit: behind a proxy on
 * this machine are many.
 *
 * Thread: any.
 */
#ifndef CAIRN_ORIGIN_H
#define CAIRN_ORIGIN_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { ORIGIN_BUCKETS = 1024 };

struct origin {
    struct origin *next;
    struct in6_addr address;
    size_t connections;
};

struct origins {
    size_t limit; /* connections of each */
    pthread_mutex_t lock;
    struct origin *buckets[ORIGIN_BUCKETS]; /* under lock */
};

void origins_init(struct origins *origins, size_t limit);

/* When no connection is left. */
void origins_free(struct origins *origins);

/* Counts a connection of this address, until origins_leave(); false when it has as many as it may (or memory is
 * out). */
bool origins_enter(struct origins *origins, const struct sockaddr *address);
void origins_leave(struct origins *origins, const struct sockaddr *address);

#endif
