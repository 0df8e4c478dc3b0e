/* plan.c - deciding one transaction. */
#include "store/commit/plan.h"

#include "store/base/condition.h"
#include "store/base/expiry.h"
#include "store/base/key.h"
#include "store/base/little.h"

#include <string.h>

enum { TXN_BYTES = 96 << 20 }; /* the most that one transaction may append */

/* The decision under way. */
struct plan {
    struct index *index; /* the store's */
    struct changes *changes;
    struct txn *txn;
    int64_t now;
};

/* ---- receipts -------------------------------------------------------------------------------- */

/* The key a receipt tells: the asked one where it has bytes, else a copy, since the stored one may belong to another
 * transaction of the group, whose owner frees it when it is done. */
static bool receipt_key(struct plan *plan, const struct store_key *asked, const struct view *after,
                        struct store_key *ret_key)
{
    *ret_key = asked->bytes ? *asked : after->key;
    if (asked->bytes || !after->key.bytes)
        return true;
    void *copy = arena_take(&plan->changes->arena, after->key.length);
    if (!copy)
        return false;
    memcpy(copy, after->key.bytes, after->key.length);
    ret_key->bytes = copy;
    return true;
}

static struct failure receipt_set(struct plan *plan, size_t op, const struct store_key *asked, const struct view *after,
                                  bool existed)
{
    struct store_key key;
    if (!receipt_key(plan, asked, after, &key))
        return failure_of(STORE_NO_MEMORY);
    plan->txn->receipts[op] = (struct store_receipt){
        .key = key.bytes,
        .key_length = key.length,
        .key_hash = key.hash,
        .size = after->exists ? after->size : 0,
        .digest = after->digest,
        .existed = existed,
    };
    return failure_none();
}

/* ---- one op ---------------------------------------------------------------------------------- */

/* Whether there is an object, for whoever asks: a record may lead to one whose time is over. */
static bool is_there(const struct plan *plan, const struct view *view)
{
    return view->exists && !expiry_is_over(store_expiry(view->attributes, view->attributes_length), plan->now);
}

static bool holds(const struct plan *plan, const struct store_condition *condition, const struct view *view)
{
    return condition_holds(condition, is_there(plan, view) ? &view->digest : NULL, view->time);
}

/* The key that is stored: an object that has a name keeps it when it is written by its hash. */
static struct store_key key_to_store(const struct store_key *asked, const struct view *view)
{
    return !asked->bytes && view->exists ? view->key : *asked;
}

/* What the key holds, for a write that replaces or deletes it. What is damaged may be replaced and deleted too, as
 * long as nothing is asked of it. (The figures count its payload until the store is opened again.) */
static struct failure find_before(struct plan *plan, const struct store_key *key,
                                  const struct store_condition *condition, struct view *ret_view)
{
    struct failure failure = changes_find(plan->changes, key, false, ret_view);
    if (failure.error != STORE_DAMAGED || store_condition_asks(condition))
        return failure;
    *ret_view = (struct view){.exists = true,
                              .key = ret_view->untold ? *key : ret_view->key,
                              .location = ret_view->location,
                              .untold = ret_view->untold,
                              .others = ret_view->others};
    return failure_none();
}

/* ---- what ends ------------------------------------------------------------------------------- */

/* Whether the key that was asked for may have ended more than what was found: objects in a part of the log that is
 * missing, which may come back. What was written behind all such parts has ended them already. */
static bool may_be_more(const struct plan *plan, const struct view *found)
{
    const struct index *index = plan->index;
    if (found->untold || !damage_has_gaps(index) || !found->exists)
        return found->untold || damage_has_gaps(index);
    return found->location && damage_has_gap_behind(index, location_unpack(found->location).segment);
}

/* Ends an object, or what may be there under its key. */
static struct failure end_object(struct plan *plan, size_t op, const struct view *before)
{
    struct view gone = {.key = before->key, .time = plan->now};
    return changes_push(plan->changes, plan->txn, op, before, &gone);
}

/* Ends what was found by a hash, and all else of that hash. It has no other name by which it could be ended. */
static struct failure end_hash(struct plan *plan, size_t op, struct view *before)
{
    static const unsigned char up_to_itself[RECORD_SWEEP_ATTRIBUTES];
    struct view gone = {.key = before->key,
                        .time = plan->now,
                        .sweep = true,
                        .attributes = up_to_itself,
                        .attributes_length = sizeof up_to_itself};
    struct failure failure = changes_push(plan->changes, plan->txn, op, before, &gone);
    *before = (struct view){.key = before->key};
    return failure;
}

