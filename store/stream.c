/* stream.c - an upload under way.
 *
 * Up to the inline limit the payload collects in memory, and the commit is one record. Beyond it the
 * payload goes to a blob file: the caller fills buffers, an I/O thread digests and writes them, one job
 * at a time per stream, so that receiving and writing overlap and no caller ever waits for the disk.
 * When all buffers are full, stream_write() takes nothing more until one is empty again: that is the
 * backpressure, and the memory of an upload is bounded by its buffers whatever its size.
 *
 * At the end the same I/O thread syncs the file, syncs the folder, lets the caller seal (digests,
 * attributes) and hands the commit to the writer. Failures stick to the stream: the writes that follow
 * report them, and so does the commit. An aborted stream is taken apart by its job if it has one, because
 * unlinking waits for the disk too.
 */
#include "store/digest.h"
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUFFERS = 4,
    BUFFER = 256 << 10,
    TURN = 4, /* buffers a job writes before others get their turn */
    COLLECT_MIN = 4 << 10,
};
static_assert(BUFFERS * BUFFER >= STORE_INLINE_LIMIT_MAX, "what was collected in memory fits into the buffers");

struct buffer {
    unsigned char *bytes; /* NULL until first used */
    size_t length;
};

struct stream {
    struct txn txn; /* first: stream_of() */
    struct store_op op;
    struct txn_step step;
    struct store_receipt receipt;
    struct store *store;
    struct depot *depot; /* outlives the store, which may be closed once the stream is discharged */
    struct stream_hooks hooks;
    struct stream_finish finish;
    uint64_t announced; /* or STORE_SIZE_UNKNOWN */
    uint64_t received;
    uint64_t charge;
    unsigned char *collected; /* the payload of an inline object */
    size_t collected_room;
    bool large; /* goes to a blob file */

    struct pool_job job;
    XXH3_state_t *hash; /* the job's, like those below */
    int file;           /* -1: not made yet */
    uint64_t blob;
    uint64_t position;
    uint64_t tapped_until; /* bytes that were collected, and tapped, before the payload grew large */
    unsigned drain;        /* the buffer to write next */
    unsigned fill;         /* the caller's: the buffer to fill next */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t tapped;
    struct buffer buffers[BUFFERS];
    unsigned full;
    bool queued;  /* the job is with the pool */
    bool tapping; /* the job is in hooks.tap */
    bool ending;
    bool aborted;
    enum store_error error;
    int os_error;
    void (*ready)(void *arg);
    void *ready_arg;

    unsigned char key[];
};

