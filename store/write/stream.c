/* stream.c - an upload under way.
 *
 * Up to the inline limit the payload collects in memory, and the commit is one record. Beyond it the
 * payload goes to a blob file: the caller fills buffers, an I/O thread digests and writes them, one job
 * at a time per stream, so that receiving and writing overlap and no caller ever waits for the disk.
 * When all buffers are full, stream_write() takes nothing more until one is empty again: that is the
 * backpressure, and the memory of an upload is bounded by its buffers whatever its size.
 *
 * Memory is taken as bytes arrive: an upload that is only announced costs none. Who gets no more before
 * the first buffer is full is STORE_BUSY and gives all back; to let it wait could let all wait for ever,
 * each with half of an object in memory. From then on an upload gets along with that one buffer: it
 * fills it, waits until it is written, and fills it again, so it is never refused in the middle. Further
 * buffers make it faster, where there is memory; when that runs short they are given back once written.
 *
 * At the end the same I/O thread syncs the file, syncs the folder, lets the caller seal (digests,
 * attributes) and hands the commit to the writer. Failures stick to the stream: the writes that follow
 * report them, and so does the commit. An aborted stream is taken apart by its job if it has one, because
 * unlinking waits for the disk too.
 *
 * A stream that goes on with an unfinished upload (uploads.h) goes the same way, but its bytes go to the file of that
 * upload, behind those that are there, and stay when it ends early. From time to time, and at the end, they are made
 * durable and then told. The last of such streams hands the commit over; then the same file is the blob, or it is read
 * once more and is inline. The digest is known where all of it came in one stream, or else it is read for it.
 */
#include "store/write/stream.h"

#include "store/base/admission.h"
#include "store/base/digest.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/lock.h"
#include "store/base/pool.h"
#include "store/disk/space.h"
#include "store/write/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN = 4, /* writes a job makes before others get their turn */
    COLLECT_MIN = 4 << 10,
};
static_assert(RING_BUFFERS * RING_BUFFER >= STORE_INLINE_LIMIT_MAX,
              "what was collected in memory fits into the buffers");

struct stream {
    struct txn txn; /* first: the writer knows the stream by it */
    struct store_op op;
    struct txn_step step;
    struct store_receipt receipt;
    bool goes_on;     /* with an upload; else it is an object by itself */
    bool whole;       /* what comes counts all together, or not at all */
    uint64_t base;    /* where it goes on, else 0 */
    bool resting;     /* it leaves the upload to others, and commits nothing */
    store_done *done; /* who is told then, or of the commit of an upload */
    void *arg;
    struct store_result outcome;
    struct quota_share share;
    bool weighed; /* the object has been looked for whose place it takes */
    const struct intake *intake;
    const struct services *services; /* outlive the intake, whose store may be closed once the stream is discharged */
    struct stream_hooks hooks;
    struct stream_finish finish;
    uint64_t announced; /* or STORE_SIZE_UNKNOWN */
    uint64_t received;
    uint64_t charge;          /* bytes taken: at least what is collected, or touched of the ring; then under lock */
    unsigned char *collected; /* the payload of an inline object */
    size_t collected_capacity;
    bool large;  /* goes to a blob file */
    bool placed; /* counts among the uploads that hold one */

    struct pool_job job;
    XXH3_state_t *hash; /* the job's, like those below */
    struct blob_file file;
    uint64_t position;
    uint64_t tapped_until; /* bytes that were collected, and tapped, before the payload grew large */

    struct lock lock; /* guards what follows */
    pthread_cond_t tapped;
    struct ring ring;
    bool starved;          /* it waits until nothing is full, for there is no memory for another buffer */
    bool queued;           /* the job is with the pool */
    bool tapping;          /* the job is in hooks.tap */
    bool sending;          /* somebody is in stream_write(); of one that goes on with an upload */
    bool settling;         /* somebody waits for what has come to be on disk */
    bool leaving;          /* and somebody for the upload: it takes nothing more */
    struct upload *upload; /* the one it goes on with; NULL: none, or it has left it */
    bool ending;
    bool aborted;
    struct failure failure;
    void (*ready)(void *arg);
    void *ready_arg;

    unsigned char key[];
};

static void stream_free(struct stream *stream)
{
    ring_unmap(&stream->ring);
    free(stream->collected);
    XXH3_freeState(stream->hash);
    if (stream->placed)
        admission_return_upload(stream->services->admission);
    pthread_cond_destroy(&stream->tapped);
    lock_destroy(&stream->lock);
    free(stream);
}

static void stream_finished(struct txn *txn)
{
    stream_free((struct stream *)txn);
}

/* ---- the quota ------------------------------------------------------------------------------- */

