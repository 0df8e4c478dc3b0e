/* blobs.c - payloads in files of their own. blobs.h tells the story. */
#include "store/disk/blobs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

const char blobs_ending[] = ".blob";

enum {
    TRIES_MAX = 1000, /* numbers that are tried for a new file */
};

static int reap(void *arg);

void blobs_init(struct blobs *blobs, struct leftovers *leftovers, const struct home *home, struct pool *pool,
                uint64_t salt, const struct shared_lock *needs_lock)
{
    *blobs = (struct blobs){
        .io = leftovers->io, .folder = home->open, .home = *home, .leftovers = leftovers, .needs_lock = needs_lock};
    atomic_init(&blobs->next, 1);
    table_init(&blobs->needs, salt);
    lock_init(&blobs->reap_lock);
    errand_init(&blobs->reaper, pool, reap, blobs, NULL);
}

void blobs_end(struct blobs *blobs)
{
    if (errand_end(&blobs->reaper))
        (void)reap(blobs);
    home_close(&blobs->home, blobs->io);
}

bool blobs_are_found(const struct blobs *blobs)
{
    return home_is_found(&blobs->home, blobs->io);
}

bool blobs_are_lost(const struct blobs *blobs)
{
    return home_may_be_lost(blobs->io) && !blobs_are_found(blobs);
}

void blobs_free(struct blobs *blobs)
{
    table_free(&blobs->needs);
    free(blobs->reap.blobs);
    free(blobs->doubts.blobs);
    errand_free(&blobs->reaper);
    lock_destroy(&blobs->reap_lock);
}

/* ---- a file being written -------------------------------------------------------------------- */

struct blob_file blob_file_none(void)
{
    return (struct blob_file){.file = -1};
}

bool blob_file_is_open(const struct blob_file *file)
{
    return file->file >= 0;
}

/* Opens it past the page cache where the file system allows that; `flags` are for the first try only. */
static int open_direct(struct blob_file *file, int flags)
{
    const struct io *io = file->io;
    file->file = io->openat(io->self, file->folder, file->name, O_RDWR | flags | (file->direct ? O_DIRECT : 0), 0600);
    if (file->file < 0 && errno == EINVAL && file->direct) { /* refused, but perhaps made */
        file->direct = false;
        file->cached = BLOB_CACHED_ALL;
        file->file = io->openat(io->self, file->folder, file->name, O_RDWR | (flags & ~O_EXCL), 0600);
    }
    return file->file < 0 ? errno : 0;
}

uint64_t blob_cached(uint64_t size)
{
    return size == STORE_SIZE_UNKNOWN || size <= BLOB_CACHED_MAX ? BLOB_CACHED_MAX : 0;
}

int blob_file_create(struct blob_file *ret_file, struct blobs *blobs, uint64_t cached)
{
    struct blob_file file = {.io = blobs->io, .folder = blobs->folder, .direct = cached == 0, .cached = cached};
    int error = EEXIST; /* somebody else has put something there: the next number will do */
    for (unsigned tries = 0; error == EEXIST && tries < TRIES_MAX; tries++) {
        file.blob = atomic_fetch_add(&blobs->next, 1);
        numbered_name(file.blob, blobs_ending, file.name);
        error = open_direct(&file, O_CREAT | O_EXCL);
    }
    if (!error)
        *ret_file = file;
    return error;
}

int blob_file_go_on(struct blob_file *ret_file, const struct io *io, int folder, const char *name, uint64_t size,
                    uint64_t cached)
{
    struct blob_file file = {.io = io,
                             .folder = folder,
                             .direct = size >= cached && size % IO_BLOCK == 0,
                             .cached = cached,
                             .awaited = size};
    memcpy(file.name, name, strlen(name) + 1);
    int error = open_direct(&file, 0);
    if (error)
        return error;
    if (io->ftruncate(io->self, file.file, (off_t)size) < 0) {
        error = errno;
        io->close(io->self, file.file);
        return error;
    }
    *ret_file = file;
    return 0;
}

/* Goes on past the page cache, or by way of it. */
static int change_way(struct blob_file *file, bool direct)
{
    struct blob_file other = *file;
    other.direct = direct;
    int error = open_direct(&other, 0);
    if (error)
        return error;
    file->io->close(file->io->self, file->file);
    *file = other;
    return 0;
}