static void stream_free(struct stream *stream)
{
    for (size_t i = 0; i < BUFFERS; i++)
        free(stream->buffers[i].bytes);
    free(stream->collected);
    XXH3_freeState(stream->hash);
    if (stream->large)
        depot_discharge_upload(stream->depot);
    pthread_cond_destroy(&stream->tapped);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

static void stream_finished(struct txn *txn)
{
    stream_free((struct stream *)txn);
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum store_error stream_check(const struct store *store, const struct store_key *key, uint64_t size)
{
    if (!key_valid(key))
        return STORE_BAD_KEY;
    if (size != STORE_SIZE_UNKNOWN && size > store->options->object_limit)
        return STORE_TOO_LARGE;
    return depot_space(store->depot, size == STORE_SIZE_UNKNOWN ? 0 : size) ? STORE_OK : STORE_FULL;
}

static struct stream *stream_new(struct store *store, const struct store_key *key, uint64_t size, uint64_t charge)
{
    struct stream *stream = calloc(1, sizeof *stream + key->length);
    if (!stream)
        return NULL;
    stream->store = store;
    stream->depot = store->depot;
    stream->announced = size;
    stream->charge = charge;
    stream->file = -1;
    stream->op.kind = STORE_PUT;
    stream->op.key = *key;
    if (key->bytes) {
        memcpy(stream->key, key->bytes, key->length);
        stream->op.key.bytes = stream->key;
    }
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->tapped, NULL);
    return stream;
}

/* From here on the payload goes to a blob file. */
static enum store_error stream_enlarge(struct stream *stream)
{
    if (!depot_admit_upload(stream->store->depot))
        return STORE_BUSY;
    stream->large = true;
    stream->hash = XXH3_createState();
    if (!stream->hash)
        return STORE_NO_MEMORY;
    XXH3_128bits_reset(stream->hash);
    return STORE_OK;
}

static uint64_t charge_of(const struct store *store, uint64_t size)
{
    if (size <= store->options->inline_limit)
        return size;
    return BUFFERS * BUFFER;
}

enum store_error stream_open(struct store *store, const struct store_key *key, uint64_t size,
                             const struct stream_hooks *hooks, struct stream **ret_stream)
{
    enum store_error error = stream_check(store, key, size);
    if (error)
        return error;
    uint64_t charge = charge_of(store, size);
    error = store_admit(store, charge);
    if (error)
        return error;
    struct stream *stream = stream_new(store, key, size, charge);
    if (!stream) {
        store_discharge(store, charge);
        return STORE_NO_MEMORY;
    }
    if (hooks)
        stream->hooks = *hooks;
    if (size != STORE_SIZE_UNKNOWN && size > store->options->inline_limit)
        error = stream_enlarge(stream);
    if (error) {
        stream_abort(stream);
        return error;
    }
    *ret_stream = stream;
    return STORE_OK;
}

/* ---- the job: digest, write, end; on an I/O thread ------------------------------------------- */

/* Writes one buffer behind the last; an errno. */
static int job_write(struct stream *stream, const struct buffer *buffer)
{
    struct store *store = stream->store;
    int error = 0;
    if (stream->file < 0)
        error = blobs_create(&store->blobs, &stream->blob, &stream->file);
    if (!error)
        error = io_write_all(store->io, stream->file, buffer->bytes, buffer->length, (off_t)stream->position);
    if (error)
        return error;
    store->io->write_back(store->io->self, stream->file, (off_t)stream->position, (off_t)buffer->length);
    XXH3_128bits_update(stream->hash, buffer->bytes, buffer->length);
    stream->position += buffer->length;
    return 0;
}

/* Gives the buffer's bytes to the tap, except those that it got while they were collected, in such a way
 * that stream_abort() can wait for its return. Lock held, and let go meanwhile. */
static void job_tap(struct stream *stream, const struct buffer *buffer)
{
    size_t known = 0;
    if (stream->position < stream->tapped_until)
        known = (size_t)(stream->tapped_until - stream->position);
    if (!stream->hooks.tap || known >= buffer->length)
        return;
    stream->tapping = true;
    pthread_mutex_unlock(&stream->lock);
    stream->hooks.tap(stream->hooks.arg, buffer->bytes + known, buffer->length - known);
    pthread_mutex_lock(&stream->lock);
    stream->tapping = false;
    pthread_cond_broadcast(&stream->tapped);
}

/* Calls the one who waits for an empty buffer. Lock held, and let go meanwhile. */
static void job_wake(struct stream *stream)
{
    void (*ready)(void *arg) = stream->ready;
    void *arg = stream->ready_arg;
    stream->ready = NULL;
    if (!ready)
        return;
    pthread_mutex_unlock(&stream->lock);
    ready(arg);
    pthread_mutex_lock(&stream->lock);
}

/* Empties the next full buffer. Lock held, and let go meanwhile. */
static void job_buffer(struct stream *stream)
{
    struct buffer *buffer = &stream->buffers[stream->drain % BUFFERS];
    job_tap(stream, buffer);
    if (stream->aborted)
        return;
    pthread_mutex_unlock(&stream->lock);
    int error = job_write(stream, buffer);
    pthread_mutex_lock(&stream->lock);
    if (error && !stream->error) {
        stream->error = error_of_errno(error);
        stream->os_error = error;
    }
    buffer->length = 0;
    stream->drain++;
    stream->full--;
    job_wake(stream);
}

static void file_close(struct stream *stream)
{
    if (stream->file >= 0)
        stream->store->io->close(stream->store->io->self, stream->file);
    stream->file = -1;
}

/* Makes the blob durable; an errno. */
static int job_sync(struct stream *stream)
{
    const struct io *io = stream->store->io;
    int error = 0;
    if (stream->file < 0) /* ended before the first full buffer and without bytes */
        return 0;
    if (io->fdatasync(io->self, stream->file) < 0)
        error = errno;
    file_close(stream);
    return error ? error : blobs_sync(&stream->store->blobs);
}

static void stream_fail(struct stream *stream, enum store_error error, int os_error)
{
    file_close(stream);
    txn_fail(&stream->txn, error, os_error, error == STORE_IO || error == STORE_FULL ? SIZE_MAX : 0);
    store_complete(stream->store, &stream->txn);
}

/* Asks for the attributes and hands the commit over. */
static void stream_submit(struct stream *stream)
{
    if (stream->finish.seal) {
        const void *attributes = NULL;
        size_t length = 0;
        enum store_error error = stream->finish.seal(stream->finish.arg, &attributes, &length);
        if (!error && length > STORE_ATTRIBUTES_MAX)
            error = STORE_BAD_ATTRIBUTES;
        if (error) {
            stream_fail(stream, error, 0);
            return;
        }
        stream->op.attributes = attributes;
        stream->op.attributes_length = length;
    }
    writer_submit(stream->store, &stream->txn);
}

/* Everything is written: ends the upload. */
static void job_end(struct stream *stream)
{
    stream->step.blob = stream->blob; /* also when it failed: who completes it discards the file */
    int error = stream->error ? 0 : job_sync(stream);
    if (stream->error || error) {
        stream_fail(stream, error ? error_of_errno(error) : stream->error, error ? error : stream->os_error);
        return;
    }
    for (size_t i = 0; i < BUFFERS; i++) {
        free(stream->buffers[i].bytes);
        stream->buffers[i].bytes = NULL;
    }
    stream->step.digest = digest_of_hash(XXH3_128bits_digest(stream->hash));
    stream_submit(stream);
}

/* Takes an aborted stream apart. */
static void job_drop(struct stream *stream)
{
    struct store *store = stream->store;
    file_close(stream);
    if (stream->blob)
        blobs_discard(&store->blobs, stream->blob);
    uint64_t charge = stream->charge;
    stream_free(stream);
    store_discharge(store, charge);
}

/* Thread: the pool's. */
static void stream_job(void *arg)
{
    struct stream *stream = arg;
    pthread_mutex_lock(&stream->lock);
    for (unsigned turn = 0; turn < TURN && stream->full > 0 && !stream->aborted; turn++)
        job_buffer(stream);
    bool aborted = stream->aborted;
    bool again = !aborted && stream->full > 0;
    bool end = !aborted && !again && stream->ending;
    stream->queued = aborted || again || end;
    pthread_mutex_unlock(&stream->lock);
    if (aborted)
        job_drop(stream);
    else if (again)
        pool_submit(depot_pool(stream->store->depot), &stream->job);
    else if (end)
        job_end(stream);
}

/* Lock held. */
static void job_request(struct stream *stream)
{
    if (stream->queued)
        return;
    stream->queued = true;
    stream->job = (struct pool_job){.run = stream_job, .arg = stream};
    pool_submit(depot_pool(stream->store->depot), &stream->job);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Makes room for `length` more bytes in memory. */
static bool collect_room(struct stream *stream, size_t length)
{
    size_t need = (size_t)stream->received + length;
    if (need <= stream->collected_room)
        return true;
    size_t room = stream->collected_room ? stream->collected_room * 2 : COLLECT_MIN;
    if (stream->announced != STORE_SIZE_UNKNOWN)
        room = (size_t)stream->announced;
    if (room < need)
        room = need;
    unsigned char *moved = realloc(stream->collected, room);
    if (!moved)
        return false;
    stream->collected = moved;
    stream->collected_room = room;
    return true;
}

static enum store_error collect(struct stream *stream, const void *bytes, size_t length)
{
    if (length == 0)
        return STORE_OK;
    if (!collect_room(stream, length))
        return STORE_NO_MEMORY;
    if (stream->hooks.tap)
        stream->hooks.tap(stream->hooks.arg, bytes, length);
    memcpy(stream->collected + stream->received, bytes, length);
    stream->received += length;
    return STORE_OK;
}

/* The buffer to fill, or NULL while all are full. Lock held. */
static struct buffer *buffer_to_fill(struct stream *stream)
{
    return stream->full < BUFFERS ? &stream->buffers[stream->fill % BUFFERS] : NULL;
}

static void buffer_push(struct stream *stream)
{
    stream->fill++;
    stream->full++;
    job_request(stream);
}

/* Puts bytes into the buffers as far as they go. */
static enum store_error spill(struct stream *stream, const unsigned char *bytes, size_t length, size_t *ret_taken)
{
    size_t taken = 0;
    pthread_mutex_lock(&stream->lock);
    struct buffer *buffer;
    while (taken < length && !stream->error && (buffer = buffer_to_fill(stream))) {
        pthread_mutex_unlock(&stream->lock); /* the buffer is the caller's until it is pushed */
        if (!buffer->bytes && !(buffer->bytes = malloc(BUFFER)))
            return STORE_NO_MEMORY;
        size_t part = length - taken < BUFFER - buffer->length ? length - taken : BUFFER - buffer->length;
        memcpy(buffer->bytes + buffer->length, bytes + taken, part);
        buffer->length += part;
        taken += part;
        pthread_mutex_lock(&stream->lock);
        if (buffer->length == BUFFER)
            buffer_push(stream);
    }
    enum store_error error = stream->error;
    pthread_mutex_unlock(&stream->lock);
    stream->received += taken;
    *ret_taken = taken;
    return error;
}

/* The payload has outgrown the inline limit: what was collected goes on to the buffers. */
static enum store_error outgrow(struct stream *stream)
{
    enum store_error error = stream_enlarge(stream);
    if (error)
        return error;
    size_t length = (size_t)stream->received;
    size_t taken = 0;
    stream->received = 0;
    stream->tapped_until = length;
    error = spill(stream, stream->collected, length, &taken);
    free(stream->collected);
    stream->collected = NULL;
    stream->collected_room = 0;
    return error;
}

static enum store_error check_received(const struct stream *stream, size_t length)
{
    if (stream->announced != STORE_SIZE_UNKNOWN && length > stream->announced - stream->received)
        return STORE_SIZE;
    if (length > stream->store->options->object_limit - stream->received)
        return STORE_TOO_LARGE;
    return STORE_OK;
}

enum store_error stream_write(struct stream *stream, const void *bytes, size_t length, size_t *ret_taken)
{
    enum store_error error = check_received(stream, length);
    if (error)
        return error;
    if (!stream->large && stream->received + length <= stream->store->options->inline_limit) {
        error = collect(stream, bytes, length);
        if (!error)
            *ret_taken = length;
        return error;
    }
    if (!stream->large)
        error = outgrow(stream);
    return error ? error : spill(stream, bytes, length, ret_taken);
}

void stream_wait(struct stream *stream, void (*ready)(void *arg), void *arg)
{
    pthread_mutex_lock(&stream->lock);
    bool now = stream->error || stream->full < BUFFERS;
    if (!now) {
        stream->ready = ready;
        stream->ready_arg = arg;
    }
    pthread_mutex_unlock(&stream->lock);
    if (now)
        ready(arg);
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void commit_large(struct stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    struct buffer *buffer = buffer_to_fill(stream);
    if (buffer && buffer->length > 0)
        buffer_push(stream);
    stream->ending = true;
    job_request(stream);
    pthread_mutex_unlock(&stream->lock);
}

static void commit_inline(struct stream *stream)
{
    static const unsigned char nothing;
    stream->op.payload = stream->collected ? stream->collected : &nothing;
    stream->step.digest = store_digest_of(stream->op.payload, stream->op.size);
    stream_submit(stream);
}

void stream_commit(struct stream *stream, const struct stream_finish *finish, store_done *done, void *arg)
{
    stream->finish = *finish;
    stream->op.condition = finish->condition;
    stream->op.size = (size_t)stream->received;
    stream->txn = (struct txn){.ops = &stream->op,
                               .steps = &stream->step,
                               .receipts = &stream->receipt,
                               .count = 1,
                               .flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL,
                               .charge = stream->charge,
                               .done = done,
                               .arg = arg,
                               .finish = stream_finished};
    bool short_of = stream->announced != STORE_SIZE_UNKNOWN && stream->received != stream->announced;
    if (short_of && !stream->large) {
        stream_fail(stream, STORE_SIZE, 0);
        return;
    }
    if (short_of)
        stream->error = STORE_SIZE;
    if (stream->large)
        commit_large(stream);
    else
        commit_inline(stream);
}

void stream_abort(struct stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->lock);
    while (stream->tapping)
        pthread_cond_wait(&stream->tapped, &stream->lock);
    stream->aborted = true; /* not before the wait: from here on the job may free the stream */
    stream->ready = NULL;
    bool job = stream->queued || stream->file >= 0;
    if (job)
        job_request(stream);
    pthread_mutex_unlock(&stream->lock);
    if (!job)
        job_drop(stream);
}
