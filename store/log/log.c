/* log.c - a store's log: append, roll, sync. log.h tells the story. */
#include "store/log/log.h"

#include "store/base/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 8 }; /* so small a part of a segment is appended before the next one is made ahead */

void log_init(struct log *log, const struct services *services, const struct home *home, uint64_t salt,
              struct shared_lock *chain_lock)
{
    const struct depot_options *options = services->options;
    *log = (struct log){.io = options->io,
                        .folder = home->open,
                        .files = {.handles = services->handles, .open = home->open},
                        .home = *home,
                        .salt = salt,
                        .segment_size = space_segment_limit(services->space, options->segment_size),
                        .first_segment = options->first_segment,
                        .space = services->space,
                        .leftovers = services->leftovers,
                        .next_number = 1};
    chain_init(&log->chain, chain_lock);
    prepared_init(log, services->pool);
}

void log_free(struct log *log)
{
    prepared_free(log);
    chain_free(&log->chain);
    free(log->strays);
    home_close(&log->home, log->io);
}

bool log_is_found(const struct log *log)
{
    return home_is_found(&log->home, log->io);
}

/* Whether nobody else may append: there is no writer yet, or this thread is it. */
static bool is_alone(const struct log *log)
{
    return !log->begun || log_is_own(log);
}

void log_use_number(struct log *log, uint64_t number)
{
    assert(is_alone(log));
    if (number >= log->next_number)
        log->next_number = number + 1;
}

void log_note_mark(struct log *log, bool marked)
{
    assert(is_alone(log));
    log->marked = marked;
}

enum store_error log_adopt(struct log *log, struct segment *segment)
{
    assert(is_alone(log));
    shared_lock_take(log->chain.lock);
    enum store_error error = chain_append(&log->chain, segment);
    if (!error) {
        log->active = segment;
        log_use_number(log, segment->number);
        log->end = segment_end(segment);
    }
    shared_lock_release(log->chain.lock);
    if (!error && !segment_is_husk(segment))
        space_cover(log->space, segment->prepared);
    return error;
}

int log_keep_active(struct log *log)
{
    log_assert_unowned(log);
    for (size_t at = 0; at < log->chain.count; at++)
        if (log->chain.segments[at] != log->active)
            handle_seal(log->chain.segments[at]->file);
    return log->active ? handle_keep(log->active->file) : 0;
}

bool log_add_stray(struct log *log, const struct log_stray *stray)
{
    log_assert_unowned(log);
    struct log_stray *moved = realloc(log->strays, (log->stray_count + 1) * sizeof *moved);
    if (!moved)
        return false;
    log->strays = moved;
    log->strays[log->stray_count++] = *stray;
    return true;
}

void log_resume(struct log *log, uint64_t end, bool doubtful)
{
    log_assert_unowned(log);
    log->end = end;
    log->doubtful = doubtful;
}

/* ---- rolling to a new segment ---------------------------------------------------------------- */

/* Where the log ends when a new segment begins, and where it goes on: further on when its end has been lost. */
static struct segment_header next_header(const struct log *log, uint64_t size)
{
    const struct segment *active = log->active;
    return (struct segment_header){.version = SEGMENT_VERSION,
                                   .number = log->next_number,
                                   .base = log->end,
                                   .given = size,
                                   .skipped = active ? (uint32_t)(log->next_number - active->number - 1) : 0,
                                   .front = active ? segment_end(active) : log->end};
}

/* Makes a segment of an activated file; that of the one in front of it need not stay open. Failing is STORE_FAILED: the
 * name is on disk, and what would be written on in the old segment would be lost. */
static struct failure log_enter(struct log *log, const struct prepared *prepared, const struct segment_header *header)
{
    struct segment *sealed = log->active;
    struct segment *segment = segment_new(&log->files, prepared->file, header, prepared->size);
    enum store_error error = segment ? log_adopt(log, segment) : STORE_NO_MEMORY;
    if (!error && sealed) {
        handle_seal(sealed->file);
        handle_rest(sealed->file);
    }
    if (!error)
        return failure_none();
    segment_release(segment);
    return (struct failure){.error = STORE_FAILED, .os_error = ENOMEM};
}

static bool is_full(const struct log *log)
{
    shared_lock_share(log->chain.lock);
    bool full = chain_is_full(&log->chain);
    shared_lock_release(log->chain.lock);
    return full;
}

/* Whether a segment is the first that the log has ever had. Behind losses the numbers of others have been used. */
static bool is_first(const struct log *log, const struct segment_header *header)
{
    return header->number == SEGMENT_FIRST && header->base == 0 && log->stray_count == 0;
}

/* Makes header and name of the first segment durable: no other one is begun before. Failing is STORE_FAILED: nobody
 * knows what is on disk. */
static struct failure settle_first(struct log *log)
{
    if (!log->budding)
        return failure_none();
    if (log->io->fdatasync(log->io->self, handle_file(log->active->file)) < 0 ||
        log->io->fsync(log->io->self, log->folder) < 0)
        return (struct failure){.error = STORE_FAILED, .os_error = errno};
    log->budding = false;
    return failure_none();
}

