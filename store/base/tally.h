/* tally.h - how often something was how large: buckets with upper bounds, and the sum of all.
 *
 * Thread: any number count at once, without a lock; who reads meanwhile may find one in the sum and not yet in its
 * bucket.
 */
#ifndef CAIRN_STORE_TALLY_H
#define CAIRN_STORE_TALLY_H

#include "store/store.h"

#include <stdatomic.h>

struct tally {
    const uint64_t *bounds; /* STORE_TALLY_BOUNDS of them, rising */
    atomic_uint_fast64_t buckets[STORE_TALLY_BOUNDS + 1];
    atomic_uint_fast64_t sum;
};

/* `bounds` is borrowed. */
void tally_init(struct tally *tally, const uint64_t *bounds);

void tally_count(struct tally *tally, uint64_t value);

/* Of all that was counted. */
static inline uint64_t tally_sum(const struct tally *tally)
{
    return atomic_load_explicit(&tally->sum, memory_order_relaxed);
}

void tally_read(const struct tally *tally, struct store_tally *ret_tally);

#endif
