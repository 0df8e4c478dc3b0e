/* quota.h - what a store may hold, and what it does hold.
 *
 * The writer decides: a transaction that adds to the store has to fit, by the sum at its end. Against the limits counts
 * what the group under way has decided before, as if it were published. What adds nothing always passes, also in a
 * store that is over a limit because that was lowered.
 *
 * An upload reaches the writer at its end only, and many of them could fill the disk before. So what has arrived of
 * unfinished ones counts as well: each byte has to fit. An upload that would not fit by that, but takes the place of an
 * object, is *spared* the bytes of that one; else nothing could be replaced in a full store. All together are never
 * spared more than the store holds, whatever becomes of the objects meanwhile. So the payloads in its files are never
 * more than its limit and, until uploads have taken their places, once more what it holds. Those that survive their
 * connections (uploads.h) are spared nothing, for they cost nobody anything while they lie there.
 *
 * Who is refused has nothing in it any more, so of uploads that are too many, those that are left get through. But what
 * stays on the disk is never given up, not for the moment until it comes to rest either: others would be let in, and
 * all of it together would pass the limit.
 *
 * Thread: any; of a share one at a time.
 */
#ifndef CAIRN_QUOTA_H
#define CAIRN_QUOTA_H

#include "store/base/lock.h"
#include "store/store.h"

struct quota {
    struct lock lock; /* guards what follows */
    struct store_limits limits;
    uint64_t objects; /* of the store, as decided */
    uint64_t bytes;   /* the same of their payloads */
    uint64_t arrived; /* of unfinished uploads */
    uint64_t spared;  /* of these bytes */
};

/* What an unfinished upload has in it. All zero: nothing yet. */
struct quota_share {
    uint64_t arrived;
    uint64_t kept;     /* of these, bytes that stay when more is refused, and when it leaves */
    uint64_t replaced; /* bytes of the object whose place it takes, once somebody has looked */
    bool keeps;        /* what is let in is kept */
    bool counts;
};

/* What a transaction adds; less than nothing where it takes away. */
struct quota_growth {
    int64_t objects;
    int64_t bytes;
};

/* An empty store without limits. */
void quota_init(struct quota *quota);
void quota_free(struct quota *quota);

/* What the store was found to hold. */
void quota_begin(struct quota *quota, const struct store_limits *limits, uint64_t objects, uint64_t bytes);

void quota_set_limits(struct quota *quota, const struct store_limits *limits);

/* The limits, and what unfinished uploads add to the bytes. */
void quota_tell(struct quota *quota, struct store_limits *ret_limits, uint64_t *ret_unfinished);

/* Whether this is what the store holds by what has been decided. */
bool quota_agrees(struct quota *quota, uint64_t objects, uint64_t bytes);

/* ---- transactions; the writer's ---------------------------------------------------------------- */

/* Lets a transaction's growth in, and with it what it has as an upload (`share`, NULL: it is none), which does not
 * count any more. False, and *ret_overrun, when it does not fit. */
bool quota_admit(struct quota *quota, const struct quota_growth *growth, struct quota_share *share,
                 struct store_overrun *ret_overrun);

/* Takes that back; `share` counts again. */
void quota_retract(struct quota *quota, const struct quota_growth *growth, struct quota_share *share);

/* ---- uploads ----------------------------------------------------------------------------------- */

/* Whether it would be let in now. That is no promise. */
bool quota_foresees(struct quota *quota, const struct quota_growth *growth, struct store_overrun *ret_overrun);

/* Of an upload so many bytes have come in all. False, and *ret_overrun, when they do not fit: then none of them
 * count, but for those that are kept. */
bool quota_arrive(struct quota *quota, struct quota_share *share, uint64_t arrived, struct store_overrun *ret_overrun);

/* Of uploads that nobody works on, and that were let in before, so many bytes are there in all, whether they fit or
 * not. */
void quota_rest(struct quota *quota, struct quota_share *share, uint64_t arrived);

/* The same of two at once, where bytes that were let in become those of another share, which keeps them. */
void quota_pass(struct quota *quota, struct quota_share *one, uint64_t of_one, struct quota_share *other,
                uint64_t of_other);

/* The upload has ended, or has been refused: nothing of it counts but what is kept, which is passed on. */
void quota_leave(struct quota *quota, struct quota_share *share);

#endif
