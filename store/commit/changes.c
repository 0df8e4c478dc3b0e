/* changes.c - what a group has decided so far. changes.h tells what for. */
#include "store/commit/changes.h"

#include "store/base/key.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

void changes_init(struct changes *changes)
{
    *changes = (struct changes){0};
    memset(changes->of_hash, NONE, sizeof changes->of_hash);
    memset(changes->of_tag, NONE, sizeof changes->of_tag);
}

void changes_enter(struct changes *changes, struct index *index, const struct log *log)
{
    assert(changes->count == 0);
    changes->index = index;
    changes->log = log;
}

void changes_assert_own(const struct changes *changes)
{
    log_assert_own(changes->log);
}

void changes_free(struct changes *changes)
{
    arena_free(&changes->arena);
    free(changes->list);
}

/* ---- the changes of a key -------------------------------------------------------------------- */

/* Salted, since clients may choose hashes, and would crowd one bucket. */
static int *bucket_of_hash(struct changes *changes, uint64_t hash)
{
    uint64_t mixed = (hash ^ changes->index->salt) * 0x9e3779b97f4a7c15u;
    return &changes->of_hash[(mixed >> 32) % CHANGES_BUCKETS];
}

static int *bucket_of_tag(struct changes *changes, uint64_t tag)
{
    return &changes->of_tag[tag % CHANGES_BUCKETS];
}

/* NULL: there is none. */
static const struct change *newest_of_hash(struct changes *changes, uint64_t hash)
{
    int at = *bucket_of_hash(changes, hash);
    while (at != NONE && changes->list[at].after.key.hash != hash)
        at = changes->list[at].older_of_hash;
    return at == NONE ? NULL : &changes->list[at];
}

static const struct change *newest_of_tag(struct changes *changes, uint64_t hash, uint64_t tag)
{
    int at = *bucket_of_tag(changes, tag);
    while (at != NONE && (changes->list[at].tag != tag || changes->list[at].after.key.hash != hash))
        at = changes->list[at].older_of_tag;
    return at == NONE ? NULL : &changes->list[at];
}

/* All that have the hash of a change, when it has been made. */
static struct crowd crowd_after(const struct change *change)
{
    const struct view *after = &change->after;
    return after->exists ? crowd_with(after->others, change->tag) : after->others;
}

/* ---- looking up ------------------------------------------------------------------------------ */

/* Looks a key up that no change has to do with, nor another of its hash. */
static struct failure find_stored(struct changes *changes, const struct store_key *key, bool payload,
                                  struct view *ret_view)
{
    struct index *index = changes->index;
    struct crowd crowd;
    uint64_t packed = index_now(index, key, &crowd);
    ret_view->others = crowd;
    if (!packed || packed == INDEX_SEVERAL)
        return failure_of(packed ? STORE_COLLISION : STORE_OK);
    struct failure failure = view_load(changes->log, &changes->arena, packed, key->hash, payload, ret_view);
    if (!ret_view->exists || key_same(key, &ret_view->key)) {
        ret_view->others = crowd.count > 0 ? crowd_without(crowd, index_tag(index, key)) : crowd;
        return failure;
    }
    uint64_t tag = index_tag(index, &ret_view->key);
    *ret_view = (struct view){.key = *key, .others = {.count = 1, .tags = tag}};
    return failure_of(crowd.count > 0 ? STORE_COLLISION : STORE_OK);
}

/* What a change has left of its key. */
static struct failure view_of_change(const struct change *change, const struct store_key *key, bool payload,
                                     struct view *ret_view)
{
    const struct view *after = &change->after;
    if (!key_same(key, &after->key))
        return failure_of(STORE_COLLISION);
    *ret_view = *after;
    if (!payload || !after->exists || after->blob || after->payload || !after->size)
        return failure_none();
    return failure_of(STORE_DAMAGED); /* a payload that is in memory always points somewhere */
}

/* Looks the one of a crowd up that has the tag, if it is stored; others of it are among the changes. */
static struct failure find_untouched(struct changes *changes, const struct store_key *key, uint64_t tag,
                                     const struct crowd *crowd, bool payload, struct view *ret_view)
{
    struct index *index = changes->index;
    bool single;
    uint64_t packed = index_now_tagged(index, key->hash, tag, &single);
    if (!packed)
        return failure_none();
    struct failure failure = view_load(changes->log, &changes->arena, packed, key->hash, payload, ret_view);
    if (ret_view->untold && single && crowd->count > 1)
        return failure_io(EIO); /* it was read before, or it would be no part of the crowd */
    if (!ret_view->exists || ret_view->untold)
        return failure;
    uint64_t found = index_tag(index, &ret_view->key);
    if (found == tag)
        return key_same(key, &ret_view->key) ? failure : failure_of(STORE_COLLISION);
    *ret_view = (struct view){.key = *key, .others = {.count = 1, .tags = found}};
    return failure_none();
}

/* The tag of the object that a key stands for in a crowd: its own, or that of a single one that has the hash, where one
 * of the two has no name. */
static uint64_t tag_of(const struct changes *changes, const struct store_key *key, const struct crowd *crowd)
{
    const struct store_key nameless = store_key_of_hash(key->hash);
    if (crowd->count == 1 && (!key->bytes || crowd->tags == index_tag(changes->index, &nameless)))
        return crowd->tags;
    return index_tag(changes->index, key);
}

