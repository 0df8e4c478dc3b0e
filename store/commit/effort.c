/* effort.c - the bounds that commits and their syncs are counted by. */
#include "store/commit/effort.h"

#define MILLISECOND UINT64_C(1000000)

static const uint64_t nanoseconds[STORE_TALLY_BOUNDS] = {
    MILLISECOND / 10, MILLISECOND / 4,  MILLISECOND / 2,   MILLISECOND,       5 * MILLISECOND / 2, 5 * MILLISECOND,
    10 * MILLISECOND, 25 * MILLISECOND, 100 * MILLISECOND, 250 * MILLISECOND, 1000 * MILLISECOND,  10000 * MILLISECOND};

static const uint64_t bytes[STORE_TALLY_BOUNDS] = {256,       1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10,
                                                   512 << 10, 1 << 20, 2 << 20, 4 << 20,  16 << 20, 64 << 20};

static const uint64_t records[STORE_TALLY_BOUNDS] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384};

void effort_init(struct effort *effort)
{
    tally_init(&effort->syncs, nanoseconds);
    tally_init(&effort->bytes, bytes);
    tally_init(&effort->records, records);
    atomic_init(&effort->small, 0);
}

static uint64_t growth(uint64_t now, uint64_t *seen)
{
    uint64_t before = *seen;
    *seen = now;
    return now - before;
}

bool effort_goes_on(const struct effort *effort, uint64_t *seen)
{
    return growth(tally_sum(&effort->syncs), seen) > 0;
}

uint64_t effort_small_since(const struct effort *effort, uint64_t *seen)
{
    return growth(atomic_load_explicit(&effort->small, memory_order_relaxed), seen);
}
