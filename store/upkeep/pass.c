/* pass.c - one pass of a verification over a store. pass.h tells how it goes. */
#include "store/upkeep/pass.h"

#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/error.h"
#include "store/log/stretch.h"
#include "store/log/summary.h"
#include "store/read/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
    CHUNK = 1 << 20,
    HICCUPS_MAX = 64,
    CATCH_UPS_MAX = 16,
    SECONDS_MAX = 1000000000, /* of a rest: thirty years */
};

/* ---- beginning and ending -------------------------------------------------------------------- */

/* Bytes that a pass looks at of a segment with another one behind it. */
static uint64_t bytes_sealed(const struct segment *segment, const struct segment *next)
{
    uint64_t from = segment_is_husk(segment) ? segment_end(segment) : segment->base;
    uint64_t to = next->joined ? segment_end(segment) : next->base;
    return to > from ? to - from : 0;
}

uint64_t pass_measure(const struct scrub *scrub, uint64_t *ret_end)
{
    index_lock_shared(scrub->index);
    const struct chain *chain = &scrub->log->chain;
    const struct segment *last = chain_last(chain);
    *ret_end = scrub->index->end_offset;
    uint64_t bytes = scrub->blobs->bytes;
    for (size_t at = 1; at < chain->count; at++)
        bytes += bytes_sealed(chain->segments[at - 1], chain->segments[at]);
    if (last && last->base < *ret_end)
        bytes += *ret_end - last->base;
    index_unlock(scrub->index);
    return bytes;
}

bool pass_init(struct pass *pass, struct scrub *scrub, uint64_t rate)
{
    *pass = (struct pass){.scrub = scrub,
                          .index = scrub->index,
                          .log = scrub->log,
                          .blobs = scrub->blobs,
                          .rate = rate,
                          .began = clock_now(CLOCK_MONOTONIC)};
    table_init(&pass->looked, pass->log->salt);
    pass->chunk = malloc(CHUNK);
    pass->hash = XXH3_createState();
    bool ready = cursor_init(&pass->cursor, pass->log->io, pass->log->salt);
    pass->rewrites = atomic_load(scrub->rewrites);
    pass->seen.bytes_total = pass_measure(pass->scrub, &pass->end);
    return ready && pass->chunk && pass->hash;
}

void pass_free(struct pass *pass)
{
    cursor_free(&pass->cursor);
    XXH3_freeState(pass->hash);
    free(pass->chunk);
    table_free(&pass->looked);
}

/* ---- pace and progress ----------------------------------------------------------------------- */

static bool pass_stop(struct pass *pass)
{
    pass->stopped = pass->stopped || atomic_load(&pass->scrub->stop);
    return pass->stopped;
}

static void pass_tell(struct pass *pass)
{
    struct scrub *scrub = pass->scrub;
    lock_take(&scrub->lock);
    scrub->verification = pass->seen;
    lock_release(&scrub->lock);
}

/* When as many bytes may have been looked at as were. */
static struct timespec pass_due(const struct pass *pass)
{
    const double longest = (double)SECONDS_MAX;
    double seconds = (double)pass->seen.bytes_done / (double)pass->rate;
    double rest = (seconds < longest ? seconds : longest) * (double)CLOCK_SECOND;
    return clock_timespec(pass->began + (int64_t)rest);
}

/* Counts bytes, and rests while the pace is ahead of the rate. */
static void pass_advance(struct pass *pass, uint64_t bytes)
{
    pass->seen.bytes_done += bytes;
    pass_tell(pass);
    if (pass->rate == 0)
        return;
    const struct timespec due = pass_due(pass);
    scrub_rest(pass->scrub, &due);
}

/* ---- flaws ----------------------------------------------------------------------------------- */

static void pass_report(struct pass *pass, const struct store_flaw *flaw)
{
    pass->seen.flaws++;
    if (pass->flaw)
        pass->flaw(pass->arg, flaw);
}

/* A flaw of a record whose head is valid. */
static void report_record(struct pass *pass, enum store_flaw_kind kind, const struct record *record, bool live)
{
    pass_report(pass, &(struct store_flaw){.kind = kind,
                                           .offset = record->offset,
                                           .length = record->size,
                                           .key = record->key,
                                           .key_length = record->key_length,
                                           .key_hash = record->key_hash,
                                           .live = live});
}

/* Bytes of a segment, from one position up to another, as a flaw has them. */
struct span {
    uint32_t segment;
    uint64_t from;
    uint64_t to;
    bool needed; /* an object's record begins in it */
};

