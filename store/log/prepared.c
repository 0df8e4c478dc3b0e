/* prepared.c - the file of a log's next segment. prepared.h tells where it comes from. */
#include "store/log/prepared.h"

#include "store/base/error.h"
#include "store/log/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The spare is made in the background, the other by the writer when it cannot wait. */
static const char spare_name[] = "spare";
static const char next_name[] = "next";

enum {
    GROWTH = 4,
    HASTE = 8,
    HASTY_MIN = 256 << 10,
    SPARE_MIN = 64 << 10,
    SCARCE_MIN = 16 << 10, /* a segment for deletes on a full disk */
};

bool prepared_is_name(const char *name)
{
    return strcmp(name, spare_name) == 0 || strcmp(name, next_name) == 0;
}

/* ---- making a file of zeros ------------------------------------------------------------------ */

/* Fills an empty file with zeros; an errno. `synced`: a file system that tells of a full disk only then is asked now,
 * and not with the sync of the header. */
static int fill(const struct io *io, int file, uint64_t size, bool synced)
{
    int error = io_write_zeros(io, file, 0, size);
    if (!error && synced && io->fdatasync(io->self, file) < 0)
        error = errno;
    return error;
}

/* Makes a file of `size` zeros, or of less when the disk has no room for it, but not of less than `least`; its name is
 * known. An errno: then it is as it was. */
static int prepared_make(struct log *log, struct prepared *prepared, uint64_t size, uint64_t least, bool synced)
{
    const struct io *io = log->io;
    int file = io_open_anew(io, log->folder, prepared->name, O_RDWR);
    if (file < 0)
        return errno;
    int error = fill(io, file, size, synced);
    while (error_of_errno(error) == STORE_FULL && size / GROWTH >= least) {
        size /= GROWTH;
        error = io->ftruncate(io->self, file, 0) < 0 ? errno : fill(io, file, size, synced);
    }
    if (error) {
        io->close(io->self, file);
        io->unlinkat(io->self, log->folder, prepared->name, 0);
        return error;
    }
    prepared->file = file;
    prepared->size = size;
    return 0;
}

/* What the segment behind the active one should hold: small stores stay small. */
static uint64_t next_size(const struct log *log)
{
    uint64_t size = log->active ? log->active->prepared * GROWTH : log->first_segment;
    return size < log->segment_size ? size : log->segment_size;
}

/* As much of `size` as leaves the disk its reserve, and not less than `least`; 0: not even that. */
static uint64_t affordable(const struct log *log, uint64_t size, uint64_t least)
{
    while (size / GROWTH >= least && !space_affords_segment(log->space, size))
        size /= GROWTH;
    return space_affords_segment(log->space, size) ? size : 0;
}

/* ---- ahead, in the background ---------------------------------------------------------------- */

/* Thread: the pool's, or the writer's in a hurry. A failure leaves no spare; the writer meets it when it needs one. */
static int spare_make(void *arg)
{
    struct log *log = arg;
    struct prepared_spare *spare = &log->spare;
    assert(pool_is_current(spare->maker.pool) || log_is_own(log));
    struct prepared made = {.file = -1, .name = spare_name};
    uint64_t size = affordable(log, spare->wanted, SPARE_MIN);
    if (size > 0)
        (void)prepared_make(log, &made, size, SPARE_MIN, true);
    lock_take(&spare->lock);
    spare->made = made;
    lock_release(&spare->lock);
    return ERRAND_DONE;
}

/* Takes the spare if it is there; its file is -1 if not. */
static struct prepared spare_take(struct log *log)
{
    struct prepared_spare *spare = &log->spare;
    lock_take(&spare->lock);
    struct prepared taken = spare->made;
    spare->made.file = -1;
    lock_release(&spare->lock);
    return taken;
}

uint64_t prepared_spare_bytes(struct log *log)
{
    struct prepared_spare *spare = &log->spare;
    lock_take(&spare->lock);
    uint64_t bytes = spare->made.file >= 0 ? spare->made.size : 0;
    lock_release(&spare->lock);
    return bytes;
}

