/* deadlines.h - when objects of a store expire, so that the background has something to wait for.
 *
 * Nobody asks here whether an object has expired: its record says so. Here is only at which second which hash may have
 * one that is to be deleted: told by whoever publishes a record or reads one at a start. Whether it still is there, and
 * still expires then, is seen when the time has come. So nothing is taken out when an object is replaced or deleted.
 *
 * Of many deadlines those that come first are kept, so the memory has a bound. What is not kept is found again by a
 * look at all objects, from the *rest* on: the first second at which there may be something that is not known here.
 *
 * Thread: any.
 */
#ifndef CAIRN_DEADLINES_H
#define CAIRN_DEADLINES_H

#include "store/base/errand.h"
#include "store/base/lock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEADLINES_NEVER INT64_MAX

struct deadline {
    int64_t second; /* since 1970 */
    uint64_t hash;  /* of the key */
};

struct deadlines {
    struct lock lock;
    struct errand *errand; /* the store's, which deletes; NULL: it has not begun */
    struct deadline *list; /* a heap: the first one in front */
    size_t count;
    size_t capacity;
    int64_t rest; /* or never */
};

/* There are none. */
void deadlines_init(struct deadlines *deadlines);
void deadlines_free(struct deadlines *deadlines);

/* From here on an errand is woken when it has to come sooner than it knew. */
void deadlines_begin(struct deadlines *deadlines, struct errand *errand);

/* An object of that hash expires at a second. Does not block. */
void deadlines_add(struct deadlines *deadlines, int64_t second, uint64_t hash);

/* From that second on there may be others. */
void deadlines_lack(struct deadlines *deadlines, int64_t second);

/* Takes out up to `most` of those that have passed, and tells their hashes. Their number. */
size_t deadlines_take(struct deadlines *deadlines, int64_t second, size_t most, uint64_t *ret_hashes);

/* Forgets all, since a look at all objects begins, which finds them again. */
void deadlines_forget(struct deadlines *deadlines);

/* The first of them, and the rest; either may be never. False: both are. */
bool deadlines_tell(struct deadlines *deadlines, int64_t *ret_first, int64_t *ret_rest);

#endif