static void span_visit(void *arg, uint64_t packed)
{
    struct span *span = arg;
    struct location location = location_unpack(packed);
    span->needed = span->needed || (location.segment == span->segment && location.position >= span->from &&
                                    location.position < span->to);
}

/* A flaw of bytes in which no record can be read: whose they are only the index can tell. */
static void report_bytes(struct pass *pass, enum store_flaw_kind kind, uint64_t from, uint64_t to)
{
    struct index *index = pass->index;
    const struct segment *segment = pass->cursor.segment;
    struct span span = {.segment = segment->slot, .from = from, .to = to};
    index_lock_shared(index);
    if (chain_has(&pass->log->chain, segment)) /* else its slot may be another's by now */
        index_each(index, span_visit, &span);
    index_unlock(index);
    pass_report(pass,
                &(struct store_flaw){
                    .kind = kind, .offset = segment_offset(segment, from), .length = to - from, .live = span.needed});
}

/* The same of bytes in which records may have been: whatever they did may yet come back. */
static void report_hole(struct pass *pass, enum store_flaw_kind kind, uint64_t from, uint64_t to)
{
    damage_found_gap(pass->index, pass->cursor.segment->number);
    pass->in_one_piece = false;
    report_bytes(pass, kind, from, to);
}

/* Whether this process was short of something: then a call that failed says nothing about the disk. */
static bool is_shortage(int os_error)
{
    return store_error_is_shortage(error_of_errno(os_error), os_error);
}

/* ---- blobs ----------------------------------------------------------------------------------- */

enum blob_state {
    BLOB_UNKNOWN, /* it was not looked at to the end */
    BLOB_WHOLE,
    BLOB_WRONG,
    BLOB_MISSING,
    BLOB_UNREADABLE,
};

/* Whether the record is what its key leads to now. */
static bool is_live(struct pass *pass, const struct record *record)
{
    struct store_key key = record_key(record);
    return index_leads_to(pass->index, &key, record->offset);
}

/* What an errno says of a blob. */
static enum blob_state blob_of_errno(struct pass *pass, int error)
{
    if (error == ENOENT || error == EWOULDBLOCK)
        return BLOB_MISSING;
    if (!is_shortage(error))
        return BLOB_UNREADABLE;
    pass->cut_short = true;
    return BLOB_UNKNOWN;
}

static enum blob_state blob_compare(struct pass *pass, int file, const struct record *record)
{
    const struct io *io = pass->log->io;
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0)
        return blob_of_errno(pass, errno);
    if ((uint64_t)status.st_size != record->size)
        return BLOB_WRONG;
    XXH3_128bits_reset(pass->hash);
    for (uint64_t at = 0; at < record->size;) {
        size_t length = record->size - at < CHUNK ? (size_t)(record->size - at) : CHUNK;
        if (pass_stop(pass))
            return BLOB_UNKNOWN;
        int error = io_read_all(io, file, pass->chunk, length, (off_t)at);
        if (error)
            return blob_of_errno(pass, error);
        XXH3_128bits_update(pass->hash, pass->chunk, length);
        at += length;
        pass_advance(pass, length);
    }
    struct store_digest digest = digest_of_hash(XXH3_128bits_digest(pass->hash));
    return store_digest_equal(&digest, &record->digest) ? BLOB_WHOLE : BLOB_WRONG;
}

static enum blob_state blob_look(struct pass *pass, const struct record *record)
{
    const struct io *io = pass->log->io;
    int file = blobs_open(pass->blobs, record->blob);
    if (file < 0)
        return blob_of_errno(pass, errno);
    enum blob_state state = blob_compare(pass, file, record);
    io->close(io->self, file);
    return state;
}

/* Looks at a blob, or remembers what another look at it has found: of another object, or before the record was
 * moved. */
static enum blob_state blob_look_once(struct pass *pass, const struct record *record)
{
    enum blob_state state = (enum blob_state)table_get(&pass->looked, record->blob);
    if (state != BLOB_UNKNOWN)
        return state;
    state = blob_look(pass, record);
    if (state == BLOB_UNKNOWN)
        return state;
    pass->seen.blobs++;
    (void)table_set(&pass->looked, record->blob, state); /* else it is looked at once more */
    return state;
}

