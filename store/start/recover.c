/* recover.c - from the files of a log to the index that was there before. recover.h has the rules. */
#include "store/start/recover.h"

#include "store/base/arena.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/log/cursor.h"
#include "store/read/run.h"
#include "store/start/lineup.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    struct index *index;
    struct log *log;
    struct blobs *blobs;
    struct progress *progress;
    const struct notice *notice;
    struct store_detail *detail;
    struct cursor cursor;
    struct segment *segment;
    uint64_t known; /* offset up to which the segment is known to have been on disk: reach.h */
    bool open;      /* nothing says where the segment ends: its tail may be torn, payloads too */
    uint64_t position;

    struct index_change *effects; /* of the transaction under way: what its records will do when all have been seen */
    size_t effect_count;
    size_t effect_capacity;
    struct arena keys; /* theirs */
    uint32_t steps;
    uint64_t txn_position;

    size_t behind_gaps;  /* slot of the first segment behind all that is missing or damaged */
    uint64_t last_group; /* offset where the group of the last record began */
    uint64_t next_blob;
    uint64_t damaged;
};

static enum store_error scan_io_error(struct scan *scan, int os_error)
{
    return failure_detail(scan->detail, failure_io(os_error),
                          "store %s: segment %016" PRIx64 " cannot be read at position %" PRIu64 ": %s",
                          scan->notice->store, scan->segment->number, scan->position, strerror(os_error));
}

/* ---- applying -------------------------------------------------------------------------------- */

enum { RECALL = RECORD_HEADER + STORE_KEY_MAX };

/* What the record tells whose key may lead to another one now. Its head was valid when it was put there. */
static enum store_error recall(struct scan *scan, uint64_t packed, unsigned char head[RECALL],
                               struct record *ret_record)
{
    const struct log *log = scan->log;
    struct location location = location_unpack(packed);
    const struct segment *segment = log->segments[location.segment];
    size_t length = location.length < RECALL ? location.length : RECALL;
    int error = io_read_all(log->io, segment->file, head, length, location.position);
    if (error)
        return scan_io_error(scan, error);
    if (!record_peek(head, segment_offset(segment, location.position), ret_record) ||
        RECORD_HEADER + ret_record->key_length > length)
        return failure_detail(scan->detail, failure_of(STORE_DAMAGED), "store %s: a record changed while it was read",
                              scan->notice->store);
    ret_record->key = ret_record->key_length ? head + RECORD_HEADER : NULL;
    return STORE_OK;
}

/* Whether a change ends the single object that has its hash. An object without a name is never there beside one with a
 * name: where a key is put, what had ended it is lost. */
static bool ends_single(const struct scan *scan, struct index_change *change, const struct store_key *key)
{
    bool own = key_equal(&change->key, key);
    bool all = !segment_knows_namesakes(scan->segment);
    change->ends_others = all && !own;
    return all || own || (change->type == RECORD_PUT && !key->bytes);
}

/* Finds out what a change replaces. */
static enum store_error find_before(struct scan *scan, struct index_change *change)
{
    struct index *index = scan->index;
    unsigned char head[RECALL];
    struct record record;
    bool single;
    uint64_t packed = index_now(index, &change->key, &change->others);
    if (packed == INDEX_SEVERAL) /* an object without a name is one of them, or comes to them */
        packed = index_now_tagged(index, change->key.hash, index_tag(index, &change->key), &single);
    if (!packed)
        return STORE_OK;
    enum store_error error = recall(scan, packed, head, &record);
    if (error)
        return error;
    struct store_key key = record_key(&record);
    change->replaces = change->others.count > 0 || ends_single(scan, change, &key); /* of several it is its own */
    if (!change->replaces) {
        change->others = (struct crowd){.count = 1, .tags = index_tag(index, &key)};
        return STORE_OK;
    }
    change->size_before = record.size;
    change->blob_before = record.blob;
    return STORE_OK;
}

/* What a sweep looks for. */
struct swept {
    struct scan *scan;
    const struct index_change *sweep;
    unsigned char head[RECALL];
    struct record record; /* one that it ends; points into `head` */
    bool found;
    enum store_error error;
};

