/* table.c - a map from 64 bits to 64 other bits that are not all zero. */
#include "store/base/table.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 8 };

/* A bijection that spreads every bit over all others (the finalizer of SplitMix64). */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9u;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static uint64_t salted(const struct table *table, uint64_t key)
{
    return mix(key ^ table->salt);
}

static size_t shard_of(uint64_t key)
{
    return (size_t)(key % TABLE_SHARDS);
}

/* The slot a key would like best: its share of the shard, multiplied instead of divided. */
static size_t home_of(const struct table_shard *shard, uint64_t key)
{
    return (size_t)((unsigned __int128)key * shard->capacity >> 64);
}

static size_t next_slot(const struct table_shard *shard, size_t slot)
{
    return slot + 1 == shard->capacity ? 0 : slot + 1;
}

/* The slot that holds the key, or the free one where it belongs. The shard has a free slot. */
static size_t find_slot(const struct table_shard *shard, uint64_t key)
{
    size_t slot = home_of(shard, key);
    while (shard->entries[slot].value && shard->entries[slot].key != key)
        slot = next_slot(shard, slot);
    return slot;
}

void table_init(struct table *table, uint64_t salt)
{
    memset(table, 0, sizeof *table);
    table->salt = salt;
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < TABLE_SHARDS; i++)
        free(table->shards[i].entries);
    table_init(table, 0);
}

uint64_t table_get(const struct table *table, uint64_t key)
{
    key = salted(table, key);
    const struct table_shard *shard = &table->shards[shard_of(key)];
    return shard->capacity ? shard->entries[find_slot(shard, key)].value : 0;
}

static size_t room_of(size_t capacity)
{
    return capacity - capacity / 7 - 1;
}

/* Moves the shard to a table a quarter larger. */
static bool shard_grow(struct table_shard *shard)
{
    size_t larger = shard->capacity ? shard->capacity + shard->capacity / 4 : CAPACITY_MIN;
    struct table_shard grown = {.capacity = larger, .count = shard->count, .reserved = shard->reserved};
    grown.entries = calloc(larger, sizeof *grown.entries);
    if (!grown.entries)
        return false;
    for (size_t i = 0; i < shard->capacity; i++)
        if (shard->entries[i].value)
            grown.entries[find_slot(&grown, shard->entries[i].key)] = shard->entries[i];
    free(shard->entries);
    *shard = grown;
    return true;
}

bool table_reserve(struct table *table, uint64_t key)
{
    struct table_shard *shard = &table->shards[shard_of(salted(table, key))];
    while (!shard->capacity || shard->count + shard->reserved + 1 > room_of(shard->capacity))
        if (!shard_grow(shard))
            return false;
    shard->reserved++;
    return true;
}

void table_reservations_end(struct table *table)
{
    for (size_t i = 0; i < TABLE_SHARDS; i++)
        table->shards[i].reserved = 0;
}

uint64_t table_put(struct table *table, uint64_t key, uint64_t value)
{
    key = salted(table, key);
    struct table_shard *shard = &table->shards[shard_of(key)];
    struct table_entry *entry = &shard->entries[find_slot(shard, key)];
    uint64_t before = entry->value;
    if (!before) {
        shard->count++;
        table->count++;
    }
    *entry = (struct table_entry){.key = key, .value = value};
    return before;
}

/* Whether an entry at `slot` that would like `home` may stay behind a hole at `hole`. */
static bool stays(size_t hole, size_t home, size_t slot)
{
    return hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
}

/* Fills the hole with the entries behind it that would not be found across it. */
static void close_hole(struct table_shard *shard, size_t hole)
{
    for (size_t slot = next_slot(shard, hole); shard->entries[slot].value; slot = next_slot(shard, slot)) {
        if (stays(hole, home_of(shard, shard->entries[slot].key), slot))
            continue;
        shard->entries[hole] = shard->entries[slot];
        hole = slot;
    }
    shard->entries[hole] = (struct table_entry){0};
}

uint64_t table_remove(struct table *table, uint64_t key)
{
    key = salted(table, key);
    struct table_shard *shard = &table->shards[shard_of(key)];
    if (!shard->capacity)
        return 0;
    size_t slot = find_slot(shard, key);
    uint64_t before = shard->entries[slot].value;
    if (!before)
        return 0;
    close_hole(shard, slot);
    shard->count--;
    table->count--;
    return before;
}

void table_each(const struct table *table, void (*visit)(void *arg, uint64_t value), void *arg)
{
    for (size_t i = 0; i < TABLE_SHARDS; i++) {
        const struct table_shard *shard = &table->shards[i];
        for (size_t slot = 0; slot < shard->capacity; slot++)
            if (shard->entries[slot].value)
                visit(arg, shard->entries[slot].value);
    }
}