/* Takes down how the blob was found, so that reads know. */
static void pass_tell_readers(struct pass *pass, uint64_t blob, enum blob_state state)
{
    static const enum blob_damage damages[] = {
        [BLOB_WHOLE] = BLOB_DAMAGE_NONE, [BLOB_WRONG] = BLOB_DAMAGE_DIGEST, [BLOB_MISSING] = BLOB_DAMAGE_MISSING};
    if (state != BLOB_UNKNOWN && state != BLOB_UNREADABLE)
        damage_found_blob(pass->index, blob, damages[state]);
}

/* Compares the file of a live object. What is not right counts only if the object still is live. */
static void pass_blob(struct pass *pass, const struct record *record)
{
    static const enum store_flaw_kind flaws[] = {
        [BLOB_WRONG] = STORE_FLAW_BLOB, [BLOB_MISSING] = STORE_FLAW_MISSING, [BLOB_UNREADABLE] = STORE_FLAW_READ};
    if (!is_live(pass, record))
        return;
    enum blob_state state = blob_look_once(pass, record);
    pass_tell_readers(pass, record->blob, state);
    if (state > BLOB_WHOLE && is_live(pass, record))
        report_record(pass, flaws[state], record, true);
}

/* ---- records --------------------------------------------------------------------------------- */

/* Judges a record whose head is valid, and moves behind it. */
static void pass_found(struct pass *pass, uint64_t *position, const struct record *record, enum cursor_found found)
{
    uint64_t length = record_length(record);
    pass->seen.records++;
    pass->in_one_piece = pass->in_one_piece && rows_take(&pass->rows, *position, record);
    if (found == CURSOR_HEAD)
        report_record(pass, STORE_FLAW_PAYLOAD, record, is_live(pass, record));
    else if (record->type == RECORD_PUT && record->blob)
        pass_blob(pass, record);
    *position += length;
    pass_advance(pass, length);
}

/* At a place where no valid record stands: goes on at the next one. An errno. */
static int pass_hole(struct pass *pass, uint64_t *position)
{
    struct record behind;
    uint64_t from = *position;
    int error = cursor_find(&pass->cursor, from + RECORD_ALIGNMENT, position, &behind);
    if (error)
        return error;
    report_hole(pass, STORE_FLAW_LOG, from, *position);
    pass_advance(pass, *position - from);
    return 0;
}

/* Looks at the record at a position and moves behind it; an errno. */
static int pass_record(struct pass *pass, uint64_t *position)
{
    struct record record;
    enum cursor_found found;
    int error = cursor_look(&pass->cursor, *position, true, &record, &found);
    if (error)
        return error;
    if (found == CURSOR_NOTHING)
        return pass_hole(pass, position);
    pass_found(pass, position, &record, found);
    return 0;
}

/* ---- where the disk gives no bytes ----------------------------------------------------------- */

/* The first block from a position on that can be read, or cannot; the limit when there is none. */
static uint64_t find_block(struct pass *pass, uint64_t position, uint64_t limit, bool readable)
{
    const struct segment *segment = pass->cursor.segment;
    while (position < limit && !pass_stop(pass)) {
        uint64_t next = (position / IO_BLOCK + 1) * IO_BLOCK;
        if (next > limit)
            next = limit;
        int error = segment_read(segment, pass->chunk, next - position, position);
        if ((error == 0) == readable)
            return position;
        position = next;
    }
    return limit;
}

/* Looks at the records that lie wholly in front of a limit. */
static void pass_in_front(struct pass *pass, uint64_t *position, uint64_t limit)
{
    struct record record;
    enum cursor_found found = CURSOR_WHOLE;
    cursor_begin(&pass->cursor, pass->cursor.segment, limit);
    while (*position < limit && !pass_stop(pass)) {
        if (cursor_look(&pass->cursor, *position, true, &record, &found) || found == CURSOR_NOTHING)
            return;
        pass_found(pass, position, &record, found);
    }
}

/* After a read that failed: gets past the blocks that cannot be read. */
static void pass_unreadable(struct pass *pass, uint64_t *position, uint64_t limit)
{
    const struct segment *segment = pass->cursor.segment;
    uint64_t bad = find_block(pass, *position, limit, false);
    if (bad == limit && ++pass->hiccups < HICCUPS_MAX)
        return; /* it can be read after all */
    pass_in_front(pass, position, bad);
    uint64_t from = *position;
    uint64_t good = find_block(pass, bad, limit, true);
    struct record behind;
    cursor_begin(&pass->cursor, segment, limit);
    if (pass_stop(pass))
        return;
    if (cursor_find(&pass->cursor, good, position, &behind))
        *position = good;
    report_hole(pass, STORE_FLAW_READ, from, *position);
    pass_advance(pass, *position - from);
}