static bool swept_look(void *arg, uint64_t packed)
{
    struct swept *swept = arg;
    struct location location = location_unpack(packed);
    uint64_t offset = segment_offset(swept->scan->log->segments[location.segment], location.position);
    if (offset >= swept->sweep->sweeps_to)
        return true;
    swept->error = recall(swept->scan, packed, swept->head, &swept->record);
    swept->found = !swept->error && swept->record.key_hash == swept->sweep->key.hash;
    return !swept->found && !swept->error;
}

/* Looks for an object that a sweep ends. */
static void swept_find(struct swept *swept)
{
    struct index *index = swept->scan->index;
    swept->found = false;
    index_lock_shared(index);
    index_each_of(index, swept->sweep->key.hash, swept_look, swept);
    index_unlock(index);
}

/* Ends all that has the hash of a sweep and stands in front of where it sweeps to. */
static enum store_error sweep(struct scan *scan, const struct index_change *change)
{
    struct swept swept = {.scan = scan, .sweep = change};
    for (swept_find(&swept); swept.found; swept_find(&swept)) {
        struct index_change end = {.key = record_key(&swept.record),
                                   .replaces = true,
                                   .size_before = swept.record.size,
                                   .blob_before = swept.record.blob};
        index_lock(scan->index);
        index_drop(scan->index, &end);
        index_unlock(scan->index);
    }
    return swept.error;
}

static enum store_error apply(struct scan *scan, struct index_change *change)
{
    struct index *index = scan->index;
    enum store_error error = STORE_OK;
    if (change->sweeps_to)
        error = sweep(scan, change);
    if (!error && (change->type == RECORD_PUT || change->type == RECORD_TOMBSTONE))
        error = find_before(scan, change);
    if (error)
        return error;
    index_lock(index);
    bool fits = index_reserve(index, change);
    if (fits)
        index_apply(index, change);
    index_reservations_end(index);
    index_unlock(index);
    return fits ? STORE_OK : STORE_NO_MEMORY;
}

static void effects_forget(struct scan *scan)
{
    scan->effect_count = 0;
    arena_reset(&scan->keys);
}

static enum store_error effects_apply(struct scan *scan)
{
    enum store_error error = STORE_OK;
    for (size_t i = 0; i < scan->effect_count && !error; i++)
        error = apply(scan, &scan->effects[i]);
    effects_forget(scan);
    return error;
}

static bool effects_grow(struct scan *scan)
{
    size_t capacity = scan->effect_capacity ? scan->effect_capacity * 2 : 64;
    struct index_change *moved = realloc(scan->effects, capacity * sizeof *moved);
    if (!moved)
        return false;
    scan->effects = moved;
    scan->effect_capacity = capacity;
    return true;
}

