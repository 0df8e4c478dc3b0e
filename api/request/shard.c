/* shard.c - given out in turn, to whoever asks first. See shard.h. */
#include "api/request/shard.h"

#include <limits.h>
#include <stdatomic.h>

static atomic_uint threads;

size_t shard_own(void)
{
    static _Thread_local unsigned number = UINT_MAX;
    if (number == UINT_MAX)
        number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % SHARDS;
    return number;
}

size_t shard_count(void)
{
    unsigned count = atomic_load_explicit(&threads, memory_order_relaxed);
    return count < SHARDS ? count : SHARDS;
}
