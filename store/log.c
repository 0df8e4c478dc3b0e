/* log.c - a store's log: append, roll, sync; the spare segment. log.h tells the story. */
#include "store/log.h"

#include "store/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* SPARE is made in the background, NEXT by the writer when it cannot wait, HUSK by compaction; none of them counts as a
 * segment before it is renamed. */
static const char spare_name[] = "spare";
static const char next_name[] = "next";
static const char husk_name[] = "husk";

enum { RESERVE_MAX = 64 << 10, GROWTH = 4, SPARE_MIN = 64 << 10 };

bool log_init(struct log *log, const struct depot_options *options, int folder, uint64_t salt, struct pool *pool,
              pthread_rwlock_t *table_lock)
{
    *log = (struct log){.io = options->io,
                        .folder = folder,
                        .salt = salt,
                        .segment_size = options->segment_size,
                        .disk_reserve = options->disk_reserve,
                        .pool = pool,
                        .table_lock = table_lock,
                        .next_number = 1,
                        .spare_file = -1};
    log->buffer = malloc(LOG_BUFFER);
    pthread_mutex_init(&log->spare_lock, NULL);
    pthread_cond_init(&log->spare_idle, NULL);
    return log->buffer != NULL;
}

void log_free(struct log *log)
{
    pthread_mutex_lock(&log->spare_lock);
    if (log->spare_making && pool_withdraw(log->pool, &log->spare_job))
        log->spare_making = false;
    while (log->spare_making)
        pthread_cond_wait(&log->spare_idle, &log->spare_lock);
    pthread_mutex_unlock(&log->spare_lock);
    if (log->spare_file >= 0) {
        log->io->close(log->io->self, log->spare_file);
        log->io->unlinkat(log->io->self, log->folder, spare_name, 0);
    }
    for (size_t i = 0; i < log->segment_count; i++)
        segment_release(log->segments[i]);
    free(log->segments);
    free(log->buffer);
    pthread_cond_destroy(&log->spare_idle);
    pthread_mutex_destroy(&log->spare_lock);
    log->io->close(log->io->self, log->folder);
}

bool log_is_prepared(const char *name)
{
    return strcmp(name, spare_name) == 0 || strcmp(name, next_name) == 0 || strcmp(name, husk_name) == 0;
}

static bool table_grow(struct log *log)
{
    size_t room = log->segment_room ? log->segment_room * 2 : 8;
    struct segment **moved = realloc(log->segments, room * sizeof *moved);
    if (!moved)
        return false;
    log->segments = moved;
    log->segment_room = room;
    return true;
}

/* Segments become husks and never the other way round. */
static void find_oldest(struct log *log)
{
    while (log->oldest < log->segment_count && segment_is_husk(log->segments[log->oldest]))
        log->oldest++;
}

void log_replace(struct log *log, struct segment *husk)
{
    log->segments[husk->slot] = husk;
    find_oldest(log);
}

enum store_error log_adopt(struct log *log, struct segment *segment)
{
    if (log->segment_count == LOCATION_SEGMENTS_MAX)
        return STORE_TOO_LARGE;
    pthread_rwlock_wrlock(log->table_lock);
    bool fits = log->segment_count < log->segment_room || table_grow(log);
    if (fits) {
        segment->slot = (uint32_t)log->segment_count;
        log->segments[log->segment_count++] = segment;
        find_oldest(log);
        log->active = segment;
        log->next_number = segment->number + 1;
        log->end = segment_offset(segment, segment->used);
    }
    pthread_rwlock_unlock(log->table_lock);
    return fits ? STORE_OK : STORE_NO_MEMORY;
}

void log_resume(struct log *log, uint64_t end, bool doubtful)
{
    log->end = end;
    log->doubtful = doubtful;
    if (log->active)
        log->active->used = segment_position(log->active, end);
}

/* ---- the spare ------------------------------------------------------------------------------- */

/* Makes a file of `size` zeros, or of less when the disk has no room for it, but not of less than
 * `least`. Returns the descriptor or -1 with *ret_errno. */
static int make_prepared(struct log *log, const char *name, uint64_t size, uint64_t least, uint64_t *ret_size,
                         int *ret_errno)
{
    const struct io *io = log->io;
    int file = io->openat(io->self, log->folder, name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0) {
        *ret_errno = errno;
        return -1;
    }
    int error = segment_prepare(io, file, 0, size);
    while (error == ENOSPC && size / GROWTH >= least) {
        size /= GROWTH;
        error = io->ftruncate(io->self, file, 0) < 0 ? errno : segment_prepare(io, file, 0, size);
    }
    if (!error) {
        *ret_size = size;
        return file;
    }
    io->close(io->self, file);
    io->unlinkat(io->self, log->folder, name, 0);
    *ret_errno = error;
    return -1;
}