/* ---- segments -------------------------------------------------------------------------------- */

/* Whether a husk has gone that the pass has a reference on: the one in front stands for it. */
static bool is_absorbed(const struct pass *pass, const struct segment *segment)
{
    index_lock_shared(pass->index);
    bool there = chain_has(&pass->log->chain, segment);
    index_unlock(pass->index);
    return segment_is_husk(segment) && !there;
}

static void pass_header(struct pass *pass, const struct segment *segment, int file)
{
    struct segment_header header;
    struct failure failure = failure_of(STORE_IO);
    if (file >= 0)
        failure = segment_read_header(pass->log->io, file, pass->log->salt, &header);
    if (!failure.error && header.number == segment->number && header.base == segment->base)
        return;
    pass_report(pass, &(struct store_flaw){.kind = failure.error == STORE_IO ? STORE_FLAW_READ : STORE_FLAW_HEADER,
                                           .offset = segment->base,
                                           .length = SEGMENT_HEADER});
}

/* The file of keys, which listings read, that ends at a sealed segment. */
static void pass_run_of_keys(struct pass *pass, const struct segment *segment, uint64_t limit)
{
    struct run *run = NULL;
    struct failure failure = keys_open(pass->log, segment->number, &run);
    if (!failure.error)
        failure = run_prove(run); /* it is kept */
    bool unreadable = failure.error == STORE_IO && !is_shortage(failure.os_error);
    run_release(run);
    if (failure.error == STORE_DAMAGED || unreadable)
        pass_report(pass, &(struct store_flaw){.kind = unreadable ? STORE_FLAW_READ : STORE_FLAW_KEYS,
                                               .offset = segment->base,
                                               .length = limit - SEGMENT_HEADER});
    else if (failure.error && failure.error != STORE_NO_OBJECT && failure.error != STORE_FOREIGN)
        pass->cut_short = true;
}

/* A summary that says anything but the segment does no harm any more, and is made again. */
static void pass_summary(struct pass *pass, struct segment *segment, uint64_t limit)
{
    struct summary summary;
    struct rows *rows = &pass->rows;
    if (!pass->in_one_piece || rows_are_under_way(rows) || rows->dropped > 0 || !rows_sort(rows))
        return;
    bool counts = summary_read(pass->log, segment, limit, &summary, NULL);
    if (counts && !summary_differs(&summary, rows))
        return;
    if (counts) {
        summary_remove(pass->log, segment->number);
        notice_tell(pass->scrub->notice, STORE_LOG_WARNING,
                    "verification: the summary of segment %016" PRIx64
                    " is not that of its records: it is removed and made again, nothing is lost",
                    segment->number);
    }
    index_lock(pass->index);
    segment->summarised = false;
    index_unlock(pass->index);
    (void)errand_ask(pass->scrub->summaries);
}

/* What lies between the end of a segment and the beginning of the next one is lost. */
static void pass_gap(struct pass *pass, const struct stretch *stretch, uint64_t from)
{
    if (from >= stretch->limit || pass_stop(pass))
        return;
    report_bytes(pass, STORE_FLAW_LOG, from, stretch->limit);
    pass_advance(pass, stretch->limit - from);
}

static void pass_records(struct pass *pass, uint64_t limit)
{
    uint64_t position = SEGMENT_HEADER;
    cursor_begin(&pass->cursor, pass->cursor.segment, limit);
    while (position < limit && !pass_stop(pass))
        if (pass_record(pass, &position))
            pass_unreadable(pass, &position, limit);
}

/* The file may end before its records do: what is not in it is lost. */
static void pass_file(struct pass *pass, const struct stretch *stretch, int file)
{
    const struct segment *segment = stretch->segment;
    uint64_t held = stretch->records < segment->prepared ? stretch->records : segment->prepared;
    if (file >= 0 || !is_absorbed(pass, segment))
        pass_header(pass, segment, file);
    cursor_begin(&pass->cursor, segment, held);
    if (segment_is_husk(segment)) { /* its records are elsewhere now */
        pass_gap(pass, stretch, stretch->records);
        return;
    }
    rows_init(&pass->rows, pass->log->salt);
    pass->in_one_piece = stretch->sealed && held == stretch->records;
    pass_records(pass, held);
    pass_gap(pass, stretch, held);
    if (stretch->sealed && !pass_stop(pass)) {
        pass_run_of_keys(pass, segment, stretch->records);
        pass_summary(pass, stretch->segment, stretch->records);
    }
    rows_free(&pass->rows);
}

