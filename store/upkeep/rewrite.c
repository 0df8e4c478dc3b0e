/* rewrite.c - reads a segment once, and has the writer take what is of use, some at a time. See rewrite.h. */
#include "store/upkeep/rewrite.h"

#include "store/index/yield.h"
#include "store/log/cursor.h"
#include "store/upkeep/commission.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 256,          /* records moved in one transaction, at most */
    STEP_BYTES = 1 << 20, /* and their bytes, about */
};

struct rewrite {
    const struct rewriter *rewriter;
    struct segment *segment; /* a reference */
    struct cursor cursor;
    bool oldest;
    int64_t kept;     /* tombstones of this time and newer ones stay, also then */
    uint64_t dropped; /* behind the last one that does not; 0: none was dropped */
    bool sweeps;      /* each record leaves a sweep behind: yield.h */
    bool dead;        /* all records are of no use, and nobody is told of any: they need not be read */
    bool unreadable;  /* a record that counts is damaged, or the disk does not give it */

    struct store_op ops[STEPS];
    struct txn_step steps[STEPS];
    struct store_receipt receipts[STEPS];
    unsigned char keys[STEPS][STORE_KEY_MAX];
    size_t count;
    uint64_t bytes;
    uint64_t ahead; /* bytes to come, at most */
    struct commission commission;
};

/* ---- writing --------------------------------------------------------------------------------- */

/* Commits what has been collected. */
static struct failure rewrite_commit(struct rewrite *rewrite)
{
    if (rewrite->count == 0)
        return failure_none();
    rewrite->ahead -= rewrite->bytes < rewrite->ahead ? rewrite->bytes : rewrite->ahead;
    const struct txn txn = {.ops = rewrite->ops,
                            .steps = rewrite->steps,
                            .receipts = rewrite->receipts,
                            .count = rewrite->count,
                            .ahead = rewrite->ahead};
    atomic_fetch_add(rewrite->rewriter->commits, 1);
    struct failure failure = commission_carry_out(&rewrite->commission, &txn);
    rewrite->count = 0;
    rewrite->bytes = 0;
    return failure;
}

/* Takes a step for a record that stands at a packed location, if it is a put. */
static void rewrite_add(struct rewrite *rewrite, const struct record *record, uint64_t packed)
{
    size_t at = rewrite->count++;
    if (record->key_length > 0)
        memcpy(rewrite->keys[at], record->key, record->key_length);
    rewrite->ops[at] = (struct store_op){.kind = packed ? STORE_PUT : STORE_DELETE,
                                         .key = {.bytes = record->key_length ? rewrite->keys[at] : NULL,
                                                 .length = record->key_length,
                                                 .hash = record->key_hash}};
    rewrite->steps[at] = (struct txn_step){.rewrite = true, .rewritten_from = packed, .time = record->time};
    rewrite->bytes += record_length(record);
}

