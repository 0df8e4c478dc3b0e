/* pump.c - what brings the bytes of a stream from its buffers to its file. See pump.h. */
#include "store/write/pump.h"

#include "store/base/admission.h"
#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/error.h"
#include "store/base/pool.h"
#include "store/commit/effort.h"
#include "store/disk/space.h"
#include "store/write/charge.h"
#include "store/write/leg.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { TURN = 4 }; /* writes a job makes before others get their turn */

static void run(void *arg);

void pump_request(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (stream->queued)
        return;
    stream->queued = true;
    stream->job = (struct pool_job){.run = run, .arg = stream};
    pool_submit(stream->services->pool, &stream->job);
}

/* Whether what is full should be written now. Where a write is a message the buffers are written together, unless
 * somebody waits for that, or for their memory. Lock held. */
static bool is_due(const struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    const struct ring *ring = &stream->ring;
    if (ring->full == 0 || ring->full == RING_BUFFERS || !stream->intake->blobs->io->by_message)
        return ring->full > 0;
    return stream->ending || stream->settling || stream->starved || gate_is_pressed(stream->intake->gate);
}

void pump_go_on(struct stream *stream)
{
    if (is_due(stream))
        pump_request(stream);
}

void pump_push(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (!stream->placed && !admission_take_upload(stream->services->admission)) {
        stream->failure = failure_of(STORE_BUSY);
        return;
    }
    stream->placed = true;
    ring_push(&stream->ring);
    pump_go_on(stream);
}

void pump_flush(struct stream *stream)
{
    if (ring_is_begun(&stream->ring))
        pump_push(stream);
    pump_request(stream);
}

/* ---- one turn; on an I/O thread --------------------------------------------------------------- */

/* For the bytes of the payload; an errno. */
static int open_file(struct stream *stream)
{
    struct upload *upload = stream->upload;
    if (stream->goes_on)
        return upload_open(upload, blob_cached(upload->file.slot.length), &stream->file);
    return blob_file_create(&stream->file, stream->intake->blobs, blob_cached(stream->announced));
}

/* How much the disk may have to do for it at once, by the small commits since its last bytes. */
static size_t under_way(struct stream *stream)
{
    int64_t now = clock_now(CLOCK_MONOTONIC), before = stream->looked;
    uint64_t commits = effort_small_since(stream->services->effort, &stream->small);
    stream->looked = now;
    if (commits == 0)
        return BLOB_UNDER_WAY;
    bool one_each_millisecond = commits * CLOCK_MILLISECOND >= (uint64_t)(now - before);
    return one_each_millisecond ? BLOB_UNDER_WAY_AMONG : BLOB_UNDER_WAY_BESIDE;
}

/* Writes the next bytes of the payload; an errno. */
static int write_bytes(struct stream *stream, unsigned char *bytes, size_t length)
{
    /* What stream_begin() saw may be used up by now, and of some uploads it knew no size. */
    int error = space_has(stream->services->space, length) ? 0 : ENOSPC;
    if (!error && !blob_file_is_open(&stream->file))
        error = open_file(stream);
    if (!error)
        error = blob_file_write(&stream->file, bytes, length, stream->position, under_way(stream));
    if (error)
        return error;
    if (stream->hash)
        XXH3_128bits_update(stream->hash, bytes, length);
    stream->position += length;
    if (stream->goes_on && !stream->whole && upload_is_due(stream->upload, stream->position))
        error = leg_rest(stream);
    return error;
}

/* Gives the bytes to the tap, except those that it got while they were collected, in such a way that
 * stream_abort() can wait for its return. Lock held, and let go meanwhile. */
static void tap_bytes(struct stream *stream, const unsigned char *bytes, size_t length)
{
    assert(lock_is_mine(&stream->lock));
    size_t known = 0;
    if (stream->position < stream->tapped_until)
        known = (size_t)(stream->tapped_until - stream->position);
    if (!stream->hooks.tap || known >= length)
        return;
    stream->tapping = true;
    lock_release(&stream->lock);
    stream->hooks.tap(stream->hooks.arg, bytes + known, length - known);
    lock_take(&stream->lock);
    stream->tapping = false;
    pthread_cond_broadcast(&stream->tapped);
}

void pump_wake(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (!stream_can_go_on(stream))
        return;
    void (*ready)(void *arg) = stream->ready;
    void *arg = stream->ready_arg;
    stream->ready = NULL;
    if (!ready)
        return;
    lock_release(&stream->lock);
    ready(arg);
    lock_take(&stream->lock);
}

/* Empties the full buffers that lie one behind the other in the ring: the slower the disk, the more of them
 * there are, and the larger its writes become. Lock held, and let go meanwhile. */
static void empty_buffers(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    unsigned char *bytes;
    size_t length;
    unsigned count = ring_front(&stream->ring, &bytes, &length);
    tap_bytes(stream, bytes, length);
    if (stream->aborted)
        return;
    bool failed = stream->failure.error != STORE_OK; /* behind a gap nothing counts */
    lock_release(&stream->lock);
    int error = failed ? 0 : write_bytes(stream, bytes, length);
    lock_take(&stream->lock);
    if (error && !stream->failure.error) {
        notice_tell(stream->intake->notice, STORE_LOG_ERROR, "an upload cannot be written: %s", strerror(error));
        stream->failure = failure_of_errno(error);
    }
    ring_pop(&stream->ring, count);
    if (!stream->collected && gate_is_pressed(stream->intake->gate))
        charge_give_back(stream);
    pump_wake(stream);
}

/* ---- the end; on an I/O thread ---------------------------------------------------------------- */

/* Makes the blob durable; an errno. */
static int sync_file(struct stream *stream)
{
    if (!blob_file_is_open(&stream->file)) /* ended before the first full buffer and without bytes */
        return 0;
    int error = blob_file_sync(&stream->file, stream->position);
    blob_file_close(&stream->file);
    return error ? error : blobs_sync(stream->intake->blobs);
}

/* Everything is written: ends a stream that is an object by itself. */
static void end_object(struct stream *stream)
{
    stream->step.blob = stream->file.blob; /* also when it failed: who completes it discards the file */
    struct failure failure = stream->failure;
    if (!failure.error)
        failure = failure_of_errno(sync_file(stream));
    if (failure.error) {
        stream_fail(stream, failure);
        return;
    }
    ring_unmap(&stream->ring);
    gate_return(stream->intake->gate, stream->charge);
    stream->charge = 0;
    stream->step.digest = digest_of_hash(XXH3_128bits_digest(stream->hash));
    stream_submit(stream);
}

/* ---- the job ---------------------------------------------------------------------------------- */

/* Thread: the pool's. */
static void run(void *arg)
{
    struct stream *stream = arg;
    assert(pool_is_current(stream->services->pool));
    lock_take(&stream->lock);
    for (unsigned turn = 0; turn < TURN && is_due(stream) && !stream->aborted; turn++)
        empty_buffers(stream);
    bool aborted = stream->aborted;
    bool again = !aborted && is_due(stream);
    bool end = !aborted && !again && stream->ending;
    bool settle = !aborted && !again && !end && stream->settling && !stream->sending;
    bool leave = settle && stream->leaving;
    stream->settling = stream->settling && !settle;
    stream->queued = aborted || again || end || settle;
    lock_release(&stream->lock);
    if (aborted)
        stream_drop(stream);
    else if (again)
        pool_submit(stream->services->pool, &stream->job);
    else if (end && stream->goes_on)
        leg_end(stream);
    else if (end)
        end_object(stream);
    else if (settle)
        leg_settle(stream, leave);
}
