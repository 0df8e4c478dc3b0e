/* namesakes.c - keys of a store that have their 64-bit hash in common with another one. namesakes.h tells how. */
#include "store/index/namesakes.h"

#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

uint64_t namesakes_tag(const struct store_key *key, uint64_t salt)
{
    if (key->bytes)
        return XXH3_64bits_withSeed(key->bytes, key->length, salt);
    return XXH3_64bits_withSeed(&key->hash, sizeof key->hash, ~salt);
}

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
    table_init(&namesakes->firsts, salt);
    table_init(&namesakes->behind, salt);
    table_init(&namesakes->front, salt);
    return namesakes;
}

void namesakes_free(struct namesakes *namesakes)
{
    if (!namesakes)
        return;
    table_free(&namesakes->locations);
    table_free(&namesakes->counts);
    table_free(&namesakes->sums);
    table_free(&namesakes->firsts);
    table_free(&namesakes->behind);
    table_free(&namesakes->front);
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

void namesakes_each_of(const struct namesakes *namesakes, uint64_t hash, bool (*visit)(void *arg, uint64_t packed),
                       void *arg)
{
    assert(shared_lock_is_held(namesakes->lock));
    uint64_t tag = table_get(&namesakes->firsts, hash);
    while (tag && visit(arg, table_get(&namesakes->locations, tag)))
        tag = table_get(&namesakes->behind, tag);
}

/* ---- reserving ------------------------------------------------------------------------------- */

/* One that comes to a list may stand behind none and in front of any: later ones come in front of it. */
static bool reserve_place(struct namesakes *namesakes, uint64_t tag)
{
    return table_reserve(&namesakes->locations, tag) && table_reserve(&namesakes->behind, tag) &&
           table_reserve(&namesakes->front, tag);
}

bool namesakes_reserve(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t other)
{
    assert(shared_lock_is_mine(namesakes->lock));
    uint64_t first = table_get(&namesakes->firsts, hash);
    return reserve_place(namesakes, tag) && reserve_place(namesakes, other) &&
           (!first || table_reserve(&namesakes->front, first)) && table_reserve(&namesakes->counts, hash) &&
           table_reserve(&namesakes->sums, hash) && table_reserve(&namesakes->firsts, hash);
}

void namesakes_reservations_end(struct namesakes *namesakes)
{
    assert(shared_lock_is_mine(namesakes->lock));
    table_reservations_end(&namesakes->locations);
    table_reservations_end(&namesakes->counts);
    table_reservations_end(&namesakes->sums);
    table_reservations_end(&namesakes->firsts);
    table_reservations_end(&namesakes->behind);
    table_reservations_end(&namesakes->front);
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

/* Puts one at the head of the list of its hash. */
static void list_enter(struct namesakes *namesakes, uint64_t hash, uint64_t tag)
{
    uint64_t first = table_put(&namesakes->firsts, hash, tag);
    if (!first)
        return;
    table_put(&namesakes->behind, tag, first);
    table_put(&namesakes->front, first, tag);
}

static void list_leave(struct namesakes *namesakes, uint64_t hash, uint64_t tag)
{
    uint64_t front = table_remove(&namesakes->front, tag);
    uint64_t behind = table_remove(&namesakes->behind, tag);
    if (front)
        set(&namesakes->behind, front, behind);
    else
        set(&namesakes->firsts, hash, behind);
    if (behind)
        set(&namesakes->front, behind, front);
}

void namesakes_add(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t packed)
{
    assert(shared_lock_is_mine(namesakes->lock));
    uint64_t before = table_put(&namesakes->locations, tag, packed);
    assert(!before);
    (void)before;
    set_crowd(namesakes, hash, crowd_with(namesakes_of(namesakes, hash), tag));
    list_enter(namesakes, hash, tag);
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
    list_leave(namesakes, hash, tag);
    return before;
}

uint64_t namesakes_part(struct namesakes *namesakes, uint64_t hash)
{
    assert(shared_lock_is_mine(namesakes->lock));
    struct crowd crowd = namesakes_of(namesakes, hash);
    return crowd.count == 1 ? namesakes_remove(namesakes, hash, crowd.tags) : 0;
}
