/* table.c - a map from 64 bits to 64 other bits that are not all zero. */
#include "store/base/table.h"

#include "store/base/mapping.h"

#include <assert.h>
#include <stdlib.h>

enum {
    CAPACITY_MIN = 8,
    FILL_ROOM = 16,
    FEW = 64, /* entries in one shard, beside what is reserved at a time */
};

/* A bijection that spreads every bit over all others (the finalizer of SplitMix64), and back. */
uint64_t table_salted(uint64_t key, uint64_t salt)
{
    key ^= salt;
    key ^= key >> 30;
    key *= 0xbf58476d1ce4e5b9u;
    key ^= key >> 27;
    key *= 0x94d049bb133111ebu;
    return key ^ key >> 31;
}

uint64_t table_unsalted(uint64_t salted, uint64_t salt)
{
    salted ^= salted >> 31 ^ salted >> 62;
    salted *= 0x319642b2d24d8ec3u;
    salted ^= salted >> 27 ^ salted >> 54;
    salted *= 0x96de1b173f119089u;
    salted ^= salted >> 30 ^ salted >> 60;
    return salted ^ salt;
}

/* The slot a key would like best: the place of its lower bits in the shard, multiplied instead of divided. */
static size_t home_of(const struct table_shard *shard, uint64_t key)
{
    return (size_t)((unsigned __int128)(key << TABLE_SHARD_BITS) * shard->capacity >> 64);
}

static size_t next_slot(const struct table_shard *shard, size_t slot)
{
    return slot + 1 == shard->capacity ? 0 : slot + 1;
}

/* How far behind the slot that it would like best the entry in a slot stands. */
static size_t strayed(const struct table_shard *shard, size_t slot)
{
    size_t home = home_of(shard, shard->entries[slot].key);
    return slot >= home ? slot - home : slot + shard->capacity - home;
}

/* Whether the shard has the key, and its slot, or the one where it belongs: that is free, or has an entry which is
 * nearer to its own home. So the search for what is not there ends as early as for what is. The shard has a free
 * slot. */
static bool find_slot(const struct table_shard *shard, uint64_t key, size_t *ret_slot)
{
    size_t slot = home_of(shard, key);
    for (size_t way = 0; shard->entries[slot].value && way <= strayed(shard, slot); way++) {
        if (shard->entries[slot].key == key) {
            *ret_slot = slot;
            return true;
        }
        slot = next_slot(shard, slot);
    }
    *ret_slot = slot;
    return false;
}

/* Puts an entry into the slot where it belongs; all up to the next free one move on by one. */
static void squeeze_in(struct table_shard *shard, size_t slot, struct table_entry entry)
{
    while (shard->entries[slot].value) {
        struct table_entry moved = shard->entries[slot];
        shard->entries[slot] = entry;
        entry = moved;
        slot = next_slot(shard, slot);
    }
    shard->entries[slot] = entry;
}

/* Puts in an entry whose key is not there yet. */
static void shard_add(struct table_shard *shard, const struct table_entry *entry)
{
    size_t slot;
    bool found = find_slot(shard, entry->key, &slot);
    assert(!found);
    (void)found;
    squeeze_in(shard, slot, *entry);
}

static bool shard_make(struct table_shard *shard, size_t capacity)
{
    shard->entries = mapping_new_present(capacity * sizeof *shard->entries);
    shard->capacity = capacity;
    return shard->entries != NULL;
}

static void shard_free(const struct table_shard *shard)
{
    mapping_free(shard->entries, shard->capacity * sizeof *shard->entries);
}

/* Where a salted key belongs. The table has shards. */
static struct table_shard *shard_of(const struct table *table, uint64_t key)
{
    return &table->shards[table->shard_count > 1 ? table_shard_of(key) : 0];
}

void table_init(struct table *table, uint64_t salt)
{
    *table = (struct table){.salt = salt};
}

