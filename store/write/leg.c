/* leg.c - a stream that goes on with an unfinished upload. See leg.h. */
#include "store/write/leg.h"

#include "store/base/digest.h"
#include "store/base/error.h"
#include "store/base/pool.h"
#include "store/write/charge.h"
#include "store/write/pump.h"
#include "store/write/survey.h"

#include <assert.h>
#include <stdlib.h>

/* ---- beginning -------------------------------------------------------------------------------- */

/* Whether that is the last byte of one that has them all, but is no object yet: it commits it. */
static bool brings_last_again(const struct upload *upload, uint64_t offset)
{
    const struct upload_slot *slot = &upload->file.slot;
    return !upload->file.partial && slot->stage == UPLOAD_OPEN && slot->offset == slot->length &&
           offset < slot->offset && offset + 1 == slot->offset;
}

static struct failure check(struct upload *upload, const struct upload_resumption *asked)
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
 * this leg's still. Thread: any, the lock of the uploads held. */
static enum store_error yield(void *arg, enum upload_wish wish, uint64_t offset)
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
            pump_flush(stream);
    }
    lock_release(&stream->lock);
    return alive ? STORE_UPLOAD_OFFSET : STORE_OK;
}

/* The bytes that are there count in the quota from here on as this stream's. */
static void take_over(struct stream *stream, bool whole)
{
    struct upload *upload = stream->upload;
    stream->whole = whole;
    stream->share.keeps = !whole;
    stream->base = stream->position = upload->file.slot.offset;
    stream->weighed = true; /* it is spared nothing: it may lie there for long, and so may any number for one object */
    upload_lend(upload, &stream->share);
    if (stream->base > 0) { /* the digest of all would need what is there already */
        XXH3_freeState(stream->hash);
        stream->hash = NULL;
    }
}

struct failure leg_go_on(struct upload *upload, const struct upload_resumption *asked, const struct stream_hooks *hooks,
                         struct stream **ret_stream)
{
    const struct upload_slot *slot = &upload->file.slot;
    struct store_key key = store_key_of(upload->file.text, upload->file.key_length);
    struct failure failure = check(upload, asked);
    if (failure.error)
        return failure;
    uint64_t left = slot->length == STORE_SIZE_UNKNOWN ? STORE_SIZE_UNKNOWN : slot->length - slot->offset;
    failure.error = stream_start(upload->uploads->intake, &key, left, hooks, upload, ret_stream);
    if (!failure.error)
        take_over(*ret_stream, asked->whole);
    return failure;
}

struct failure leg_begin(struct uploads *uploads, const struct upload_resumption *asked,
                         const struct stream_hooks *hooks, struct stream **ret_stream, struct upload_info *ret_info)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, asked->id, &upload);
    if (failure.error)
        return failure;
    failure = leg_go_on(upload, asked, hooks, ret_stream);
    if (failure.error) {
        upload_release(upload);
        return failure;
    }
    survey_describe(upload, ret_info);
    ret_info->key = ret_info->label = NULL;
    upload_work_on(upload, yield, *ret_stream);
    return failure_none();
}

/* ---- what has come; on an I/O thread ---------------------------------------------------------- */

int leg_rest(struct stream *stream)
{
    int error = upload_rest(stream->upload, &stream->file, stream->position);
    if (error)
        stream->position = stream->upload->file.slot.offset;
    return error;
}

/* Lets go of the upload before its end: whoever has brought the bytes so far gets no more of them in. */
static void let_go(struct stream *stream)
{
    struct upload *upload = stream->upload;
    lock_take(&stream->lock);
    stream->upload = NULL;
    if (!stream->failure.error)
        stream->failure = failure_of(STORE_UPLOAD_HELD);
    charge_give_back(stream);
    lock_release(&stream->lock);
    blob_file_close(&stream->file);
    upload_reclaim(upload, &stream->share);
    upload_release(upload);
}

/* Whoever has wished for it is told before the stream can come to its end. What comes next is perhaps not behind whole
 * blocks: the file is opened for it again. */
void leg_settle(struct stream *stream, bool leave)
{
    bool new = !stream->whole && stream->position > stream->upload->file.slot.offset;
    int error = new ? leg_rest(stream) : 0;
    if (new)
        blob_file_close(&stream->file);
    if (leave)
        let_go(stream);
    else
        upload_settled(stream->upload);
    lock_take(&stream->lock);
    if (error && !stream->failure.error)
        stream->failure = failure_of_errno(error);
    pump_wake(stream);
    stream->queued = false;
    bool settling = stream->settling && !stream->sending;
    if (stream->ring.full > 0 || settling || stream->ending || stream->aborted)
        pump_request(stream);
    lock_release(&stream->lock);
}

