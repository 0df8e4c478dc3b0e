/* recover.c - from the files of a log to the index that was there before. recover.h has the rules. */
#include "store/recover.h"

#include "store/cursor.h"
#include "store/internal.h"
#include "store/little.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a record of a transaction will do once the last of them has been seen. */
struct effect {
    enum record_type type;
    uint64_t key_hash;
    uint64_t size;
    uint64_t blob;
    uint64_t location;
};

struct scan {
    struct store *store;
    struct store_detail *detail;
    struct cursor cursor;
    struct segment *segment;
    bool last; /* the segment is: payloads may be torn there */
    uint64_t position;

    struct effect *effects; /* of the transaction under way */
    size_t effect_count;
    size_t effect_room;
    uint32_t steps;
    uint64_t txn_position;

    uint64_t last_group; /* offset where the group of the last record began */
    uint64_t next_blob;
    uint64_t damaged;
};

static enum store_error scan_io_error(struct scan *scan, int os_error)
{
    return error_detail(scan->detail, STORE_IO, os_error,
                        "store %s: segment %" PRIu64 " cannot be read at position %" PRIu64 ": %s", scan->store->name,
                        scan->segment->number, scan->position, strerror(os_error));
}

/* ---- applying -------------------------------------------------------------------------------- */

/* Takes what stood under a key out of the figures. Its head was valid when it was put there. */
static enum store_error forget(struct scan *scan, uint64_t packed)
{
    struct store *store = scan->store;
    struct location location = location_unpack(packed);
    const struct segment *segment = store->log.segments[location.segment];
    unsigned char head[RECORD_HEADER];
    struct record record;
    int error = io_read_all(store->io, segment->file, head, sizeof head, location.position);
    if (error)
        return scan_io_error(scan, error);
    store->dead_log_bytes += location.length;
    store->log.segments[location.segment]->dead += location.length;
    store->log.segments[location.segment]->live--;
    if (!record_peek(head, segment_offset(segment, location.position), &record))
        return error_detail(scan->detail, STORE_DAMAGED, 0, "store %s: a record changed while it was read",
                            store->name);
    store->live_bytes -= record.size;
    if (record.blob)
        blobs_unneed(&store->blobs, record.blob, record.size);
    return STORE_OK;
}

static enum store_error apply(struct scan *scan, const struct effect *effect)
{
    struct store *store = scan->store;
    uint64_t before = 0;
    if (effect->type == RECORD_PUT) {
        if (!table_reserve(&store->index, effect->key_hash) ||
            (effect->blob && !blobs_reserve(&store->blobs, effect->blob)))
            return STORE_NO_MEMORY;
        before = table_put(&store->index, effect->key_hash, effect->location);
        scan->segment->live++;
        store->live_bytes += effect->size;
        if (effect->blob)
            blobs_need(&store->blobs, effect->blob, effect->size);
    } else {
        uint64_t length = location_unpack(effect->location).length;
        store->dead_log_bytes += length;
        if (effect->type == RECORD_MARK)
            scan->segment->dead += length;
        else
            scan->segment->tombstones += length;
        if (effect->type == RECORD_TOMBSTONE)
            before = table_remove(&store->index, effect->key_hash);
    }
    table_reservations_end(&store->index);
    table_reservations_end(&store->blobs.needs);
    return before ? forget(scan, before) : STORE_OK;
}

static enum store_error effects_apply(struct scan *scan)
{
    enum store_error error = STORE_OK;
    for (size_t i = 0; i < scan->effect_count && !error; i++)
        error = apply(scan, &scan->effects[i]);
    scan->effect_count = 0;
    return error;
}

static enum store_error effect_push(struct scan *scan, const struct record *record)
{
    if (scan->effect_count == scan->effect_room) {
        size_t room = scan->effect_room ? scan->effect_room * 2 : 64;
        struct effect *moved = realloc(scan->effects, room * sizeof *moved);
        if (!moved)
            return STORE_NO_MEMORY;
        scan->effects = moved;
        scan->effect_room = room;
    }
    struct location location = {.segment = scan->segment->slot,
                                .position = (uint32_t)scan->position,
                                .length = (uint32_t)record_length(record),
                                .blob = record->blob != 0};
    scan->effects[scan->effect_count++] = (struct effect){.type = record->type,
                                                          .key_hash = record->key_hash,
                                                          .size = record->size,
                                                          .blob = record->blob,
                                                          .location = location_pack(location)};
    return STORE_OK;
}

/* Drops a transaction that damage has left incomplete; `until` is where its last valid record ends. */
static void txn_drop(struct scan *scan)
{
    for (size_t i = 0; i < scan->effect_count; i++)
        scan->damaged += location_unpack(scan->effects[i].location).length;
    scan->effect_count = 0;
}

