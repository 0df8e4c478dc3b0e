/* edition.c - references; of those that are made again and again each is paid for with ten times its time. See
 * edition.h. */
#include "api/request/edition.h"

#include <stdlib.h>

enum { SHARE = 10 }; /* of the time one of so many parts may be used */

static const int64_t AHEAD = 2000000000; /* nanoseconds: so much may be owed, that is 0.2 s for those who ask at once */

void edition_keep(struct edition *edition)
{
    atomic_fetch_add(&edition->references, 1);
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

struct edition *edition_new(struct budget *budget, char *text, size_t length, bool anyway)
{
    struct edition *edition = calloc(1, sizeof *edition);
    if (edition && anyway)
        budget_add(budget, &edition->memory, length);
    if (!edition || !text || !budget_take(budget, &edition->memory, length)) {
        edition_release(edition);
        free(text);
        return NULL;
    }
    edition->text = text;
    edition->length = length;
    atomic_init(&edition->references, 1);
    return edition;
}

void editions_init(struct editions *editions)
{
    *editions = (struct editions){.lock = PTHREAD_MUTEX_INITIALIZER};
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
        edition_keep(shared);
    pthread_mutex_unlock(&editions->lock);
    return shared;
}

struct edition *editions_add(struct editions *editions, struct budget *budget, char *text, size_t length, int64_t took,
                             int64_t now)
{
    struct edition *edition = edition_new(budget, text, length, false);
    if (!edition)
        return NULL;
    edition_keep(edition); /* for `last` */
    pthread_mutex_lock(&editions->lock);
    struct edition *before = editions->last;
    editions->last = edition;
    editions->due = (editions->due > now ? editions->due : now) + SHARE * took;
    pthread_mutex_unlock(&editions->lock);
    edition_release(before);
    return edition;
}
