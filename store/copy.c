/* copy.c - an object into another store: copy and transfer.
 *
 * An I/O thread pins the source's newest version, checks the condition against it, and brings the payload
 * over: a blob by a hard link, an inline payload in memory. The target's writer commits it. A transfer
 * then deletes the object in the source, if it still is the version that was copied: a version written
 * meanwhile came after the move and stays.
 */
#include "store/condition.h"
#include "store/internal.h"
#include "store/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    struct txn txn; /* first: the writer knows the copy by it */
    struct store_op op;
    struct txn_step step;
    struct store_receipt receipt;
    struct store *source;
    struct store *target;
    const struct store_op *asked; /* borrowed */
    bool move;
    store_done *done;
    void *arg;
    struct pool_job job;
    struct object *object; /* the version that is copied */

    /* Of a transfer: the second transaction, and what the first one gave. */
    struct txn delete_txn;
    struct store_op delete_op;
    struct txn_step delete_step;
    struct store_receipt delete_receipt;
    uint64_t end_offset;
    unsigned char key[STORE_KEY_MAX]; /* of the receipt */
};

static void copy_free(struct copy *copy)
{
    object_release(copy->object);
    free(copy);
}

/* The caller is told when the transaction has finished, not when it is done: see txn_complete(). */
static void ignore(void *arg, const struct store_result *result)
{
    (void)arg;
    (void)result;
}

static void copy_report(struct copy *copy, const struct txn *outcome)
{
    struct store_result result = {.error = outcome->error,
                                  .os_error = outcome->os_error,
                                  .failed_op = outcome->error ? 0 : SIZE_MAX,
                                  .end_offset = copy->txn.end_offset,
                                  .receipts = outcome->error ? NULL : &copy->receipt,
                                  .receipt_count = outcome->error ? 0 : 1};
    copy->done(copy->arg, &result);
    copy_free(copy);
}

static void delete_finished(struct txn *txn)
{
    copy_report(txn->arg, txn);
}

/* The target has the object: the source lets go of it. */
static void delete_submit(struct copy *copy)
{
    const struct object_info *info = object_info(copy->object);
    copy->delete_op = (struct store_op){.kind = STORE_DELETE, .key = copy->asked->key};
    copy->delete_step = (struct txn_step){.guarded = true, .time = info->modified, .digest = info->digest};
    copy->delete_txn = (struct txn){.ops = &copy->delete_op,
                                    .steps = &copy->delete_step,
                                    .receipts = &copy->delete_receipt,
                                    .count = 1,
                                    .done = ignore,
                                    .arg = copy,
                                    .finish = delete_finished};
    store_admit_always(copy->source, 0);
    writer_submit(copy->source, &copy->delete_txn);
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
    if (txn->error || !copy->move) {
        copy_report(copy, txn);
        return;
    }
    keep_key(copy);
    delete_submit(copy);
}

/* Finds the source and makes sure the condition holds for it. */
static enum store_error copy_pin(struct copy *copy)
{
    const struct store_op *asked = copy->asked;
    enum store_error error = store_get(copy->source, &asked->key, STORE_GET_PAYLOAD, &copy->object);
    if (error == STORE_COLLISION)
        error = STORE_NO_OBJECT;
    if (error && error != STORE_NO_OBJECT)
        return error;
    const struct object_info *info = error ? NULL : object_info(copy->object);
    bool holds = condition_holds(&asked->condition, info ? &info->digest : NULL, info ? info->modified : 0);
    return holds ? error : STORE_CONDITION;
}

/* Brings the payload of a blob over. The file may go while the link is made: then there is a newer
 * version to copy, or none. */
static enum store_error copy_payload(struct copy *copy, bool *ret_gone)
{
    uint64_t blob = object_blob(copy->object);
    *ret_gone = false;
    if (!blob)
        return STORE_OK;
    int error = blobs_adopt(&copy->target->blobs, &copy->source->blobs, blob, object_info(copy->object)->size,
                            &copy->step.blob);
    *ret_gone = error == ENOENT;
    copy->txn.os_error = error;
    return error ? error_of_errno(error) : STORE_OK;
}

static enum store_error copy_prepare(struct copy *copy)
{
    for (;;) {
        bool gone;
        enum store_error error = copy_pin(copy);
        if (!error)
            error = copy_payload(copy, &gone);
        else
            return error;
        if (!gone)
            return error;
        object_release(copy->object);
        copy->object = NULL;
    }
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
    enum store_error error = copy_prepare(copy);
    if (error) {
        txn_fail(&copy->txn, error, copy->txn.os_error, 0);
        store_complete(copy->target, &copy->txn);
        return;
    }
    copy_describe(copy);
    writer_submit(copy->target, &copy->txn);
}

static struct copy *copy_new(struct store *source, const struct store_op *op, struct store *target, bool move,
                             store_done *done, void *arg)
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
    copy->txn = (struct txn){.ops = &copy->op,
                             .steps = &copy->step,
                             .receipts = &copy->receipt,
                             .count = 1,
                             .flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL,
                             .charge = source->options->inline_limit,
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

static enum store_error relocate(struct store *store, const struct store_op *op, bool move, store_done *done, void *arg)
{
    struct relocation *relocation = malloc(sizeof *relocation);
    if (!relocation)
        return STORE_NO_MEMORY;
    *relocation = (struct relocation){.op = *op, .done = done, .arg = arg};
    relocation->op.kind = move ? STORE_RENAME : STORE_COPY;
    enum store_error error = store_batch(store, &relocation->op, 1, 0, relocated, relocation, NULL);
    if (error)
        free(relocation);
    return error;
}

enum store_error store_copy(struct store *source, const struct store_op *op, struct store *target, bool move,
                            store_done *done, void *arg)
{
    if (!key_valid(&op->key) || !key_valid(&op->target))
        return STORE_BAD_KEY;
    if (source == target && key_same(&op->key, &op->target))
        return STORE_SAME;
    if (source == target)
        return relocate(source, op, move, done, arg);
    if (move && atomic_load(&source->failed))
        return STORE_FAILED;
    if (!depot_space(target->depot, 0))
        return STORE_FULL;
    enum store_error error = store_admit(target, source->options->inline_limit);
    if (error)
        return error;
    struct copy *copy = copy_new(source, op, target, move, done, arg);
    if (!copy) {
        store_discharge(target, source->options->inline_limit);
        return STORE_NO_MEMORY;
    }
    copy->job = (struct pool_job){.run = copy_job, .arg = copy};
    pool_submit(depot_pool(target->depot), &copy->job);
    return STORE_OK;
}
