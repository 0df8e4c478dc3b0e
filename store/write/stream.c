/* stream.c - an upload under way: how it begins, what it has, and how it goes. stream.h tells the story. */
#include "store/write/stream.h"

#include "store/base/admission.h"
#include "store/base/clock.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/commit/effort.h"
#include "store/disk/space.h"
#include "store/write/uploads.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(RING_BUFFERS * RING_BUFFER >= STORE_INLINE_LIMIT_MAX,
              "what was collected in memory fits into the buffers");

void stream_free(struct stream *stream)
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

void stream_drop(struct stream *stream)
{
    const struct intake *intake = stream->intake;
    blob_file_close(&stream->file);
    if (stream->upload) {
        upload_reclaim(stream->upload, &stream->share);
        upload_release(stream->upload);
    }
    if (stream->file.blob)
        blobs_remove(intake->blobs, stream->file.blob);
    quota_leave(intake->quota, &stream->share);
    uint64_t charge = stream->charge;
    stream_free(stream);
    gate_leave(intake->gate, charge);
}

/* ---- beginning -------------------------------------------------------------------------------- */

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

enum store_error stream_enlarge(struct stream *stream)
{
    stream->large = true;
    stream->hash = XXH3_createState();
    if (!stream->hash || !ring_map(&stream->ring))
        return STORE_NO_MEMORY;
    XXH3_128bits_reset(stream->hash);
    stream->looked = clock_now(CLOCK_MONOTONIC);
    (void)effort_small_since(stream->services->effort, &stream->small);
    return STORE_OK;
}

/* Whether what an upload of that size needs could be had now. That is no promise; but nobody shall send for nothing. */
static bool could_have(const struct intake *intake, uint64_t size)
{
    bool large = size != STORE_SIZE_UNKNOWN && size > intake->services->options->inline_limit;
    uint64_t bytes = large ? RING_BUFFER : size == STORE_SIZE_UNKNOWN ? STREAM_COLLECT_MIN : size;
    return gate_has(intake->gate, bytes) && (!large || admission_has_upload(intake->services->admission));
}

enum store_error stream_start(const struct intake *intake, const struct store_key *key, uint64_t size,
                              const struct stream_hooks *hooks, struct upload *upload, struct stream **ret_stream)
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
        stream_drop(stream);
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

/* ---- going on --------------------------------------------------------------------------------- */

struct failure stream_refusal(const struct stream *stream)
{
    assert(lock_is_mine(&stream->lock));
    return stream->leaving ? failure_of(STORE_UPLOAD_HELD) : stream->failure;
}

bool stream_can_go_on(const struct stream *stream)
{
    return stream_refusal(stream).error || stream->ring.full < (stream->starved ? 1 : RING_BUFFERS);
}

/* ---- ending ----------------------------------------------------------------------------------- */

void stream_fail(struct stream *stream, struct failure failure)
{
    bool disk = failure.error == STORE_IO || failure.error == STORE_FULL;
    blob_file_close(&stream->file);
    stream->txn.charge = stream->charge;
    txn_fail(&stream->txn, failure, disk ? SIZE_MAX : 0);
    gate_complete(stream->intake->gate, &stream->txn);
}

enum store_error stream_seal(struct stream *stream)
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

void stream_submit(struct stream *stream)
{
    const struct store_digest *wanted = stream->finish.digest;
    bool same = !wanted || store_digest_equal(wanted, &stream->step.digest);
    enum store_error error = same ? stream_seal(stream) : STORE_DIGEST;
    stream->txn.charge = stream->charge;
    if (error)
        stream_fail(stream, failure_of(error));
    else if (stream->finish.here && !stream->large)
        writer_submit_here(stream->intake->writer, &stream->txn);
    else
        writer_submit(stream->intake->writer, &stream->txn);
}