/* The key of a record as long as the transaction lasts: the cursor has that of the last record only. */
static bool keep_key(struct scan *scan, const struct record *record, struct store_key *ret_key)
{
    *ret_key = record_key(record);
    if (!record->key || record->step + 1 == record->steps)
        return true;
    void *copy = arena_take(&scan->keys, record->key_length);
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

static enum store_error effect_push(struct scan *scan, const struct record *record)
{
    struct store_key key;
    if (scan->effect_count == scan->effect_capacity && !effects_grow(scan))
        return STORE_NO_MEMORY;
    if (!keep_key(scan, record, &key))
        return STORE_NO_MEMORY;
    scan->effects[scan->effect_count++] = (struct index_change){
        .type = record->type,
        .key = key,
        .location = location_of(scan->segment->slot, scan->position, record),
        .size = record->size,
        .blob = record->blob,
        .sweeps_to = sweeps_to(record),
    };
    return STORE_OK;
}

/* Drops a transaction that damage has left incomplete. */
static void effects_drop(struct scan *scan)
{
    for (size_t i = 0; i < scan->effect_count; i++)
        scan->damaged += scan->effects[i].location.length;
    effects_forget(scan);
}

/* Takes a valid record in: applies its transaction when it is the last of it. */
static enum store_error take(struct scan *scan, const struct record *record)
{
    size_t length = record_length(record);
    enum store_error error = STORE_OK;
    if (record->blob >= scan->next_blob)
        scan->next_blob = record->blob + 1;
    if (record->step == 0) {
        effects_drop(scan);
        scan->steps = record->steps;
        scan->txn_position = scan->position;
    }
    if (record->step == scan->effect_count && record->steps == scan->steps) {
        error = effect_push(scan, record);
        if (!error && scan->effect_count == scan->steps)
            error = effects_apply(scan);
    } else { /* damage took an earlier record of its transaction */
        effects_drop(scan);
        scan->damaged += length;
    }
    scan->log->marked = record->type == RECORD_MARK;
    scan->last_group = record->group;
    scan->position += length;
    return error;
}

/* ---- scanning -------------------------------------------------------------------------------- */

static void report_damage(struct scan *scan, uint64_t from, uint64_t to)
{
    scan->damaged += to - from;
    scan->log->marked = false;
    notice_tell(scan->notice, STORE_LOG_ERROR,
                "%" PRIu64 " bytes of the log from offset %" PRIu64
                " on are damaged: what they held is lost, what follows is kept",
                to - from, segment_offset(scan->segment, from));
}

/* A record is known whose payload is not whole: counted once, however often it is asked for later. */
static void tell_payload(struct scan *scan, const struct record *record)
{
    struct location location = location_of(scan->segment->slot, scan->position, record);
    damage_found_record(scan->index, location_pack(location));
    notice_tell(scan->notice, STORE_LOG_ERROR,
                "the payload of the record at offset %" PRIu64 " is damaged: reading it tells so", record->offset);
}

/* A header is on disk before its file has its name: where it is not valid, it and what stood next to it are damaged. */
static bool hole_is_damage(const struct scan *scan)
{
    return !scan->open || segment_offset(scan->segment, scan->position) < scan->known ||
           (scan->segment->headless && scan->position == SEGMENT_HEADER);
}

/* Finds the next valid head behind a hole, and whether the log ends before the hole: so it does when no
 * record behind it says by its group that the hole was on disk. */
static enum store_error scan_tail_or_damage(struct scan *scan, uint64_t *ret_next, bool *ret_end)
{
    uint64_t hole = segment_offset(scan->segment, scan->position);
    uint64_t at = scan->position;
    struct record behind;
    bool first = true;
    *ret_end = !hole_is_damage(scan);
    do {
        int error = cursor_find(&scan->cursor, at + RECORD_ALIGNMENT, &at, &behind);
        if (error)
            return scan_io_error(scan, error);
        if (first)
            *ret_next = at;
        first = false;
        if (at < scan->cursor.limit && behind.group > hole)
            *ret_end = false;
    } while (*ret_end && at < scan->cursor.limit);
    return STORE_OK;
}

/* Takes in a record whose payload is not whole: it stays known, so that reading it tells of the damage. */
static enum store_error take_damaged(struct scan *scan)
{
    struct record record;
    enum cursor_found found;
    int os_error = cursor_look(&scan->cursor, scan->position, false, &record, &found);
    if (os_error || found == CURSOR_NOTHING)
        return scan_io_error(scan, os_error ? os_error : EIO);
    tell_payload(scan, &record);
    return take(scan, &record);
}

/* At a hole; or only a payload is not whole. *ret_end: the log ends here. */
static enum store_error scan_hole(struct scan *scan, enum cursor_found found, bool *ret_end)
{
    uint64_t next = 0;
    enum store_error error = scan_tail_or_damage(scan, &next, ret_end);
    if (error || *ret_end)
        return error;
    if (found == CURSOR_HEAD)
        return take_damaged(scan);
    uint64_t hole = segment_offset(scan->segment, scan->position);
    if (hole < scan->known && segment_offset(scan->segment, next) > scan->known)
        next = segment_position(scan->segment, scan->known); /* behind that it may be a torn tail */
    report_damage(scan, scan->position, next);
    effects_drop(scan);
    scan->steps = 0;
    scan->position = next;
    return STORE_OK;
}

static enum store_error scan_records(struct scan *scan)
{
    bool end = false;
    while (!end && scan->position + RECORD_HEADER <= scan->cursor.limit) {
        struct record record;
        enum cursor_found found;
        int os_error = cursor_look(&scan->cursor, scan->position, scan->open, &record, &found);
        if (os_error)
            return scan_io_error(scan, os_error);
        enum store_error error = found == CURSOR_WHOLE ? take(scan, &record) : scan_hole(scan, found, &end);
        if (error)
            return error;
    }
    return STORE_OK;
}

/* Reads one segment; leaves scan->position, and what the segment has used, at the end of what counts. */
static enum store_error scan_segment(struct scan *scan, struct segment *segment, uint64_t limit)
{
    scan->position = SEGMENT_HEADER;
    cursor_begin(&scan->cursor, segment, limit);
    scan->steps = 0;
    enum store_error error = scan_records(scan);
    if (error)
        return error;
    if (!scan->open)
        effects_drop(scan);
    if (scan->effect_count > 0) /* the transaction at the end is not whole: it never was */
        scan->position = scan->txn_position;
    effects_forget(scan);
    segment->used = scan->position;
    return STORE_OK;
}

/* Makes what was recovered durable. After a crash of the process, or a sync that failed, the last group may
 * be in the page cache only, and there even look clean: so its bytes are written again, and synced, before
 * anyone gets to see them and before the next group says that they are on disk. */
static enum store_error scan_settle(struct scan *scan)
{
    const struct io *io = scan->log->io;
    const struct segment *segment = scan->segment;
    uint64_t from = SEGMENT_HEADER;
    unsigned char bytes[16 << 10];
    int error = 0;
    if (scan->last_group > segment->base)
        from = segment_position(segment, scan->last_group);
    while (!error && from < segment->used) {
        size_t length = segment->used - from < sizeof bytes ? (size_t)(segment->used - from) : sizeof bytes;
        error = io_read_all(io, segment->file, bytes, length, (off_t)from);
        if (!error)
            error = io_write_all(io, segment->file, bytes, length, (off_t)from);
        from += length;
    }
    if (!error && io->fdatasync(io->self, segment->file) < 0)
        error = errno;
    return error ? scan_io_error(scan, error) : STORE_OK;
}

/* The same for the names of the segments: the sync behind a new segment or a husk may have failed in an earlier
 * life. */
static enum store_error scan_settle_names(struct scan *scan)
{
    const struct log *log = scan->log;
    if (log->io->fsync(log->io->self, log->folder) == 0)
        return STORE_OK;
    return failure_detail(scan->detail, failure_io(errno), "store %s: folder log cannot be synced: %s",
                          scan->notice->store, strerror(errno));
}

/* What stands behind the last record: a tail that holds anything but zeros is cut. */
static enum store_error scan_tail(struct scan *scan, bool *ret_zeros)
{
    *ret_zeros = true;
    if (segment_is_husk(scan->segment))
        return STORE_OK;
    int error = cursor_zeros(&scan->cursor, scan->position, ret_zeros);
    if (error)
        return scan_io_error(scan, error);
    if (!*ret_zeros)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "the log ended in the middle of a write; it goes on from offset %" PRIu64,
                    segment_end(scan->segment));
    /* Behind a mark everything was on disk, unless a write failed there later. */
    return scan->log->marked && *ret_zeros ? STORE_OK : scan_settle(scan);
}