/* What the segment behind the active one should hold: small stores stay small. */
static uint64_t next_size(const struct log *log)
{
    uint64_t size = log->active ? log->active->prepared * GROWTH : LOG_SEGMENT_FIRST;
    return size < log->segment_size ? size : log->segment_size;
}

/* As much of `size` as leaves the disk its reserve: nobody has asked for a spare yet. */
static uint64_t affordable(const struct log *log, uint64_t size)
{
    uint64_t free_bytes;
    if (log->io->free_bytes(log->io->self, log->folder, &free_bytes) < 0)
        return size;
    while (size / GROWTH >= SPARE_MIN && free_bytes < log->disk_reserve + size)
        size /= GROWTH;
    return size;
}

/* Thread: the pool's. A failure leaves no spare; the writer meets it when it needs one. */
static void spare_make(void *arg)
{
    struct log *log = arg;
    uint64_t size = 0;
    int error = 0;
    int file = make_prepared(log, spare_name, affordable(log, log->spare_size), SPARE_MIN, &size, &error);
    pthread_mutex_lock(&log->spare_lock);
    log->spare_file = file;
    log->spare_size = size;
    log->spare_making = false;
    pthread_cond_broadcast(&log->spare_idle);
    pthread_mutex_unlock(&log->spare_lock);
}

static void spare_request(struct log *log)
{
    pthread_mutex_lock(&log->spare_lock);
    bool wanted = !log->ending && !log->spare_making && log->spare_file < 0;
    if (wanted) {
        log->spare_making = true;
        log->spare_size = next_size(log);
        log->spare_job = (struct pool_job){.run = spare_make, .arg = log};
    }
    pthread_mutex_unlock(&log->spare_lock);
    if (wanted)
        pool_submit(log->pool, &log->spare_job);
}

/* Takes the spare if it is there; -1 if not. */
static int spare_take(struct log *log, uint64_t *ret_size)
{
    pthread_mutex_lock(&log->spare_lock);
    int file = log->spare_making ? -1 : log->spare_file;
    if (file >= 0) {
        *ret_size = log->spare_size;
        log->spare_file = -1;
        log->spare_size = 0;
    }
    pthread_mutex_unlock(&log->spare_lock);
    return file;
}

/* ---- rolling to a new segment ---------------------------------------------------------------- */

struct prepared {
    int file;
    uint64_t size;
    const char *name;
};

static void prepared_drop(struct log *log, const struct prepared *prepared)
{
    log->io->close(log->io->self, prepared->file);
    log->io->unlinkat(log->io->self, log->folder, prepared->name, 0);
}

/* Gets a file with room for `bytes` of records: the spare, made longer if need be, or a small one made now. */
static int prepared_get(struct log *log, uint64_t bytes, struct prepared *ret_prepared)
{
    uint64_t least = SEGMENT_HEADER + bytes + RESERVE_MAX;
    struct prepared prepared = {.name = spare_name};
    int error = 0;
    prepared.file = spare_take(log, &prepared.size);
    if (prepared.file < 0) {
        uint64_t size = least > LOG_SEGMENT_FIRST ? least : LOG_SEGMENT_FIRST;
        prepared.name = next_name;
        prepared.file = make_prepared(log, next_name, size, least, &prepared.size, &error);
        if (prepared.file < 0)
            return error;
    }
    if (prepared.size < least) {
        error = segment_prepare(log->io, prepared.file, prepared.size, least);
        if (error) {
            prepared_drop(log, &prepared);
            return error;
        }
        prepared.size = least;
    }
    *ret_prepared = prepared;
    return 0;
}

/* Gives a prepared file its header and its name. From the rename on there is no way back: recovery would
 * end the old segment here. */
static enum store_error prepared_activate(struct log *log, const struct prepared *prepared, int *ret_errno)
{
    const struct io *io = log->io;
    char name[SEGMENT_NAME_MAX];
    segment_name(log->next_number, name);
    *ret_errno = segment_write_header(io, prepared->file, log->next_number, log->end, log->salt);
    if (!*ret_errno && io->renameat(io->self, log->folder, prepared->name, log->folder, name) < 0)
        *ret_errno = errno;
    if (*ret_errno) {
        prepared_drop(log, prepared);
        return error_of_errno(*ret_errno);
    }
    if (io->fsync(io->self, log->folder) == 0)
        return STORE_OK;
    *ret_errno = errno;
    io->close(io->self, prepared->file);
    return STORE_FAILED;
}

static enum store_error log_roll(struct log *log, uint64_t bytes, int *ret_errno)
{
    struct prepared prepared;
    *ret_errno = prepared_get(log, bytes, &prepared);
    if (*ret_errno)
        return error_of_errno(*ret_errno);
    enum store_error error = prepared_activate(log, &prepared, ret_errno);
    if (error)
        return error;
    struct segment *segment = segment_new(log->io, prepared.file, log->next_number, log->end, prepared.size);
    if (!segment)
        return STORE_FAILED; /* the name is on disk: writing on in the old segment would be lost */
    error = log_adopt(log, segment);
    if (error) {
        segment_release(segment);
        return STORE_FAILED;
    }
    log->doubtful = false;
    return STORE_OK;
}