/* Takes a step for a sweep. */
static void rewrite_add_sweep(struct rewrite *rewrite, const struct record *record, uint64_t to)
{
    size_t at = rewrite->count++;
    rewrite->ops[at] = (struct store_op){.kind = STORE_DELETE, .key = store_key_of_hash(record->key_hash)};
    rewrite->steps[at] = (struct txn_step){.rewrite = true, .sweeps_to = to, .time = record->time};
    rewrite->bytes += RECORD_SWEEP_LENGTH;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Whether the object of a tombstone is not there: then it is all that keeps an older record from counting. Of what
 * cannot be read the writer knows more. */
static struct failure look_for_key(struct rewrite *rewrite, const struct store_key *key, bool *ret_absent)
{
    struct object *object;
    struct failure failure = object_get_own(rewrite->rewriter->reader, key, &object);
    *ret_absent = failure.error != STORE_OK;
    if (!failure.error)
        object_release(object);
    return failure.error == STORE_IO || failure.error == STORE_NO_MEMORY ? failure : failure_none();
}

/* Whether a record that deletes is of no use any more, and nobody is told who follows the log. */
static bool drops(struct rewrite *rewrite, const struct record *record)
{
    bool dropped = rewrite->oldest && record_deletes(record) && record->time < rewrite->kept;
    if (dropped)
        rewrite->dropped = record->offset + record_length(record);
    return dropped;
}

/* Whether a record of the segment has to be kept: it is live, or a tombstone that is of use; its location, 0 of a
 * tombstone. */
static struct failure judge(struct rewrite *rewrite, uint64_t position, const struct record *record,
                            uint64_t *ret_packed, bool *ret_keep)
{
    struct store_key key = record_key(record);
    uint64_t packed = location_pack(location_of(rewrite->segment->slot, position, record));
    *ret_keep = record->type == RECORD_PUT && index_leads_to(rewrite->rewriter->index, &key, record->offset);
    *ret_packed = *ret_keep ? packed : 0;
    if (record->type == RECORD_TOMBSTONE && !rewrite->sweeps && !drops(rewrite, record))
        return look_for_key(rewrite, &key, ret_keep);
    return failure_none();
}

/* Whether a sweep has to be written for a record, beside the record itself; up to where it sweeps. */
static bool judge_sweep(struct rewrite *rewrite, const struct record *record, uint64_t *ret_to)
{
    *ret_to = record->type == RECORD_SWEEP ? record_sweeps_to(record) : record->offset;
    return record->type == RECORD_SWEEP ? !drops(rewrite, record) : rewrite->sweeps && record->type != RECORD_MARK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Collects a record if it has to be kept. */
static struct failure rewrite_record(struct rewrite *rewrite, uint64_t position, const struct record *record,
                                     enum cursor_found found)
{
    uint64_t packed, to;
    bool keep;
    struct failure failure = judge(rewrite, position, record, &packed, &keep);
    rewrite->unreadable = packed && found != CURSOR_WHOLE;
    if (failure.error || rewrite->unreadable)
        return failure.error ? failure : failure_of(STORE_DAMAGED);
    if (judge_sweep(rewrite, record, &to))
        rewrite_add_sweep(rewrite, record, to);
    if (keep)
        rewrite_add(rewrite, record, packed);
    return rewrite->count + 2 > STEPS || rewrite->bytes >= STEP_BYTES ? rewrite_commit(rewrite) : failure_none();
}

static struct failure rewrite_records(struct rewrite *rewrite, uint64_t limit)
{
    uint64_t position = SEGMENT_HEADER;
    struct failure failure = failure_none();
    cursor_begin(&rewrite->cursor, rewrite->segment, limit);
    while (!failure.error && position < limit) {
        struct record record;
        enum cursor_found found;
        if (rewrite->rewriter->stopping(rewrite->rewriter->arg))
            return failure_of(STORE_DRAINING);
        int os_error = cursor_look(&rewrite->cursor, position, true, &record, &found);
        /* What a hole held is lost, and the rest is what can be compared with a backup. */
        if (os_error)
            rewrite->unreadable = !store_error_is_shortage(STORE_IO, os_error);
        else
            rewrite->unreadable = found == CURSOR_NOTHING;
        if (os_error || rewrite->unreadable)
            return os_error ? failure_io(os_error) : failure_of(STORE_DAMAGED);
        failure = rewrite_record(rewrite, position, &record, found);
        position += record_length(&record);
    }
    return failure.error ? failure : rewrite_commit(rewrite);
}

/* Whether no key leads into the segment: then nobody will look for it any more. */
static bool is_empty(struct index *index, const struct segment *segment)
{
    index_lock_shared(index);
    bool empty = segment->live == 0;
    index_unlock(index);
    return empty;
}

static struct rewrite *rewrite_new(const struct rewriter *rewriter, struct segment *segment)
{
    struct rewrite *rewrite = calloc(1, sizeof *rewrite);
    if (!rewrite)
        return NULL;
    rewrite->rewriter = rewriter;
    rewrite->segment = segment;
    commission_init(&rewrite->commission, rewriter->writer);
    return rewrite;
}

static void rewrite_free(struct rewrite *rewrite)
{
    cursor_free(&rewrite->cursor);
    commission_free(&rewrite->commission);
    free(rewrite);
}

/* The same, and what was dropped is told before the segment goes. */
static struct failure rewrite_all(struct rewrite *rewrite, uint64_t limit)
{
    if (rewrite->dead)
        return failure_none();
    struct failure failure = rewrite_records(rewrite, limit);
    return failure.error ? failure : failure_of_errno(horizon_raise(rewrite->rewriter->horizon, rewrite->dropped));
}

struct failure rewrite_segment(const struct rewriter *rewriter, struct segment *segment, bool *ret_unreadable)
{
    struct rewrite *rewrite = rewrite_new(rewriter, segment);
    if (!rewrite)
        return failure_of(STORE_NO_MEMORY);
    index_lock_shared(rewriter->index);
    rewrite->oldest = yield_is_oldest(rewriter->index, segment);
    rewrite->sweeps = yield_leaves_sweeps(rewriter->index, segment);
    rewrite->ahead = yield_kept(rewriter->index, segment);
    rewrite->kept = rewriter->index->deletions_kept;
    rewrite->dead = !rewrite->sweeps && segment->tombstones == 0 && segment->dead == yield_records(segment);
    index_unlock(rewriter->index);
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&rewrite->cursor, rewriter->log->io, rewriter->log->salt))
        failure = rewrite_all(rewrite, segment->used);
    *ret_unreadable = rewrite->unreadable;
    rewrite_free(rewrite);
    log_end_promise(rewriter->log);
    if (failure.error || is_empty(rewriter->index, segment))
        return failure;
    *ret_unreadable = true; /* a live record that the log does not show */
    return failure_of(STORE_DAMAGED);
}
