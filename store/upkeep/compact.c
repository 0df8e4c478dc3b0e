/* compact.c - giving back the space of records that no key leads to any more. compact.h tells how. */
#include "store/upkeep/compact.h"

#include "store/base/error.h"
#include "store/disk/space.h"
#include "store/index/yield.h"
#include "store/log/cursor.h"
#include "store/read/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 256,          /* records moved in one transaction, at most */
    STEP_BYTES = 1 << 20, /* and their bytes, about */
    HUSK_SPACE = 8 << 10,
};

/* The compaction of one segment. */
struct move {
    struct compact *compact;
    struct segment *segment; /* a reference */
    struct cursor cursor;
    bool oldest;
    bool unreadable; /* a record that counts is damaged, or the disk does not give it */

    struct store_op ops[STEPS];
    struct txn_step steps[STEPS];
    struct store_receipt receipts[STEPS];
    unsigned char keys[STEPS][STORE_KEY_MAX];
    size_t count;
    uint64_t bytes;
    uint64_t ahead; /* bytes to come, at most */
    struct txn txn;

    pthread_mutex_t lock;
    pthread_cond_t done;
    bool finished;
    struct failure failure;
};

/* ---- which segment --------------------------------------------------------------------------- */

/* The oldest segment, when the tombstones that are kept for its sake are more than its records: once these stand behind
 * them, nothing keeps them. Without it, keys that are used once would leave their tombstones for ever behind a segment
 * in which nothing dies. Lock held. */
static struct segment *choose_keeper(const struct index *index)
{
    index_assert_locked(index);
    const struct log *log = index->log;
    struct segment *oldest = log->oldest < log->segment_count ? log->segments[log->oldest] : NULL;
    uint64_t tombstones = 0;
    if (!oldest || !yield_is_candidate(index, oldest) || index->damage.gaps)
        return NULL; /* with gaps the tombstones stay, whatever they stand behind */
    for (size_t slot = oldest->slot + 1; slot + 1 < log->segment_count; slot++)
        tombstones += log->segments[slot]->tombstones;
    return tombstones >= yield_held(oldest) ? oldest : NULL;
}

/* The oldest segment that is worth it; NULL: none. Lock held. */
static struct segment *choose_oldest(const struct index *index)
{
    index_assert_locked(index);
    for (size_t slot = index->log->oldest; slot < index->log->segment_count; slot++) {
        if (yield_is_worthwhile(index, index->log->segments[slot]))
            return index->log->segments[slot];
    }
    return choose_keeper(index);
}

/* Bytes of records that find place without a new segment. Lock held. */
static uint64_t rest_of_active(const struct index *index)
{
    index_assert_locked(index);
    const struct segment *active = index->log->segments[index->log->segment_count - 1];
    uint64_t used = segment_position(active, index->end_offset);
    return used < active->prepared ? active->prepared - used : 0;
}

/* The segment that gives back most, of those whose useful part finds place; NULL: none. Lock held. */
static struct segment *choose_richest(const struct index *index)
{
    index_assert_locked(index);
    struct segment *richest = NULL;
    struct space *space = index->log->space;
    uint64_t reach = space_within_reach(space);
    if (reach < HUSK_SPACE || index->log->segment_count == 0)
        return NULL; /* not even what is left of a segment would find place */
    uint64_t room = reach - HUSK_SPACE;
    if (rest_of_active(index) > room)
        room = rest_of_active(index);
    for (size_t slot = 0; slot < index->log->segment_count; slot++) {
        struct segment *segment = index->log->segments[slot];
        bool worthwhile = yield_is_worthwhile(index, segment) ||
                          (space_is_waited_for(space) && yield_is_candidate(index, segment) &&
                           yield_gain(index, segment) >= YIELD_GAIN_MIN);
        if (worthwhile && yield_kept(index, segment) <= room &&
            (!richest || yield_gain(index, segment) > yield_gain(index, richest)))
            richest = segment;
    }
    return richest;
}