/* Ends the object without a name that has the hash of a key, if there is one, or may be one more: to whoever asks it is
 * the key's, but each record speaks of one object only. `before`, which was found by the key, may be it. */
static struct failure end_nameless(struct plan *plan, size_t op, const struct store_key *key, bool more,
                                   struct view *before)
{
    struct view nameless = *before;
    if (before->exists && !before->key.bytes) {
        *before = (struct view){.key = *key};
        return end_object(plan, op, &nameless);
    }
    if (!more)
        return failure_none();
    struct crowd crowd = before->others;
    if (before->exists)
        crowd = crowd_with(crowd, index_tag(plan->index, &before->key));
    nameless = (struct view){.key = store_key_of_hash(key->hash), .others = crowd};
    return end_object(plan, op, &nameless);
}

/* Ends all that a key stands for. */
static struct failure end_key(struct plan *plan, size_t op, const struct store_key *key, struct view *before)
{
    bool more = may_be_more(plan, before);
    if (!key->bytes && (more || damage_has_gaps(plan->index)))
        return end_hash(plan, op, before);
    struct failure failure = key->bytes ? end_nameless(plan, op, key, more, before) : failure_none();
    return failure.error || !(before->exists || more) ? failure : end_object(plan, op, before);
}

/* Ends what a key stands for beside the object that a put is going to replace. */
static struct failure end_beside(struct plan *plan, size_t op, const struct store_key *key, struct view *before)
{
    bool more = may_be_more(plan, before);
    if (key->bytes)
        return end_nameless(plan, op, key, more, before);
    return more ? end_hash(plan, op, before) : failure_none();
}

/* Ends what was found by a hash alone and is not there any more: what is put by the hash then does not get its name. */
static struct failure end_expired(struct plan *plan, size_t op, const struct store_key *key, struct view *before)
{
    struct view expired = *before;
    if (!before->exists || is_there(plan, before) || key->bytes || !before->key.bytes)
        return failure_none();
    *before = (struct view){.key = *key};
    return end_object(plan, op, &expired);
}

/* ---- one op ---------------------------------------------------------------------------------- */

/* The object comes to stand under `key`, if nothing speaks against it. */
static struct failure plan_target(struct plan *plan, size_t op, const struct store_key *key,
                                  const struct store_condition *condition, struct view object)
{
    struct view before;
    struct failure failure = find_before(plan, key, condition, &before);
    if (failure.error)
        return failure;
    if (!holds(plan, condition, &before))
        return failure_of(STORE_CONDITION);
    bool existed = is_there(plan, &before);
    if (plan->txn->ops[op].keep_target && existed)
        return failure_of(STORE_EXISTS);
    failure = end_expired(plan, op, key, &before);
    if (failure.error)
        return failure;
    object.exists = true;
    object.key = key_to_store(key, &before);
    object.location = 0;
    object.time = plan->txn->steps[op].time ? plan->txn->steps[op].time : plan->now;
    failure = receipt_set(plan, op, key, &object, existed);
    if (!failure.error)
        failure = end_beside(plan, op, key, &before);
    return failure.error ? failure : changes_push(plan->changes, plan->txn, op, &before, &object);
}

static struct failure plan_put(struct plan *plan, size_t at)
{
    const struct store_op *op = &plan->txn->ops[at];
    const struct txn_step *step = &plan->txn->steps[at];
    struct view object = {.attributes = op->attributes,
                          .attributes_length = op->attributes_length,
                          .size = op->size,
                          .digest = step->digest,
                          .blob = step->blob,
                          .payload = step->blob ? NULL : op->payload};
    return plan_target(plan, at, &op->key, &op->condition, object);
}

static struct failure plan_delete(struct plan *plan, size_t at)
{
    const struct store_op *op = &plan->txn->ops[at];
    struct view before;
    struct failure failure = find_before(plan, &op->key, &op->condition, &before);
    if (failure.error)
        return failure;
    if (!holds(plan, &op->condition, &before))
        return failure_of(STORE_CONDITION);
    bool existed = is_there(plan, &before);
    struct view after = {.key = existed ? before.key : op->key, .time = plan->now};
    failure = receipt_set(plan, at, &op->key, &after, existed);
    return failure.error ? failure : end_key(plan, at, &op->key, &before);
}