/* Makes a segment of the file, and goes on in it. */
static struct failure log_begin_segment(struct log *log, const struct prepared *prepared)
{
    struct segment_header header = next_header(log, prepared->size);
    bool first = is_first(log, &header);
    struct failure failure = first ? prepared_activate_first(log, prepared, &header)
                                   : prepared_activate(log, prepared, &header);
    if (!failure.error)
        failure = log_enter(log, prepared, &header);
    if (!failure.error)
        log->budding = first;
    return failure;
}

/* Goes on in a new segment with room for what is needed; `scarce`: on a full disk. */
static struct failure log_roll(struct log *log, const struct log_need *need, bool scarce)
{
    struct prepared prepared;
    if (is_full(log))
        return failure_of(STORE_FAILED); /* before the file is named */
    struct failure failure = settle_first(log);
    if (failure.error)
        return failure;
    int os_error = scarce ? prepared_get_scarce(log, need, &prepared) : prepared_get(log, need, &prepared);
    if (os_error)
        return failure_of_errno(os_error);
    failure = log_begin_segment(log, &prepared);
    if (failure.error)
        return failure;
    log->doubtful = false;
    atomic_store(&log->promised, scarce ? need->ahead : 0);
    return failure_none();
}

/* ---- appending ------------------------------------------------------------------------------- */

uint64_t log_tail(const struct segment *segment)
{
    uint64_t share = segment->prepared / 8;
    return share < LOG_TAIL_MAX ? share : LOG_TAIL_MAX;
}

/* Whether the active segment has room beside what is kept in it for others; `tail`: also in what is kept for a full
 * disk. */
static bool fits(const struct log *log, const struct log_need *need, bool tail)
{
    const struct segment *active = log->active;
    if (!active || log->doubtful)
        return false;
    uint64_t promised = atomic_load(&log->promised);
    uint64_t kept = tail ? 0 : log_tail(active);
    if (need->use == LOG_UPKEEP)
        kept = promised > 0 ? 0 : kept; /* it has got the segment for this */
    else
        kept = promised > kept ? promised : kept;
    return active->used + need->bytes + kept <= active->prepared;
}

static bool group_empty(const struct log *log)
{
    return log->end == log->group;
}

/* Half of the segment will be used: time for the one behind it. But not for a store that is opened for a few records
 * and closed again: it would be made each time, and for nothing. A first segment may be that far with its first record,
 * and what follows would not fit: then it is now or never that segments grow. */
static void look_ahead(struct log *log, uint64_t bytes)
{
    uint64_t share = log->active->prepared / AHEAD;
    log->appended += bytes;
    if (log->appended > share && log->active->used + bytes > log->active->prepared / 2)
        prepared_request(log);
}

void log_end_promise(struct log *log)
{
    atomic_store(&log->promised, 0);
}

/* Place for deletes and compaction when the disk is full: in the tail, then in a segment from the reserve. While
 * compaction has a promise its segment must stay the active one: deletes that do not fit beside it come again when it
 * is done. */
static struct failure scarce_room(struct log *log, const struct log_need *need)
{
    if (fits(log, need, true))
        return failure_none();
    if (need->use == LOG_DELETES && atomic_load(&log->promised) > 0)
        return failure_of_errno(ENOSPC);
    return log_roll(log, need, true);
}

static struct failure make_room(struct log *log, const struct log_need *need)
{
    if (need->use != LOG_PUTS && space_is_full(log->space))
        return scarce_room(log, need);
    struct failure failure = log_roll(log, need, false);
    if (failure.error != STORE_FULL)
        return failure;
    space_met_full(log->space);
    return need->use == LOG_PUTS ? failure : scarce_room(log, need);
}

struct failure log_room(struct log *log, const struct log_need *need)
{
    log_assert_own(log);
    if (!fits(log, need, false)) {
        if (!group_empty(log))
            return failure_of(STORE_AGAIN);
        struct failure failure = make_room(log, need);
        if (failure.error)
            return failure;
        log_begin(log);
    }
    if (need->use == LOG_UPKEEP && atomic_load(&log->promised) > 0)
        atomic_store(&log->promised, need->ahead);
    look_ahead(log, need->bytes);
    return failure_none();
}

struct failure log_seal(struct log *log, uint64_t bytes)
{
    const struct log_need need = {.use = LOG_UPKEEP, .bytes = bytes};
    bool scarce = space_is_full(log->space);
    log_assert_own(log);
    assert(group_empty(log));
    prepared_refuse(log);
    struct failure failure = log_roll(log, &need, scarce);
    if (failure.error == STORE_FULL && !scarce) {
        space_met_full(log->space);
        failure = log_roll(log, &need, scarce = true);
    }
    if (failure.error)
        return failure;
    if (scarce)
        atomic_store(&log->promised, bytes);
    log_begin(log);
    return failure_none();
}