/* Looks a key up with whose hash changes have to do: `crowd` is what these have left of it. */
static struct failure find_changed(struct changes *changes, const struct store_key *key, const struct crowd *crowd,
                                   bool payload, struct view *ret_view)
{
    ret_view->others = *crowd;
    if (!key->bytes && crowd->count > 1)
        return failure_of(STORE_COLLISION);
    uint64_t tag = tag_of(changes, key, crowd);
    if (crowd->count == 0 || (crowd->count == 1 && crowd->tags != tag))
        return failure_none();
    const struct change *change = newest_of_tag(changes, key->hash, tag);
    struct failure failure = change ? view_of_change(change, key, payload, ret_view)
                                    : find_untouched(changes, key, tag, crowd, payload, ret_view);
    ret_view->others = ret_view->exists ? crowd_without(*crowd, tag) : *crowd;
    return failure;
}

struct failure changes_find(struct changes *changes, const struct store_key *key, bool payload, struct view *ret_view)
{
    changes_assert_own(changes);
    const struct change *change = newest_of_hash(changes, key->hash);
    *ret_view = (struct view){.key = *key};
    if (!change)
        return find_stored(changes, key, payload, ret_view);
    struct crowd crowd = crowd_after(change);
    return find_changed(changes, key, &crowd, payload, ret_view);
}

struct failure changes_find_own(struct changes *changes, const struct store_key *key, bool payload,
                                struct view *ret_view)
{
    changes_assert_own(changes);
    uint64_t tag = index_tag(changes->index, key);
    const struct change *newest = newest_of_hash(changes, key->hash);
    const struct change *change = newest_of_tag(changes, key->hash, tag);
    struct crowd crowd;
    (void)index_now(changes->index, key, &crowd);
    if (newest)
        crowd = crowd_after(newest);
    *ret_view = (struct view){.key = *key};
    struct failure failure = change ? view_of_change(change, key, payload, ret_view)
                                    : find_untouched(changes, key, tag, &crowd, payload, ret_view);
    if (newest || crowd.count > 0)
        ret_view->others = ret_view->exists ? crowd_without(crowd, tag) : crowd;
    return failure;
}

/* ---- one more, and back ---------------------------------------------------------------------- */

static bool changes_grow(struct changes *changes)
{
    size_t capacity = changes->capacity ? changes->capacity * 2 : 256;
    struct change *moved = realloc(changes->list, capacity * sizeof *moved);
    if (!moved)
        return false;
    changes->list = moved;
    changes->capacity = capacity;
    return true;
}

/* What others have the hash of a key when a change of it comes: those before may be among the changes by now. */
static struct crowd others_of(struct changes *changes, const struct view *before)
{
    const struct change *newest = newest_of_hash(changes, before->key.hash);
    if (!newest)
        return before->others;
    struct crowd crowd = crowd_after(newest);
    return before->exists ? crowd_without(crowd, index_tag(changes->index, &before->key)) : crowd;
}

/* The tag by which a change is found. What has come behind a sweep that is written again is no matter of it. */
static uint64_t tag_of_change(const struct changes *changes, const struct view *before, const struct view *after)
{
    uint64_t tag = index_tag(changes->index, &after->key);
    return after->sweep && !before->exists ? ~tag : tag;
}

struct failure changes_push(struct changes *changes, struct txn *txn, size_t op, const struct view *before,
                            const struct view *after)
{
    changes_assert_own(changes);
    if (changes->count == changes->capacity && !changes_grow(changes))
        return failure_of(STORE_NO_MEMORY);
    uint64_t tag = tag_of_change(changes, before, after);
    int *of_hash = bucket_of_hash(changes, after->key.hash);
    int *of_tag = bucket_of_tag(changes, tag);
    struct change *change = &changes->list[changes->count];
    *change = (struct change){.before = *before,
                              .after = *after,
                              .tag = tag,
                              .txn = txn,
                              .op = op,
                              .older_of_hash = *of_hash,
                              .older_of_tag = *of_tag};
    change->after.others = others_of(changes, before);
    *of_hash = *of_tag = (int)changes->count++;
    return failure_none();
}

void changes_pop(struct changes *changes, size_t count)
{
    changes_assert_own(changes);
    while (changes->count > count) {
        const struct change *change = &changes->list[--changes->count];
        *bucket_of_hash(changes, change->after.key.hash) = change->older_of_hash;
        *bucket_of_tag(changes, change->tag) = change->older_of_tag;
    }
}

void changes_reset(struct changes *changes)
{
    changes_pop(changes, 0);
    arena_reset(&changes->arena);
}

/* ---- their records --------------------------------------------------------------------------- */

enum record_type change_type(const struct change *change)
{
    const struct view *after = &change->after;
    return after->exists ? RECORD_PUT : after->sweep ? RECORD_SWEEP : RECORD_TOMBSTONE;
}

struct record changes_record(const struct change *change)
{
    const struct view *after = &change->after;
    return (struct record){
        .type = change_type(change),
        .time = after->time,
        .key_hash = after->key.hash,
        .size = after->size,
        .digest = after->digest,
        .blob = after->blob,
        .key = after->sweep ? NULL : after->key.bytes,
        .key_length = after->sweep ? 0 : after->key.length,
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

struct quota_growth changes_growth(const struct changes *changes, size_t first)
{
    struct quota_growth growth = {0};
    for (size_t i = first; i < changes->count; i++) {
        const struct view *before = &changes->list[i].before;
        const struct view *after = &changes->list[i].after;
        growth.objects += after->exists - before->exists;
        growth.bytes += after->exists ? (int64_t)after->size : 0;
        growth.bytes -= before->exists ? (int64_t)before->size : 0;
    }
    return growth;
}

bool changes_only_delete(const struct changes *changes, size_t first)
{
    for (size_t i = first; i < changes->count; i++)
        if (changes->list[i].after.exists)
            return false;
    return true;
}
