/* chain.h - the segments of a store's log, one behind the other, and by slot.
 *
 * Numbers tell the order, and so where a segment stands among the others: they are never used twice. Slots tell nothing
 * but which segment is meant: 20 bits of each location in the index are one (location.h). A husk that is absorbed by
 * the one in front of it gives its slot back, and the next segment may get it. So a slot is one segment's for as long
 * as a key leads into it or somebody holds the lock, and who has to know a record for longer than that knows it by its
 * offset.
 *
 * Thread: the lock held, exclusively for what changes the chain. Only the thread that appends to the log appends to the
 * chain, so it may ask for the segment in a slot without the lock.
 */
#ifndef CAIRN_CHAIN_H
#define CAIRN_CHAIN_H

#include "store/base/error.h"
#include "store/base/shared_lock.h"
#include "store/log/segment.h"

#include <stddef.h>

struct chain {
    struct shared_lock *lock;  /* the index's: guards all of this */
    struct segment **segments; /* in order */
    size_t count;
    struct segment **slots; /* the same segments; NULL: the slot is free */
    size_t slot_count;
    size_t slots_taken; /* none of so many slots is free */
    size_t capacity;    /* of both */
    size_t oldest;      /* place in the order of the first that is no husk; `count`: there is none */
};

void chain_init(struct chain *chain, struct shared_lock *lock);

/* Gives the references back. Thread: when nobody else knows the chain any more. */
void chain_free(struct chain *chain);

/* Whether every slot that a location can name is taken. */
bool chain_is_full(const struct chain *chain);

/* Puts a segment behind the others, into a free slot. Takes it on success; STORE_TOO_LARGE, STORE_NO_MEMORY. */
enum store_error chain_append(struct chain *chain, struct segment *segment);

/* Puts a husk in the place and the slot of the segment with its number, which is the caller's now. */
void chain_replace(struct chain *chain, struct segment *husk);

/* Takes a husk out, which is the caller's now, and its slot is free: another one stands for it. */
void chain_remove(struct chain *chain, struct segment *husk);

/* The segment in a slot that is taken. */
static inline struct segment *chain_at(const struct chain *chain, uint32_t slot)
{
    return chain->slots[slot];
}

/* The same with a reference. */
struct segment *chain_pin(const struct chain *chain, uint32_t slot);

/* Whether a segment that somebody has a reference on is still in the chain: where it is not, no key leads into it. */
bool chain_has(const struct chain *chain, const struct segment *segment);

/* The first segment that has this number or a higher one; NULL: there is none. */
struct segment *chain_from(const struct chain *chain, uint64_t number);

/* The last segment; NULL: there is none. */
struct segment *chain_last(const struct chain *chain);

/* The segment in front of one, and the one behind it; NULL: there is none. */
struct segment *chain_before(const struct chain *chain, const struct segment *segment);
struct segment *chain_next(const struct chain *chain, const struct segment *segment);

/* Whether a segment is sealed: there is one behind it. */
bool chain_is_sealed(const struct chain *chain, const struct segment *segment);

/* Whether no segment in front of one holds records. */
bool chain_is_oldest(const struct chain *chain, const struct segment *segment);

/* How many segments hold records. */
uint64_t chain_segments(const struct chain *chain);

/* Bytes of all their files. */
uint64_t chain_bytes(const struct chain *chain);

#endif
