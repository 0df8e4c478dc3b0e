/* edition.h - a text that several answers share: it is in memory, and counted, once.
 *
 * `struct editions` is for one that is never the same for long and dear to make: who asks gets a new one, but where
 * that would take more than a tenth of a core in the long run, all who ask share the last one for a moment.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_EDITION_H
#define CAIRN_API_EDITION_H

#include "api/request/budget.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct edition {
    atomic_size_t references;
    size_t length;
    char *text;
    struct budget_share memory;
};

struct editions {
    pthread_mutex_t lock; /* guards what follows */
    struct edition *last; /* a reference; NULL: there was none yet */
    int64_t due; /* nanoseconds of a clock that never jumps: when the time for all of them will be made up for */
};

/* A text from malloc(), which is taken over. Returns a reference; NULL: no memory, or no place in the budget, of which
 * nobody asks where it is to be made `anyway`, and the text is freed. */
struct edition *edition_new(struct budget *budget, char *text, size_t length, bool anyway);

/* One more reference; one less. */
void edition_keep(struct edition *edition);
void edition_release(void *edition);

void editions_init(struct editions *editions);
void editions_free(struct editions *editions);

/* A reference to the last one, where it is too early for another; NULL: another one is to be made. */
struct edition *editions_share(struct editions *editions, int64_t now);

/* The same as edition_new(): the last one from now on. It took so many nanoseconds of CPU to make. */
struct edition *editions_add(struct editions *editions, struct budget *budget, char *text, size_t length, int64_t took,
                             int64_t now);

#endif