static void set_owner(struct log *log, pthread_t owner)
{
    atomic_store_explicit(&log->owner, owner, memory_order_relaxed);
}

void log_own(struct log *log, unsigned char *buffer)
{
    assert(!log->buffer);
    log->begun = true;
    log->buffer = buffer;
    set_owner(log, pthread_self());
}

void log_disown(struct log *log)
{
    log_assert_own(log);
    assert(log->buffered == 0);
    log->buffer = NULL;
    set_owner(log, 0);
}

void log_conclude(struct log *log)
{
    assert(atomic_load(&log->owner) == 0);
    log->concluded = true;
}

bool log_is_own(const struct log *log)
{
    return pthread_equal(atomic_load_explicit(&log->owner, memory_order_relaxed), pthread_self());
}

void log_assert_own(const struct log *log)
{
    assert(log_is_own(log));
    (void)log;
}

void log_assert_unowned(const struct log *log)
{
    assert(!log->begun);
    (void)log;
}

void log_assert_concluded(const struct log *log)
{
    assert(!log->begun || log->concluded);
    (void)log;
}

void log_begin(struct log *log)
{
    log_assert_own(log);
    log->group = log->end;
    log->group_position = log->active ? log->active->used : 0;
    log->group_written = false;
    log->buffered = 0;
}

/* Writes the buffer to where it belongs: right before `used`. */
static int log_flush(struct log *log)
{
    if (log->buffered == 0)
        return 0;
    log->group_written = true;
    int error = io_write_all(log->io, handle_file(log->active->file), log->buffer, log->buffered,
                             (off_t)(log->active->used - log->buffered));
    log->buffered = 0;
    return error;
}

/* A record longer than the buffer is written by itself. */
static int append_long(struct log *log, const struct record *record, size_t length)
{
    unsigned char *bytes = malloc(length);
    if (!bytes)
        return ENOMEM;
    record_encode(record, log->salt, bytes);
    log->group_written = true;
    int error = io_write_all(log->io, handle_file(log->active->file), bytes, length, (off_t)log->active->used);
    free(bytes);
    return error;
}

/* The header of the first segment goes with its first record, in one write: so no disk has the record without it. */
static void append_header(struct log *log)
{
    const struct segment_header header = segment_header_of(log->active);
    assert(log->buffered == 0);
    segment_encode_header(&header, log->salt, log->buffer);
    log->buffered = SEGMENT_HEADER;
}

int log_append(struct log *log, struct record *record, struct location *ret_location)
{
    log_assert_own(log);
    if (log->budding && log->active->used == SEGMENT_HEADER)
        append_header(log);
    record->offset = log->end;
    record->group = log->group;
    size_t length = record_length(record);
    assert(length <= RECORD_MAX && log->active->used + length <= log->active->prepared);
    int error = 0;
    if (log->buffered + length > LOG_BUFFER)
        error = log_flush(log);
    if (!error && length > LOG_BUFFER)
        error = append_long(log, record, length);
    if (error)
        return error;
    if (length <= LOG_BUFFER) {
        record_encode(record, log->salt, log->buffer + log->buffered);
        log->buffered += length;
    }
    *ret_location = location_of(log->active->slot, log->active->used, record);
    log->active->used += length;
    log->end += length;
    if (record_deletes(record) && record->time > log->active->deleted)
        log->active->deleted = record->time;
    return 0;
}

/* Whether somebody has removed or moved the file that is written to, or a folder that it is in: it goes on taking
 * bytes, but nobody will find them. */
static bool is_lost(const struct log *log)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(log->active->number, name);
    return home_may_be_lost(log->io) && !home_leads_to(&log->home, log->io, name, handle_file(log->active->file));
}

int log_sync(struct log *log, bool *ret_sync_failed)
{
    log_assert_own(log);
    *ret_sync_failed = false;
    if (group_empty(log))
        return 0;
    int error = log_flush(log);
    if (error)
        return error;
    if (log->io->fdatasync(log->io->self, handle_file(log->active->file)) < 0 ||
        (log->budding && log->io->fsync(log->io->self, log->folder) < 0))
        error = errno;
    else if (is_lost(log))
        error = ENOENT;
    log->budding = log->budding && error;
    *ret_sync_failed = error != 0;
    return error;
}

void log_abandon(struct log *log)
{
    log_assert_own(log);
    if (log->group_written) {
        static const unsigned char no_check[RECORD_ALIGNMENT];
        log->doubtful = true;
        /* Should the server die before the log goes on, the first record of the group must not count. It
         * is all that can be done here: where it fails too, a write that failed may turn up whole. */
        (void)io_write_all(log->io, handle_file(log->active->file), no_check, sizeof no_check,
                           (off_t)log->group_position);
    }
    log->end = log->group;
    log->buffered = 0;
    if (log->active)
        log->active->used = log->group_position;
}

uint64_t log_disk_bytes(struct log *log)
{
    return chain_bytes(&log->chain) + prepared_spare_bytes(log);
}
