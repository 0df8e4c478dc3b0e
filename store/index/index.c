/* index.c - what a store holds: looking it up, and booking what changes it. index.h tells what for. */
#include "store/index/index.h"

#include <assert.h>

void index_init(struct index *index, struct log *log, struct blobs *blobs, uint64_t salt)
{
    *index = (struct index){.log = log, .blobs = blobs};
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&index->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    table_init(&index->locations, salt);
    damage_init(&index->damage, salt);
}

void index_free(struct index *index)
{
    table_free(&index->locations);
    damage_free(&index->damage);
    pthread_rwlock_destroy(&index->lock);
}

/* ---- the lock -------------------------------------------------------------------------------- */

void index_lock_shared(struct index *index)
{
    pthread_rwlock_rdlock(&index->lock);
}

void index_lock(struct index *index)
{
    pthread_rwlock_wrlock(&index->lock);
    index->exclusive = true;
    index->owner = pthread_self();
}

void index_unlock(struct index *index)
{
    if (index->exclusive) /* it does not change while the lock is shared */
        index->exclusive = false;
    pthread_rwlock_unlock(&index->lock);
}

/* A lock that can be had is held by nobody. Whether this thread is among those who share it cannot be asked. */
void index_assert_locked(const struct index *index)
{
    assert(pthread_rwlock_trywrlock((pthread_rwlock_t *)&index->lock) != 0);
    (void)index;
}

void index_assert_exclusive(const struct index *index)
{
    assert(index->exclusive && pthread_equal(index->owner, pthread_self()));
    (void)index;
}

/* ---- asking ---------------------------------------------------------------------------------- */

uint64_t index_find(const struct index *index, uint64_t key_hash)
{
    index_assert_locked(index);
    return table_get(&index->locations, key_hash);
}

uint64_t index_now(struct index *index, uint64_t key_hash)
{
    index_lock_shared(index);
    uint64_t packed = index_find(index, key_hash);
    index_unlock(index);
    return packed;
}

bool index_leads_to(struct index *index, uint64_t key_hash, uint64_t packed)
{
    return index_now(index, key_hash) == packed;
}

void index_each(const struct index *index, void (*visit)(void *arg, uint64_t packed), void *arg)
{
    index_assert_locked(index);
    table_each(&index->locations, visit, arg);
}

uint64_t index_end(struct index *index)
{
    index_lock_shared(index);
    uint64_t end = index->end_offset;
    index_unlock(index);
    return end;
}

/* ---- booking --------------------------------------------------------------------------------- */

bool index_reserve(struct index *index, const struct index_change *change)
{
    index_assert_exclusive(index);
    if (change->type != RECORD_PUT)
        return true;
    return table_reserve(&index->locations, change->key_hash) &&
           (!change->blob || blobs_reserve(index->blobs, change->blob));
}

void index_reservations_end(struct index *index)
{
    index_assert_exclusive(index);
    table_reservations_end(&index->locations);
    blobs_reservations_end(index->blobs);
}

/* A record has come. */
static void record_begins(struct index *index, const struct index_change *change)
{
    struct segment *segment = index->log->segments[change->location.segment];
    if (change->type == RECORD_PUT) {
        segment->live++;
        index->live_bytes += change->size;
        if (change->blob)
            blobs_need(index->blobs, change->blob, change->size);
        return;
    }
    index->dead_bytes += change->location.length;
    if (change->type == RECORD_TOMBSTONE)
        segment->tombstones += change->location.length;
    else
        segment->dead += change->location.length;
}

/* A record has lost its key. */
static const struct segment *record_ends(struct index *index, struct location location, uint64_t size)
{
    struct segment *segment = index->log->segments[location.segment];
    assert(segment->live > 0 && index->live_bytes >= size);
    segment->live--;
    segment->dead += location.length;
    index->dead_bytes += location.length;
    index->live_bytes -= size;
    return segment;
}

struct index_ended index_apply(struct index *index, const struct index_change *change)
{
    struct index_ended ended = {0};
    uint64_t before = 0;
    index_assert_exclusive(index);
    if (change->type == RECORD_PUT)
        before = table_put(&index->locations, change->key_hash, location_pack(change->location));
    else if (change->type == RECORD_TOMBSTONE)
        before = table_remove(&index->locations, change->key_hash);
    record_begins(index, change);
    if (before)
        ended.segment = record_ends(index, location_unpack(before), change->size_before);
    if (change->blob_before && blobs_unneed(index->blobs, change->blob_before, change->size_before))
        ended.blob = change->blob_before;
    return ended;
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
    const struct segment *segment = index->log->segments[husk->slot];
    assert(segment->live == 0);
    index->dead_bytes -= segment->dead + segment->tombstones;
    log_replace(index->log, husk);
}
