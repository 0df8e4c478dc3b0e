/* trouble.h - a store that could not be opened: the last one, until it can be or is removed.
 *
 * The state of an open store is the store's own and is asked for each time. Of one that could not be opened nothing
 * is left to ask: that is kept here.
 *
 * Thread: any.
 */
#ifndef CAIRN_TROUBLE_H
#define CAIRN_TROUBLE_H

#include "store/base/lock.h"
#include "store/base/notice.h"
#include "store/store.h"

struct trouble {
    const struct notice *notice; /* borrowed */
    struct lock lock;
    char store[STORE_NAME_MAX + 1]; /* "": none, or it can be opened again */
    struct store_detail detail;     /* why */
};

void trouble_init(struct trouble *trouble, const struct notice *notice);
void trouble_free(struct trouble *trouble);

/* Takes down, and tells the operator, that a store could not be opened, or else that it could or is not there.
 * `detail` is copied. Does not block: the roster's lock is held. */
void trouble_learn(struct trouble *trouble, const char *store, enum store_error error,
                   const struct store_detail *detail);

/* The store is not there any more, or can be opened again: no more of it. */
void trouble_forget(struct trouble *trouble, const char *store);

/* Why a store cannot be opened, when there is one. */
bool trouble_tell(struct trouble *trouble, struct store_detail *ret_detail);

#endif