/* The log has no gaps: where a segment begins behind the end of the one before, a file is lost or was cut. `slot` is
 * that of what comes behind. */
static void report_gap(struct scan *scan, size_t slot, uint64_t from, uint64_t to)
{
    if (from >= to)
        return;
    scan->damaged += to - from;
    scan->behind_gaps = slot;
    notice_tell(scan->notice, STORE_LOG_ERROR,
                "%" PRIu64 " bytes of the log from offset %" PRIu64
                " on are missing: a segment file is lost or was cut; what follows is kept",
                to - from, from);
}

/* Whether the next segment was begun when this one was the last: then it says where this one ends. */
static bool tells_end(const struct segment *segment, const struct segment *next)
{
    return next && next->number == segment->number + 1 + next->skipped;
}

/* Whether a segment was lost when the next one was begun, and has come back since. */
static bool came_back(const struct segment *segment, const struct segment *next)
{
    return segment->number + next->skipped >= next->number;
}

/* Up to where the records of a segment can count: to where the log ended when the next one was begun. Where this one
 * was lost then and has come back since, room was left for it up to the next one's base. */
static uint64_t records_limit(const struct segment *segment, const struct segment *next)
{
    if (!next)
        return segment->prepared;
    uint64_t end = came_back(segment, next) ? next->base : next->front;
    uint64_t room = end > segment->base ? end - segment->base : 0;
    return room < segment->prepared - SEGMENT_HEADER ? SEGMENT_HEADER + room : segment->prepared;
}

