/* recover.c - from the files of a log to the index that was there before. recover.h has the rules. */
#include "store/start/recover.h"

#include "store/log/cursor.h"
#include "store/log/tidemark.h"
#include "store/start/extent.h"
#include "store/start/lineup.h"
#include "store/start/replay.h"
#include "store/start/sheaf.h"
#include "store/start/vanguard.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    struct index *index;
    struct log *log;
    struct blobs *blobs;
    struct progress *progress;
    struct deadlines *deadlines;
    const struct notice *notice;
    const atomic_bool *halt;
    struct store_detail *detail;
    struct cursor cursor;
    struct vanguard vanguard;
    struct sheaf sheaf; /* of the rows of all segments, ... */
    struct rows rows;   /* and those of the one that is read */
    struct segment *segment;
    uint64_t known; /* offset up to which the segment is known to have been on disk: reach.h */
    bool open;      /* nothing says where the segment ends: its tail may be torn, payloads too */
    uint64_t position;

    uint64_t behind_gaps; /* number of the first segment behind all that is missing or damaged */
    uint64_t last_group;  /* offset where the group of the last record began */
    uint64_t next_blob;
    uint64_t damaged; /* bytes of the log that are damaged or missing, as far as it was read */
};

static struct failure scan_io_error(struct scan *scan, int os_error)
{
    return failure_detail(scan->detail, failure_io(os_error),
                          "store %s: segment %016" PRIx64 " cannot be read at position %" PRIu64 ": %s",
                          scan->notice->store, scan->segment->number, scan->position, strerror(os_error));
}

/* ---- scanning -------------------------------------------------------------------------------- */

/* Takes the valid record in that stands at the position. */
static struct failure take(struct scan *scan, const struct record *record)
{
    if (record->blob >= scan->next_blob)
        scan->next_blob = record->blob + 1;
    if (!rows_take(&scan->rows, scan->position, record))
        return failure_of(STORE_NO_MEMORY);
    if (record_expires(record))
        deadlines_add(scan->deadlines, record_expires(record), record->key_hash);
    log_note_mark(scan->log, record->type == RECORD_MARK);
    scan->last_group = record->group;
    scan->position += record_length(record);
    return failure_none();
}

static void report_damage(struct scan *scan, uint64_t from, uint64_t to)
{
    scan->damaged += to - from;
    log_note_mark(scan->log, false);
    notice_tell(scan->notice, STORE_LOG_ERROR,
                "%" PRIu64 " bytes of the log from offset %" PRIu64
                " on are damaged: what they held is lost, what follows is kept",
                to - from, segment_offset(scan->segment, from));
}

/* A record is known whose payload is not whole: counted once, however often it is asked for later. */
static void tell_payload(struct scan *scan, const struct record *record)
{
    damage_found_record(scan->index, record->offset, (uint32_t)record_length(record));
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
static struct failure scan_tail_or_damage(struct scan *scan, uint64_t *ret_next, bool *ret_end)
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
    return failure_none();
}

/* Takes in a record whose payload is not whole: it stays known, so that reading it tells of the damage. */
static struct failure take_damaged(struct scan *scan)
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
static struct failure scan_hole(struct scan *scan, enum cursor_found found, bool *ret_end)
{
    uint64_t next = 0;
    struct failure failure = scan_tail_or_damage(scan, &next, ret_end);
    if (failure.error || *ret_end)
        return failure;
    if (found == CURSOR_HEAD)
        return take_damaged(scan);
    uint64_t hole = segment_offset(scan->segment, scan->position);
    if (hole < scan->known && segment_offset(scan->segment, next) > scan->known)
        next = segment_position(scan->segment, scan->known); /* behind that it may be a torn tail */
    report_damage(scan, scan->position, next);
    rows_drop(&scan->rows);
    scan->position = next;
    return failure_none();
}

static struct failure scan_records(struct scan *scan)
{
    bool end = false;
    while (!end && scan->position + RECORD_HEADER <= scan->cursor.limit) {
        struct record record;
        enum cursor_found found;
        if (atomic_load_explicit(scan->halt, memory_order_relaxed))
            return failure_of(STORE_DRAINING);
        int os_error = cursor_look(&scan->cursor, scan->position, scan->open, &record, &found);
        if (os_error)
            return scan_io_error(scan, os_error);
        struct failure failure = found == CURSOR_WHOLE ? take(scan, &record) : scan_hole(scan, found, &end);
        if (failure.error)
            return failure;
    }
    return failure_none();
}

