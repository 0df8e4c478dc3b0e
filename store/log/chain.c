/* chain.c - the segments of a store's log, one behind the other, and by slot. chain.h tells why both. */
#include "store/log/chain.h"

#include "store/log/location.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void chain_init(struct chain *chain, struct shared_lock *lock)
{
    *chain = (struct chain){.lock = lock};
}

void chain_free(struct chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        segment_release(chain->segments[i]);
    free(chain->segments);
    free(chain->slots);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void assert_held(const struct chain *chain)
{
    assert(shared_lock_is_held(chain->lock));
    (void)chain;
}

/* How many segments have a lower number than this. */
static size_t place_of(const struct chain *chain, uint64_t number)
{
    size_t low = 0;
    size_t high = chain->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (chain->segments[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool chain_is_full(const struct chain *chain)
{
    assert_held(chain);
    return chain->count == LOCATION_SEGMENTS_MAX;
}

struct segment *chain_pin(const struct chain *chain, uint32_t slot)
{
    assert_held(chain);
    struct segment *segment = chain_at(chain, slot);
    segment_retain(segment);
    return segment;
}

bool chain_has(const struct chain *chain, const struct segment *segment)
{
    assert_held(chain);
    return chain_at(chain, segment->slot) == segment;
}

struct segment *chain_from(const struct chain *chain, uint64_t number)
{
    assert_held(chain);
    size_t place = place_of(chain, number);
    return place < chain->count ? chain->segments[place] : NULL;
}

struct segment *chain_last(const struct chain *chain)
{
    assert_held(chain);
    return chain->count > 0 ? chain->segments[chain->count - 1] : NULL;
}

struct segment *chain_before(const struct chain *chain, const struct segment *segment)
{
    assert_held(chain);
    size_t place = place_of(chain, segment->number);
    return place > 0 ? chain->segments[place - 1] : NULL;
}

struct segment *chain_next(const struct chain *chain, const struct segment *segment)
{
    return chain_from(chain, segment->number + 1);
}

bool chain_is_sealed(const struct chain *chain, const struct segment *segment)
{
    return segment->number < chain_last(chain)->number;
}

bool chain_is_oldest(const struct chain *chain, const struct segment *segment)
{
    assert_held(chain);
    return chain->oldest == chain->count || segment->number <= chain->segments[chain->oldest]->number;
}

uint64_t chain_segments(const struct chain *chain)
{
    assert_held(chain);
    uint64_t count = 0;
    for (size_t i = 0; i < chain->count; i++)
        count += segment_is_husk(chain->segments[i]) ? 0 : 1;
    return count;
}

uint64_t chain_bytes(const struct chain *chain)
{
    assert_held(chain);
    uint64_t bytes = 0;
    for (size_t i = 0; i < chain->count; i++)
        bytes += chain->segments[i]->prepared;
    return bytes;
}

/* ---- changing -------------------------------------------------------------------------------- */

static bool chain_grow(struct chain *chain)
{
    size_t capacity = chain->capacity ? chain->capacity * 2 : 8;
    struct segment **segments = realloc(chain->segments, capacity * sizeof *segments);
    if (!segments)
        return false;
    chain->segments = segments;
    struct segment **slots = realloc(chain->slots, capacity * sizeof *slots);
    if (!slots)
        return false;
    chain->slots = slots;
    chain->capacity = capacity;
    return true;
}

/* Segments become husks and never the other way round. */
static void find_oldest(struct chain *chain)
{
    while (chain->oldest < chain->count && segment_is_husk(chain->segments[chain->oldest]))
        chain->oldest++;
}

static bool has_free_slot(const struct chain *chain)
{
    return chain->count < chain->slot_count;
}

/* A free slot, or a new one. */
static uint32_t take_slot(struct chain *chain)
{
    if (!has_free_slot(chain))
        chain->slots_taken = chain->slot_count++;
    else
        while (chain->slots[chain->slots_taken])
            chain->slots_taken++;
    return (uint32_t)chain->slots_taken++;
}

enum store_error chain_append(struct chain *chain, struct segment *segment)
{
    assert(shared_lock_is_mine(chain->lock));
    assert(chain->count == 0 || chain_last(chain)->number < segment->number);
    if (chain_is_full(chain))
        return STORE_TOO_LARGE;
    if (!has_free_slot(chain) && chain->slot_count == chain->capacity && !chain_grow(chain))
        return STORE_NO_MEMORY;
    segment->slot = take_slot(chain);
    chain->slots[segment->slot] = segment;
    chain->segments[chain->count++] = segment;
    find_oldest(chain);
    return STORE_OK;
}

void chain_replace(struct chain *chain, struct segment *husk)
{
    assert(shared_lock_is_mine(chain->lock) && segment_is_husk(husk));
    struct segment **place = &chain->segments[place_of(chain, husk->number)];
    assert((*place)->number == husk->number);
    husk->slot = (*place)->slot;
    *place = husk;
    chain->slots[husk->slot] = husk;
    find_oldest(chain);
}

void chain_remove(struct chain *chain, struct segment *husk)
{
    assert(shared_lock_is_mine(chain->lock) && segment_is_husk(husk) && chain_has(chain, husk));
    size_t place = place_of(chain, husk->number);
    size_t behind = chain->count - place - 1;
    memmove(&chain->segments[place], &chain->segments[place + 1], behind * sizeof *chain->segments);
    chain->count--;
    if (place < chain->oldest)
        chain->oldest--;
    chain->slots[husk->slot] = NULL;
    if (husk->slot < chain->slots_taken)
        chain->slots_taken = husk->slot;
}
