/* loading.h - the stores that are opened from the start, before anybody asks for them.
 *
 * A few at a time, by the threads that open stores for requests, too: those find room beside them. What is there stays
 * open, however long nobody uses it.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_LOADING_H
#define CAIRN_LOADING_H

#include "store/base/lock.h"
#include "store/store.h"

#include <pthread.h>

struct roster;

struct loading {
    struct roster *roster;
    struct lock lock;
    pthread_cond_t settled; /* none is under way */
    char **names;           /* one allocation; NULL: nothing is loaded */
    size_t count;
    size_t next;      /* the first that nobody has begun with */
    size_t under_way; /* that have begun and not come to an end */
};

void loading_init(struct loading *loading, struct roster *roster);

/* After loading_end(). */
void loading_free(struct loading *loading);

/* Begins to open the first `count` of these; takes the list. Once. Does not block. */
void loading_begin(struct loading *loading, char **names, size_t count);

/* Whether it is not at its end; then *ret_detail says how far it has come. */
bool loading_tell(struct loading *loading, struct store_detail *ret_detail);

/* Begins with no more of them, and waits for those under way. Blocking. */
void loading_end(struct loading *loading);

#endif