/* Reads one segment; leaves scan->position, and what the segment has used, at the end of what counts. */
static struct failure scan_segment(struct scan *scan, struct segment *segment, uint64_t limit)
{
    scan->position = SEGMENT_HEADER;
    cursor_begin(&scan->cursor, segment, limit);
    scan->cursor.tidemark = segment->tidemark;
    struct failure failure = scan_records(scan);
    if (failure.error)
        return failure;
    if (!scan->open)
        rows_drop(&scan->rows);
    if (rows_are_under_way(&scan->rows)) /* the transaction at the end is not whole: it never was */
        scan->position = scan->rows.began;
    rows_forget(&scan->rows);
    scan->damaged += scan->rows.dropped;
    segment->used = scan->position;
    return failure_none();
}

/* Makes what was recovered durable. After a crash of the process, or a sync that failed, the last group may
 * be in the page cache only, and there even look clean: so its bytes are written again, and synced, before
 * anyone gets to see them and before the next group says that they are on disk. The first group of a segment takes the
 * header along, which in a log's first segment comes to the disk with it. */
static int rewrite_last_group(const struct scan *scan, int file)
{
    const struct io *io = scan->log->io;
    const struct segment *segment = scan->segment;
    uint64_t from = 0;
    unsigned char bytes[16 << 10];
    int error = 0;
    if (scan->last_group > segment->base)
        from = segment_position(segment, scan->last_group);
    while (!error && from < segment->used) {
        size_t length = segment->used - from < sizeof bytes ? (size_t)(segment->used - from) : sizeof bytes;
        error = io_read_all(io, file, bytes, length, (off_t)from);
        if (!error)
            error = io_write_all(io, file, bytes, length, (off_t)from);
        from += length;
    }
    return !error && io->fdatasync(io->self, file) < 0 ? errno : error;
}

static struct failure scan_settle(struct scan *scan)
{
    struct handle *handle = scan->segment->file;
    int file, error = handle_take(handle, &file);
    if (!error) {
        error = rewrite_last_group(scan, file);
        handle_give(handle);
    }
    return error ? scan_io_error(scan, error) : failure_none();
}

/* The same for the names of the segments: the sync behind a new segment or a husk may have failed in an earlier
 * life. This process knows how it has left a log that it has closed. */
static struct failure scan_settle_names(struct scan *scan)
{
    const struct log *log = scan->log;
    if (scan->progress->remembered || log->io->fsync(log->io->self, log->folder) == 0)
        return failure_none();
    return failure_detail(scan->detail, failure_io(errno), "store %s: folder log cannot be synced: %s",
                          scan->notice->store, strerror(errno));
}

/* Whether all that was found is known to be on disk: behind a mark it is, and what a log that is closed has reached.
 * Unless a write failed there later. */
static bool is_settled(const struct scan *scan, bool zeros)
{
    const struct reach *told = &scan->progress->told;
    bool reached = told->segment == scan->segment->number && told->offset == segment_end(scan->segment);
    return zeros && (scan->log->marked || reached);
}

/* What stands behind the last record: a tail that holds anything but zeros is cut. */
static struct failure scan_tail(struct scan *scan, bool *ret_zeros)
{
    *ret_zeros = true;
    if (segment_is_husk(scan->segment))
        return failure_none();
    int error = cursor_zeros(&scan->cursor, scan->position, ret_zeros);
    if (error)
        return scan_io_error(scan, error);
    if (!*ret_zeros)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "the log ended in the middle of a write; it goes on from offset %" PRIu64,
                    segment_end(scan->segment));
    return is_settled(scan, *ret_zeros) ? failure_none() : scan_settle(scan);
}

/* The log has no gaps: where a segment begins behind the end of the one before, a file is lost or was cut. `number` is
 * that of what comes behind. */