/* Offsets are multiples of the alignment, lengths of files need not be. */
static uint64_t whole_records(uint64_t bytes)
{
    return (bytes + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}

/* Whether the segments in front of one have come back, one behind the other, that fill the room left for files of their
 * lengths. */
static bool fills_room(const struct log *log, const struct segment *next)
{
    const struct segment *first = next;
    uint64_t room = 0;
    while (first->slot > 0) {
        const struct segment *front = log->segments[first->slot - 1];
        if (front->number + 1 != first->number || !came_back(front, next))
            break;
        room += whole_records(front->prepared - SEGMENT_HEADER);
        first = front;
    }
    return first != next && room >= next->base - first->base;
}

/* Whether the log in front of a segment is all there although it ends before the base: what came before that was moved
 * or died, or it is only the room that was left for files of those lengths, which have come back. */
static enum store_error is_complete(struct scan *scan, const struct segment *next, bool *ret_complete)
{
    *ret_complete = next->number <= scan->progress->told.oldest;
    if (*ret_complete || !fills_room(scan->log, next))
        return STORE_OK;
    int error = cursor_zeros(&scan->cursor, scan->position, ret_complete);
    return error ? scan_io_error(scan, error) : STORE_OK;
}

/* Looks at what lies between a segment and the one in front of it. */
static enum store_error scan_front(struct scan *scan, size_t slot)
{
    const struct log *log = scan->log;
    struct segment *segment = log->segments[slot];
    const struct segment *front = slot > 0 ? log->segments[slot - 1] : NULL;
    uint64_t end = front ? segment_end(front) : 0;
    enum store_error error = STORE_OK;
    if (end < segment->base)
        error = is_complete(scan, segment, &segment->joined);
    if (!error && !segment->joined)
        report_gap(scan, slot, end, segment->base);
    return error;
}

/* Whether a file was set aside behind one segment, if any, and in front of another one, if any. */
static bool stray_between(const struct log *log, const struct segment *front, const struct segment *next)
{
    for (size_t i = 0; i < log->stray_count; i++) {
        const struct log_stray *stray = &log->strays[i];
        if (!stray->far && (!front || stray->number > front->number) && (!next || stray->number < next->number))
            return true;
    }
    return false;
}

/* Reads the segment in a slot and remembers where the files that were set aside behind it would stand. */
static enum store_error scan_slot(struct scan *scan, size_t slot)
{
    struct log *log = scan->log;
    struct segment *segment = log->segments[slot];
    enum store_error error = STORE_OK;
    index_lock_shared(scan->index);
    const struct segment *next = log_next(log, segment);
    index_unlock(scan->index);
    scan->segment = segment;
    scan->open = !tells_end(segment, next);
    scan->known = !next && scan->progress->told.segment == segment->number ? scan->progress->told.offset : 0;
    if (!segment_is_husk(segment)) /* a husk has nothing to read, and says itself where it ends */
        error = scan_segment(scan, segment, records_limit(segment, next));
    for (size_t i = 0; i < log->stray_count; i++) {
        if (log->strays[i].number > segment->number)
            log->strays[i].offset = segment_end(segment);
    }
    if (segment->headless)
        scan->damaged += SEGMENT_HEADER;
    return error;
}

/* Where the log may go on: behind its end and behind what the files held that are lost or shorter than they were. Their
 * records may have been seen, and offsets are never used twice. */
static uint64_t resume_offset(const struct log *log, uint64_t end)
{
    const struct segment *active = log->active;
    uint64_t last = active ? active->number : 0;
    if (active && active->prepared < active->given)
        end = segment_offset(active, whole_records(active->given));
    for (size_t i = 0; i < log->stray_count; i++) {
        const struct log_stray *stray = &log->strays[i];
        uint64_t size = stray->size < LOCATION_POSITION_MAX ? stray->size : LOCATION_POSITION_MAX;
        if (stray->number > last && !stray->far && size > SEGMENT_HEADER)
            end += whole_records(size - SEGMENT_HEADER);
    }
    return end;
}

/* Reads one segment after the other and takes down behind which of them nothing is missing. */
static enum store_error scan_segments(struct scan *scan)
{
    struct log *log = scan->log;
    enum store_error error = STORE_OK;
    for (size_t slot = 0; slot < log->segment_count && !error; slot++) {
        error = scan_front(scan, slot);
        if (stray_between(log, slot > 0 ? log->segments[slot - 1] : NULL, log->segments[slot]))
            scan->behind_gaps = slot;
        uint64_t damaged = scan->damaged;
        if (!error)
            error = scan_slot(scan, slot);
        if (scan->damaged > damaged)
            scan->behind_gaps = slot + 1;
    }
    if (stray_between(log, log->active, NULL))
        scan->behind_gaps = log->segment_count;
    return error;
}

static enum store_error scan_log(struct scan *scan)
{
    struct log *log = scan->log;
    bool zeros = true;
    scan->damaged += log->stray_count * SEGMENT_HEADER;
    enum store_error error = scan_segments(scan);
    if (!error && log->segment_count > 0)
        error = scan_tail(scan, &zeros);
    if (error)
        return error;
    uint64_t end = log->active ? segment_end(log->active) : 0;
    uint64_t resume = resume_offset(log, end);
    if (resume < scan->progress->told.offset)
        resume = scan->progress->told.offset;
    report_gap(scan, log->segment_count, end, resume);
    bool old = log->active && log->active->version < SEGMENT_VERSION;
    log_resume(log, resume, !zeros || resume > end || old);
    scan->progress->resumed = resume > end ? resume : 0;
    return log->segment_count > 0 ? scan_settle_names(scan) : STORE_OK;
}

/* ---- the whole of it ------------------------------------------------------------------------- */

/* Blobs without an object are what a crash has left, and go. But where the log is damaged they may be all that is left
 * of an object: then they stay, for whoever brings the lost part of the log back. */
static enum store_error settle_blobs(struct scan *scan)
{
    bool damaged = scan->damaged > 0;
    size_t orphans = 0;
    int os_error = blobs_find_orphans(scan->blobs, scan->next_blob, !damaged, &orphans);
    if (os_error)
        return failure_detail(scan->detail, failure_of_errno(os_error), "store %s: folder blobs cannot be listed: %s",
                              scan->notice->store, strerror(os_error));
    if (damaged && orphans > 0)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "%zu files in blobs belong to no object and are kept, since the log is damaged", orphans);
    return STORE_OK;
}

