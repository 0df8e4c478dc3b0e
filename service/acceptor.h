/* acceptor.h - takes connections from the listeners and spreads them over the loops.
 *
 * It runs on the main thread until a signal arrives, or until a time. At the limit of connections it stops accepting,
 * and clients wait in the kernel's listen queue. Some descriptors are kept from stores and uploads. Who comes when
 * these have all others gets one of them; the engine closes stores that nobody uses for another one to be kept, and
 * where there is none who has come is a guest (places.h). When none are left it pauses until a store has been closed or
 * a connection has ended, or for a moment, instead of spinning on the error.
 */
#ifndef CAIRN_ACCEPTOR_H
#define CAIRN_ACCEPTOR_H

#include "service/listener.h"
#include "service/loop.h"
#include "service/spares.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct acceptor {
    struct listener *listeners;
    size_t listener_count;
    size_t next_listener; /* has the first turn; as many as there are: the first one has */
    struct loop **loops;
    size_t loop_count;
    size_t connections_limit;
    struct places *places;     /* borrowed */
    struct identity *identity; /* of listeners with TLS; another one may be put here between runs */
    int signals;               /* readable: stop */
    /* Has the engine give up so many descriptors soon; false: it has none to spare. It calls acceptor_wake(). */
    bool (*make_room)(void *arg, size_t files);
    void *make_room_arg;
    struct spares spares;    /* for guests, and for those who come before there is room */
    int wake;                /* eventfd: a connection has ended, or a store was closed, while `full` */
    atomic_bool full;        /* at the limit, or out of descriptors */
    bool out_of_descriptors; /* accepting pauses */
    time_t next_warning;     /* not before */
    time_t next_guest_line;  /* the same */
    size_t guests_untold;
    size_t guests; /* that have been handed over */
};

/* Opens `wake`, and keeps so many descriptors; the other members are the caller's to fill in before acceptor_run().
 * False and errno on failure. */
bool acceptor_open(struct acceptor *acceptor, size_t spares);

/* Accepts until a signal arrives or `end` has come (clock.h). Thread: one. */
void acceptor_run(struct acceptor *acceptor, int64_t end);

/* After that, before the listeners are closed: nobody new gets in line, and those who wait there are accepted, until
 * nobody is left, a signal arrives, or `end` has come. Thread: the same. */
void acceptor_finish(struct acceptor *acceptor, int64_t end);

/* Connections of all loops that are open, guests among them. Thread: any, while there are loops. */
size_t acceptor_connections(const struct acceptor *acceptor);

/* A descriptor has come free: for loop_options.closed and depot_options.vacated; `arg` is the acceptor. Thread: any. */
void acceptor_wake(void *arg);

void acceptor_close(struct acceptor *acceptor);

#endif
