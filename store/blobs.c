/* blobs.c - payloads in files of their own. blobs.h tells the story. */
#include "store/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, COPY_CHUNK = 1 << 20 };

static void blob_name(uint64_t blob, char ret_name[NAME_MAX_BYTES])
{
    (void)snprintf(ret_name, NAME_MAX_BYTES, "%016" PRIx64 ".blob", blob);
}

static bool blob_number(const char *name, uint64_t *ret_blob)
{
    char expected[NAME_MAX_BYTES];
    *ret_blob = strtoull(name, NULL, 16);
    blob_name(*ret_blob, expected);
    return strcmp(name, expected) == 0;
}

void blobs_init(struct blobs *blobs, const struct io *io, int folder, struct pool *pool, uint64_t salt)
{
    *blobs = (struct blobs){.io = io, .folder = folder, .pool = pool};
    atomic_init(&blobs->next, 1);
    table_init(&blobs->needs, salt);
    pthread_mutex_init(&blobs->reap_lock, NULL);
    pthread_cond_init(&blobs->reap_idle, NULL);
}

void blobs_free(struct blobs *blobs)
{
    pthread_mutex_lock(&blobs->reap_lock);
    while (blobs->reaping)
        pthread_cond_wait(&blobs->reap_idle, &blobs->reap_lock);
    pthread_mutex_unlock(&blobs->reap_lock);
    table_free(&blobs->needs);
    free(blobs->reap);
    pthread_cond_destroy(&blobs->reap_idle);
    pthread_mutex_destroy(&blobs->reap_lock);
    blobs->io->close(blobs->io->self, blobs->folder);
}

