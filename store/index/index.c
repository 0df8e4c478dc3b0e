/* index.c - what a store holds: looking it up, and booking what changes it. index.h tells what for. */
#include "store/index/index.h"

#include "store/base/key.h"

#include <assert.h>

void index_init(struct index *index, struct log *log, struct blobs *blobs, uint64_t salt)
{
    *index = (struct index){.log = log, .blobs = blobs, .salt = salt};
    shared_lock_init(&index->lock);
    table_init(&index->locations, salt);
    damage_init(&index->damage, salt);
}

void index_free(struct index *index)
{
    table_free(&index->locations);
    namesakes_free(index->namesakes);
    damage_free(&index->damage);
    shared_lock_destroy(&index->lock);
}

/* ---- the lock -------------------------------------------------------------------------------- */

void index_lock_shared(struct index *index)
{
    shared_lock_share(&index->lock);
}

void index_lock(struct index *index)
{
    shared_lock_take(&index->lock);
}

void index_unlock(struct index *index)
{
    shared_lock_release(&index->lock);
}

void index_assert_locked(const struct index *index)
{
    assert(shared_lock_is_held(&index->lock));
    (void)index;
}

void index_assert_exclusive(const struct index *index)
{
    assert(shared_lock_is_mine(&index->lock));
    (void)index;
}

/* ---- asking ---------------------------------------------------------------------------------- */

uint64_t index_tag(const struct index *index, const struct store_key *key)
{
    return key_tag(key, index->salt);
}

void index_foresee(const struct index *index, uint64_t hash)
{
    table_foresee(&index->locations, hash);
}

uint64_t index_find_own(const struct index *index, const struct store_key *key)
{
    index_assert_locked(index);
    uint64_t packed = table_get(&index->locations, key->hash);
    return packed == INDEX_SEVERAL ? namesakes_find(index->namesakes, index_tag(index, key)) : packed;
}

uint64_t index_find(const struct index *index, const struct store_key *key)
{
    index_assert_locked(index);
    return key->bytes ? index_find_own(index, key) : table_get(&index->locations, key->hash);
}

uint64_t index_now(struct index *index, const struct store_key *key, struct crowd *ret_crowd)
{
    index_lock_shared(index);
    uint64_t packed = index_find(index, key);
    if (ret_crowd)
        *ret_crowd = index->namesakes ? namesakes_of(index->namesakes, key->hash) : (struct crowd){0};
    index_unlock(index);
    return packed;
}

uint64_t index_now_own(struct index *index, const struct store_key *key)
{
    index_lock_shared(index);
    uint64_t packed = index_find_own(index, key);
    index_unlock(index);
    return packed;
}

uint64_t index_now_tagged(struct index *index, uint64_t hash, uint64_t tag, bool *ret_single)
{
    index_lock_shared(index);
    uint64_t packed = table_get(&index->locations, hash);
    *ret_single = packed != INDEX_SEVERAL;
    if (!*ret_single)
        packed = namesakes_find(index->namesakes, tag);
    index_unlock(index);
    return packed;
}

bool index_see_own(struct index *index, const struct store_key *key, struct index_sight *ret_sight)
{
    index_lock_shared(index);
    uint64_t packed = index_find_own(index, key);
    struct location location = location_unpack(packed);
    if (packed) {
        ret_sight->offset = segment_offset(chain_at(&index->log->chain, location.segment), location.position);
        ret_sight->damaged = table_get(&index->damage.records, ret_sight->offset) != 0;
    }
    index_unlock(index);
    return packed != 0;
}

bool index_leads_to(struct index *index, const struct store_key *key, uint64_t offset)
{
    struct index_sight now;
    return index_see_own(index, key, &now) && now.offset == offset;
}

struct each {
    void (*visit)(void *arg, uint64_t packed);
    void *arg;
};

static void visit_single(void *arg, uint64_t packed)
{
    const struct each *each = arg;
    if (packed != INDEX_SEVERAL)
        each->visit(each->arg, packed);
}

void index_each(const struct index *index, void (*visit)(void *arg, uint64_t packed), void *arg)
{
    struct each each = {.visit = visit, .arg = arg};
    index_assert_locked(index);
    table_each(&index->locations, visit_single, &each);
    if (index->namesakes)
        table_each(&index->namesakes->locations, visit, arg);
}

uint64_t index_end(struct index *index)
{
    index_lock_shared(index);
    uint64_t end = index->end_offset;
    index_unlock(index);
    return end;
}

/* ---- booking --------------------------------------------------------------------------------- */

/* Whether the change makes a hash, which a single object had, that of two. */
static bool makes_a_pair(const struct index_change *change)
{
    return change->type == RECORD_PUT && !change->replaces && change->others.count == 1;
}

/* The same, or makes it that of one more. */
static bool joins_others(const struct index_change *change)
{
    return change->type == RECORD_PUT && !change->replaces && change->others.count > 0;
}