/* ---- appending ------------------------------------------------------------------------------- */

static uint64_t reserve_of(const struct segment *segment)
{
    uint64_t share = segment->prepared / 8;
    return share < RESERVE_MAX ? share : RESERVE_MAX;
}

static bool fits(const struct log *log, uint64_t bytes, bool tombstones)
{
    const struct segment *active = log->active;
    if (!active || log->doubtful)
        return false;
    uint64_t reserve = tombstones ? 0 : reserve_of(active);
    return active->used + bytes + reserve <= active->prepared;
}

static bool group_empty(const struct log *log)
{
    return log->end == log->group;
}

/* Half of the segment will be used: time for the one behind it. A first segment may be that far with its first record, and
 * what follows would not fit: then it is now or never that segments grow. */
static void look_ahead(struct log *log, uint64_t bytes)
{
    if (log->active->used + bytes > log->active->prepared / 2)
        spare_request(log);
}

enum store_error log_room(struct log *log, uint64_t bytes, bool tombstones, int *ret_errno)
{
    *ret_errno = 0;
    if (fits(log, bytes, false)) {
        look_ahead(log, bytes);
        return STORE_OK;
    }
    if (!group_empty(log))
        return STORE_AGAIN;
    enum store_error error = log_roll(log, bytes, ret_errno);
    if (error == STORE_FULL && tombstones && fits(log, bytes, true))
        return STORE_OK;
    if (error)
        return error;
    log_begin(log);
    look_ahead(log, bytes);
    return STORE_OK;
}

void log_begin(struct log *log)
{
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
    int error = io_write_all(log->io, log->active->file, log->buffer, log->buffered,
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
    int error = io_write_all(log->io, log->active->file, bytes, length, (off_t)log->active->used);
    free(bytes);
    return error;
}

int log_append(struct log *log, struct record *record, struct location *ret_location)
{
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
    *ret_location = (struct location){.segment = log->active->slot,
                                      .position = (uint32_t)log->active->used,
                                      .length = (uint32_t)length,
                                      .blob = record->blob != 0};
    log->active->used += length;
    log->end += length;
    return 0;
}

int log_sync(struct log *log, bool *ret_sync_failed)
{
    *ret_sync_failed = false;
    if (group_empty(log))
        return 0;
    int error = log_flush(log);
    if (!error && log->io->fdatasync(log->io->self, log->active->file) < 0) {
        error = errno;
        *ret_sync_failed = true;
    }
    return error;
}

void log_abandon(struct log *log)
{
    if (log->group_written) {
        static const unsigned char no_check[RECORD_ALIGNMENT];
        log->doubtful = true;
        /* Should the server die before the log goes on, the first record of the group must not count. It
         * is all that can be done here: where it fails too, a write that failed may turn up whole. */
        (void)io_write_all(log->io, log->active->file, no_check, sizeof no_check, (off_t)log->group_position);
    }
    log->end = log->group;
    log->buffered = 0;
    if (log->active)
        log->active->used = log->group_position;
}

int log_write_husk(struct log *log, uint64_t number, uint64_t base, int *ret_file)
{
    const struct io *io = log->io;
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    int file = io->openat(io->self, log->folder, husk_name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0)
        return errno;
    int error = segment_write_header(io, file, number, base, log->salt);
    if (!error && io->renameat(io->self, log->folder, husk_name, log->folder, name) < 0)
        error = errno;
    if (error) {
        io->close(io->self, file);
        io->unlinkat(io->self, log->folder, husk_name, 0);
        return error;
    }
    /* Until the rename is on disk the segment counts as there: its table entry stays, and so do tombstones. */
    if (io->fsync(io->self, log->folder) < 0) {
        error = errno;
        io->close(io->self, file);
        return error;
    }
    *ret_file = file;
    return 0;
}

struct segment *log_pin(const struct log *log, uint32_t slot)
{
    struct segment *segment = log->segments[slot];
    segment_retain(segment);
    return segment;
}

uint64_t log_segments(const struct log *log)
{
    uint64_t count = 0;
    for (size_t i = 0; i < log->segment_count; i++)
        count += segment_is_husk(log->segments[i]) ? 0 : 1;
    return count;
}

uint64_t log_disk_bytes(struct log *log)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < log->segment_count; i++)
        bytes += log->segments[i]->prepared;
    pthread_mutex_lock(&log->spare_lock);
    if (log->spare_file >= 0)
        bytes += log->spare_size;
    pthread_mutex_unlock(&log->spare_lock);
    return bytes;
}
