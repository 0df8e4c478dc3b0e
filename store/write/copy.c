/* copy.c - an object into another store: copy and transfer.
 *
 * Where the target's store rests for compaction, the copy does first. Then both keys are held (hold.h), so that for all
 * other writers the whole is one step. An I/O thread pins the source's version, checks the condition against it, and
 * brings the payload over: a blob by a hard link, an inline payload in memory. The target's writer commits it. A
 * transfer then deletes the object in the source. A crash in between leaves it in both. At last the keys are released,
 * and the caller is told.
 */
#include "store/write/copy.h"

#include "store/base/condition.h"
#include "store/base/error.h"
#include "store/base/key.h"
#include "store/base/pool.h"
#include "store/disk/space.h"
#include "store/read/object.h"
#include "store/write/batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A key of the copy, in its store: that of the intake. */
struct copy_end {
    const struct intake *intake;
    uint64_t key_hash;
};

struct copy {
    struct txn txn; /* first: the writer knows the copy by it */
    struct store_op op;
    struct txn_step step;
    struct store_receipt receipt;
    const struct intake *source;
    const struct intake *target;
    const struct store_op *asked; /* borrowed */
    bool move;
    store_done *done;
    void *arg;
    struct copy_end ends[2]; /* in the order in which they are held */
    size_t held;
    struct pool_job job;
    struct object *object; /* the version that is copied */

    /* The transactions beside the first: that waits for a rest, that take the holds, and that deletes in the source. */
    struct txn side;
    struct store_op delete_op;
    struct txn_step delete_step;
    struct store_receipt delete_receipt;
    unsigned char key[STORE_KEY_MAX]; /* of the receipt */
};

/* The caller is told when the transaction has finished, not when it is done: see txn_complete(). */
static void ignore(void *arg, const struct store_result *result)
{
    (void)arg;
    (void)result;
}

/* Lets go of the keys, tells the caller, frees. */
static void copy_conclude(struct copy *copy, const struct txn *outcome)
{
    bool failed = outcome->failure.error != STORE_OK;
    struct store_result result = {.error = outcome->failure.error,
                                  .os_error = outcome->failure.os_error,
                                  .failed_op = failed ? 0 : SIZE_MAX,
                                  .overrun = outcome->overrun,
                                  .end_offset = copy->txn.end_offset,
                                  .receipts = failed ? NULL : &copy->receipt,
                                  .receipt_count = failed ? 0 : 1};
    object_release(copy->object);
    while (copy->held > 0) {
        const struct copy_end *end = &copy->ends[--copy->held];
        writer_release(end->intake->writer, end->key_hash);
    }
    copy->done(copy->arg, &result);
    free(copy);
}

/* Gives a transaction beside the first to the writer of a store. */
static void copy_submit(struct copy *copy, const struct intake *intake, struct txn txn, void (*finish)(struct txn *txn))
{
    copy->side = txn;
    copy->side.done = ignore;
    copy->side.arg = copy;
    copy->side.finish = finish;
    gate_enter_always(intake->gate, 0);
    writer_submit(intake->writer, &copy->side);
}

/* Ends a copy whose first transaction has not been given to the writer. */
static void copy_fail(struct copy *copy, struct failure failure)
{
    txn_fail(&copy->txn, failure, 0);
    gate_complete(copy->target->gate, &copy->txn);
}

/* ---- the source lets go ---------------------------------------------------------------------- */

static void delete_finished(struct txn *txn)
{
    copy_conclude(txn->arg, txn);
}

static void copy_delete(struct copy *copy)
{
    copy->delete_op = (struct store_op){.kind = STORE_DELETE, .key = copy->asked->key};
    struct txn txn = {.ops = &copy->delete_op,
                      .steps = &copy->delete_step,
                      .receipts = &copy->delete_receipt,
                      .count = 1,
                      .hold = TXN_UNDER,
                      .held = copy->asked->key.hash};
    copy_submit(copy, copy->source, txn, delete_finished);
}

/* The receipt's key may live only as long as the first transaction does. */
static void keep_key(struct copy *copy)
{
    if (!copy->receipt.key)
        return;
    memcpy(copy->key, copy->receipt.key, copy->receipt.key_length);
    copy->receipt.key = copy->key;
}

static void copy_finished(struct txn *txn)
{
    struct copy *copy = (struct copy *)txn;
    if (txn->failure.error || !copy->move) {
        copy_conclude(copy, txn);
        return;
    }
    keep_key(copy);
    copy_delete(copy);
}

/* ---- the target gets it ---------------------------------------------------------------------- */

/* Finds the source and makes sure the condition holds for it. */
static struct failure copy_pin(struct copy *copy)
{
    const struct store_op *asked = copy->asked;
    struct failure failure = object_get(copy->source->reader, &asked->key, STORE_GET_PAYLOAD, &copy->object);
    if (failure.error && failure.error != STORE_NO_OBJECT)
        return failure;
    const struct object_info *info = failure.error ? NULL : object_info(copy->object);
    bool holds = condition_holds(&asked->condition, info ? &info->digest : NULL, info ? info->modified : 0);
    return holds ? failure : failure_of(STORE_CONDITION);
}

