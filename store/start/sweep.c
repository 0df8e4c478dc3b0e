/* sweep.c - what a sweep ends. */
#include "store/start/sweep.h"

/* One that a sweep looks for. */
struct swept {
    const struct log *log;
    struct recall *recall; /* knows it when it is found */
    const struct index_change *sweep;
    bool found;
    struct failure failure;
};

static bool swept_look(void *arg, uint64_t packed)
{
    struct swept *swept = arg;
    struct recall *recall = swept->recall;
    struct location location = location_unpack(packed);
    uint64_t offset = segment_offset(chain_at(&swept->log->chain, location.segment), location.position);
    if (offset >= swept->sweep->sweeps_to)
        return true;
    swept->failure = recall_record(recall, packed);
    swept->found = !swept->failure.error && recall->record.key_hash == swept->sweep->key.hash;
    return !swept->found && !swept->failure.error;
}

/* Looks for an object that the sweep ends. */
static void swept_find(struct index *index, struct swept *swept)
{
    swept->found = false;
    index_lock_shared(index);
    index_each_of(index, swept->sweep->key.hash, swept_look, swept);
    index_unlock(index);
}

struct failure sweep(struct index *index, const struct log *log, struct recall *recall,
                     const struct index_change *change)
{
    log_assert_unowned(log);
    struct swept swept = {.log = log, .recall = recall, .sweep = change};
    for (swept_find(index, &swept); swept.found; swept_find(index, &swept)) {
        const struct record *record = &recall->record;
        struct index_change end = {
            .key = record_key(record), .replaces = true, .size_before = record->size, .blob_before = record->blob};
        index_lock(index);
        index_drop(index, &end);
        index_unlock(index);
    }
    return swept.failure;
}
