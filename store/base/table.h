/* table.h - a map from 64 bits to 64 other bits that are not all zero, 16 bytes an entry.
 *
 * The index of a store is such a table, from key hashes to locations; its blobs have one, from a blob's
 * number to the count of objects that need it.
 *
 * Open addressing in shards, each grown by a quarter and at most 85 % full, so that an entry costs 19 to
 * 24 bytes and growing one shard is short. Few entries have one shard, and none have no memory: there are
 * thousands of stores with a table for each of many things, most of them empty. Keys are salted, lest clients,
 * who may choose key hashes, crowd one place; their highest bits tell the shard, the others the place in it, so
 * that what comes in their order is written from one end to the other.
 *
 * Entries of one stretch stand in the order of the places that they would like ("Robin Hood hashing", P. Celis,
 * 1986). So the search for what is not there, the commonest while a store is filled, need not go on to the next
 * free place.
 *
 * Thread: the caller holds a lock; table_get() and table_each() need it shared, all others exclusive.
 */
#ifndef CAIRN_TABLE_H
#define CAIRN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE_SHARD_BITS = 6, TABLE_SHARDS = 1 << TABLE_SHARD_BITS };

struct table_entry {
    uint64_t key; /* salted */
    uint64_t value;
};

struct table_shard {
    struct table_entry *entries; /* value 0: free */
    size_t capacity;
    size_t count;
    size_t reserved;
};

struct table {
    uint64_t salt;
    size_t count;
    size_t reserved;    /* in all shards */
    size_t shard_count; /* 0, 1 or TABLE_SHARDS */
    struct table_shard *shards;
};

void table_init(struct table *table, uint64_t salt);
void table_free(struct table *table);

/* Tells the processor that a key is going to be asked for or put soon. No lock needs to be held by who alone changes
 * the table. */
void table_foresee(const struct table *table, uint64_t key);

/* 0 when absent. */
uint64_t table_get(const struct table *table, uint64_t key);

/* Makes sure that one more table_put() of this key cannot fail; reservations add up until
 * table_reservations_end(). False when memory is out. */
bool table_reserve(struct table *table, uint64_t key);
void table_reservations_end(struct table *table);

/* Sets the value of a key that was reserved; returns the one before, 0 if there was none. */
uint64_t table_put(struct table *table, uint64_t key, uint64_t value);

/* Sets the value of a key, where nothing is reserved; false when memory is out. */
bool table_set(struct table *table, uint64_t key, uint64_t value);

/* Removes a key; returns its value, 0 if there was none. */
uint64_t table_remove(struct table *table, uint64_t key);

/* A key as the table has it, which is the same for all tables of one salt, and back. */
uint64_t table_salted(uint64_t key, uint64_t salt);
uint64_t table_unsalted(uint64_t salted, uint64_t salt);

/* The shard that has a salted key: one has those that follow each other. */
static inline size_t table_shard_of(uint64_t salted)
{
    return (size_t)(salted >> (64 - TABLE_SHARD_BITS));
}

/* Puts all the entries that a shard will have into one that is empty, each key once and in their order. False when
 * memory is out. */
bool table_fill(struct table *table, size_t shard, const struct table_entry *entries, size_t count);

/* All entries, `count` of them, in no order that means anything. */
void table_copy(const struct table *table, struct table_entry *ret_entries);

/* Calls visit for every entry, in no order that means anything. */
void table_each(const struct table *table, void (*visit)(void *arg, uint64_t value), void *arg);

#endif
