/* namesakes.c - keys of a store that have their 64-bit hash in common with another one. namesakes.h tells how. */
#include "store/index/namesakes.h"

#include <assert.h>
#include <stdlib.h>

struct crowd crowd_with(struct crowd crowd, uint64_t tag)
{
    return (struct crowd){.count = crowd.count + 1, .tags = crowd.tags ^ tag};
}

struct crowd crowd_without(struct crowd crowd, uint64_t tag)
{
    assert(crowd.count > 0);
    if (crowd.count == 1)
        return (struct crowd){0};
    return (struct crowd){.count = crowd.count - 1, .tags = crowd.tags ^ tag};
}

struct namesakes *namesakes_new(uint64_t salt, const struct shared_lock *lock)
{
    struct namesakes *namesakes = malloc(sizeof *namesakes);
    if (!namesakes)
        return NULL;
    namesakes->lock = lock;
    table_init(&namesakes->locations, salt);
    table_init(&namesakes->counts, salt);
    table_init(&namesakes->sums, salt);
    return namesakes;
}

void namesakes_free(struct namesakes *namesakes)
{
    if (!namesakes)
        return;
    table_free(&namesakes->locations);
    table_free(&namesakes->counts);
    table_free(&namesakes->sums);
    free(namesakes);
}

uint64_t namesakes_find(const struct namesakes *namesakes, uint64_t tag)
{
    assert(shared_lock_is_held(namesakes->lock));
    return table_get(&namesakes->locations, tag);
}

struct crowd namesakes_of(const struct namesakes *namesakes, uint64_t hash)
{
    assert(shared_lock_is_held(namesakes->lock));
    return (struct crowd){.count = table_get(&namesakes->counts, hash), .tags = table_get(&namesakes->sums, hash)};
}

/* ---- reserving ------------------------------------------------------------------------------- */

bool namesakes_reserve(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t other)
{
    assert(shared_lock_is_mine(namesakes->lock));
    return table_reserve(&namesakes->locations, tag) && table_reserve(&namesakes->locations, other) &&
           table_reserve(&namesakes->counts, hash) && table_reserve(&namesakes->sums, hash);
}

void namesakes_reservations_end(struct namesakes *namesakes)
{
    assert(shared_lock_is_mine(namesakes->lock));
    table_reservations_end(&namesakes->locations);
    table_reservations_end(&namesakes->counts);
    table_reservations_end(&namesakes->sums);
}

/* ---- changing -------------------------------------------------------------------------------- */

/* Sets a value that may be 0, which a table does not keep. */
static void set(struct table *table, uint64_t key, uint64_t value)
{
    if (value)
        table_put(table, key, value);
    else
        table_remove(table, key);
}

static void set_crowd(struct namesakes *namesakes, uint64_t hash, struct crowd crowd)
{
    set(&namesakes->counts, hash, crowd.count);
    set(&namesakes->sums, hash, crowd.tags);
}

void namesakes_add(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t packed)
{
    assert(shared_lock_is_mine(namesakes->lock));
    uint64_t before = table_put(&namesakes->locations, tag, packed);
    assert(!before);
    (void)before;
    set_crowd(namesakes, hash, crowd_with(namesakes_of(namesakes, hash), tag));
}

uint64_t namesakes_put(struct namesakes *namesakes, uint64_t tag, uint64_t packed)
{
    assert(shared_lock_is_mine(namesakes->lock));
    uint64_t before = table_put(&namesakes->locations, tag, packed);
    assert(before);
    return before;
}

uint64_t namesakes_remove(struct namesakes *namesakes, uint64_t hash, uint64_t tag)
{
    assert(shared_lock_is_mine(namesakes->lock));
    uint64_t before = table_remove(&namesakes->locations, tag);
    assert(before);
    set_crowd(namesakes, hash, crowd_without(namesakes_of(namesakes, hash), tag));
    return before;
}

uint64_t namesakes_part(struct namesakes *namesakes, uint64_t hash)
{
    assert(shared_lock_is_mine(namesakes->lock));
    struct crowd crowd = namesakes_of(namesakes, hash);
    return crowd.count == 1 ? namesakes_remove(namesakes, hash, crowd.tags) : 0;
}
