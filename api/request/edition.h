/* edition.h - a text that is never the same for long and dear to make: who asks gets a new one, but where that would
 * take more than a tenth of a core in the long run, all who ask share the last one for a moment.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_EDITION_H
#define CAIRN_API_EDITION_H

#include "api/request/budget.h"

#include <pthread.h>
#include <stdatomic.h>
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

void editions_init(struct editions *editions);
void editions_free(struct editions *editions);

/* A reference to the last one, where it is too early for another; NULL: another one is to be made. */
struct edition *editions_share(struct editions *editions, int64_t now);

/* A text from malloc(), which is taken over: the last one from now on. It took so many nanoseconds of CPU to make.
 * Returns a reference; NULL: no memory, or no place in the budget, and the text is freed. */
struct edition *editions_add(struct editions *editions, struct budget *budget, char *text, size_t length, int64_t took,
                             int64_t now);

/* Gives a reference back. */
void edition_release(void *edition);

#endif
