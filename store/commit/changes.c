/* changes.c - what a group has decided so far. changes.h tells what for. */
#include "store/commit/changes.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

void changes_init(struct changes *changes, struct index *index)
{
    *changes = (struct changes){.index = index};
    memset(changes->buckets, NONE, sizeof changes->buckets);
}

void changes_free(struct changes *changes)
{
    arena_free(&changes->arena);
    free(changes->list);
}

/* ---- looking up ------------------------------------------------------------------------------ */

static size_t bucket_of(uint64_t hash)
{
    return (hash ^ hash >> 32) % CHANGES_BUCKETS;
}

const struct change *changes_newest(const struct changes *changes, uint64_t hash)
{
    int at = changes->buckets[bucket_of(hash)];
    while (at != NONE && changes->list[at].after.key.hash != hash)
        at = changes->list[at].older;
    return at == NONE ? NULL : &changes->list[at];
}

enum store_error changes_find(struct changes *changes, const struct store_key *key, bool payload, struct view *ret_view)
{
    const struct change *change = changes_newest(changes, key->hash);
    if (change) {
        *ret_view = change->after;
        if (!payload || !change->after.exists || change->after.blob || change->after.payload || !change->after.size)
            return STORE_OK;
        return STORE_DAMAGED; /* a payload that is in memory always points somewhere */
    }
    uint64_t location = index_now(changes->index, key->hash);
    if (location)
        return view_load(changes->index->log, &changes->arena, location, payload, ret_view);
    *ret_view = (struct view){.key = store_key_of_hash(key->hash)};
    return STORE_OK;
}

/* ---- one more, and back ---------------------------------------------------------------------- */

static bool changes_grow(struct changes *changes)
{
    size_t room = changes->room ? changes->room * 2 : 256;
    struct change *moved = realloc(changes->list, room * sizeof *moved);
    if (!moved)
        return false;
    changes->list = moved;
    changes->room = room;
    return true;
}

enum store_error changes_push(struct changes *changes, struct txn *txn, size_t op, const struct view *before,
                              const struct view *after)
{
    if (changes->count == changes->room && !changes_grow(changes))
        return STORE_NO_MEMORY;
    int *bucket = &changes->buckets[bucket_of(after->key.hash)];
    changes->list[changes->count] = (struct change){
        .before = *before, .after = *after, .txn = txn, .op = op, .older = *bucket};
    *bucket = (int)changes->count++;
    return STORE_OK;
}

void changes_pop(struct changes *changes, size_t count)
{
    while (changes->count > count) {
        const struct change *change = &changes->list[--changes->count];
        changes->buckets[bucket_of(change->after.key.hash)] = change->older;
    }
}

void changes_reset(struct changes *changes)
{
    changes_pop(changes, 0);
    arena_reset(&changes->arena);
}

/* ---- their records --------------------------------------------------------------------------- */

struct record changes_record(const struct change *change)
{
    const struct view *after = &change->after;
    return (struct record){
        .type = after->exists ? RECORD_PUT : RECORD_TOMBSTONE,
        .time = after->time,
        .key_hash = after->key.hash,
        .size = after->size,
        .digest = after->digest,
        .blob = after->blob,
        .key = after->key.bytes,
        .key_length = after->key.length,
        .attributes = after->attributes,
        .attributes_length = after->attributes_length,
        .payload = after->payload,
    };
}

uint64_t changes_bytes(const struct changes *changes, size_t first)
{
    uint64_t bytes = 0;
    for (size_t i = first; i < changes->count; i++) {
        struct record record = changes_record(&changes->list[i]);
        bytes += record_length(&record);
    }
    return bytes;
}

bool changes_only_delete(const struct changes *changes, size_t first)
{
    for (size_t i = first; i < changes->count; i++) {
        if (changes->list[i].after.exists)
            return false;
    }
    return true;
}