int blobs_create(struct blobs *blobs, uint64_t *ret_blob, int *ret_file)
{
    uint64_t blob = atomic_fetch_add(&blobs->next, 1);
    char name[NAME_MAX_BYTES];
    blob_name(blob, name);
    int file = blobs->io->openat(blobs->io->self, blobs->folder, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (file < 0)
        return errno;
    *ret_blob = blob;
    *ret_file = file;
    return 0;
}

int blobs_open(struct blobs *blobs, uint64_t blob)
{
    char name[NAME_MAX_BYTES];
    blob_name(blob, name);
    return blobs->io->openat(blobs->io->self, blobs->folder, name, O_RDONLY, 0);
}

int blobs_sync(struct blobs *blobs)
{
    return blobs->io->fsync(blobs->io->self, blobs->folder) < 0 ? errno : 0;
}

static void blob_unlink(struct blobs *blobs, uint64_t blob)
{
    char name[NAME_MAX_BYTES];
    blob_name(blob, name);
    blobs->io->unlinkat(blobs->io->self, blobs->folder, name, 0); /* what stays is an orphan: removed at start */
}

/* ---- copying --------------------------------------------------------------------------------- */

static int copy_by_hand(const struct io *io, int from, int to, uint64_t position, uint64_t size)
{
    unsigned char *chunk = malloc(COPY_CHUNK);
    int error = chunk ? 0 : ENOMEM;
    while (!error && position < size) {
        size_t length = size - position < COPY_CHUNK ? (size_t)(size - position) : COPY_CHUNK;
        error = io_read_all(io, from, chunk, length, (off_t)position);
        if (!error)
            error = io_write_all(io, to, chunk, length, (off_t)position);
        position += length;
    }
    free(chunk);
    return error;
}

static int copy_bytes(const struct io *io, int from, int to, uint64_t size)
{
    uint64_t position = 0;
    while (position < size) {
        size_t length = size - position < (1u << 30) ? (size_t)(size - position) : 1u << 30;
        ssize_t copied = io->copy_range(io->self, from, (off_t)position, to, (off_t)position, length);
        if (copied < 0 && errno == EINTR)
            continue;
        if (copied <= 0)
            return copy_by_hand(io, from, to, position, size);
        position += (uint64_t)copied;
    }
    return 0;
}

static int adopt_by_copy(struct blobs *target, int from, uint64_t size, uint64_t *ret_blob)
{
    const struct io *io = target->io;
    uint64_t blob;
    int to;
    int error = blobs_create(target, &blob, &to);
    if (error)
        return error;
    error = copy_bytes(io, from, to, size);
    if (!error && io->fdatasync(io->self, to) < 0)
        error = errno;
    io->close(io->self, to);
    if (error)
        blob_unlink(target, blob);
    else
        *ret_blob = blob;
    return error;
}

static int adopt_by_link(struct blobs *target, struct blobs *source, uint64_t source_blob, uint64_t *ret_blob)
{
    const struct io *io = target->io;
    uint64_t blob = atomic_fetch_add(&target->next, 1);
    char from[NAME_MAX_BYTES];
    char to[NAME_MAX_BYTES];
    blob_name(source_blob, from);
    blob_name(blob, to);
    if (io->linkat(io->self, source->folder, from, target->folder, to) < 0)
        return errno;
    *ret_blob = blob;
    return 0;
}

int blobs_adopt(struct blobs *target, struct blobs *source, uint64_t blob, uint64_t size, uint64_t *ret_blob)
{
    uint64_t adopted = 0;
    int error = adopt_by_link(target, source, blob, &adopted);
    if (error && error != ENOENT) {
        int from = blobs_open(source, blob);
        if (from < 0)
            return errno;
        error = adopt_by_copy(target, from, size, &adopted);
        source->io->close(source->io->self, from);
    }
    if (error)
        return error;
    error = blobs_sync(target);
    if (error)
        blob_unlink(target, adopted);
    else
        *ret_blob = adopted;
    return error;
}

/* ---- who needs which ------------------------------------------------------------------------- */

bool blobs_reserve(struct blobs *blobs, uint64_t blob)
{
    return table_reserve(&blobs->needs, blob);
}

void blobs_need(struct blobs *blobs, uint64_t blob, uint64_t size)
{
    uint64_t needs = table_get(&blobs->needs, blob);
    if (needs == 0)
        blobs->bytes += size;
    table_put(&blobs->needs, blob, needs + 1);
}

bool blobs_unneed(struct blobs *blobs, uint64_t blob, uint64_t size)
{
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

/* Thread: the pool's. */
static void reap(void *arg)
{
    struct blobs *blobs = arg;
    pthread_mutex_lock(&blobs->reap_lock);
    while (blobs->reap_count > 0) {
        uint64_t blob = blobs->reap[--blobs->reap_count];
        pthread_mutex_unlock(&blobs->reap_lock);
        blob_unlink(blobs, blob);
        pthread_mutex_lock(&blobs->reap_lock);
    }
    blobs->reaping = false;
    pthread_cond_broadcast(&blobs->reap_idle);
    pthread_mutex_unlock(&blobs->reap_lock);
}

/* Lock held. False when memory is out. */
static bool reap_push(struct blobs *blobs, uint64_t blob)
{
    if (blobs->reap_count == blobs->reap_room) {
        size_t room = blobs->reap_room ? blobs->reap_room * 2 : 16;
        uint64_t *moved = realloc(blobs->reap, room * sizeof *moved);
        if (!moved)
            return false;
        blobs->reap = moved;
        blobs->reap_room = room;
    }
    blobs->reap[blobs->reap_count++] = blob;
    return true;
}

void blobs_discard(struct blobs *blobs, uint64_t blob)
{
    pthread_mutex_lock(&blobs->reap_lock);
    bool queued = reap_push(blobs, blob);
    bool wake = queued && !blobs->reaping;
    if (wake) {
        blobs->reaping = true;
        blobs->reap_job = (struct pool_job){.run = reap, .arg = blobs};
    }
    pthread_mutex_unlock(&blobs->reap_lock);
    if (wake)
        pool_submit(blobs->pool, &blobs->reap_job);
    if (!queued)
        blob_unlink(blobs, blob);
}

int blobs_remove_orphans(struct blobs *blobs, uint64_t least)
{
    char *names = blobs->io->list(blobs->io->self, blobs->folder);
    if (!names)
        return errno;
    for (const char *name = names; *name; name += strlen(name) + 1) {
        uint64_t blob;
        if (!blob_number(name, &blob))
            continue;
        if (blob >= least)
            least = blob + 1;
        if (!table_get(&blobs->needs, blob))
            blob_unlink(blobs, blob);
    }
    free(names);
    atomic_store(&blobs->next, least);
    return 0;
}