void table_free(struct table *table)
{
    for (size_t i = 0; i < table->shard_count; i++)
        shard_free(&table->shards[i]);
    free(table->shards);
    table_init(table, 0);
}

void table_foresee(const struct table *table, uint64_t key)
{
    if (table->count == 0)
        return;
    key = table_salted(key, table->salt);
    const struct table_shard *shard = shard_of(table, key);
    if (shard->capacity)
        __builtin_prefetch(&shard->entries[home_of(shard, key)]);
}

uint64_t table_get(const struct table *table, uint64_t key)
{
    if (table->count == 0)
        return 0;
    key = table_salted(key, table->salt);
    const struct table_shard *shard = shard_of(table, key);
    size_t slot;
    return shard->capacity && find_slot(shard, key, &slot) ? shard->entries[slot].value : 0;
}

static size_t room_of(size_t capacity)
{
    return capacity - capacity / 7 - 1;
}

/* Moves the shard to a table a quarter larger. */
static bool shard_grow(struct table_shard *shard)
{
    size_t larger = shard->capacity ? shard->capacity + shard->capacity / 4 : CAPACITY_MIN;
    struct table_shard grown = {.count = shard->count, .reserved = shard->reserved};
    if (!shard_make(&grown, larger))
        return false;
    for (size_t i = 0; i < shard->capacity; i++)
        if (shard->entries[i].value)
            shard_add(&grown, &shard->entries[i]);
    shard_free(shard);
    *shard = grown;
    return true;
}

/* Makes sure that so many more fit into the shard. */
static bool shard_reserve(struct table_shard *shard, size_t count)
{
    while (!shard->capacity || shard->count + shard->reserved + count > room_of(shard->capacity))
        if (!shard_grow(shard))
            return false;
    shard->reserved += count;
    return true;
}

/* Moves what is in one shard to where it belongs among many. */
static bool move_apart(const struct table *from, const struct table *to)
{
    const struct table_shard *single = from->shards;
    for (size_t slot = 0; slot < single->capacity; slot++) {
        const struct table_entry *entry = &single->entries[slot];
        if (!entry->value)
            continue;
        struct table_shard *shard = shard_of(to, entry->key);
        if (!shard_reserve(shard, 1))
            return false;
        shard->reserved = 0;
        shard_add(shard, entry);
        shard->count++;
    }
    return true;
}

/* Gives the table so many shards; nothing is reserved in it. */
static bool table_spread(struct table *table, size_t shard_count)
{
    struct table spread = {.salt = table->salt, .count = table->count, .shard_count = shard_count};
    assert(table->reserved == 0);
    spread.shards = calloc(shard_count, sizeof *spread.shards);
    if (!spread.shards || (table->count > 0 && !move_apart(table, &spread))) {
        spread.shard_count = spread.shards ? shard_count : 0;
        table_free(&spread);
        return false;
    }
    table_free(table);
    *table = spread;
    return true;
}

/* Whether there are as many shards as the entries need, or memory is out. What is reserved keeps its place: they become
 * more between two times. */
static bool table_settle(struct table *table)
{
    if (table->shard_count == 0)
        return table_spread(table, 1);
    bool many = table->shard_count == 1 && table->count >= FEW && table->reserved == 0;
    return !many || table_spread(table, TABLE_SHARDS);
}

bool table_reserve(struct table *table, uint64_t key)
{
    if (!table_settle(table) || !shard_reserve(shard_of(table, table_salted(key, table->salt)), 1))
        return false;
    table->reserved++;
    return true;
}

void table_reservations_end(struct table *table)
{
    if (table->reserved == 0)
        return;
    for (size_t i = 0; i < table->shard_count; i++)
        table->shards[i].reserved = 0;
    table->reserved = 0;
}

/* In the order of their keys the entries come in that of the slots they would like, so that all in front of the next
 * slot is known without a look: none is free between the one that an entry likes and the one it gets. Returns the slot
 * behind it. */
