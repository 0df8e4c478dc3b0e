/* places.h - who gets a place among the connections.
 *
 * All that are allowed but a sixteenth are places for clients. Who comes when they are taken, or when its address has
 * as many as one address may have, is a guest: it is told so, or how the server does, and has to go (clients.c). So the
 * server always answers, and says that it is well, whatever a crowd does. One guest of a thread does not stay: else the
 * next one would find the connections used up, and wait for one of them to go by itself. The others are the time that a
 * guest has to say what it wants while a crowd comes and says nothing: each thread has four. So where connections are
 * few there are few threads.
 *
 * When places are getting short, those who keep the server waiting are given little time.
 *
 * Thread: any, after places_init().
 */
#ifndef CAIRN_PLACES_H
#define CAIRN_PLACES_H

#include "service/origin.h"

#include <stdatomic.h>

/* Of so many threads, those that so many connections allow. */
size_t places_count_threads(size_t threads, size_t connections_limit);

struct places {
    size_t count;       /* of places; does not change */
    size_t guests_stay; /* with each thread, where others come; does not change */
    atomic_size_t taken;
    struct origins origins;
};

/* For so many connections in all, and of one address, which so many threads serve. */
void places_init(struct places *places, size_t connections_limit, size_t connections_per_address, size_t threads);
void places_free(struct places *places);

/* Takes a place for a client of this address, until places_leave(); false: it is a guest. */
bool places_take(struct places *places, const struct sockaddr *address);
void places_leave(struct places *places, const struct sockaddr *address);

/* Whether so many are taken that the next ones may find none. */
bool places_are_short(const struct places *places);

#endif