static int write_direct(struct blob_file *file, unsigned char *bytes, size_t length, uint64_t position)
{
    size_t padded = (length + IO_BLOCK - 1) & ~(size_t)(IO_BLOCK - 1);
    memset(bytes + length, 0, padded - length);
    return io_write_all(file->io, file->file, bytes, padded, (off_t)position);
}

static int write_cached(struct blob_file *file, const unsigned char *bytes, size_t length, uint64_t position,
                        size_t under_way)
{
    return io_write_paced(file->io, file->file, bytes, length, (off_t)position, under_way, &file->awaited);
}

/* What is not longer than may be under way. */
static int write_part(struct blob_file *file, unsigned char *bytes, size_t length, uint64_t position, size_t under_way)
{
    int error = 0;
    if (!file->direct && position >= file->cached && position % IO_BLOCK == 0)
        error = change_way(file, true);
    if (!error && file->direct) {
        error = position % IO_BLOCK == 0 ? write_direct(file, bytes, length, position) : EINVAL;
        if (error != EINVAL)
            return error;
        file->cached = BLOB_CACHED_ALL; /* the file system refuses a direct write after all */
        file->awaited = position;
        error = change_way(file, false);
    }
    return error ? error : write_cached(file, bytes, length, position, under_way);
}

int blob_file_write(struct blob_file *file, unsigned char *bytes, size_t length, uint64_t position, size_t under_way)
{
    int error = 0;
    size_t most = file->io->by_message || length < under_way ? length : under_way;
    for (size_t done = 0; !error && done < length; done += most) {
        size_t part = length - done < most ? length - done : most;
        error = write_part(file, bytes + done, part, position + done, under_way);
    }
    return error;
}

int blob_file_sync(struct blob_file *file, uint64_t size)
{
    const struct io *io = file->io;
    if (size % IO_BLOCK != 0 && io->ftruncate(io->self, file->file, (off_t)size) < 0)
        return errno;
    return io->fdatasync(io->self, file->file) < 0 ? errno : 0;
}

void blob_file_close(struct blob_file *file)
{
    if (file->file >= 0)
        file->io->close(file->io->self, file->file);
    file->file = -1;
}

/* ---- files of the folder --------------------------------------------------------------------- */

/* Who opens a FIFO in the place of a file is not to wait for its writer. */
int blobs_open(struct blobs *blobs, uint64_t blob)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(blob, blobs_ending, name);
    return blobs->io->openat(blobs->io->self, blobs->folder, name, O_RDONLY | O_NONBLOCK, 0);
}

int blobs_sync(struct blobs *blobs)
{
    return blobs->io->fsync(blobs->io->self, blobs->folder) < 0 ? errno : 0;
}

void blobs_remove(struct blobs *blobs, uint64_t blob)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(blob, blobs_ending, name);
    (void)leftovers_remove(blobs->leftovers, blobs->folder, name); /* what stays is an orphan: removed at start */
}

/* ---- copying --------------------------------------------------------------------------------- */

static int adopt_by_copy(struct blobs *target, int from, uint64_t size, uint64_t *ret_blob)
{
    struct blob_file to;
    int error = blob_file_create(&to, target, BLOB_CACHED_ALL);
    if (error)
        return error;
    error = io_copy_all(target->io, from, 0, to.file, 0, size);
    if (!error)
        error = blob_file_sync(&to, size);
    blob_file_close(&to);
    if (error)
        blobs_remove(target, to.blob);
    else
        *ret_blob = to.blob;
    return error;
}

static int adopt_by_link(struct blobs *target, int folder, const char *name, uint64_t *ret_blob)
{
    const struct io *io = target->io;
    uint64_t blob = atomic_fetch_add(&target->next, 1);
    char to[NUMBERED_NAME_MAX];
    numbered_name(blob, blobs_ending, to);
    if (io->linkat(io->self, folder, name, target->folder, to) < 0)
        return errno;
    *ret_blob = blob;
    return 0;
}

int blobs_adopt_file(struct blobs *target, int folder, const char *name, uint64_t size, uint64_t *ret_blob)
{
    const struct io *io = target->io;
    uint64_t adopted = 0;
    int error = adopt_by_link(target, folder, name, &adopted);
    if (error && error != ENOENT) {
        int from = io->openat(io->self, folder, name, O_RDONLY, 0);
        if (from < 0)
            return errno;
        error = adopt_by_copy(target, from, size, &adopted);
        io->close(io->self, from);
    }
    if (error)
        return error;
    error = blobs_sync(target);
    if (error)
        blobs_remove(target, adopted);
    else
        *ret_blob = adopted;
    return error;
}

