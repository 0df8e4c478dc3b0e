/* loop_internal.h - what an HTTP thread is made of: for its turns (loop.c), its clients (clients.h) and libmicrohttpd's
 * part of it (daemon.h).
 *
 * Thread: but for what other threads are said to touch, all of it is the loop's own.
 */
#ifndef CAIRN_LOOP_INTERNAL_H
#define CAIRN_LOOP_INTERNAL_H

#include "service/farewell.h"
#include "service/handshakes.h"
#include "service/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

enum phase { PHASE_SERVE, PHASE_DRAIN, PHASE_CUT };

enum { LOOP_GUEST_MOMENT = 5 }; /* milliseconds for a guest to come on from one message to the next, in any crowd */

struct loop {
    struct loop_options options;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int events;   /* epoll: libmicrohttpd's own epoll descriptor, and wake */
    int wake;     /* eventfd: the inbox or the phase has changed */
    int finished; /* eventfd: the thread has ended */

    pthread_mutex_t lock;
    struct client *inbox; /* under lock; newest first */
    atomic_bool away;     /* it may wait for the disk until its next turn */
    atomic_bool called;   /* something is in the inbox or the phase has changed */
    atomic_int phase;     /* what is asked for */
    atomic_size_t connections;
    atomic_uint_fast64_t accepted;
    struct {
        atomic_size_t busy, guests, closing;
    } published; /* by the thread, for others to read */

    enum phase current; /* what has been carried out */
    size_t under_way;   /* requests whose head was heard */
    size_t guests;      /* among the clients */
    bool crowded;       /* places are short */
    bool listens;       /* to too many guests, who all have their moment */
    bool unsettled;     /* a client may have answers to take */
    int64_t next_look;  /* milliseconds: at those who take their time */
    int64_t look_every; /* milliseconds */
    struct client *clients;
    struct client *arriving; /* given to libmicrohttpd, which has not told of them yet; oldest first */
    struct client **arriving_end;
    struct handshakes handshakes; /* of clients that libmicrohttpd is given afterwards */
    struct farewells farewells;
    struct client *ended; /* libmicrohttpd is still to be told of their end */
};

/* Has the loop woken by what happens at a descriptor, which is then `who`; false: no memory. */
bool loop_watch(struct loop *loop, int file, uint32_t what, void *who);

#endif