/* Whether an op's target is the object that its source was found to be. One without a name is that of any key of its
 * hash; and by its hash it is told only if it is the only one. */
static bool is_same(const struct plan *plan, const struct store_op *op, const struct view *source)
{
    if (!is_there(plan, source))
        return key_same(&op->key, &op->target);
    return key_same(&source->key, &op->target) && (op->target.bytes || source->others.count == 0);
}

/* Finds the source of a rename or copy, its payload too, and makes sure that nothing speaks against it. */
static struct failure find_source(struct plan *plan, const struct store_op *op, struct view *ret_source)
{
    if (!op->key.bytes == !op->target.bytes && key_same(&op->key, &op->target))
        return failure_of(STORE_SAME);
    struct failure failure = changes_find(plan->changes, &op->key, true, ret_source);
    if (failure.error)
        return failure;
    if (is_same(plan, op, ret_source))
        return failure_of(STORE_SAME);
    if (!holds(plan, &op->condition, ret_source))
        return failure_of(STORE_CONDITION);
    if (!is_there(plan, ret_source))
        return failure_of(STORE_NO_OBJECT);
    bool damaged = ret_source->blob && damage_of_blob(plan->index, ret_source->blob) == BLOB_DAMAGE_DIGEST;
    return failure_of(damaged ? STORE_DAMAGED : STORE_OK);
}

/* Rename and copy: the same object under another key, in this store. */
static struct failure plan_relocate(struct plan *plan, size_t at, bool remove)
{
    static const struct store_condition none;
    const struct store_op *op = &plan->txn->ops[at];
    struct view source;
    struct failure failure = find_source(plan, op, &source);
    if (!failure.error)
        failure = plan_target(plan, at, &op->target, &none, source);
    if (failure.error || !remove)
        return failure;
    bool same_hash = op->key.hash == op->target.hash; /* all of it is not to end then, but just the source */
    return end_key(plan, at, same_hash ? &source.key : &op->key, &source);
}

/* Compaction's: a sweep again. What has its hash by now came behind it, and stays. */
static struct failure plan_sweep(struct plan *plan, size_t at)
{
    const struct store_op *op = &plan->txn->ops[at];
    struct view before, after = {.key = op->key, .time = plan->txn->steps[at].time, .sweep = true};
    struct failure failure = changes_find_own(plan->changes, &op->key, false, &before);
    if (failure.error && failure.error != STORE_DAMAGED)
        return failure;
    unsigned char *to = arena_take(&plan->changes->arena, RECORD_SWEEP_ATTRIBUTES);
    if (!to)
        return failure_of(STORE_NO_MEMORY);
    little_put64(to, plan->txn->steps[at].sweeps_to);
    after.attributes = to;
    after.attributes_length = RECORD_SWEEP_ATTRIBUTES;
    struct crowd crowd = before.others;
    if (before.exists)
        crowd = crowd_with(crowd, index_tag(plan->index, &op->key));
    before = (struct view){.key = op->key, .others = crowd};
    return changes_push(plan->changes, plan->txn, at, &before, &after);
}

/* Compaction's: the record again, as it was, if nothing has come to its own object since; what else has the hash, under
 * another name or none, is no matter of it. What cannot be read under the key of a tombstone has come there. */
static struct failure plan_rewrite(struct plan *plan, size_t at)
{
    struct changes *changes = plan->changes;
    const struct store_op *op = &plan->txn->ops[at];
    const struct txn_step *step = &plan->txn->steps[at];
    struct view before;
    bool tombstone = step->rewritten_from == 0;
    if (!tombstone && index_now_own(plan->index, &op->key) != step->rewritten_from)
        return failure_none();
    struct failure failure = changes_find_own(changes, &op->key, !tombstone, &before);
    if (tombstone && failure.error == STORE_DAMAGED)
        return failure_none();
    if (failure.error || before.location != step->rewritten_from || before.exists == tombstone)
        return failure;
    struct view after = {.key = op->key, .time = step->time};
    if (!tombstone)
        after = before;
    after.location = 0;
    return changes_push(changes, plan->txn, at, &before, &after);
}