/* Takes a valid record in: applies its transaction when it is the last of it. */
static enum store_error take(struct scan *scan, const struct record *record)
{
    size_t length = record_length(record);
    enum store_error error = STORE_OK;
    if (record->blob >= scan->next_blob)
        scan->next_blob = record->blob + 1;
    if (record->step == 0) {
        txn_drop(scan);
        scan->steps = record->steps;
        scan->txn_position = scan->position;
    }
    if (record->step == scan->effect_count && record->steps == scan->steps) {
        error = effect_push(scan, record);
        if (!error && scan->effect_count == scan->steps)
            error = effects_apply(scan);
    } else { /* damage took an earlier record of its transaction */
        txn_drop(scan);
        scan->damaged += length;
    }
    scan->store->mark_last = record->type == RECORD_MARK;
    scan->last_group = record->group;
    scan->position += length;
    return error;
}

/* ---- scanning -------------------------------------------------------------------------------- */

static void report_damage(struct scan *scan, uint64_t from, uint64_t to)
{
    scan->damaged += to - from;
    depot_log(scan->store->depot, STORE_LOG_ERROR,
              "store %s: %" PRIu64 " bytes of the log from offset %" PRIu64
              " on are damaged: what they held is lost, what follows is kept",
              scan->store->name, to - from, segment_offset(scan->segment, from));
}

/* A record is known whose payload is not whole: counted once, however often it is asked for later. */
static void note_payload(struct scan *scan, const struct record *record)
{
    struct location location = {.segment = scan->segment->slot,
                                .position = (uint32_t)scan->position,
                                .length = (uint32_t)record_length(record),
                                .blob = record->blob != 0};
    store_note_damage(scan->store, location_pack(location));
    depot_log(scan->store->depot, STORE_LOG_ERROR,
              "store %s: the payload of the record at offset %" PRIu64 " is damaged: reading it tells so",
              scan->store->name, record->offset);
}

/* Finds the next valid head behind a hole, and whether the log ends before the hole: so it does when no
 * record behind it says by its group that the hole was on disk. */
static enum store_error scan_tail_or_damage(struct scan *scan, uint64_t *ret_next, bool *ret_end)
{
    uint64_t hole = segment_offset(scan->segment, scan->position);
    uint64_t at = scan->position;
    struct record behind;
    bool first = true;
    *ret_end = scan->last;
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

/* At a hole. `record` is valid when only its payload is not whole. *ret_end: the log ends here. */
static enum store_error scan_hole(struct scan *scan, const struct record *record, enum cursor_found found,
                                  bool *ret_end)
{
    uint64_t next = 0;
    enum store_error error = scan_tail_or_damage(scan, &next, ret_end);
    if (error || *ret_end)
        return error;
    if (found == CURSOR_HEAD) { /* it stays known, so that reading it tells of the damage */
        note_payload(scan, record);

        return take(scan, record);
    }
    report_damage(scan, scan->position, next);
    txn_drop(scan);
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
        int os_error = cursor_look(&scan->cursor, scan->position, scan->last, &record, &found);
        if (os_error)
            return scan_io_error(scan, os_error);
        enum store_error error = found == CURSOR_WHOLE ? take(scan, &record) : scan_hole(scan, &record, found, &end);
        if (error)
            return error;
    }
    return STORE_OK;
}

/* Reads one segment; leaves scan->position at the end of what counts. */
static enum store_error scan_segment(struct scan *scan, struct segment *segment, uint64_t limit, bool last)
{
    scan->segment = segment;
    scan->last = last;
    scan->position = SEGMENT_HEADER;
    cursor_begin(&scan->cursor, segment, limit);
    scan->steps = 0;
    enum store_error error = scan_records(scan);
    if (error)
        return error;
    if (!last)
        txn_drop(scan);
    if (scan->effect_count > 0) /* the transaction at the end is not whole: it never was */
        scan->position = scan->txn_position;
    scan->effect_count = 0;
    segment->used = scan->position;
    return STORE_OK;
}

/* Makes what was recovered durable. After a crash of the process, or a sync that failed, the last group may
 * be in the page cache only, and there even look clean: so its bytes are written again, and synced, before
 * anyone gets to see them and before the next group says that they are on disk. */
