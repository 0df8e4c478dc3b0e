/* replay.c - from the records of a log to the index. */
#include "store/start/replay.h"

#include "store/base/key.h"
#include "store/start/sweep.h"

#include <stdlib.h>
#include <string.h>

void replay_init(struct replay *replay, struct index *index, const struct log *log, const char *store,
                 struct store_detail *detail)
{
    *replay = (struct replay){.index = index, .log = log, .recall = {.log = log, .store = store, .detail = detail}};
}

void replay_free(struct replay *replay)
{
    free(replay->effects);
    arena_free(&replay->keys);
}

/* ---- one record ------------------------------------------------------------------------------ */

/* Whether a change ends the single object that has its hash. An object without a name is never there beside one with a
 * name: where a key is put, what had ended it is lost. */
static bool ends_single(const struct replay *replay, struct index_change *change, const struct store_key *key)
{
    const struct segment *segment = chain_at(&replay->log->chain, change->location.segment);
    bool own = key_equal(&change->key, key);
    bool all = !segment_knows_namesakes(segment);
    change->ends_others = all && !own;
    return all || own || (change->type == RECORD_PUT && !key->bytes);
}

/* Finds out what a change replaces. */
static struct failure find_before(struct replay *replay, struct index_change *change)
{
    struct index *index = replay->index;
    const struct record *record = &replay->recall.record;
    bool single;
    uint64_t packed = index_now(index, &change->key, &change->others);
    if (packed == INDEX_SEVERAL) /* an object without a name is one of them, or comes to them */
        packed = index_now_tagged(index, change->key.hash, index_tag(index, &change->key), &single);
    if (!packed)
        return failure_none();
    struct failure failure = recall_record(&replay->recall, packed);
    if (failure.error)
        return failure;
    struct store_key key = record_key(record);
    change->replaces = change->others.count > 0 || ends_single(replay, change, &key); /* of several it is its own */
    if (!change->replaces) {
        change->others = (struct crowd){.count = 1, .tags = index_tag(index, &key)};
        return failure_none();
    }
    change->size_before = record->size;
    change->blob_before = record->blob;
    return failure_none();
}

static struct failure apply(struct replay *replay, struct index_change *change)
{
    struct index *index = replay->index;
    struct failure failure = failure_none();
    if (change->sweeps_to)
        failure = sweep(index, replay->log, &replay->recall, change);
    if (!failure.error && (change->type == RECORD_PUT || change->type == RECORD_TOMBSTONE))
        failure = find_before(replay, change);
    if (failure.error)
        return failure;
    index_lock(index);
    bool fits = index_reserve(index, change);
    if (fits)
        index_apply(index, change);
    index_reservations_end(index);
    index_unlock(index);
    return failure_of(fits ? STORE_OK : STORE_NO_MEMORY);
}

/* ---- one transaction ------------------------------------------------------------------------- */

bool replay_is_under_way(const struct replay *replay)
{
    return replay->effect_count > 0;
}

void replay_forget(struct replay *replay)
{
    replay->effect_count = 0;
    replay->steps = 0;
    arena_reset(&replay->keys);
}

void replay_drop(struct replay *replay)
{
    for (size_t i = 0; i < replay->effect_count; i++)
        replay->dropped += replay->effects[i].location.length;
    replay_forget(replay);
}

static struct failure effects_apply(struct replay *replay)
{
    struct failure failure = failure_none();
    for (size_t i = 0; i < replay->effect_count && !failure.error; i++)
        failure = apply(replay, &replay->effects[i]);
    replay_forget(replay);
    return failure;
}

static bool effects_grow(struct replay *replay)
{
    size_t capacity = replay->effect_capacity ? replay->effect_capacity * 2 : 64;
    struct index_change *moved = realloc(replay->effects, capacity * sizeof *moved);
    if (!moved)
        return false;
    replay->effects = moved;
    replay->effect_capacity = capacity;
    return true;
}

/* The key of a record as long as the transaction lasts: the cursor has that of the last record only. */
static bool keep_key(struct replay *replay, const struct record *record, struct store_key *ret_key)
{
    *ret_key = record_key(record);
    if (!record->key || record->step + 1 == record->steps)
        return true;
    void *copy = arena_take(&replay->keys, record->key_length);
    if (!copy)
        return false;
    ret_key->bytes = memcpy(copy, record->key, record->key_length);
    return true;
}

/* Up to where a record ends all that has its hash; 0: it does not. An object without a name was put when nothing else
 * had the hash: what is there nevertheless was ended by a record that is lost. */
static uint64_t sweeps_to(const struct record *record)
{
    if (record->type == RECORD_SWEEP)
        return record_sweeps_to(record);
    return record->type == RECORD_PUT && record->key_length == 0 ? record->offset : 0;
}

static struct failure effect_push(struct replay *replay, struct location location, const struct record *record)
{
    struct store_key key;
    if (replay->effect_count == replay->effect_capacity && !effects_grow(replay))
        return failure_of(STORE_NO_MEMORY);
    if (!keep_key(replay, record, &key))
        return failure_of(STORE_NO_MEMORY);
    replay->effects[replay->effect_count++] = (struct index_change){
        .type = record->type,
        .key = key,
        .location = location,
        .size = record->size,
        .blob = record->blob,
        .sweeps_to = sweeps_to(record),
    };
    return failure_none();
}

struct failure replay_take(struct replay *replay, const struct segment *segment, uint64_t position,
                           const struct record *record)
{
    log_assert_unowned(replay->log);
    if (record->step == 0) {
        replay_drop(replay);
        replay->steps = record->steps;
        replay->began = position;
    }
    if (record->step != replay->effect_count || record->steps != replay->steps) {
        replay_drop(replay); /* damage took an earlier record of its transaction */
        replay->dropped += record_length(record);
        return failure_none();
    }
    struct failure failure = effect_push(replay, location_of(segment->slot, position, record), record);
    if (!failure.error && replay->effect_count == replay->steps)
        failure = effects_apply(replay);
    return failure;
}