/* The background's: the object ends, if it still is there and its time is over. */
static struct failure plan_expire(struct plan *plan, size_t at)
{
    struct view before;
    struct failure failure = changes_find_own(plan->changes, &plan->txn->ops[at].key, false, &before);
    if (failure.error == STORE_DAMAGED)
        return failure_none();
    if (failure.error || !before.exists || is_there(plan, &before))
        return failure;
    return end_object(plan, at, &before);
}

static struct failure plan_op(struct plan *plan, size_t at)
{
    const struct txn *txn = plan->txn;
    const struct store_op *op = &txn->ops[at];
    if (txn->expires)
        return plan_expire(plan, at);
    if (txn->steps[at].rewrite)
        return txn->steps[at].sweeps_to ? plan_sweep(plan, at) : plan_rewrite(plan, at);
    switch (op->kind) {
    case STORE_PUT:
        if (op->size == 0 && !(txn->flags & STORE_ALLOW_EMPTY))
            return failure_of(STORE_EMPTY);
        if (op->size == 1 && op->payload && *(const char *)op->payload == 0 && !(txn->flags & STORE_ALLOW_NUL))
            return failure_of(STORE_NUL);
        return plan_put(plan, at);
    case STORE_DELETE:
        return plan_delete(plan, at);
    case STORE_RENAME:
        return plan_relocate(plan, at, true);
    case STORE_COPY:
        return plan_relocate(plan, at, false);
    }
    return failure_of(STORE_NO_OBJECT);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* The place that the changes from `first` on will take. */
static struct log_need need_of(const struct plan *plan, size_t first, uint64_t bytes)
{
    const struct txn *txn = plan->txn;
    struct log_need need = {.use = LOG_PUTS, .bytes = bytes, .ahead = txn->ahead, .last = txn->last_try};
    if (txn->upkeep && !txn->expires)
        need.use = LOG_UPKEEP;
    else if (changes_only_delete(plan->changes, first))
        need.use = LOG_DELETES;
    return need;
}

/* The first ones', and then one more with each op. */
static void foresee(const struct plan *plan, size_t at)
{
    const struct txn *txn = plan->txn;
    for (size_t ahead = at > 0 ? at + INDEX_AHEAD : 0; ahead <= at + INDEX_AHEAD && ahead < txn->count; ahead++)
        index_foresee(plan->index, txn->ops[ahead].key.hash);
}

/* Decides the ops and adds up the bytes of their records. The sum is looked at after each: a copy brings its payload
 * into memory, and a short request may ask for many. */
static struct failure plan_ops(struct plan *plan, uint64_t *ret_bytes, size_t *ret_op)
{
    uint64_t bytes = 0;
    struct failure failure = failure_none();
    for (size_t at = 0; at < plan->txn->count && !failure.error; at++) {
        size_t planned = plan->changes->count;
        foresee(plan, at);
        failure = plan_op(plan, at);
        *ret_op = at;
        bytes += changes_bytes(plan->changes, planned);
        if (!failure.error && bytes > TXN_BYTES) {
            failure = failure_of(STORE_TOO_LARGE);
            *ret_op = SIZE_MAX;
        }
    }
    *ret_bytes = bytes;
    return failure;
}

/* Whether the store may hold what the changes from `first` on make of it. */
static struct failure plan_quota(const struct plan *plan, struct quota *quota, size_t first, size_t *ret_op)
{
    struct txn *txn = plan->txn;
    struct quota_growth growth = changes_growth(plan->changes, first);
    if (quota_admit(quota, &growth, txn->share, &txn->overrun))
        return failure_none();
    *ret_op = SIZE_MAX;
    return failure_of(STORE_QUOTA);
}

void plan_drop(struct changes *changes, struct quota *quota, struct txn *txn, size_t first)
{
    struct quota_growth growth = changes_growth(changes, first);
    quota_retract(quota, &growth, txn->share);
    changes_pop(changes, first);
}

struct failure plan_txn(struct index *index, struct changes *changes, struct quota *quota, struct txn *txn, int64_t now,
                        struct log_need *ret_need, size_t *ret_op)
{
    changes_assert_own(changes);
    struct plan plan = {.index = index, .changes = changes, .txn = txn, .now = now};
    size_t first = changes->count;
    uint64_t bytes;
    struct failure failure = plan_ops(&plan, &bytes, ret_op);
    if (!failure.error)
        failure = plan_quota(&plan, quota, first, ret_op);
    if (failure.error)
        changes_pop(changes, first);
    else
        *ret_need = need_of(&plan, first, bytes);
    return failure;
}
