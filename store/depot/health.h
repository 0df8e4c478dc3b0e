/* health.h - what /readyz tells of a depot's stores: one that takes no writes, damage, one that cannot be opened.
 *
 * The state of an open store is the store's own and is asked for each time. Of one that could not be opened nothing
 * is left to ask: that is kept here, the last one's only, until it can be opened or is removed.
 *
 * Thread: any.
 */
#ifndef CAIRN_HEALTH_H
#define CAIRN_HEALTH_H

#include "store/base/notice.h"
#include "store/store.h"

#include <pthread.h>

struct roster;

struct health {
    const struct notice *notice;
    pthread_mutex_t lock;
    char trouble[STORE_NAME_MAX + 1]; /* the store that could not be opened last; "": it can be again */
    struct store_detail detail;       /* why */
};

void health_init(struct health *health, const struct notice *notice);
void health_free(struct health *health);

/* Takes down, and tells the operator, that a store could not be opened, or else that it could or is not there.
 * `detail` is copied. Does not block: the roster's lock is held. */
void health_note_opening(struct health *health, const char *name, enum store_error error,
                         const struct store_detail *detail);

/* The store is not there any more, or can be opened again: no more of it. */
void health_forget(struct health *health, const char *name);

/* True while every open store of the roster takes writes. *ret_detail (NULL is allowed), which is "" before, names the
 * first that does not, or else the first that is damaged, or else the one that cannot be opened. */
bool health_tell(struct health *health, struct roster *roster, struct store_detail *ret_detail);

#endif
