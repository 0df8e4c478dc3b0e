/* sender.c - the side of a stream that brings its bytes: what store.h says of those who have one open.
 *
 * Up to the inline limit they collect in memory. Beyond it they go into the buffers of the ring, from where the pump
 * takes them; none of this waits for the disk. When all buffers are full, nothing more is taken until one is empty
 * again.
 */
#include "store/base/error.h"
#include "store/write/charge.h"
#include "store/write/leg.h"
#include "store/write/pump.h"
#include "store/write/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- the quota -------------------------------------------------------------------------------- */

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

/* ---- collecting ------------------------------------------------------------------------------- */

/* Makes room for so many bytes in memory: at once for all that was announced, since pages that are not touched cost
 * nothing. */
static bool collect_room(struct stream *stream, size_t need)
{
    if (need <= stream->collected_capacity)
        return true;
    size_t capacity = stream->collected_capacity ? stream->collected_capacity * 2 : STREAM_COLLECT_MIN;
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

/* ---- filling buffers -------------------------------------------------------------------------- */

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
    while (taken < length && !stream_refusal(stream).error && stream_can_go_on(stream)) {
        size_t room = buffer_room(stream, length - taken);
        stream->starved = room == 0;
        if (room == 0 && stream->ring.full == 0)
            stream->failure = failure_of(STORE_BUSY); /* it has not even got one buffer */
        pump_go_on(stream);
        lock_release(&stream->lock);
        ring_append(&stream->ring, bytes + taken, room); /* that one is the caller's until it is pushed */
        lock_take(&stream->lock);
        taken += room;
        if (ring_is_filled(&stream->ring))
            pump_push(stream);
    }
    stream->received += taken;
    return taken;
}

/* Takes bytes as far as there are buffers for them, and memory for those. */
static struct failure spill(struct stream *stream, const unsigned char *bytes, size_t length, size_t *ret_taken)
{
    lock_take(&stream->lock);
    size_t taken = fill_buffers(stream, bytes, length);
    struct failure failure = stream_refusal(stream);
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

/* ---- writing ---------------------------------------------------------------------------------- */

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
        pump_flush(stream);
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
    bool now = stream_can_go_on(stream);
    assert(!stream->ready);
    if (!now) {
        stream->ready = ready;
        stream->ready_arg = arg;
    }
    lock_release(&stream->lock);
    if (now)
        ready(arg);
}

/* ---- ending ----------------------------------------------------------------------------------- */

static void commit_large(struct stream *stream, enum store_error error)
{
    lock_take(&stream->lock);
    if (error && !stream->failure.error)
        stream->failure = failure_of(error);
    if (ring_is_begun(&stream->ring))
        pump_push(stream);
    stream->ending = true;
    pump_request(stream);
    lock_release(&stream->lock);
}

static void commit_inline(struct stream *stream)
{
    static const unsigned char nothing;
    stream->op.payload = stream->collected ? stream->collected : &nothing;
    stream->step.digest = store_digest_of(stream->op.payload, stream->op.size);
    stream_submit(stream);
}

static void finished(struct txn *txn)
{
    stream_free((struct stream *)txn);
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
                               .finish = finished};
    bool short_of = stream->announced != STORE_SIZE_UNKNOWN && stream->received != stream->announced;
    if (stream->goes_on)
        commit_large(stream, leg_commit(stream, short_of ? STORE_SIZE : STORE_OK));
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
        pump_request(stream);
    lock_release(&stream->lock);
    if (!job)
        stream_drop(stream);
}