int blobs_adopt(struct blobs *target, struct blobs *source, uint64_t blob, uint64_t size, uint64_t *ret_blob)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(blob, blobs_ending, name);
    return blobs_adopt_file(target, source->folder, name, size, ret_blob);
}

/* ---- who needs which ------------------------------------------------------------------------- */

bool blobs_reserve(struct blobs *blobs, uint64_t blob)
{
    assert(shared_lock_is_mine(blobs->needs_lock));
    return table_reserve(&blobs->needs, blob);
}

void blobs_reservations_end(struct blobs *blobs)
{
    assert(shared_lock_is_mine(blobs->needs_lock));
    table_reservations_end(&blobs->needs);
}

bool blobs_are_needed(const struct blobs *blobs, uint64_t blob)
{
    assert(shared_lock_is_held(blobs->needs_lock));
    return table_get(&blobs->needs, blob) != 0;
}

void blobs_need(struct blobs *blobs, uint64_t blob, uint64_t size)
{
    assert(shared_lock_is_mine(blobs->needs_lock));
    uint64_t needs = table_get(&blobs->needs, blob);
    if (needs == 0)
        blobs->bytes += size;
    table_put(&blobs->needs, blob, needs + 1);
}

bool blobs_unneed(struct blobs *blobs, uint64_t blob, uint64_t size)
{
    assert(shared_lock_is_mine(blobs->needs_lock));
    uint64_t needs = table_get(&blobs->needs, blob);
    if (needs > 1) {
        table_put(&blobs->needs, blob, needs - 1);
        return false;
    }
    table_remove(&blobs->needs, blob);
    blobs->bytes -= size;
    return true;
}

/* ---- unlinking ------------------------------------------------------------------------------- */

bool blob_list_push(struct blob_list *list, uint64_t blob)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        uint64_t *moved = realloc(list->blobs, capacity * sizeof *moved);
        if (!moved)
            return false;
        list->blobs = moved;
        list->capacity = capacity;
    }
    list->blobs[list->count++] = blob;
    return true;
}

/* Thread: the pool's, or the one that closes the store. */
static int reap(void *arg)
{
    struct blobs *blobs = arg;
    assert(pool_is_current(blobs->reaper.pool) || errand_is_ending(&blobs->reaper));
    lock_take(&blobs->reap_lock);
    while (blobs->reap.count > 0) {
        uint64_t blob = blobs->reap.blobs[--blobs->reap.count];
        lock_release(&blobs->reap_lock);
        blobs_remove(blobs, blob);
        lock_take(&blobs->reap_lock);
    }
    lock_release(&blobs->reap_lock);
    return ERRAND_DONE;
}

void blobs_discard(struct blobs *blobs, uint64_t blob)
{
    lock_take(&blobs->reap_lock);
    bool queued = blob_list_push(&blobs->reap, blob);
    lock_release(&blobs->reap_lock);
    if (queued)
        (void)errand_ask(&blobs->reaper);
    else
        blobs_remove(blobs, blob);
}

void blobs_doubt(struct blobs *blobs, uint64_t blob)
{
    (void)blob_list_push(&blobs->doubts, blob);
}

void blobs_end_doubts(struct blobs *blobs)
{
    while (blobs->doubts.count > 0)
        blobs_discard(blobs, blobs->doubts.blobs[--blobs->doubts.count]);
}

int blobs_find_orphans(struct blobs *blobs, uint64_t least, bool remove, size_t *ret_orphans)
{
    assert(shared_lock_is_held(blobs->needs_lock) && atomic_load(&blobs->next) == 1);
    size_t orphans = 0;
    char *names = blobs->io->list(blobs->io->self, blobs->folder);
    if (!names)
        return errno;
    for (const char *name = names; *name; name += strlen(name) + 1) {
        uint64_t blob;
        if (!numbered_read(name, blobs_ending, &blob))
            continue;
        if (blob >= least)
            least = blob + 1;
        if (blobs_are_needed(blobs, blob))
            continue;
        orphans++;
        if (remove)
            blobs_remove(blobs, blob);
    }
    free(names);
    atomic_store(&blobs->next, least);
    *ret_orphans = orphans;
    return 0;
}