/* ---- the end; on an I/O thread, unless it says otherwise -------------------------------------- */

/* Lets go of the upload, tells, and is gone. */
static void tell(struct stream *stream, struct store_result result)
{
    const struct intake *intake = stream->intake;
    uint64_t charge = stream->charge;
    if (!result.receipts && stream->upload)
        result.end_offset = stream->upload->file.slot.offset;
    if (stream->upload) {
        upload_reclaim(stream->upload, &stream->share);
        upload_release(stream->upload);
    }
    if (stream->done)
        stream->done(stream->arg, &result);
    stream_free(stream);
    gate_leave(intake->gate, charge);
}

static void fail(struct stream *stream, struct failure failure)
{
    struct store_result result = {.error = failure.error, .os_error = failure.os_error, .failed_op = SIZE_MAX};
    tell(stream, result);
}

/* No refusal takes what has come: the upload stays as it was, and the object may come to be as it is asked for. But one
 * that is made of others has nothing of its own, and an empty one has no byte that could be brought again. */
static bool outlives_refusal(const struct upload *upload)
{
    return !upload->file.joined && upload->file.slot.offset > 0;
}

/* The outcome of the commit is known. Thread: the pool's. */
static void conclude(void *arg)
{
    struct stream *stream = arg;
    struct upload *upload = stream->upload;
    enum store_error error = stream->outcome.error;
    assert(pool_is_current(stream->services->pool));
    if (!error)
        upload_done(upload, &stream->receipt);
    else if ((error == STORE_CONDITION || error == STORE_COLLISION) && !outlives_refusal(upload))
        (void)upload_erase(upload);
    else if (!stream->txn.in_doubt)
        (void)upload_commit_failed(upload); /* if that fails, it is found out later */
    tell(stream, stream->outcome);
}

static void hear_outcome(void *arg, const struct store_result *result)
{
    struct stream *stream = arg;
    stream->outcome = *result;
    stream->receipt.key = stream->op.key.bytes; /* that of the receipt lives no longer than this call */
}

/* Thread: the writer's, which must not wait for the disk. */
static void finished(struct txn *txn)
{
    struct stream *stream = (struct stream *)txn;
    stream->charge = 0;
    stream->job = (struct pool_job){.run = conclude, .arg = stream};
    pool_submit(stream->services->pool, &stream->job);
}

/* The memory that it takes to read the bytes again: all of them where they are few. */
static enum store_error charge_bytes(struct stream *stream)
{
    uint64_t size = stream->base + stream->received;
    uint64_t bytes = size > stream->services->options->inline_limit ? RING_BUFFER : size;
    lock_take(&stream->lock);
    bool taken = charge_to(stream, bytes);
    lock_release(&stream->lock);
    return taken ? STORE_OK : STORE_BUSY;
}

enum store_error leg_commit(struct stream *stream, enum store_error error)
{
    stream->done = stream->txn.done;
    stream->arg = stream->txn.arg;
    stream->txn.done = hear_outcome;
    stream->txn.arg = stream;
    stream->txn.finish = finished;
    stream->op.size = (size_t)(stream->base + stream->received);
    return error ? error : charge_bytes(stream);
}

/* What has come is to stay, if it is what it should be. */
static struct failure land(struct stream *stream)
{
    struct failure failure = stream->failure;
    int error = 0;
    if (!failure.error)
        failure = failure_of(stream_seal(stream));
    if (!failure.error || (!stream->whole && failure.error != STORE_DIGEST))
        error = leg_rest(stream);
    if (!failure.error && !error)
        stream->share.kept = stream->position; /* whatever becomes of the commit */
    blob_file_close(&stream->file);
    return failure.error ? failure : failure_of_errno(error);
}

/* Makes the bytes of the upload ready to be committed: as a blob, or in memory. An errno. */
static int make_payload(struct stream *stream)
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

void leg_end(struct stream *stream)
{
    struct failure failure = stream->upload ? land(stream) : stream->failure;
    if (!failure.error && !stream->resting)
        failure = failure_of_errno(make_payload(stream));
    if (failure.error || stream->resting) {
        fail(stream, failure);
        return;
    }
    gate_enter_always(stream->intake->gate, 0); /* it is still inside when the transaction has left */
    stream->txn.charge = stream->charge;
    writer_submit(stream->intake->writer, &stream->txn);
}