/* The segment to compact, with a reference; NULL: none. */
static struct segment *choose(struct index *index)
{
    index_lock_shared(index);
    bool full = space_is_full(index->log->space);
    struct segment *chosen = full ? choose_richest(index) : choose_oldest(index);
    if (chosen)
        segment_retain(chosen);
    index_unlock(index);
    return chosen;
}

/* ---- moving records -------------------------------------------------------------------------- */

static void ignore(void *arg, const struct store_result *result)
{
    (void)arg;
    (void)result;
}

/* Thread: the writer's, or that of the compaction where no writer can be started. */
static void moved(struct txn *txn)
{
    struct move *move = txn->arg;
    pthread_mutex_lock(&move->lock);
    move->failure = txn->failure;
    move->finished = true;
    pthread_cond_signal(&move->done);
    pthread_mutex_unlock(&move->lock);
}

/* Commits what has been collected and waits for it. */
static struct failure move_commit(struct move *move)
{
    if (move->count == 0)
        return failure_none();
    move->finished = false;
    move->ahead -= move->bytes < move->ahead ? move->bytes : move->ahead;
    move->txn = (struct txn){.ops = move->ops,
                             .steps = move->steps,
                             .receipts = move->receipts,
                             .count = move->count,
                             .upkeep = true,
                             .ahead = move->ahead,
                             .done = ignore,
                             .arg = move,
                             .finish = moved};
    atomic_fetch_add(&move->compact->moves, 1);
    writer_submit(move->compact->writer, &move->txn);
    pthread_mutex_lock(&move->lock);
    while (!move->finished)
        pthread_cond_wait(&move->done, &move->lock);
    pthread_mutex_unlock(&move->lock);
    move->count = 0;
    move->bytes = 0;
    return move->failure;
}

static void move_add(struct move *move, const struct record *record, uint64_t packed)
{
    size_t at = move->count++;
    if (record->key_length > 0)
        memcpy(move->keys[at], record->key, record->key_length);
    move->ops[at] = (struct store_op){.kind = packed ? STORE_PUT : STORE_DELETE,
                                      .key = {.bytes = record->key_length ? move->keys[at] : NULL,
                                              .length = record->key_length,
                                              .hash = record->key_hash}};
    move->steps[at] = (struct txn_step){.moves = true, .moved_from = packed, .time = record->time};
    move->bytes += record_length(record);
}

/* Whether nothing stands under the key of a tombstone: then it is all that keeps an older record from counting. What
 * cannot be read may be the key's. */
static struct failure look_for_key(struct move *move, const struct store_key *key, bool *ret_absent)
{
    struct object *object;
    *ret_absent = index_now(move->compact->index, key, NULL) == 0;
    if (*ret_absent)
        return failure_none();
    struct failure failure = object_get(move->compact->catalog->reader, key, 0, &object);
    *ret_absent = failure.error == STORE_NO_OBJECT;
    if (!failure.error)
        object_release(object);
    return failure.error == STORE_IO || failure.error == STORE_NO_MEMORY ? failure : failure_none();
}

/* Whether a record of the segment has to be kept: it is live, or a tombstone that is of use; its location, 0 of a
 * tombstone. */
static struct failure judge(struct move *move, uint64_t position, const struct record *record, uint64_t *ret_packed,
                            bool *ret_keep)
{
    struct store_key key = record_key(record);
    uint64_t packed = location_pack(location_of(move->segment->slot, position, record));
    *ret_keep = record->type == RECORD_PUT && index_leads_to(move->compact->index, &key, packed);
    *ret_packed = *ret_keep ? packed : 0;
    if (record->type == RECORD_TOMBSTONE && !move->oldest)
        return look_for_key(move, &key, ret_keep);
    return failure_none();
}

