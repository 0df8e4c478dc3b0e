/* tally.c - how often something was how large. */
#include "store/base/tally.h"

void tally_init(struct tally *tally, const uint64_t *bounds)
{
    *tally = (struct tally){.bounds = bounds};
}

void tally_count(struct tally *tally, uint64_t value)
{
    size_t bucket = 0;
    while (bucket < STORE_TALLY_BOUNDS && value > tally->bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&tally->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&tally->sum, value, memory_order_relaxed);
}

void tally_read(const struct tally *tally, struct store_tally *ret_tally)
{
    ret_tally->bounds = tally->bounds;
    for (size_t i = 0; i <= STORE_TALLY_BOUNDS; i++)
        ret_tally->buckets[i] = atomic_load_explicit(&tally->buckets[i], memory_order_relaxed);
    ret_tally->sum = tally_sum(tally);
}