/* With its file, from which all of it is read then. One that cannot be had is told of, with all that should be in it,
 * unless it is only descriptors that are out. */
static void pass_segment(struct pass *pass, const struct stretch *stretch)
{
    const struct segment *segment = stretch->segment;
    int file = -1, error = handle_take(segment->file, &file);
    if (is_shortage(error)) {
        pass->cut_short = true;
        return;
    }
    pass_file(pass, stretch, error ? -1 : file);
    if (!error)
        handle_give(segment->file);
}

/* Of the files that were set aside at the start nothing is looked at. */
static void pass_strays(struct pass *pass)
{
    const struct log *log = pass->log;
    for (size_t i = 0; i < log->stray_count && !pass_stop(pass); i++)
        pass_report(pass, &(struct store_flaw){
                              .kind = STORE_FLAW_FILE, .offset = log->strays[i].offset, .length = log->strays[i].size});
}

/* The log begins at 0: what is in front of the first segment is lost, and all of it where there is none. */
static void pass_begin(struct pass *pass)
{
    const struct log *log = pass->log;
    index_lock_shared(pass->index);
    const struct segment *segment = chain_from(&log->chain, 0);
    uint64_t first = !segment ? pass->end : segment->joined ? 0 : segment->base;
    index_unlock(pass->index);
    if (first > 0)
        pass_report(pass, &(struct store_flaw){.kind = STORE_FLAW_LOG, .offset = 0, .length = first});
    pass_strays(pass);
}

/* The first segment from a number on; false when there is none that the pass should see. */
static bool pass_pin(struct pass *pass, uint64_t number, struct stretch *ret_stretch)
{
    index_lock_shared(pass->index);
    bool found = stretch_pin(pass->log, number, pass->end, ret_stretch);
    index_unlock(pass->index);
    return found;
}

/* Looks for blobs whose records compaction has moved to here from where the pass had not come yet: they kept their
 * time. The rest of them need not be proved again, since compaction has done so. */
static void pass_moved(struct pass *pass, const struct segment *segment, uint64_t position, uint64_t limit)
{
    uint64_t held = limit < segment->prepared ? limit : segment->prepared;
    cursor_begin(&pass->cursor, segment, held);
    while (position < held && !pass_stop(pass)) {
        struct record record;
        enum cursor_found found;
        int error = cursor_look(&pass->cursor, position, false, &record, &found);
        if (!error && found == CURSOR_NOTHING)
            error = cursor_find(&pass->cursor, position + RECORD_ALIGNMENT, &position, &record);
        else if (!error && record.type == RECORD_PUT && record.blob && record.time < pass->seen.started)
            pass_blob(pass, &record);
        if (!error && found != CURSOR_NOTHING)
            position += record_length(&record);
        if (error) {
            pass->cut_short = true;
            return;
        }
    }
}

/* Follows the log from offset `from` to its end. */
static void pass_follow(struct pass *pass, uint64_t from)
{
    struct stretch stretch;
    for (uint64_t number = 0; !pass_stop(pass) && pass_pin(pass, number, &stretch); number = stretch.next) {
        const struct segment *segment = stretch.segment;
        uint64_t position = from > segment->base ? segment_position(segment, from) : SEGMENT_HEADER;
        if (position < stretch.records && !segment_is_husk(segment))
            pass_moved(pass, segment, position, stretch.records);
        stretch_release(&stretch);
    }
}

/* As long as compaction has moved records meanwhile, some may have gone from in front of the pass to behind its end. */
static void pass_catch_up(struct pass *pass)
{
    for (unsigned round = 0; !pass_stop(pass); round++) {
        uint64_t from = pass->end;
        uint64_t rewrites = atomic_load(pass->scrub->rewrites);
        if (rewrites == pass->rewrites)
            return;
        if (round == CATCH_UPS_MAX) {
            pass->cut_short = true;
            return;
        }
        pass->rewrites = rewrites;
        (void)pass_measure(pass->scrub, &pass->end);
        pass_follow(pass, from);
    }
}

void pass_run(struct pass *pass)
{
    struct stretch stretch;
    pass_begin(pass);
    for (uint64_t number = 0; !pass_stop(pass) && pass_pin(pass, number, &stretch); number = stretch.next) {
        pass_segment(pass, &stretch);
        stretch_release(&stretch);
    }
    pass_catch_up(pass);
}