/* Collects a record if it has to be kept. */
static struct failure move_record(struct move *move, uint64_t position, const struct record *record,
                                  enum cursor_found found)
{
    uint64_t packed;
    bool keep;
    struct failure failure = judge(move, position, record, &packed, &keep);
    move->unreadable = packed && found != CURSOR_WHOLE;
    if (failure.error || move->unreadable)
        return failure.error ? failure : failure_of(STORE_DAMAGED);
    if (!keep)
        return failure_none();
    move_add(move, record, packed);
    return move->count == STEPS || move->bytes >= STEP_BYTES ? move_commit(move) : failure_none();
}

static bool stopping(struct compact *compact)
{
    return errand_is_ending(&compact->errand) || gate_has_failed(compact->gate) || gate_is_removed(compact->gate);
}

static struct failure move_records(struct move *move, uint64_t limit)
{
    uint64_t position = SEGMENT_HEADER;
    struct failure failure = failure_none();
    cursor_begin(&move->cursor, move->segment, limit);
    while (!failure.error && position < limit) {
        struct record record;
        enum cursor_found found;
        if (stopping(move->compact))
            return failure_of(STORE_DRAINING);
        int os_error = cursor_look(&move->cursor, position, true, &record, &found);
        /* What a hole held is lost, and the rest is what can be compared with a backup. */
        move->unreadable = os_error || found == CURSOR_NOTHING;
        if (move->unreadable)
            return os_error ? failure_io(os_error) : failure_of(STORE_DAMAGED);
        failure = move_record(move, position, &record, found);
        position += record_length(&record);
    }
    return failure.error ? failure : move_commit(move);
}

/* ---- the segment goes ------------------------------------------------------------------------ */

/* Whether no key leads into the segment: then nobody will look for it any more. */
static bool is_empty(struct index *index, const struct segment *segment)
{
    index_lock_shared(index);
    bool empty = segment->live == 0;
    index_unlock(index);
    return empty;
}

/* Puts the husk in the place of the segment and gives the table's reference back. */
static void replace(struct compact *compact, struct segment *segment, struct segment *husk)
{
    index_lock(compact->index);
    husk->slot = segment->slot;
    index_replace(compact->index, husk);
    index_unlock(compact->index);
    catalog_forget(compact->catalog, husk->slot);
    run_remove(compact->index, segment->number);
    segment_release(segment);
}

/* Writes the husk, on a full disk from the reserve; an errno. */
static int write_husk(struct index *index, const struct segment_header *header, int *ret_file)
{
    struct space *space = index->log->space;
    int error = log_write_husk(index->log, header, ret_file);
    if (error_of_errno(error) == STORE_FULL && space_give(space, HUSK_SPACE))
        error = log_write_husk(index->log, header, ret_file);
    return error;
}

/* It stands for the room behind the records, too, when the next segment left some and nothing is missing there. */
static struct segment_header husk_header(struct index *index, const struct segment *segment)
{
    struct segment_header header = segment_husk_header(segment);
    index_lock_shared(index);
    const struct segment *next = log_next(index->log, segment);
    if (next->joined) /* there is one: the segment is sealed */
        header.end = next->base;
    index_unlock(index);
    return header;
}

static struct failure leave_husk(struct compact *compact, struct segment *segment)
{
    int file;
    struct segment_header header = husk_header(compact->index, segment);
    int os_error = write_husk(compact->index, &header, &file);
    if (os_error)
        return failure_of_errno(os_error);
    struct segment *husk = segment_new(segment->io, file, &header, SEGMENT_HEADER);
    if (!husk) {
        (void)gate_fail(compact->gate); /* the file is a husk already, and the table cannot say so */
        return failure_of(STORE_NO_MEMORY);
    }
    husk->joined = segment->joined;
    segment_close_file(husk);
    replace(compact, segment, husk);
    return failure_none();
}