static void report_gap(struct scan *scan, uint64_t number, uint64_t from, uint64_t to)
{
    if (from >= to)
        return;
    scan->damaged += to - from;
    scan->behind_gaps = number;
    notice_tell(scan->notice, STORE_LOG_ERROR,
                "%" PRIu64 " bytes of the log from offset %" PRIu64
                " on are missing: a segment file is lost or was cut; what follows is kept",
                to - from, from);
}

/* Offsets are multiples of the alignment, lengths of files need not be. */
static uint64_t whole_records(uint64_t bytes)
{
    return (bytes + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}

/* Whether the segments in front of one have come back, one behind the other, that fill the room left for files of their
 * lengths. */
static bool fills_room(const struct chain *chain, size_t at)
{
    const struct segment *next = chain->segments[at];
    const struct segment *first = next;
    uint64_t room = 0;
    while (at > 0) {
        const struct segment *front = chain->segments[--at];
        if (front->number + 1 != first->number || !extent_came_back(front, next))
            break;
        room += whole_records(front->prepared - SEGMENT_HEADER);
        first = front;
    }
    return first != next && room >= next->base - first->base;
}

/* Whether the log in front of a segment is all there although it ends before the base: what came before that was moved
 * or died, or it is only the room that was left for files of those lengths, which have come back. */
static struct failure is_complete(struct scan *scan, size_t at, bool *ret_complete)
{
    const struct chain *chain = &scan->log->chain;
    *ret_complete = chain->segments[at]->number <= scan->progress->told.oldest;
    if (*ret_complete || !fills_room(chain, at))
        return failure_none();
    int error = cursor_zeros(&scan->cursor, scan->position, ret_complete);
    return error ? scan_io_error(scan, error) : failure_none();
}

/* Looks at what lies between a segment and the one in front of it. */
static struct failure scan_front(struct scan *scan, size_t at)
{
    struct segment *const *segments = scan->log->chain.segments;
    struct segment *segment = segments[at];
    uint64_t end = at > 0 ? segment_end(segments[at - 1]) : 0;
    struct failure failure = failure_none();
    if (end < segment->base)
        failure = is_complete(scan, at, &segment->joined);
    if (!failure.error && !segment->joined)
        report_gap(scan, segment->number, end, segment->base);
    return failure;
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

/* ---- summaries ------------------------------------------------------------------------------- */

/* Hands the rows that were read over to the sheaf; but not where a summary has them and memory should not. */
static struct failure keep_rows(struct scan *scan, struct segment *segment, uint64_t rows_check)
{
    struct rows *rows = &scan->rows;
    bool hold = !segment->summarised || rows->count <= sheaf_room(&scan->sheaf);
    bool added = hold ? sheaf_add(&scan->sheaf, segment, rows)
                      : sheaf_add_summary(&scan->sheaf, segment, rows->count, rows_check);
    return failure_of(added ? STORE_OK : STORE_NO_MEMORY);
}

/* Reads a segment's records. Where it is sealed and nothing is wrong with it, its summary is made on the way: the next
 * start has it then, and if it cannot be written nothing is lost. */
static struct failure read_records(struct scan *scan, struct segment *segment, uint64_t limit, bool sealed)
{
    uint64_t damaged = scan->damaged, stamp = 0, check = 0;
    bool stamped = sealed && segment_stamp(segment, &stamp) == 0;
    rows_init(&scan->rows, scan->log->salt);
    struct failure failure = scan_segment(scan, segment, limit);
    if (!failure.error && !rows_sort(&scan->rows))
        failure = failure_of(STORE_NO_MEMORY);
    if (!failure.error && stamped && scan->damaged == damaged && segment->used == limit)
        segment->summarised = summary_write(scan->log, segment, limit, stamp, &scan->rows, &check) == 0;
    if (!failure.error)
        failure = keep_rows(scan, segment, check);
    rows_free(&scan->rows);
    return failure;
}

/* Takes what the summary of a segment tells in place of its records; false when there is none that counts. */
static bool take_summary(struct scan *scan, struct segment *segment, size_t at, uint64_t limit)
{
    struct report report = vanguard_ask(&scan->vanguard, at, sheaf_room(&scan->sheaf));
    const struct summary *summary = &report.summary;
    if (!report.counts)
        return false;
    if (!(report.held ? sheaf_add(&scan->sheaf, segment, &report.rows)
                      : sheaf_add_summary(&scan->sheaf, segment, summary->count, summary->rows_check))) {
        rows_free(&report.rows);
        return false;
    }
    if (summary->blob >= scan->next_blob)
        scan->next_blob = summary->blob + 1;
    if (summary->last)
        log_note_mark(scan->log, summary->marked);
    cursor_begin(&scan->cursor, segment, limit);
    scan->position = limit;
    segment->used = limit;
    segment->summarised = true;
    return true;
}

/* One for the last segment, to be shown what is read of it. Without one it is read once more when it is wanted. */
static struct tidemark *begin_tidemark(const struct scan *scan, const struct segment *segment)
{
    unsigned char header[SEGMENT_HEADER];
    struct tidemark *tidemark = tidemark_new(scan->log->salt);
    if (tidemark && segment_read(segment, header, sizeof header, 0) == 0)
        tidemark_see(tidemark, header, sizeof header, 0);
    return tidemark;
}

static struct failure read_last_segment(struct scan *scan, struct segment *segment, uint64_t limit)
{
    segment->tidemark = begin_tidemark(scan, segment);
    struct failure failure = read_records(scan, segment, limit, false);
    scan->cursor.tidemark = NULL;
    segment->tidemark = tidemark_end(segment->tidemark, segment->used);
    return failure;
}

static struct failure read_segment(struct scan *scan, size_t at, const struct segment *next)
{
    struct segment *segment = scan->log->chain.segments[at];
    uint64_t limit = extent_limit(segment, next);
    bool sealed = extent_is_sealed(segment, next);
    if (atomic_load(scan->halt))
        return failure_of(STORE_DRAINING);
    if (sealed && take_summary(scan, segment, at, limit))
        return failure_none();
    if (!sealed)
        summary_remove(scan->log, segment->number); /* what is written behind here may come to the same length */
    return next ? read_records(scan, segment, limit, sealed) : read_last_segment(scan, segment, limit);
}

/* ---- the segments ----------------------------------------------------------------------------- */

/* Reads the segment at a place and remembers where the files that were set aside behind it would stand; `next` is the
 * segment behind it, if there is one. */
static struct failure scan_one(struct scan *scan, size_t at, const struct segment *next)
{
    struct log *log = scan->log;
    struct segment *segment = log->chain.segments[at];
    struct failure failure = failure_none();
    scan->segment = segment;
    scan->open = !extent_is_told(segment, next);
    scan->known = !next && scan->progress->told.segment == segment->number ? scan->progress->told.offset : 0;
    if (!segment_is_husk(segment)) /* a husk has nothing to read, and says itself where it ends */
        failure = read_segment(scan, at, next);
    for (size_t i = 0; i < log->stray_count; i++)
        if (log->strays[i].number > segment->number)
            log->strays[i].offset = segment_end(segment);
    if (segment->headless)
        scan->damaged += SEGMENT_HEADER;
    return failure;
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
static struct failure scan_segments(struct scan *scan)
{
    const struct log *log = scan->log;
    struct segment *front = NULL;
    struct failure failure = failure_none();
    for (size_t at = 0; at < log->chain.count && !failure.error; at++) {
        struct segment *segment = log->chain.segments[at];
        const struct segment *next = at + 1 < log->chain.count ? log->chain.segments[at + 1] : NULL;
        failure = scan_front(scan, at);
        if (stray_between(log, front, segment))
            scan->behind_gaps = segment->number;
        uint64_t damaged = scan->damaged;
        if (!failure.error)
            failure = scan_one(scan, at, next);
        if (scan->damaged > damaged)
            scan->behind_gaps = segment->number + 1;
        front = segment;
    }
    if (stray_between(log, front, NULL))
        scan->behind_gaps = log->next_number;
    return failure;
}

static struct failure scan_log(struct scan *scan)
{
    struct log *log = scan->log;
    bool zeros = true;
    scan->damaged += log->stray_count * SEGMENT_HEADER;
    struct failure failure = scan_segments(scan);
    if (!failure.error && log->chain.count > 0)
        failure = scan_tail(scan, &zeros);
    if (failure.error)
        return failure;
    uint64_t end = log->active ? segment_end(log->active) : 0;
    uint64_t resume = resume_offset(log, end);
    if (resume < scan->progress->told.offset)
        resume = scan->progress->told.offset;
    report_gap(scan, log->next_number, end, resume);
    bool old = log->active && log->active->version < SEGMENT_VERSION;
    log_resume(log, resume, !zeros || resume > end || old);
    if (resume > end)
        progress_lost_end(scan->progress, resume);
    return log->chain.count > 0 ? scan_settle_names(scan) : failure_none();
}

/* ---- the whole of it ------------------------------------------------------------------------- */

/* Fills the index from the rows of all segments. */
static struct failure replay_all(struct scan *scan)
{
    struct replay replay;
    replay_init(&replay, scan->index, scan->log);
    struct failure failure = sheaf_run(&scan->sheaf, &replay, scan->halt);
    replay_free(&replay);
    if (scan->sheaf.unread)
        return failure_detail(scan->detail, failure,
                              "store %s: the summary of segment %016" PRIx64
                              " has changed or cannot be read any more: %s; the next start reads the segment",
                              scan->notice->store, scan->sheaf.unread, failure_text(failure));
    return failure;
}

/* Blobs without an object are what a crash has left, and go. But where the log is damaged they may be all that is left
 * of an object: then they stay, for whoever brings the lost part of the log back. */
static struct failure settle_blobs(struct scan *scan)
{
    bool damaged = scan->damaged > 0;
    size_t orphans = 0;
    index_lock_shared(scan->index);
    int os_error = blobs_find_orphans(scan->blobs, scan->next_blob, !damaged, &orphans);
    index_unlock(scan->index);
    if (os_error)
        return failure_detail(scan->detail, failure_of_errno(os_error), "store %s: folder blobs cannot be listed: %s",
                              scan->notice->store, strerror(os_error));
    if (damaged && orphans > 0)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "%zu files in blobs belong to no object and are kept, since the log is damaged", orphans);
    return failure_none();
}

/* What an earlier life has left of how far it came. Without it, a loss of the log's end cannot be told from a crash. */
static struct failure recall_reach(struct scan *scan)
{
    struct log *log = scan->log;
    struct failure failure = progress_recall(scan->progress);
    if (failure.error == STORE_IO)
        return failure_detail(scan->detail, failure, "store %s: file reach cannot be read: %s", scan->notice->store,
                              failure_text(failure));
    if (failure.error)
        notice_tell(scan->notice, STORE_LOG_WARNING,
                    "file reach is damaged: it is ignored, and written again when the store is closed");
    log_use_number(log, scan->progress->told.segment);
    return failure_none();
}

/* All that counts is in the index. */
static struct failure conclude(struct scan *scan)
{
    damage_found_gaps(scan->index, scan->damaged, scan->behind_gaps);
    index_lock(scan->index);
    index_publish(scan->index);
    index_unlock(scan->index);
    return settle_blobs(scan);
}

struct failure recover(struct index *index, struct log *log, struct blobs *blobs, struct progress *progress,
                       struct deadlines *deadlines, const struct notice *notice, const atomic_bool *halt,
                       struct store_detail *ret_detail)
{
    log_assert_unowned(log);
    struct scan scan = {.index = index,
                        .log = log,
                        .blobs = blobs,
                        .progress = progress,
                        .deadlines = deadlines,
                        .notice = notice,
                        .halt = halt,
                        .detail = ret_detail};
    struct failure failure = recall_reach(&scan);
    if (failure.error)
        return failure;
    scan.next_blob = progress->told.blob ? progress->told.blob : 1;
    vanguard_init(&scan.vanguard, log);
    sheaf_init(&scan.sheaf, index, log);
    failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&scan.cursor, log->io, log->salt))
        failure = lineup(log, progress, notice, &scan.cursor, ret_detail);
    if (!failure.error)
        failure = scan_log(&scan);
    cursor_free(&scan.cursor);
    vanguard_free(&scan.vanguard);
    if (!failure.error)
        failure = replay_all(&scan);
    sheaf_free(&scan.sheaf);
    return failure.error ? failure : conclude(&scan);
}
