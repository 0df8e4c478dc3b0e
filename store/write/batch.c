/* batch.c - a transaction given from memory.
 *
 * Payloads over the inline limit become blob files first, on an I/O thread; then the whole goes to the
 * writer, which takes all of it or nothing.
 */
#include "store/write/batch.h"

#include "store/base/digest.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/pool.h"
#include "store/disk/space.h"

#include <errno.h>
#include <stdlib.h>

struct batch {
    struct txn txn;
    const struct intake *intake;
    const struct services *services; /* the depot's */
    struct pool_job job;
    struct txn_step *steps;
    struct store_receipt *receipts;
};

static void batch_free(struct batch *batch)
{
    free(batch->steps);
    free(batch->receipts);
    free(batch);
}

static void batch_finish(struct txn *txn)
{
    batch_free((struct batch *)txn); /* the transaction is its first member */
}

static struct batch *batch_new(size_t count)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        return NULL;
    batch->steps = calloc(count ? count : 1, sizeof *batch->steps);
    batch->receipts = calloc(count ? count : 1, sizeof *batch->receipts);
    if (batch->steps && batch->receipts)
        return batch;
    batch_free(batch);
    return NULL;
}

static enum store_error op_check(const struct depot_options *options, const struct store_op *op)
{
    bool relocates = op->kind == STORE_RENAME || op->kind == STORE_COPY;
    if (!key_valid(&op->key) || (relocates && !key_valid(&op->target)))
        return STORE_BAD_KEY;
    if (op->kind == STORE_PUT && op->attributes_length > STORE_ATTRIBUTES_MAX)
        return STORE_BAD_ATTRIBUTES;
    if (op->kind == STORE_PUT && op->size > options->object_limit)
        return STORE_TOO_LARGE;
    return STORE_OK;
}

/* Checks every op and adds up the payloads; *ret_grows: the store will need more of the disk. */
static enum store_error ops_check(const struct depot_options *options, const struct store_op *ops, size_t count,
                                  uint64_t *ret_bytes, bool *ret_grows, size_t *ret_failed_op)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        enum store_error error = op_check(options, &ops[i]);
        if (error) {
            *ret_failed_op = i;
            return error;
        }
        if (ops[i].kind == STORE_PUT)
            bytes += ops[i].size;
        if (ops[i].kind != STORE_DELETE)
            *ret_grows = true;
    }
    *ret_bytes = bytes;
    return STORE_OK;
}

/* Writes one payload to a blob file and syncs it; an errno. */
static int write_blob(struct blobs *blobs, const struct store_op *op, uint64_t *ret_blob)
{
    struct blob_file file;
    int error = blob_file_create(&file, blobs, BLOB_CACHED_ALL);
    if (error)
        return error;
    error = io_write_cached(blobs->io, file.file, op->payload, op->size, 0);
    if (!error)
        error = blob_file_sync(&file, op->size);
    blob_file_close(&file);
    *ret_blob = file.blob; /* also on failure: whoever drops the transaction discards it */
    return error;
}

/* Computes the digests and writes what is too large for the log; an errno. */
static int batch_prepare(struct batch *batch)
{
    struct blobs *blobs = batch->intake->blobs;
    bool written = false;
    for (size_t i = 0; i < batch->txn.count; i++) {
        const struct store_op *op = &batch->txn.ops[i];
        if (op->kind != STORE_PUT)
            continue;
        batch->steps[i].digest = store_digest_of(op->payload, op->size);
        if (op->size <= batch->services->options->inline_limit)
            continue;
        int error = write_blob(blobs, op, &batch->steps[i].blob);
        if (error)
            return error;
        written = true;
    }
    return written ? blobs_sync(blobs) : 0;
}

/* Thread: the caller's or the pool's. */
static void batch_run(void *arg)
{
    struct batch *batch = arg;
    struct failure failure = failure_of_errno(batch_prepare(batch));
    if (!failure.error) {
        writer_submit(batch->intake->writer, &batch->txn);
        return;
    }
    txn_fail(&batch->txn, failure, SIZE_MAX);
    gate_complete(batch->intake->gate, &batch->txn);
}

static void batch_start(struct batch *batch, uint64_t bytes)
{
    if (bytes <= batch->services->options->inline_limit) {
        batch_run(batch);
        return;
    }
    batch->job = (struct pool_job){.run = batch_run, .arg = batch};
    pool_submit(batch->services->pool, &batch->job);
}

/* Lets it in, if its ops are sound and there is place for them: *ret_bytes is what it takes of the gate. */
static enum store_error batch_admit(const struct intake *intake, const struct store_op *ops, size_t count,
                                    unsigned flags, uint64_t *ret_bytes, size_t *ret_failed_op)
{
    const struct services *services = intake->services;
    bool grows = false;
    enum store_error error = ops_check(services->options, ops, count, ret_bytes, &grows, ret_failed_op);
    if (!error && grows && !space_has(services->space, *ret_bytes))
        error = STORE_FULL;
    if (error)
        return error;
    return (flags & STORE_BEGUN ? gate_enter_begun : gate_enter)(intake->gate, *ret_bytes);
}

enum store_error batch_begin(const struct intake *intake, const struct store_op *ops, size_t count, unsigned flags,
                             store_done *done, void *arg, size_t *ret_failed_op)
{
    size_t failed_op = SIZE_MAX;
    uint64_t bytes = 0;
    enum store_error error = batch_admit(intake, ops, count, flags, &bytes, &failed_op);
    if (ret_failed_op)
        *ret_failed_op = failed_op;
    if (error)
        return error;
    struct batch *batch = batch_new(count);
    if (!batch) {
        gate_leave(intake->gate, bytes);
        return STORE_NO_MEMORY;
    }
    batch->intake = intake;
    batch->services = intake->services;
    batch->txn = (struct txn){.ops = ops,
                              .steps = batch->steps,
                              .receipts = batch->receipts,
                              .count = count,
                              .flags = flags,
                              .charge = bytes,
                              .done = done,
                              .arg = arg,
                              .finish = batch_finish};
    batch_start(batch, bytes);
    return STORE_OK;
}