static enum store_error scan_settle(struct scan *scan)
{
    const struct io *io = scan->store->io;
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

/* The same for the names of the segments: the sync behind a new segment or a husk may have failed in an earlier life. */
static enum store_error scan_settle_names(struct scan *scan)
{
    const struct store *store = scan->store;
    if (store->io->fsync(store->io->self, store->log.folder) == 0)
        return STORE_OK;
    return error_detail(scan->detail, STORE_IO, errno, "store %s: folder log cannot be synced: %s", store->name,
                        strerror(errno));
}

/* The end of the log: a tail that holds anything but zeros is cut. */
static enum store_error scan_tail(struct scan *scan)
{
    bool zeros = true;
    int error = cursor_zeros(&scan->cursor, scan->position, &zeros);
    if (error)
        return scan_io_error(scan, error);
    uint64_t end = segment_offset(scan->segment, scan->position);
    if (!zeros)
        depot_log(scan->store->depot, STORE_LOG_WARNING,
                  "store %s: the log ended in the middle of a write; it goes on from offset %" PRIu64,
                  scan->store->name, end);
    log_resume(&scan->store->log, end, !zeros);
    /* Behind a mark everything was on disk, unless a write failed there later. */
    enum store_error settled = scan->store->mark_last && zeros ? STORE_OK : scan_settle(scan);
    return settled ? settled : scan_settle_names(scan);
}

/* The log has no gaps: where a segment begins behind the end of the one before, a file is lost or was cut. */
static void report_gap(struct scan *scan, uint64_t from, uint64_t to)
{
    if (from >= to)
        return;
    scan->damaged += to - from;
    depot_log(scan->store->depot, STORE_LOG_ERROR,
              "store %s: %" PRIu64 " bytes of the log from offset %" PRIu64
              " on are missing: a segment file is lost or was cut; what follows is kept",
              scan->store->name, to - from, from);
}

static enum store_error scan_log(struct scan *scan)
{
    struct log *log = &scan->store->log;
    uint64_t end = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        struct segment *segment = log->segments[i];
        bool last = i + 1 == log->segment_count;
        uint64_t limit = segment->prepared;
        uint64_t next_base = last ? 0 : log->segments[i + 1]->base;
        if (!last && next_base < segment->base)
            return error_detail(scan->detail, STORE_DAMAGED, 0,
                                "store %s: segment %" PRIu64 " begins before segment %" PRIu64, scan->store->name,
                                log->segments[i + 1]->number, segment->number);
        if (!last && segment_position(segment, next_base) < limit)
            limit = segment_position(segment, next_base);
        report_gap(scan, end, segment->base);
        bool covers = !last && segment_is_husk(segment); /* all up to the next segment: compacted */
        end = covers ? next_base : segment_offset(segment, limit);
        enum store_error error = scan_segment(scan, segment, limit, last);
        if (error)
            return error;
    }
    return log->segment_count > 0 ? scan_tail(scan) : STORE_OK;
}

/* ---- the files ------------------------------------------------------------------------------- */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Removes what an earlier life had prepared; leaves alone what is not the log's. */
static void clear_name(struct store *store, const char *name)
{
    uint64_t number;
    if (run_number(name, &number))
        return;
    if (log_is_prepared(name) || run_is_draft(name))
        store->io->unlinkat(store->io->self, store->log.folder, name, 0);
    else
        depot_log(store->depot, STORE_LOG_WARNING, "store %s: folder log holds %s, which is not cairn's: left alone",
                  store->name, name);
}

/* The numbers of all segments in order. */
static int list_segments(struct store *store, uint64_t **ret_numbers, size_t *ret_count)
{
    struct log *log = &store->log;
    char *names = store->io->list(store->io->self, log->folder);
    if (!names)
        return errno;
    size_t count = 0;
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    uint64_t *numbers = calloc(count + 1, sizeof *numbers);
    count = 0;
    for (const char *name = names; numbers && *name; name += strlen(name) + 1) {
        if (segment_number(name, &numbers[count]))
            count++;
        else
            clear_name(store, name);
    }
    free(names);
    if (!numbers)
        return ENOMEM;
    qsort(numbers, count, sizeof *numbers, compare_numbers);
    *ret_numbers = numbers;
    *ret_count = count;
    return 0;
}

/* A damaged header is made up for by the first record, which knows where it stands. */
static bool base_of_first_record(struct store *store, int file, uint64_t size, uint64_t *ret_base)
{
    unsigned char head[RECORD_HEAD_MAX];
    struct record record;
    size_t length = size - SEGMENT_HEADER < sizeof head ? (size_t)(size - SEGMENT_HEADER) : sizeof head;
    if (size < SEGMENT_HEADER + RECORD_HEADER || io_read_all(store->io, file, head, length, SEGMENT_HEADER))
        return false;
    *ret_base = little_get64(head + 8);
    return record_decode(head, length, *ret_base, store->salt, &record);
}