static struct move *move_new(struct compact *compact, struct segment *segment)
{
    struct move *move = calloc(1, sizeof *move);
    if (!move)
        return NULL;
    move->compact = compact;
    move->segment = segment;
    pthread_mutex_init(&move->lock, NULL);
    pthread_cond_init(&move->done, NULL);
    return move;
}

static void move_free(struct move *move)
{
    cursor_free(&move->cursor);
    pthread_cond_destroy(&move->done);
    pthread_mutex_destroy(&move->lock);
    free(move);
}

/* Writes all that is of use in a segment again. *ret_unreadable: it cannot be read, and trying again is of no use. */
static struct failure move_segment(struct compact *compact, struct segment *segment, bool *ret_unreadable)
{
    struct move *move = move_new(compact, segment);
    if (!move)
        return failure_of(STORE_NO_MEMORY);
    index_lock_shared(compact->index);
    move->oldest = yield_is_oldest(compact->index, segment);
    move->ahead = yield_kept(compact->index, segment);
    index_unlock(compact->index);
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&move->cursor, segment->io, compact->index->salt))
        failure = move_records(move, segment->used);
    *ret_unreadable = move->unreadable;
    move_free(move);
    log_end_promise(compact->index->log);
    if (failure.error || is_empty(compact->index, segment))
        return failure;
    *ret_unreadable = true; /* a live record that the log does not show */
    return failure_of(STORE_DAMAGED);
}

/* ---- in the background ----------------------------------------------------------------------- */

/* A segment that cannot be read is not tried again before the store is opened again. One whose records, or whose husk,
 * could not be written is: when more has died, when space has come back, or when a delete wants it. */
static void give_up(struct compact *compact, struct segment *segment, enum store_error error, bool unreadable)
{
    if (error == STORE_FULL)
        space_met_full(compact->index->log->space);
    if (error == STORE_FULL || error == STORE_DRAINING)
        return;
    notice_tell(compact->notice, STORE_LOG_WARNING, "segment %016llx is not compacted%s: %s",
                (unsigned long long)segment->number, unreadable ? "" : " yet", store_error_text(error));
    index_lock(compact->index);
    segment->keep = unreadable;
    index_unlock(compact->index);
}

/* Compacts one segment; whether there may be more. */
static bool compact_one(struct compact *compact)
{
    struct segment *segment = choose(compact->index);
    bool unreadable = false;
    if (!segment)
        return false;
    struct failure failure = move_segment(compact, segment, &unreadable);
    if (!failure.error)
        failure = leave_husk(compact, segment);
    if (failure.error)
        give_up(compact, segment, failure.error, unreadable);
    segment_release(segment); /* the last one: now its space is back */
    if (!failure.error)
        space_came_back(compact->index->log->space);
    return !failure.error || unreadable;
}

/* One segment at a time, so that the stores of a depot get their turns. Thread: the depot's upkeep. */
static int compact_run(void *arg)
{
    struct compact *compact = arg;
    if (!stopping(compact))
        progress_follow(compact->progress, compact->index, compact->notice);
    bool stop = stopping(compact);
    bool more = !stop && compact_one(compact);
    if (stop)
        writer_retry(compact->writer, true); /* nothing will come back for them */
    if (!more)
        space_rest(compact->index->log->space);
    return more ? ERRAND_AGAIN : ERRAND_DONE;
}

void compact_init(struct compact *compact, const struct services *services, struct writer *writer,
                  struct catalog *catalog, struct progress *progress)
{
    *compact = (struct compact){.index = writer->index,
                                .gate = writer->gate,
                                .notice = writer->notice,
                                .writer = writer,
                                .catalog = catalog,
                                .progress = progress};
    errand_init(&compact->errand, services->upkeep, compact_run, compact, &services->space->compacting);
}

void compact_stop(struct compact *compact)
{
    if (errand_end(&compact->errand))
        writer_retry(compact->writer, true);
}

void compact_free(struct compact *compact)
{
    errand_free(&compact->errand);
}