/* Brings the payload of a blob over. */
static struct failure copy_payload(struct copy *copy)
{
    uint64_t blob = object_blob(copy->object);
    if (!blob)
        return failure_none();
    struct failure failure = failure_of_errno(
        blobs_adopt(copy->target->blobs, copy->source->blobs, blob, object_info(copy->object)->size, &copy->step.blob));
    if (failure.os_error == ENOENT)
        failure.error = STORE_MISSING;
    return failure;
}

static void copy_describe(struct copy *copy)
{
    const struct object_info *info = object_info(copy->object);
    copy->op = (struct store_op){.kind = STORE_PUT,
                                 .key = copy->asked->target,
                                 .keep_target = copy->asked->keep_target,
                                 .payload = object_payload(copy->object),
                                 .size = (size_t)info->size,
                                 .attributes = info->attributes,
                                 .attributes_length = info->attributes_length};
    copy->step.digest = info->digest;
}

/* Thread: the pool's. */
static void copy_job(void *arg)
{
    struct copy *copy = arg;
    assert(pool_is_current(copy->target->services->pool));
    struct failure failure = copy_pin(copy);
    if (!failure.error)
        failure = copy_payload(copy);
    if (failure.error) {
        copy_fail(copy, failure);
        return;
    }
    copy_describe(copy);
    writer_submit(copy->target->writer, &copy->txn);
}

/* ---- the keys are held ----------------------------------------------------------------------- */

static void copy_hold(struct copy *copy);

static void hold_taken(struct txn *txn)
{
    struct copy *copy = txn->arg;
    if (txn->failure.error) {
        copy_fail(copy, txn->failure);
        return;
    }
    if (++copy->held < 2) {
        copy_hold(copy);
        return;
    }
    copy->job = (struct pool_job){.run = copy_job, .arg = copy};
    pool_submit(copy->target->services->pool, &copy->job);
}

/* Takes the next hold. */
static void copy_hold(struct copy *copy)
{
    const struct copy_end *end = &copy->ends[copy->held];
    copy_submit(copy, end->intake, (struct txn){.hold = TXN_TAKES, .held = end->key_hash}, hold_taken);
}

/* ---- before that ----------------------------------------------------------------------------- */

static void entered(struct txn *txn)
{
    struct copy *copy = txn->arg;
    if (txn->failure.error)
        copy_fail(copy, txn->failure);
    else
        copy_hold(copy);
}

static void copy_enter(struct copy *copy)
{
    if (writer_rests(copy->target->writer))
        copy_submit(copy, copy->target, (struct txn){.hold = TXN_ENTERS}, entered);
    else
        copy_hold(copy);
}

static struct copy *copy_new(const struct intake *source, const struct store_op *op, const struct intake *target,
                             bool move, store_done *done, void *arg)
{
    struct copy *copy = calloc(1, sizeof *copy);
    if (!copy)
        return NULL;
    copy->source = source;
    copy->target = target;
    copy->asked = op;
    copy->move = move;
    copy->done = done;
    copy->arg = arg;
    size_t source_end = source < target ? 0 : 1;
    copy->ends[source_end] = (struct copy_end){source, op->key.hash};
    copy->ends[1 - source_end] = (struct copy_end){target, op->target.hash};
    copy->txn = (struct txn){.ops = &copy->op,
                             .steps = &copy->step,
                             .receipts = &copy->receipt,
                             .count = 1,
                             .flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL,
                             .charge = source->services->options->inline_limit,
                             .hold = TXN_UNDER,
                             .held = op->target.hash,
                             .done = ignore,
                             .arg = copy,
                             .finish = copy_finished};
    return copy;
}

/* ---- in one store ---------------------------------------------------------------------------- */

struct relocation {
    struct store_op op;
    store_done *done;
    void *arg;
};

static void relocated(void *arg, const struct store_result *result)
{
    struct relocation *relocation = arg;
    relocation->done(relocation->arg, result);
    free(relocation);
}

static enum store_error relocate(const struct intake *intake, const struct store_op *op, bool move, store_done *done,
                                 void *arg)
{
    struct relocation *relocation = malloc(sizeof *relocation);
    if (!relocation)
        return STORE_NO_MEMORY;
    *relocation = (struct relocation){.op = *op, .done = done, .arg = arg};
    relocation->op.kind = move ? STORE_RENAME : STORE_COPY;
    enum store_error error = batch_begin(intake, &relocation->op, 1, 0, relocated, relocation, NULL);
    if (error)
        free(relocation);
    return error;
}

enum store_error copy_begin(const struct intake *source, const struct store_op *op, const struct intake *target,
                            bool move, store_done *done, void *arg)
{
    if (!key_valid(&op->key) || !key_valid(&op->target))
        return STORE_BAD_KEY;
    if (source == target)
        return relocate(source, op, move, done, arg);
    if (move && gate_has_failed(source->gate))
        return STORE_FAILED;
    if (!space_has(target->services->space, 0))
        return STORE_FULL;
    enum store_error error = gate_enter(target->gate, source->services->options->inline_limit);
    if (error)
        return error;
    struct copy *copy = copy_new(source, op, target, move, done, arg);
    if (!copy) {
        gate_leave(target->gate, source->services->options->inline_limit);
        return STORE_NO_MEMORY;
    }
    copy_enter(copy);
    return STORE_OK;
}