static enum store_error read_base(struct store *store, int file, uint64_t number, uint64_t size, uint64_t *ret_base,
                                  struct store_detail *detail)
{
    uint64_t stored = 0;
    int os_error = 0;
    enum store_error error = segment_read_header(store->io, file, store->salt, &stored, ret_base, &os_error);
    if (error == STORE_DAMAGED || (!error && stored != number)) {
        error = base_of_first_record(store, file, size, ret_base) ? STORE_OK : STORE_DAMAGED;
        depot_log(store->depot, STORE_LOG_ERROR, "store %s: the header of segment %" PRIu64 " is damaged%s",
                  store->name, number, error ? "" : "; its first record tells where it stands");
    }
    if (error)
        error_detail(detail, error, os_error, "store %s: segment %" PRIu64 ": %s", store->name, number,
                     error == STORE_IO ? strerror(os_error) : store_error_text(error));
    return error;
}

/* A husk behind another one is of no use: the first of them stands for all that has been compacted there. */
static bool is_idle_husk(const struct store *store, uint64_t size, bool last)
{
    const struct log *log = &store->log;
    return size == SEGMENT_HEADER && !last && log->segment_count > 0 &&
           segment_is_husk(log->segments[log->segment_count - 1]);
}

static enum store_error open_segment(struct store *store, uint64_t number, bool last, struct store_detail *detail)
{
    const struct io *io = store->io;
    char name[SEGMENT_NAME_MAX];
    struct stat status;
    uint64_t base = 0;
    segment_name(number, name);
    int file = io->openat(io->self, store->log.folder, name, O_RDWR, 0);
    if (file < 0 || io->fstat(io->self, file, &status) < 0) {
        int os_error = errno;
        if (file >= 0)
            io->close(io->self, file);
        return error_detail(detail, STORE_IO, os_error, "store %s: segment file %s: %s", store->name, name,
                            strerror(os_error));
    }
    uint64_t size = (uint64_t)status.st_size;
    if (is_idle_husk(store, size, last)) {
        io->close(io->self, file);
        io->unlinkat(io->self, store->log.folder, name, 0);
        return STORE_OK;
    }
    enum store_error error = size >= LOCATION_POSITION_MAX ? STORE_DAMAGED : STORE_OK;
    if (!error)
        error = read_base(store, file, number, size, &base, detail);
    if (error == STORE_DAMAGED && size == SEGMENT_HEADER && !last) { /* a husk: nothing is lost with it */
        io->close(io->self, file);
        return STORE_OK;
    }
    if (error) {
        io->close(io->self, file);
        return error;
    }
    struct segment *segment = segment_new(io, file, number, base, size);
    if (segment && segment_is_husk(segment) && !last)
        segment_close_file(segment);
    error = segment ? log_adopt(&store->log, segment) : STORE_NO_MEMORY;
    if (error)
        segment_release(segment);
    return error;
}

static enum store_error open_segments(struct store *store, struct store_detail *detail)
{
    uint64_t *numbers = NULL;
    size_t count = 0;
    int os_error = list_segments(store, &numbers, &count);
    if (os_error)
        return error_detail(detail, error_of_errno(os_error), os_error, "store %s: folder log cannot be listed: %s",
                            store->name, strerror(os_error));
    enum store_error error = STORE_OK;
    for (size_t i = 0; i < count && !error; i++)
        error = open_segment(store, numbers[i], i + 1 == count, detail);
    free(numbers);
    return error;
}

/* Blobs without an object are what a crash has left, and go. But where the log is damaged they may be all that is left
 * of an object: then they stay, for whoever brings the lost part of the log back. */
static enum store_error settle_blobs(struct scan *scan)
{
    struct store *store = scan->store;
    bool damaged = scan->damaged > 0;
    size_t orphans = 0;
    int os_error = blobs_find_orphans(&store->blobs, scan->next_blob, !damaged, &orphans);
    if (os_error)
        return error_detail(scan->detail, error_of_errno(os_error), os_error,
                            "store %s: folder blobs cannot be listed: %s", store->name, strerror(os_error));
    if (damaged && orphans > 0)
        depot_log(store->depot, STORE_LOG_WARNING,
                  "store %s: %zu files in blobs belong to no object and are kept, since the log is damaged",
                  store->name, orphans);
    return STORE_OK;
}

enum store_error recover(struct store *store, struct store_detail *ret_detail)
{
    struct scan scan = {.store = store, .detail = ret_detail, .next_blob = 1};
    enum store_error error = open_segments(store, ret_detail);
    if (error)
        return error;
    error = cursor_init(&scan.cursor, store->io, store->salt) ? scan_log(&scan) : STORE_NO_MEMORY;
    cursor_free(&scan.cursor);
    free(scan.effects);
    if (error)
        return error;
    store->damaged_bytes += scan.damaged;
    store->catalog.distrusts_files = scan.damaged > 0;
    store->end_offset = store->log.end;
    return settle_blobs(&scan);
}