/* Namesakes come so rarely that a store begins without a place for them. */
static bool reserve_namesake(struct index *index, const struct index_change *change)
{
    if (!index->namesakes)
        index->namesakes = namesakes_new(index->salt, &index->lock);
    return index->namesakes &&
           namesakes_reserve(index->namesakes, change->key.hash, index_tag(index, &change->key), change->others.tags);
}

bool index_reserve(struct index *index, const struct index_change *change)
{
    index_assert_exclusive(index);
    if (change->type != RECORD_PUT)
        return true;
    return table_reserve(&index->locations, change->key.hash) &&
           (!joins_others(change) || reserve_namesake(index, change)) &&
           (!change->blob || blobs_reserve(index->blobs, change->blob));
}

void index_reservations_end(struct index *index)
{
    index_assert_exclusive(index);
    table_reservations_end(&index->locations);
    blobs_reservations_end(index->blobs);
    if (index->namesakes)
        namesakes_reservations_end(index->namesakes);
}

/* The key leads to a record; returns where it led before, 0: nowhere. */
static uint64_t lead_to(struct index *index, const struct index_change *change)
{
    struct namesakes *namesakes = index->namesakes;
    uint64_t hash = change->key.hash;
    uint64_t packed = location_pack(change->location);
    uint64_t single = table_get(&index->locations, hash);
    if (makes_a_pair(change)) {
        assert(single && single != INDEX_SEVERAL);
        namesakes_add(namesakes, hash, change->others.tags, single);
        table_put(&index->locations, hash, INDEX_SEVERAL);
    } else if (single != INDEX_SEVERAL) {
        return table_put(&index->locations, hash, packed);
    }
    uint64_t tag = index_tag(index, &change->key);
    if (change->replaces)
        return namesakes_put(namesakes, tag, packed);
    namesakes_add(namesakes, hash, tag, packed);
    return 0;
}

/* The key leads nowhere; returns where it led before. */
static uint64_t lead_nowhere(struct index *index, const struct index_change *change)
{
    uint64_t hash = change->key.hash;
    if (!change->replaces)
        return 0;
    if (table_get(&index->locations, hash) != INDEX_SEVERAL)
        return table_remove(&index->locations, hash);
    uint64_t before = namesakes_remove(index->namesakes, hash, index_tag(index, &change->key));
    uint64_t single = namesakes_part(index->namesakes, hash);
    if (single)
        table_put(&index->locations, hash, single);
    return before;
}

void index_count_record(struct index *index, struct segment *segment, enum record_type type, uint32_t length,
                        uint64_t size)
{
    index_assert_exclusive(index);
    if (type == RECORD_PUT) {
        segment->puts++;
        segment->live++;
        index->objects++;
        index->live_bytes += size;
        return;
    }
    index->dead_bytes += length;
    if (type == RECORD_MARK)
        segment->dead += length;
    else
        segment->tombstones += length;
}

const struct segment *index_count_end(struct index *index, struct location location, uint64_t size)
{
    struct segment *segment = chain_at(&index->log->chain, location.segment);
    index_assert_exclusive(index);
    assert(segment->live > 0 && index->objects > 0);
    segment->live--;
    segment->dead += location.length;
    index->objects--;
    index->dead_bytes += location.length;
    index->live_bytes -= size;
    return segment;
}

/* A record has come, and an object that needs its blob. */
static void record_begins(struct index *index, const struct index_change *change)
{
    struct segment *segment = chain_at(&index->log->chain, change->location.segment);
    index_count_record(index, segment, change->type, change->location.length, change->size);
    if (change->type == RECORD_PUT && change->blob)
        blobs_need(index->blobs, change->blob, change->size);
}

/* What stood under the key, packed, has ended. */
static struct index_ended end_before(struct index *index, const struct index_change *change, uint64_t before)
{
    struct index_ended ended = {0};
    if (before)
        ended.segment = index_count_end(index, location_unpack(before), change->size_before);
    if (change->blob_before && blobs_unneed(index->blobs, change->blob_before, change->size_before))
        ended.blob = change->blob_before;
    return ended;
}

struct index_ended index_apply(struct index *index, const struct index_change *change)
{
    index_assert_exclusive(index);
    uint64_t before = change->type == RECORD_PUT ? lead_to(index, change) : lead_nowhere(index, change);
    record_begins(index, change);
    return end_before(index, change, before);
}

void index_publish(struct index *index)
{
    index_assert_exclusive(index);
    assert(index->end_offset <= index->log->end);
    index->end_offset = index->log->end;
}

void index_count_group(struct index *index, uint64_t records)
{
    index_assert_exclusive(index);
    index->commits++;
    index->records += records;
}

void index_replace(struct index *index, struct segment *husk)
{
    index_assert_exclusive(index);
    struct chain *chain = &index->log->chain;
    const struct segment *segment = chain_from(chain, husk->number);
    assert(segment->number == husk->number && segment->live == 0);
    index->dead_bytes -= segment->dead + segment->tombstones;
    chain_replace(chain, husk);
}

void index_keep(struct index *index, struct segment *segment)
{
    index_lock(index);
    assert(chain_is_sealed(&index->log->chain, segment));
    segment->keep = true;
    index_unlock(index);
}