/* What an earlier life has left of how far it came. Without it, a loss of the log's end cannot be told from a crash. */
static enum store_error recall_reach(struct scan *scan)
{
    struct log *log = scan->log;
    struct failure failure = reach_read(log->io, log->folder, log->salt, &scan->progress->told);
    if (failure.error == STORE_IO)
        return failure_detail(scan->detail, failure, "store %s: file reach cannot be read: %s", scan->notice->store,
                              failure_text(failure));
    if (failure.error)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "file reach is damaged: it is ignored, and written again when the store is closed");
    log_use_number(log, scan->progress->told.segment);
    return STORE_OK;
}

/* Files of keys that know of a longer log are of no use. */
static void check_runs(const struct log *log)
{
    for (size_t slot = 0; slot < log->segment_count; slot++) {
        if (log->segments[slot] != log->active && !segment_is_husk(log->segments[slot]))
            run_check_horizon(log, log->segments[slot]->number);
    }
}

enum store_error recover(struct index *index, struct log *log, struct blobs *blobs, struct progress *progress,
                         const struct notice *notice, struct store_detail *ret_detail)
{
    assert(!log->owned);
    struct scan scan = {
        .index = index, .log = log, .blobs = blobs, .progress = progress, .notice = notice, .detail = ret_detail};
    enum store_error error = recall_reach(&scan);
    if (error)
        return error;
    scan.next_blob = progress->told.blob ? progress->told.blob : 1;
    error = STORE_NO_MEMORY;
    if (cursor_init(&scan.cursor, log->io, log->salt))
        error = lineup(log, progress, notice, &scan.cursor, ret_detail);
    if (!error)
        error = scan_log(&scan);
    cursor_free(&scan.cursor);
    free(scan.effects);
    arena_free(&scan.keys);
    if (error)
        return error;
    damage_found_gaps(index, scan.damaged, scan.behind_gaps);
    index_lock(index);
    index_publish(index);
    index_unlock(index);
    check_runs(log);
    return settle_blobs(&scan);
}
