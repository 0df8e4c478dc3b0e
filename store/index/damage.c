/* damage.c - what was found damaged of what a store holds. damage.h has the rules. */
#include "store/index/damage.h"

#include "store/index/index.h"

#include <assert.h>

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
    if (table_get(table, key) == value || !table_reserve(table, key))
        return false;
    table_put(table, key, value);
    table_reservations_end(table);
    return true;
}

void damage_note_gaps(struct index *index, uint64_t bytes, size_t behind_gaps)
{
    assert(!index->log->owned);
    index_lock(index);
    index->damage.bytes += bytes;
    index->damage.gaps = bytes > 0;
    index->damage.behind_gaps = behind_gaps;
    index_unlock(index);
}

bool damage_note_record(struct index *index, uint64_t packed)
{
    index_lock(index);
    bool fresh = take_down(&index->damage.records, packed, 1);
    if (fresh)
        index->damage.bytes += location_unpack(packed).length;
    index_unlock(index);
    return fresh;
}

/* A note with the number of its blob, since table_each() tells no keys. */
static uint64_t note_pack(uint64_t blob, enum blob_note note)
{
    return blob << 2 | note;
}

static enum blob_note note_unpack(uint64_t packed)
{
    return (enum blob_note)(packed & 3);
}

bool damage_note_blob(struct index *index, uint64_t blob, enum blob_note note)
{
    bool fresh = false;
    if (damage_of_blob(index, blob) == note)
        return false;
    index_lock(index);
    if (note == BLOB_NOTE_NONE)
        fresh = table_remove(&index->damage.blobs, blob) != 0;
    else if (blobs_are_needed(index->blobs, blob))
        fresh = take_down(&index->damage.blobs, blob, note_pack(blob, note));
    index_unlock(index);
    return fresh;
}

enum blob_note damage_of_blob(struct index *index, uint64_t blob)
{
    index_lock_shared(index);
    enum blob_note note = note_unpack(table_get(&index->damage.blobs, blob));
    index_unlock(index);
    return note;
}

struct note_count {
    const struct blobs *blobs;
    uint64_t damaged;
    uint64_t missing;
};

/* A note outlives the objects that needed the blob. */
static void note_visit(void *arg, uint64_t packed)
{
    struct note_count *count = arg;
    if (!blobs_are_needed(count->blobs, packed >> 2))
        return;
    if (note_unpack(packed) == BLOB_NOTE_MISSING)
        count->missing++;
    else
        count->damaged++;
}

void damage_count(struct index *index, uint64_t *ret_bytes, uint64_t *ret_damaged, uint64_t *ret_missing)
{
    struct note_count count = {.blobs = index->blobs};
    index_lock_shared(index);
    *ret_bytes = index->damage.bytes;
    table_each(&index->damage.blobs, note_visit, &count);
    index_unlock(index);
    *ret_damaged = count.damaged;
    *ret_missing = count.missing;
}