/* Asked for only while none is being made: the errand would run once more, and make another. */
void prepared_request(struct log *log)
{
    log_assert_own(log);
    struct prepared_spare *spare = &log->spare;
    if (log->concluded || errand_is_under_way(&spare->maker) || prepared_spare_bytes(log) > 0)
        return;
    spare->wanted = next_size(log);
    (void)errand_ask(&spare->maker);
}

static void prepared_drop(struct log *log, const struct prepared *prepared)
{
    log->io->unlinkat(log->io->self, log->folder, prepared->name, 0);
    leftovers_take(log->leftovers, log->folder, prepared->file);
}

void prepared_init(struct log *log, struct pool *pool)
{
    struct prepared_spare *spare = &log->spare;
    *spare = (struct prepared_spare){.made = {.file = -1, .name = spare_name}};
    lock_init(&spare->lock);
    errand_init(&spare->maker, pool, spare_make, log, NULL);
}

void prepared_free(struct log *log)
{
    struct prepared_spare *spare = &log->spare;
    log_assert_concluded(log);
    (void)errand_end(&spare->maker);
    if (spare->made.file >= 0)
        prepared_drop(log, &spare->made);
    errand_free(&spare->maker);
    lock_destroy(&spare->lock);
}

/* ---- when it is needed ----------------------------------------------------------------------- */

/* Makes a prepared file as long as it has to be, also on disk when it has its header; drops it when that fails. */
static int prepared_extend(struct log *log, struct prepared *prepared, uint64_t size)
{
    if (prepared->size >= size)
        return 0;
    int error = ENOSPC;
    if (space_affords_segment(log->space, size - prepared->size))
        error = io_write_zeros(log->io, prepared->file, prepared->size, size);
    if (error)
        prepared_drop(log, prepared);
    else
        prepared->size = size;
    return error;
}

/* What a segment holds that is made while the writer waits, because the background has not come up with a spare:
 * little, but each is an open file, and while the log outruns the background there is one after the other. */
static uint64_t hasty_size(const struct log *log, uint64_t least)
{
    uint64_t size = log->first_segment;
    if (log->active)
        size = log->active->prepared / HASTE > HASTY_MIN ? log->active->prepared / HASTE : HASTY_MIN;
    return size > least ? size : least;
}

/* The least size of the next segment that has so many bytes beside its tail (log_tail()). The first one of a log has
 * just what it takes; the others all that there is of a tail, since many small ones would make a log of crumbs. */
static uint64_t least_size(const struct log *log, uint64_t bytes)
{
    uint64_t used = SEGMENT_HEADER + bytes;
    uint64_t share = used / 7 + 1; /* an eighth of the whole */
    return used + (log->active || share > LOG_TAIL_MAX ? LOG_TAIL_MAX : share);
}

/* Makes a small one now, whose zeros come to the disk with its header; an errno. */
static int make_in_haste(struct log *log, uint64_t least, struct prepared *ret_prepared)
{
    uint64_t size = affordable(log, hasty_size(log, least), least);
    ret_prepared->name = next_name;
    return size > 0 ? prepared_make(log, ret_prepared, size, least, false) : ENOSPC;
}

/* There was no space for it, perhaps because the background is about to take that for the spare; `error` if not. */
static int take_hurried(struct log *log, int error, struct prepared *ret_prepared)
{
    errand_hurry(&log->spare.maker);
    struct prepared spare = spare_take(log);
    if (spare.file < 0)
        return error;
    *ret_prepared = spare;
    return 0;
}

/* On a full disk it has no tail, but the one behind it will: that is counted. Of holes only what is written is. */
uint64_t prepared_cost(const struct log *log, uint64_t bytes)
{
    log_assert_own(log);
    if (log->io->holes)
        return SEGMENT_HEADER + bytes;
    uint64_t least = least_size(log, bytes);
    return space_is_full(log->space) ? least : hasty_size(log, least);
}

void prepared_refuse(struct log *log)
{
    log_assert_own(log);
    struct prepared spare = spare_take(log);
    if (spare.file >= 0)
        prepared_drop(log, &spare);
}