static size_t fill_slot(struct table_shard *shard, size_t next, const struct table_entry *entry)
{
    size_t home = home_of(shard, entry->key);
    size_t slot = home > next ? home : next;
    if (slot == shard->capacity)
        shard_add(shard, entry);
    else
        shard->entries[slot++] = *entry;
    return slot;
}

/* Puts them into the only shard. */
static bool fill_few(struct table *table, const struct table_entry *entries, size_t count)
{
    struct table_shard *shard = table->shards;
    if (!shard_reserve(shard, count))
        return false;
    shard->reserved = 0;
    for (size_t i = 0; i < count; i++)
        shard_add(shard, &entries[i]);
    shard->count += count;
    table->count += count;
    return true;
}

/* Room for a few more is left, lest all shards grow with the next writes. */
bool table_fill(struct table *table, size_t at, const struct table_entry *entries, size_t count)
{
    struct table_shard filled = {.count = count};
    if (count == 0)
        return true;
    bool few = table->shard_count <= 1 && table->count + count <= FEW;
    size_t shards = few ? 1 : TABLE_SHARDS;
    if (table->shard_count < shards && !table_spread(table, shards))
        return false;
    if (few)
        return fill_few(table, entries, count);
    assert(table->shards[at].count == 0 && table->shards[at].reserved == 0);
    if (!shard_make(&filled, count + count / 4 + FILL_ROOM))
        return false;
    for (size_t i = 0, next = 0; i < count; i++) {
        assert(table_shard_of(entries[i].key) == at && (i == 0 || entries[i].key > entries[i - 1].key));
        next = fill_slot(&filled, next, &entries[i]);
    }
    shard_free(&table->shards[at]);
    table->shards[at] = filled;
    table->count += count;
    return true;
}

uint64_t table_put(struct table *table, uint64_t key, uint64_t value)
{
    key = table_salted(key, table->salt);
    struct table_shard *shard = shard_of(table, key);
    size_t slot;
    if (find_slot(shard, key, &slot)) {
        uint64_t before = shard->entries[slot].value;
        shard->entries[slot].value = value;
        return before;
    }
    squeeze_in(shard, slot, (struct table_entry){.key = key, .value = value});
    shard->count++;
    table->count++;
    return 0;
}

bool table_set(struct table *table, uint64_t key, uint64_t value)
{
    if (!table_reserve(table, key))
        return false;
    table_put(table, key, value);
    table_reservations_end(table);
    return true;
}

/* Moves those behind the hole back by one, up to one that is at home. */
static void close_hole(struct table_shard *shard, size_t hole)
{
    for (size_t slot = next_slot(shard, hole); shard->entries[slot].value && strayed(shard, slot) > 0;
         slot = next_slot(shard, slot)) {
        shard->entries[hole] = shard->entries[slot];
        hole = slot;
    }
    shard->entries[hole] = (struct table_entry){0};
}

uint64_t table_remove(struct table *table, uint64_t key)
{
    if (table->count == 0)
        return 0;
    key = table_salted(key, table->salt);
    struct table_shard *shard = shard_of(table, key);
    size_t slot;
    if (!shard->capacity || !find_slot(shard, key, &slot))
        return 0;
    uint64_t before = shard->entries[slot].value;
    close_hole(shard, slot);
    shard->count--;
    table->count--;
    return before;
}

void table_copy(const struct table *table, struct table_entry *ret_entries)
{
    for (size_t i = 0; i < table->shard_count; i++) {
        const struct table_shard *shard = &table->shards[i];
        for (size_t slot = 0; slot < shard->capacity; slot++)
            if (shard->entries[slot].value)
                *ret_entries++ = shard->entries[slot];
    }
}

void table_each(const struct table *table, void (*visit)(void *arg, uint64_t value), void *arg)
{
    for (size_t i = 0; i < table->shard_count; i++) {
        const struct table_shard *shard = &table->shards[i];
        for (size_t slot = 0; slot < shard->capacity; slot++)
            if (shard->entries[slot].value)
                visit(arg, shard->entries[slot].value);
    }
}