/* Whether the store has place for so many bytes of the upload in all. */
static bool quota_has(struct stream *stream, uint64_t arrived)
{
    struct quota *quota = stream->intake->quota;
    struct store_overrun overrun = {0};
    bool has = arrived <= stream->share.arrived || quota_arrive(quota, &stream->share, arrived, &overrun);
    if (!has && !stream->weighed) {
        stream->weighed = true;
        stream->share.replaced = intake_bytes_replaced(stream->intake, &stream->op.key);
        has = quota_arrive(quota, &stream->share, arrived, &overrun);
    }
    if (!has && stream->hooks.overrun)
        *stream->hooks.overrun = overrun;
    return has;
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum store_error stream_check(const struct intake *intake, const struct store_key *key, uint64_t size,
                                     struct store_overrun *ret_overrun)
{
    if (!key_valid(key))
        return STORE_BAD_KEY;
    uint64_t packed = index_now(intake->index, key, NULL);
    if (packed == INDEX_SEVERAL)
        return STORE_COLLISION;
    if (size != STORE_SIZE_UNKNOWN && size > intake->services->options->object_limit)
        return STORE_TOO_LARGE;
    if (!space_has(intake->services->space, size == STORE_SIZE_UNKNOWN ? 0 : size))
        return STORE_FULL;
    return intake_foresees(intake, key, packed == 0, size, ret_overrun) ? STORE_OK : STORE_QUOTA;
}

static struct stream *stream_new(const struct intake *intake, const struct store_key *key, uint64_t size)
{
    struct stream *stream = calloc(1, sizeof *stream + key->length);
    if (!stream)
        return NULL;
    stream->intake = intake;
    stream->services = intake->services;
    stream->announced = size;
    stream->file = blob_file_none();
    stream->op.kind = STORE_PUT;
    stream->op.key = *key;
    if (key->bytes) {
        memcpy(stream->key, key->bytes, key->length);
        stream->op.key.bytes = stream->key;
    }
    lock_init(&stream->lock);
    stream->ring.lock = &stream->lock;
    pthread_cond_init(&stream->tapped, NULL);
    return stream;
}

/* From here on the payload goes to a blob file. */
static enum store_error stream_enlarge(struct stream *stream)
{
    stream->large = true;
    stream->hash = XXH3_createState();
    if (!stream->hash || !ring_map(&stream->ring))
        return STORE_NO_MEMORY;
    XXH3_128bits_reset(stream->hash);
    return STORE_OK;
}

/* Whether what an upload of that size needs could be had now. That is no promise; but nobody shall send for nothing. */
static bool could_have(const struct intake *intake, uint64_t size)
{
    bool large = size != STORE_SIZE_UNKNOWN && size > intake->services->options->inline_limit;
    uint64_t bytes = large ? RING_BUFFER : size == STORE_SIZE_UNKNOWN ? COLLECT_MIN : size;
    return gate_has(intake->gate, bytes) && (!large || admission_has_upload(intake->services->admission));
}

/* Begins one that may. With an upload it takes that, and only when it begins. */
static enum store_error stream_start(const struct intake *intake, const struct store_key *key, uint64_t size,
                                     const struct stream_hooks *hooks, struct upload *upload,
                                     struct stream **ret_stream)
{
    enum store_error error = gate_enter(intake->gate, 0);
    if (error)
        return error;
    bool busy = !could_have(intake, size);
    struct stream *stream = busy ? NULL : stream_new(intake, key, size);
    if (!stream) {
        gate_leave(intake->gate, 0);
        return busy ? STORE_BUSY : STORE_NO_MEMORY;
    }
    if (hooks)
        stream->hooks = *hooks;
    if (upload || (size != STORE_SIZE_UNKNOWN && size > intake->services->options->inline_limit))
        error = stream_enlarge(stream);
    if (error) {
        stream_abort(stream);
        return error;
    }
    stream->upload = upload;
    stream->goes_on = upload != NULL;
    *ret_stream = stream;
    return STORE_OK;
}

enum store_error stream_begin(const struct intake *intake, const struct store_key *key, uint64_t size,
                              const struct stream_hooks *hooks, struct stream **ret_stream)
{
    struct store_overrun overrun = {0};
    enum store_error error = stream_check(intake, key, size, &overrun);
    if (error == STORE_QUOTA && hooks && hooks->overrun)
        *hooks->overrun = overrun;
    return error ? error : stream_start(intake, key, size, hooks, NULL, ret_stream);
}

/* ---- the charge ------------------------------------------------------------------------------- */

/* Takes up memory until the charge is so large; false: others have it. */
static bool charge_to(struct stream *stream, uint64_t bytes)
{
    if (bytes <= stream->charge)
        return true;
    bool taken = gate_take(stream->intake->gate, stream->charge, bytes - stream->charge);
    if (taken)
        stream->charge = bytes;
    return taken;
}

/* Lets others have what is left of the charge beyond one buffer. Lock held. */
static void charge_give_back(struct stream *stream)
{
    ring_relax(&stream->ring);
    uint64_t kept = ring_touched(&stream->ring);
    if (kept < RING_BUFFER)
        kept = RING_BUFFER;
    if (stream->charge <= kept)
        return;
    gate_return(stream->intake->gate, stream->charge - kept);
    stream->charge = kept;
}

/* Lets `more` bytes of the buffer to fill be touched; false: others have the memory. Lock held. */
static bool charge_ring(struct stream *stream, size_t more)
{
    struct ring *ring = &stream->ring;
    uint64_t needed = ring_touched(ring) + more;
    if (!charge_to(stream, needed)) {
        ring_relax(ring);
        needed = ring_touched(ring) + more;
    }
    if (needed > stream->charge)
        return false;
    ring_touch(ring, more);
    return true;
}

/* Why nothing more is taken, if so. Lock held. */
static struct failure refusal(const struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    return stream->leaving ? failure_of(STORE_UPLOAD_HELD) : stream->failure;
}

/* Whether a buffer can be filled, or there is a failure to be told. Lock held. */
static bool can_go_on(const struct stream *stream)
{
    return refusal(stream).error || stream->ring.full < (stream->starved ? 1 : RING_BUFFERS);
}

/* ---- the job: digest, write, end; on an I/O thread ------------------------------------------- */

static void stream_job(void *arg);

/* Has it run, unless it is to anyhow. Lock held. */
static void job_request(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (stream->queued)
        return;
    stream->queued = true;
    stream->job = (struct pool_job){.run = stream_job, .arg = stream};
    pool_submit(stream->services->pool, &stream->job);
}

/* Makes durable what has come of an upload; an errno. When that fails, nothing of it counts any more: another sync
 * would succeed, and mean nothing. */
static int job_rest(struct stream *stream)
{
    int error = upload_rest(stream->upload, &stream->file, stream->position);
    if (error)
        stream->position = stream->upload->file.slot.offset;
    return error;
}

/* Writes the next bytes of the payload; an errno. */
static int job_write(struct stream *stream, unsigned char *bytes, size_t length)
{
    /* What stream_begin() saw may be used up by now, and of some uploads it knew no size. */
    int error = space_has(stream->services->space, length) ? 0 : ENOSPC;
    if (!error && !blob_file_is_open(&stream->file))
        error = stream->goes_on ? upload_open(stream->upload, true, &stream->file)
                                : blob_file_create(&stream->file, stream->intake->blobs, true);
    if (!error)
        error = blob_file_write(&stream->file, bytes, length, stream->position);
    if (error)
        return error;
    if (stream->hash)
        XXH3_128bits_update(stream->hash, bytes, length);
    stream->position += length;
    if (stream->goes_on && !stream->whole && upload_is_due(stream->upload, stream->position))
        error = job_rest(stream);
    return error;
}

/* Gives the bytes to the tap, except those that it got while they were collected, in such a way that
 * stream_abort() can wait for its return. Lock held, and let go meanwhile. */
static void job_tap(struct stream *stream, const unsigned char *bytes, size_t length)
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

/* Calls the one who waits for an empty buffer, if there is one. Lock held, and let go meanwhile. */
static void job_wake(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (!can_go_on(stream))
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
static void job_buffers(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    unsigned char *bytes;
    size_t length;
    unsigned count = ring_front(&stream->ring, &bytes, &length);
    job_tap(stream, bytes, length);
    if (stream->aborted)
        return;
    bool failed = stream->failure.error != STORE_OK; /* behind a gap nothing counts */
    lock_release(&stream->lock);
    int error = failed ? 0 : job_write(stream, bytes, length);
    lock_take(&stream->lock);
    if (error && !stream->failure.error) {
        notice_tell(stream->intake->notice, STORE_LOG_ERROR, "an upload cannot be written: %s", strerror(error));
        stream->failure = failure_of_errno(error);
    }
    ring_pop(&stream->ring, count);
    if (!stream->collected && gate_is_pressed(stream->intake->gate))
        charge_give_back(stream);
    job_wake(stream);
}

/* Makes the blob durable; an errno. */
static int job_sync(struct stream *stream)
{
    if (!blob_file_is_open(&stream->file)) /* ended before the first full buffer and without bytes */
        return 0;
    int error = blob_file_sync(&stream->file, stream->position);
    blob_file_close(&stream->file);
    return error ? error : blobs_sync(stream->intake->blobs);
}

static void stream_fail(struct stream *stream, struct failure failure)
{
    bool disk = failure.error == STORE_IO || failure.error == STORE_FULL;
    blob_file_close(&stream->file);
    stream->txn.charge = stream->charge;
    txn_fail(&stream->txn, failure, disk ? SIZE_MAX : 0);
    gate_complete(stream->intake->gate, &stream->txn);
}

/* Asks for the attributes. */
static enum store_error stream_seal(struct stream *stream)
{
    const void *attributes = NULL;
    size_t length = 0;
    if (!stream->finish.seal)
        return STORE_OK;
    enum store_error error = stream->finish.seal(stream->finish.arg, &attributes, &length);
    if (!error && length > STORE_ATTRIBUTES_MAX)
        error = STORE_BAD_ATTRIBUTES;
    stream->op.attributes = attributes;
    stream->op.attributes_length = length;
    return error;
}

/* Asks for the attributes and hands the commit over. */
static void stream_submit(struct stream *stream)
{
    enum store_error error = stream_seal(stream);
    stream->txn.charge = stream->charge;
    if (error)
        stream_fail(stream, failure_of(error));
    else
        writer_submit(stream->intake->writer, &stream->txn);
}

/* ---- the end of a stream that goes on with an upload; on an I/O thread ----------------------- */

/* Lets go of the upload, tells, and is gone. */
static void upload_told(struct stream *stream, struct store_result result)
{
    const struct intake *intake = stream->intake;
    uint64_t charge = stream->charge;
    if (!result.receipts && stream->upload)
        result.end_offset = stream->upload->file.slot.offset;
    quota_leave(intake->quota, &stream->share);
    if (stream->upload)
        upload_release(stream->upload);
    if (stream->done)
        stream->done(stream->arg, &result);
    stream_free(stream);
    gate_leave(intake->gate, charge);
}

static void upload_failed(struct stream *stream, struct failure failure)
{
    struct store_result result = {.error = failure.error, .os_error = failure.os_error, .failed_op = SIZE_MAX};
    upload_told(stream, result);
}

/* The outcome of the commit is known. Thread: the pool's. */
static void upload_conclude(void *arg)
{
    struct stream *stream = arg;
    struct upload *upload = stream->upload;
    enum store_error error = stream->outcome.error;
    assert(pool_is_current(stream->services->pool));
    if (!error)
        upload_done(upload, &stream->receipt);
    else if (error == STORE_CONDITION || error == STORE_COLLISION)
        upload_erase(upload);
    else if (!stream->txn.in_doubt)
        (void)upload_commit_failed(upload); /* if that fails, it is found out later */
    upload_told(stream, stream->outcome);
}

static void upload_outcome(void *arg, const struct store_result *result)
{
    struct stream *stream = arg;
    stream->outcome = *result;
    stream->receipt.key = stream->op.key.bytes; /* that of the receipt lives no longer than this call */
}

/* Thread: the writer's, which must not wait for the disk. */
static void upload_finished(struct txn *txn)
{
    struct stream *stream = (struct stream *)txn;
    stream->charge = 0;
    stream->job = (struct pool_job){.run = upload_conclude, .arg = stream};
    pool_submit(stream->services->pool, &stream->job);
}

/* Lets go of the upload before its end: whoever has brought the bytes so far gets no more of them in. */
static void upload_leave(struct stream *stream)
{
    struct upload *upload = stream->upload;
    lock_take(&stream->lock);
    stream->upload = NULL;
    if (!stream->failure.error)
        stream->failure = failure_of(STORE_UPLOAD_HELD);
    charge_give_back(stream);
    lock_release(&stream->lock);
    blob_file_close(&stream->file);
    quota_leave(stream->intake->quota, &stream->share);
    upload_release(upload);
}

/* What somebody else has wished for: that the bytes are on disk, or the upload as well. He is told before the stream
 * can come to its end. What comes next is perhaps not behind whole blocks: the file is opened for it again. */
static void upload_settle(struct stream *stream, bool leave)
{
    bool new = !stream->whole && stream->position > stream->upload->file.slot.offset;
    int error = new ? job_rest(stream) : 0;
    if (new)
        blob_file_close(&stream->file);
    if (leave)
        upload_leave(stream);
    else
        upload_settled(stream->upload);
    lock_take(&stream->lock);
    if (error && !stream->failure.error)
        stream->failure = failure_of_errno(error);
    job_wake(stream);
    stream->queued = false;
    bool settling = stream->settling && !stream->sending;
    if (stream->ring.full > 0 || settling || stream->ending || stream->aborted)
        job_request(stream);
    lock_release(&stream->lock);
}

/* What has come is to stay, if it is what it should be. */
static struct failure upload_land(struct stream *stream)
{
    struct failure failure = stream->failure;
    int error = 0;
    if (!failure.error)
        failure = failure_of(stream_seal(stream));
    if (!failure.error || (!stream->whole && failure.error != STORE_DIGEST))
        error = job_rest(stream);
    blob_file_close(&stream->file);
    return failure.error ? failure : failure_of_errno(error);
}

/* Makes the bytes of the upload ready to be committed: as a blob, or in memory. An errno. */
static int upload_payload(struct stream *stream)
{
    struct upload *upload = stream->upload;
    bool large = stream->op.size > stream->services->options->inline_limit;
    unsigned char *bytes = stream->ring.bytes;
    int error = large ? 0 : upload_read(upload, bytes);
    if (!error && large && !stream->hash)
        error = upload_digest(upload, bytes, RING_BUFFER, &stream->step.digest);
    else if (!error && large)
        stream->step.digest = digest_of_hash(XXH3_128bits_digest(stream->hash));
    else if (!error)
        stream->step.digest = store_digest_of(bytes, stream->op.size);
    stream->op.payload = large ? NULL : bytes;
    if (!error)
        error = upload_commit_begins(upload, &stream->step);
    if (!error && large)
        error = upload_adopt(upload, &stream->step.blob);
    return error;
}

/* Everything is written. */
static void upload_end(struct stream *stream)
{
    struct failure failure = stream->upload ? upload_land(stream) : stream->failure;
    if (!failure.error && !stream->resting)
        failure = failure_of_errno(upload_payload(stream));
    if (failure.error || stream->resting) {
        upload_failed(stream, failure);
        return;
    }
    gate_enter_always(stream->intake->gate, 0); /* it is still inside when the transaction has left */
    stream->txn.charge = stream->charge;
    writer_submit(stream->intake->writer, &stream->txn);
}

/* ---- the end of any other; on an I/O thread --------------------------------------------------- */

/* Everything is written: ends the upload. */
static void job_end(struct stream *stream)
{
    stream->step.blob = stream->file.blob; /* also when it failed: who completes it discards the file */
    struct failure failure = stream->failure;
    if (!failure.error)
        failure = failure_of_errno(job_sync(stream));
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

/* Takes an aborted stream apart. */
static void job_drop(struct stream *stream)
{
    const struct intake *intake = stream->intake;
    blob_file_close(&stream->file);
    if (stream->upload)
        upload_release(stream->upload);
    if (stream->file.blob)
        blobs_remove(intake->blobs, stream->file.blob);
    quota_leave(intake->quota, &stream->share);
    uint64_t charge = stream->charge;
    stream_free(stream);
    gate_leave(intake->gate, charge);
}

/* Thread: the pool's. */
static void stream_job(void *arg)
{
    struct stream *stream = arg;
    assert(pool_is_current(stream->services->pool));
    lock_take(&stream->lock);
    for (unsigned turn = 0; turn < TURN && stream->ring.full > 0 && !stream->aborted; turn++)
        job_buffers(stream);
    bool aborted = stream->aborted;
    bool again = !aborted && stream->ring.full > 0;
    bool end = !aborted && !again && stream->ending;
    bool settle = !aborted && !again && !end && stream->settling && !stream->sending;
    bool leave = settle && stream->leaving;
    stream->settling = stream->settling && !settle;
    stream->queued = aborted || again || end || settle;
    lock_release(&stream->lock);
    if (aborted)
        job_drop(stream);
    else if (again)
        pool_submit(stream->services->pool, &stream->job);
    else if (end && stream->goes_on)
        upload_end(stream);
    else if (end)
        job_end(stream);
    else if (settle)
        upload_settle(stream, leave);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Makes room for so many bytes in memory: at once for all that was announced, since pages that are not touched cost
 * nothing. */
static bool collect_room(struct stream *stream, size_t need)
{
    if (need <= stream->collected_capacity)
        return true;
    size_t capacity = stream->collected_capacity ? stream->collected_capacity * 2 : COLLECT_MIN;
    if (stream->announced != STORE_SIZE_UNKNOWN)
        capacity = (size_t)stream->announced;
    if (capacity < need)
        capacity = need;
    unsigned char *moved = realloc(stream->collected, capacity);
    if (!moved)
        return false;
    stream->collected = moved;
    stream->collected_capacity = capacity;
    return true;
}

/* Takes the memory that so many bytes touch. */
static bool collect_charge(struct stream *stream, size_t need)
{
    size_t touched = ring_steps(need);
    if (touched > stream->collected_capacity)
        touched = stream->collected_capacity;
    return charge_to(stream, touched);
}

static enum store_error collect(struct stream *stream, const void *bytes, size_t length)
{
    size_t need = (size_t)stream->received + length;
    if (length == 0)
        return STORE_OK;
    if (!collect_room(stream, need))
        return STORE_NO_MEMORY;
    if (!collect_charge(stream, need))
        return STORE_BUSY;
    if (stream->hooks.tap)
        stream->hooks.tap(stream->hooks.arg, bytes, length);
    memcpy(stream->collected + stream->received, bytes, length);
    stream->received += length;
    return STORE_OK;
}

/* Hands the buffer to the job. The first one needs a place among the uploads that hold a blob file. */
static void buffer_push(struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    if (!stream->placed && !admission_take_upload(stream->services->admission)) {
        stream->failure = failure_of(STORE_BUSY);
        return;
    }
    stream->placed = true;
    ring_push(&stream->ring);
    job_request(stream);
}

/* How many of `wanted` bytes the buffer to fill can take now. Lock held. */
static size_t buffer_room(struct stream *stream, size_t wanted)
{
    assert(lock_is_mine(&stream->lock));
    size_t room = ring_room(&stream->ring, wanted);
    size_t lacks = ring_lacks(&stream->ring, room);
    return lacks == 0 || charge_ring(stream, lacks) ? room : ring_room_touched(&stream->ring);
}

/* Puts bytes into the buffers as far as they go. Lock held, and let go meanwhile. */
static size_t fill_buffers(struct stream *stream, const unsigned char *bytes, size_t length)
{
    assert(lock_is_mine(&stream->lock));
    size_t taken = 0;
    stream->starved = false;
    while (taken < length && !refusal(stream).error && can_go_on(stream)) {
        size_t room = buffer_room(stream, length - taken);
        stream->starved = room == 0;
        if (room == 0 && stream->ring.full == 0)
            stream->failure = failure_of(STORE_BUSY); /* it has not even got one buffer */
        lock_release(&stream->lock);
        ring_append(&stream->ring, bytes + taken, room); /* that one is the caller's until it is pushed */
        lock_take(&stream->lock);
        taken += room;
        if (ring_is_filled(&stream->ring))
            buffer_push(stream);
    }
    stream->received += taken;
    return taken;
}

/* Takes bytes as far as there are buffers for them, and memory for those. */
static struct failure spill(struct stream *stream, const unsigned char *bytes, size_t length, size_t *ret_taken)
{
    lock_take(&stream->lock);
    size_t taken = fill_buffers(stream, bytes, length);
    struct failure failure = refusal(stream);
    lock_release(&stream->lock);
    *ret_taken = taken;
    return failure;
}

/* The payload has outgrown the inline limit: what was collected goes on to the buffers. The charge goes with it: until
 * all has moved, the job gives nothing back. */
static struct failure outgrow(struct stream *stream)
{
    bool charged = charge_to(stream, ring_steps((size_t)stream->received));
    enum store_error error = charged ? stream_enlarge(stream) : STORE_BUSY;
    if (error)
        return failure_of(error);
    unsigned char *collected = stream->collected;
    size_t length = (size_t)stream->received;
    size_t taken = 0;
    stream->received = 0;
    stream->tapped_until = length;
    struct failure failure = spill(stream, collected, length, &taken);
    assert(failure.error || taken == length);
    lock_take(&stream->lock);
    stream->collected = NULL;
    lock_release(&stream->lock);
    free(collected);
    return failure;
}

/* Lets so many bytes more in. */
static enum store_error admit(struct stream *stream, size_t length)
{
    if (stream->announced != STORE_SIZE_UNKNOWN && length > stream->announced - stream->received)
        return STORE_SIZE;
    uint64_t arrived = stream->base + stream->received;
    if (length > stream->services->options->object_limit - arrived)
        return STORE_TOO_LARGE;
    return quota_has(stream, arrived + length) ? STORE_OK : STORE_QUOTA;
}

static struct failure take_in(struct stream *stream, const void *bytes, size_t length, size_t *ret_taken)
{
    struct failure failure = failure_of(admit(stream, length));
    if (failure.error)
        return failure;
    if (!stream->large && stream->received + length <= stream->services->options->inline_limit) {
        failure.error = collect(stream, bytes, length);
        if (!failure.error)
            *ret_taken = length;
        return failure;
    }
    if (!stream->large)
        failure = outgrow(stream);
    size_t taken = 0;
    if (!failure.error)
        failure = spill(stream, bytes, length, &taken);
    if (!failure.error)
        *ret_taken = taken;
    return failure;
}

/* What was begun is written, and then what somebody has wished for is done. Lock held. */
static void settle_soon(struct stream *stream)
{
    if (ring_is_begun(&stream->ring))
        buffer_push(stream);
    job_request(stream);
}

/* From here to stop_sending() the stream is not taken from whoever sends; false: it has been. */
static bool start_sending(struct stream *stream)
{
    lock_take(&stream->lock);
    bool sending = stream->sending = !stream->leaving;
    lock_release(&stream->lock);
    return sending;
}

static void stop_sending(struct stream *stream)
{
    lock_take(&stream->lock);
    stream->sending = false;
    if (stream->settling)
        settle_soon(stream);
    lock_release(&stream->lock);
}

enum store_error stream_write(struct stream *stream, const void *bytes, size_t length, size_t *ret_taken)
{
    if (!stream->goes_on)
        return failure_tell(take_in(stream, bytes, length, ret_taken));
    if (!start_sending(stream))
        return STORE_UPLOAD_HELD;
    struct failure failure = take_in(stream, bytes, length, ret_taken);
    stop_sending(stream);
    return failure_tell(failure);
}

void stream_wait(struct stream *stream, void (*ready)(void *arg), void *arg)
{
    lock_take(&stream->lock);
    bool now = can_go_on(stream);
    assert(!stream->ready);
    if (!now) {
        stream->ready = ready;
        stream->ready_arg = arg;
    }
    lock_release(&stream->lock);
    if (now)
        ready(arg);
}

/* ---- going on with an upload ------------------------------------------------------------------ */

/* Whether that is the last byte of one that has them all, but is no object yet: it commits it. */
static bool brings_last_again(const struct upload *upload, uint64_t offset)
{
    const struct upload_slot *slot = &upload->file.slot;
    return !upload->file.partial && slot->stage == UPLOAD_OPEN && slot->offset == slot->length &&
           offset < slot->offset && offset + 1 == slot->offset;
}

static struct failure resumption_check(struct upload *upload, const struct upload_resumption *asked)
{
    const struct upload_slot *slot = &upload->file.slot;
    int error = brings_last_again(upload, asked->offset) ? upload_step_back(upload) : 0;
    if (error)
        return failure_of_errno(error);
    if (asked->offset != slot->offset || slot->stage == UPLOAD_DONE)
        return failure_of(STORE_UPLOAD_OFFSET);
    uint64_t length = slot->length == STORE_SIZE_UNKNOWN ? asked->length : slot->length;
    bool contradicts = asked->length != STORE_SIZE_UNKNOWN && asked->length != length;
    bool short_of = length < slot->offset;
    bool beyond = asked->size != STORE_SIZE_UNKNOWN && asked->size > length - slot->offset;
    if (contradicts || short_of || (length != STORE_SIZE_UNKNOWN && beyond))
        return failure_of(STORE_SIZE);
    if (length != STORE_SIZE_UNKNOWN && length > upload->uploads->intake->services->options->object_limit)
        return failure_of(STORE_TOO_LARGE);
    return failure_of_errno(length != slot->length ? upload_set_length(upload, length) : 0);
}

/* Whether that is where somebody goes on with it who has asked how far it is; all of its bytes, but for the last one,
 * where they are all there. Lock held. */
static bool has_reached(const struct stream *stream, uint64_t offset)
{
    assert(lock_is_mine(&stream->lock));
    uint64_t came = stream->whole ? 0 : stream->received, reached = stream->base + came;
    bool complete = stream->announced == came && reached > 0 && stream->op.key.length > 0;
    return offset == reached || (complete && offset == reached - 1);
}

/* Somebody else wants the upload. Bytes that have come since he was told how far it is are a sign of life: then it is
 * this stream's still. Thread: any, the lock of the uploads held. */
static enum store_error stream_yield(void *arg, enum upload_wish wish, uint64_t offset)
{
    struct stream *stream = arg;
    lock_take(&stream->lock);
    bool there = has_reached(stream, offset) && !stream->sending;
    bool busy = !stream->ending && !stream->aborted && !stream->leaving; /* else it is on its way out */
    bool alive = busy && wish == UPLOAD_LEFT && !there;
    if (busy && !alive) {
        stream->settling = true;
        stream->leaving = wish != UPLOAD_SETTLED;
        if (!stream->sending)
            settle_soon(stream);
    }
    lock_release(&stream->lock);
    return alive ? STORE_UPLOAD_OFFSET : STORE_OK;
}

/* The bytes that are there count in the quota from here on as this stream's. */
static void take_over(struct stream *stream, bool whole)
{
    struct upload *upload = stream->upload;
    stream->whole = whole;
    stream->base = stream->position = upload->file.slot.offset;
    stream->weighed = true; /* it is spared nothing: it may lie there for long, and so may any number for one object */
    quota_rest(stream->intake->quota, &stream->share, stream->base);
    if (stream->base > 0) { /* the digest of all would need what is there already */
        XXH3_freeState(stream->hash);
        stream->hash = NULL;
    }
    if (!upload->file.joined) /* else it has all its bytes, and will soon be done */
        upload_work_on(upload, stream_yield, stream);
}

struct failure stream_go_on(struct upload *upload, const struct upload_resumption *asked,
                            const struct stream_hooks *hooks, struct stream **ret_stream)
{
    const struct upload_slot *slot = &upload->file.slot;
    struct store_key key = store_key_of(upload->file.text, upload->file.key_length);
    struct failure failure = resumption_check(upload, asked);
    if (failure.error)
        return failure;
    uint64_t left = slot->length == STORE_SIZE_UNKNOWN ? STORE_SIZE_UNKNOWN : slot->length - slot->offset;
    failure.error = stream_start(upload->uploads->intake, &key, left, hooks, upload, ret_stream);
    if (!failure.error)
        take_over(*ret_stream, asked->whole);
    return failure;
}

struct failure stream_resume(struct uploads *uploads, const struct upload_resumption *asked,
                             const struct stream_hooks *hooks, struct stream **ret_stream, struct upload_info *ret_info)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, asked->id, &upload);
    if (failure.error)
        return failure;
    failure = stream_go_on(upload, asked, hooks, ret_stream);
    if (failure.error)
        upload_release(upload);
    else
        upload_describe(upload, ret_info);
    return failure;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static void commit_large(struct stream *stream, enum store_error error)
{
    lock_take(&stream->lock);
    if (error && !stream->failure.error)
        stream->failure = failure_of(error);
    if (ring_is_begun(&stream->ring))
        buffer_push(stream);
    stream->ending = true;
    job_request(stream);
    lock_release(&stream->lock);
}

static void commit_inline(struct stream *stream)
{
    static const unsigned char nothing;
    stream->op.payload = stream->collected ? stream->collected : &nothing;
    stream->step.digest = store_digest_of(stream->op.payload, stream->op.size);
    stream_submit(stream);
}

/* The memory that it takes to read the bytes again: all of them where they are few. */
static enum store_error charge_upload(struct stream *stream)
{
    uint64_t size = stream->base + stream->received;
    uint64_t bytes = size > stream->services->options->inline_limit ? RING_BUFFER : size;
    lock_take(&stream->lock);
    bool taken = charge_to(stream, bytes);
    lock_release(&stream->lock);
    return taken ? STORE_OK : STORE_BUSY;
}

static void commit_upload(struct stream *stream, enum store_error error)
{
    stream->done = stream->txn.done;
    stream->arg = stream->txn.arg;
    stream->txn.done = upload_outcome;
    stream->txn.arg = stream;
    stream->txn.finish = upload_finished;
    stream->op.size = (size_t)(stream->base + stream->received);
    commit_large(stream, error ? error : charge_upload(stream));
}

void stream_commit(struct stream *stream, const struct stream_finish *finish, store_done *done, void *arg)
{
    stream->finish = *finish;
    stream->op.condition = finish->condition;
    stream->step.time = finish->modified;
    stream->op.size = (size_t)stream->received;
    stream->txn = (struct txn){.ops = &stream->op,
                               .steps = &stream->step,
                               .receipts = &stream->receipt,
                               .count = 1,
                               .share = &stream->share,
                               .flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL,
                               .done = done,
                               .arg = arg,
                               .finish = stream_finished};
    bool short_of = stream->announced != STORE_SIZE_UNKNOWN && stream->received != stream->announced;
    if (stream->goes_on)
        commit_upload(stream, short_of ? STORE_SIZE : STORE_OK);
    else if (short_of && !stream->large)
        stream_fail(stream, failure_of(STORE_SIZE));
    else if (stream->large)
        commit_large(stream, short_of ? STORE_SIZE : STORE_OK);
    else
        commit_inline(stream);
}

void stream_rest(struct stream *stream, const struct stream_finish *finish, store_done *done, void *arg)
{
    assert(stream->goes_on);
    stream->finish = *finish;
    stream->resting = true;
    stream->done = done;
    stream->arg = arg;
    commit_large(stream, STORE_OK);
}

/* Leaves behind what has come; nobody is told. */
static void abandon(struct stream *stream)
{
    static const struct stream_finish nothing;
    lock_take(&stream->lock);
    stream->ready = NULL;
    lock_release(&stream->lock);
    stream_rest(stream, &nothing, NULL, NULL);
}

void stream_abort(struct stream *stream)
{
    if (!stream)
        return;
    if (stream->goes_on && !stream->whole) {
        abandon(stream);
        return;
    }
    lock_take(&stream->lock);
    while (stream->tapping)
        lock_wait(&stream->lock, &stream->tapped);
    stream->aborted = true; /* not before the wait: from here on the job may free the stream */
    stream->ready = NULL;
    bool job = stream->queued || blob_file_is_open(&stream->file);
    if (job)
        job_request(stream);
    lock_release(&stream->lock);
    if (!job)
        job_drop(stream);
}