int prepared_get(struct log *log, const struct log_need *need, struct prepared *ret_prepared)
{
    log_assert_own(log);
    uint64_t least = least_size(log, need->bytes);
    struct prepared prepared = spare_take(log);
    int error = prepared.file < 0 ? make_in_haste(log, least, &prepared) : 0;
    if (error_of_errno(error) == STORE_FULL)
        error = take_hurried(log, error, &prepared);
    if (!error)
        error = prepared_extend(log, &prepared, least);
    if (!error)
        *ret_prepared = prepared;
    return error;
}

/* ---- on a full disk -------------------------------------------------------------------------- */

static uint64_t whole_blocks(uint64_t bytes)
{
    return (bytes + IO_BLOCK - 1) / IO_BLOCK * IO_BLOCK;
}

/* How large a segment may be for deletes or compaction when the disk is full; 0: there is no space for it. Compaction
 * gets what it needs at once, deletes a part of what there is: other stores delete, too. */
static uint64_t scarce_size(const struct log *log, const struct log_need *need)
{
    uint64_t least = whole_blocks(SEGMENT_HEADER + need->bytes);
    bool all = need->use == LOG_UPKEEP || need->last;
    uint64_t most = all ? space_within_reach(log->space) : space_for_deletes(log->space);
    uint64_t size = need->use == LOG_UPKEEP ? whole_blocks(SEGMENT_HEADER + need->bytes + need->ahead) : most / GROWTH;
    if (need->use == LOG_DELETES && size > next_size(log))
        size = next_size(log);
    if (need->use == LOG_DELETES && size < SCARCE_MIN)
        size = SCARCE_MIN;
    size = size < least ? least : size - size % IO_BLOCK;
    if (size > most)
        size = least;
    return size <= most ? size : 0;
}

int prepared_get_scarce(struct log *log, const struct log_need *need, struct prepared *ret_prepared)
{
    log_assert_own(log);
    struct prepared prepared = spare_take(log);
    if (need->use == LOG_DELETES && prepared.file >= 0 && prepared.size >= SEGMENT_HEADER + need->bytes) {
        *ret_prepared = prepared;
        return 0;
    }
    if (prepared.file >= 0)
        prepared_drop(log, &prepared);
    uint64_t size = scarce_size(log, need);
    int error = ENOSPC;
    prepared = (struct prepared){.name = next_name, .file = -1};
    do {
        if (size > 0)
            error = prepared_make(log, &prepared, size, size, true);
    } while (error && size > 0 && error_of_errno(error) == STORE_FULL && space_give(log->space, size));
    if (!error)
        *ret_prepared = prepared;
    return error;
}

/* ---- becoming a segment ---------------------------------------------------------------------- */

/* Gives the file its name, unless there was an error before that; an errno. On failure the file is dropped. */
static int prepared_name(struct log *log, const struct prepared *prepared, uint64_t number, int error)
{
    const struct io *io = log->io;
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    if (!error && io_name(io, log->folder, prepared->name, name) < 0)
        error = errno;
    if (error)
        prepared_drop(log, prepared);
    return error;
}

struct failure prepared_activate(struct log *log, const struct prepared *prepared, const struct segment_header *header)
{
    log_assert_own(log);
    const struct io *io = log->io;
    int error = segment_write_header(io, prepared->file, header, log->salt);
    error = prepared_name(log, prepared, header->number, error);
    if (error)
        return failure_of_errno(error);
    if (io->fsync(io->self, log->folder) == 0)
        return failure_none();
    struct failure failure = {.error = STORE_FAILED, .os_error = errno};
    io->close(io->self, prepared->file);
    return failure;
}

struct failure prepared_activate_first(struct log *log, const struct prepared *prepared,
                                       const struct segment_header *header)
{
    log_assert_own(log);
    unsigned char bytes[SEGMENT_HEADER];
    segment_encode_header(header, log->salt, bytes);
    int error = io_write_all(log->io, prepared->file, bytes, sizeof bytes, 0);
    return failure_of_errno(prepared_name(log, prepared, header->number, error));
}
