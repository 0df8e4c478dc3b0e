/* edition.c - each new one is paid for with ten times its time. See edition.h. */
#include "api/request/edition.h"

#include <stdlib.h>

enum { SHARE = 10 }; /* of the time one of so many parts may be used */

static const int64_t AHEAD = 2000000000; /* nanoseconds: so much may be owed, that is 0.2 s for those who ask at once */

void editions_init(struct editions *editions)
{
    *editions = (struct editions){.lock = PTHREAD_MUTEX_INITIALIZER};
}

void edition_release(void *closure)
{
    struct edition *edition = closure;
    if (!edition || atomic_fetch_sub(&edition->references, 1) > 1)
        return;
    budget_keep(&edition->memory, 0);
    free(edition->text);
    free(edition);
}

void editions_free(struct editions *editions)
{
    edition_release(editions->last);
    pthread_mutex_destroy(&editions->lock);
}

struct edition *editions_share(struct editions *editions, int64_t now)
{
    pthread_mutex_lock(&editions->lock);
    struct edition *shared = editions->due - now > AHEAD ? editions->last : NULL;
    if (shared)
        atomic_fetch_add(&shared->references, 1);
    pthread_mutex_unlock(&editions->lock);
    return shared;
}

struct edition *editions_add(struct editions *editions, struct budget *budget, char *text, size_t length, int64_t took,
                             int64_t now)
{
    struct edition *edition = calloc(1, sizeof *edition);
    if (!edition || !budget_take(budget, &edition->memory, length)) {
        free(edition);
        free(text);
        return NULL;
    }
    edition->text = text;
    edition->length = length;
    atomic_init(&edition->references, 2); /* that of the caller, and that of `last` */
    pthread_mutex_lock(&editions->lock);
    struct edition *before = editions->last;
    editions->last = edition;
    editions->due = (editions->due > now ? editions->due : now) + SHARE * took;
    pthread_mutex_unlock(&editions->lock);
    edition_release(before);
    return edition;
}
