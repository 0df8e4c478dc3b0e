/* damage.c - what was found damaged of what a store holds. damage.h has the rules. */
#include "store/index/damage.h"

#include "store/index/index.h"

void damage_init(struct damage *damage, uint64_t salt)
{
    *damage = (struct damage){0};
    table_init(&damage->records, salt);
    table_init(&damage->blobs, salt);
}

void damage_free(struct damage *damage)
{
    table_free(&damage->records);
    table_free(&damage->blobs);
}

/* Sets a key's value; false when it has it already or memory is out. */
static bool take_down(struct table *table, uint64_t key, uint64_t value)
{
    return table_get(table, key) != value && table_set(table, key, value);
}

void damage_found_gaps(struct index *index, uint64_t bytes, uint64_t behind_gaps)
{
    log_assert_unowned(index->log);
    index_lock(index);
    index->damage.bytes += bytes;
    atomic_store(&index->damage.behind_gaps, behind_gaps);
    atomic_store(&index->damage.gaps, bytes > 0);
    index_unlock(index);
}

void damage_found_gap(struct index *index, uint64_t number)
{
    struct damage *damage = &index->damage;
    index_lock(index);
    if (number >= atomic_load(&damage->behind_gaps))
        atomic_store(&damage->behind_gaps, number + 1);
    atomic_store(&damage->gaps, true);
    index_unlock(index);
}

bool damage_has_gaps(const struct index *index)
{
    return atomic_load(&index->damage.gaps);
}

bool damage_has_gap_behind(const struct index *index, uint32_t slot)
{
    return chain_at(&index->log->chain, slot)->number < atomic_load(&index->damage.behind_gaps);
}

bool damage_found_record(struct index *index, uint64_t offset, uint32_t length)
{
    index_lock(index);
    bool fresh = take_down(&index->damage.records, offset, 1);
    if (fresh)
        index->damage.bytes += length;
    index_unlock(index);
    return fresh;
}

/* What was found, with the number of its blob, since table_each() tells no keys. */
static uint64_t damage_pack(uint64_t blob, enum blob_damage damage)
{
    return blob << 2 | damage;
}

static enum blob_damage damage_unpack(uint64_t packed)
{
    return (enum blob_damage)(packed & 3);
}

bool damage_found_blob(struct index *index, uint64_t blob, enum blob_damage damage)
{
    bool fresh = false;
    if (damage_of_blob(index, blob) == damage)
        return false;
    index_lock(index);
    if (damage == BLOB_DAMAGE_NONE)
        fresh = table_remove(&index->damage.blobs, blob) != 0;
    else if (blobs_are_needed(index->blobs, blob))
        fresh = take_down(&index->damage.blobs, blob, damage_pack(blob, damage));
    index_unlock(index);
    return fresh;
}

enum blob_damage damage_of_blob(struct index *index, uint64_t blob)
{
    index_lock_shared(index);
    enum blob_damage damage = damage_unpack(table_get(&index->damage.blobs, blob));
    index_unlock(index);
    return damage;
}

struct blob_count {
    const struct blobs *blobs;
    uint64_t damaged;
    uint64_t missing;
};

/* What was found outlives the objects that needed the blob. */
static void count_blob(void *arg, uint64_t packed)
{
    struct blob_count *count = arg;
    if (!blobs_are_needed(count->blobs, packed >> 2))
        return;
    if (damage_unpack(packed) == BLOB_DAMAGE_MISSING)
        count->missing++;
    else
        count->damaged++;
}

void damage_count(struct index *index, uint64_t *ret_bytes, uint64_t *ret_damaged, uint64_t *ret_missing)
{
    struct blob_count count = {.blobs = index->blobs};
    index_lock_shared(index);
    *ret_bytes = index->damage.bytes;
    table_each(&index->damage.blobs, count_blob, &count);
    index_unlock(index);
    *ret_damaged = count.damaged;
    *ret_missing = count.missing;
}
