/* group.c - one group commit: append, sync, publish, complete. group.h tells the story. */
#include "store/commit/group.h"

#include "store/base/clock.h"
#include "store/base/error.h"
#include "store/commit/changes.h"
#include "store/commit/plan.h"
#include "store/index/yield.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    GROUP_BYTES = 4 << 20, /* a group beyond it takes no more transactions in */
    GROUP_CHANGES = 16384, /* the same for its changes */
    STRIDE = 1 << 20,      /* of the log: after that much there may be something to make of it */
};

struct group {
    struct group_parts *parts;
    struct changes changes;
    struct txn *first; /* the group's transactions, in order */
    struct txn **last;
    uint64_t bytes;
    int64_t now;
    bool compact;           /* a segment has become worth it */
    unsigned char buffer[]; /* LOG_BUFFER bytes */
};

struct group *group_new(void)
{
    struct group *group = malloc(sizeof *group + LOG_BUFFER);
    if (!group)
        return NULL;
    *group = (struct group){.last = &group->first};
    changes_init(&group->changes);
    return group;
}

void group_free(struct group *group)
{
    changes_free(&group->changes);
    free(group);
}

void group_enter(struct group *group, struct group_parts *parts)
{
    group->parts = parts;
    changes_enter(&group->changes, parts->index, parts->log);
    log_own(parts->log, group->buffer);
}

void group_leave(struct group *group)
{
    assert(!group->first);
    log_disown(group->parts->log);
    group->parts = NULL;
}

/* ---- appending ------------------------------------------------------------------------------- */

/* Compaction's records have nothing to do with each other: each counts alone, or damage to one would take them all. */
static int append_changes(struct group *group, const struct txn *txn, size_t first)
{
    struct changes *changes = &group->changes;
    size_t steps = txn->upkeep ? 1 : changes->count - first;
    for (size_t i = first; i < changes->count; i++) {
        struct change *change = &changes->list[i];
        struct record record = changes_record(change);
        record.step = txn->upkeep ? 0 : (uint32_t)(i - first);
        record.steps = (uint32_t)steps;
        int error = log_append(group->parts->log, &record, &change->location);
        if (error)
            return error;
        change->after.offset = record.offset;
        if (change->after.exists)
            change->txn->receipts[change->op].offset = record.offset;
    }
    return 0;
}

static void group_reset(struct group *group)
{
    changes_reset(&group->changes);
    group->first = NULL;
    group->last = &group->first;
    group->bytes = 0;
}

static void group_take(struct group *group, struct txn *txn)
{
    txn->next = NULL;
    *group->last = txn;
    group->last = &txn->next;
}

/* A write to the log failed: no transaction of the group can be kept. Where bytes may have reached the
 * disk, the blobs stay until the next group is on disk, behind which these records cannot count any more: a crash
 * before could still make them, and then whole ones. */
static void group_fail(struct group *group, struct failure failure)
{
    bool written = group->parts->log->group_written;
    if (failure.error != STORE_NO_STORE)
        notice_tell(group->parts->notice, STORE_LOG_ERROR, "a commit failed and was taken back: %s (%s)",
                    store_error_text(failure.error), strerror(failure.os_error));
    log_abandon(group->parts->log);
    struct quota_growth growth = changes_growth(&group->changes, 0);
    quota_retract(group->parts->quota, &growth, NULL);
    changes_pop(&group->changes, 0);
    for (struct txn *txn = group->first; txn; txn = txn->next) {
        if (txn->failure.error || txn->hold == TXN_TAKES)
            continue; /* a hold is taken all the same */
        txn_fail(txn, failure, SIZE_MAX);
        txn->in_doubt = written;
    }
    group->bytes = 0;
}

/* The store takes no writes any more: nobody knows what is on disk. */
static void fail_for_good(struct group *group, const char *what, const char *why)
{
    if (gate_fail(group->parts->gate))
        notice_tell(group->parts->notice, STORE_LOG_ERROR,
                    "%s failed (%s): it takes no writes until the server is started again; reads go on", what, why);
}

/* Gives each receipt of a delete the end of the log, as the contract says. */
static void txn_accept(struct group *group, struct txn *txn)
{
    txn->end_offset = group->parts->log->end;
    for (size_t i = 0; i < txn->count; i++)
        if (txn->ops[i].kind == STORE_DELETE)
            txn->receipts[i].offset = txn->end_offset;
}

static void tell_failed_roll(struct group *group, struct failure failure)
{
    if (failure.error == STORE_FAILED)
        fail_for_good(group, "starting a new segment",
                      failure.os_error ? strerror(failure.os_error)
                                       : "the log has all the segments it can have: restart the server");
}

/* Finds place for what is planned, and says what becomes of the transaction when there is none. */
static struct failure group_room(struct group *group, struct txn *txn, const struct log_need *need)
{
    struct failure failure = log_room(group->parts->log, need);
    tell_failed_roll(group, failure);
    txn->waits = failure.error == STORE_FULL && need->use == LOG_DELETES && !txn->last_try && !txn->upkeep;
    if (failure.error && failure.error != STORE_AGAIN && !txn->waits)
        txn_fail(txn, failure, SIZE_MAX);
    return failure;
}

/* Plans, finds room, appends. STORE_AGAIN leaves the group as it was. */
static enum store_error add_planned(struct group *group, struct txn *txn)
{
    struct log *log = group->parts->log;
    size_t first = group->changes.count;
    size_t op = SIZE_MAX;
    struct log_need need;
    struct failure failure = plan_txn(group->parts->index, &group->changes, group->parts->quota, txn, group->now, &need,
                                      &op);
    if (failure.error) {
        txn_fail(txn, failure, op);
        return failure.error;
    }
    failure = group_room(group, txn, &need);
    if (failure.error) {
        plan_drop(&group->changes, group->parts->quota, txn, first);
        return failure.error;
    }
    uint64_t end = log->end;
    failure = failure_of_errno(append_changes(group, txn, first));
    if (failure.error) {
        txn->in_doubt = log->group_written;
        group_fail(group, failure);
        txn_fail(txn, failure, SIZE_MAX);
        return failure.error;
    }
    assert(log->end - end == need.bytes); /* it found place for what it has taken */
    group->bytes += need.bytes;
    txn_accept(group, txn);
    return STORE_OK;
}

/* Seals the active segment for compaction, where that is worth it. What the group has comes before that. */
static enum store_error add_seal(struct group *group, struct txn *txn)
{
    struct index *index = group->parts->index;
    struct log *log = group->parts->log;
    if (group->bytes > 0)
        return STORE_AGAIN;
    index_lock_shared(index);
    uint64_t kept = log->active ? yield_kept(index, log->active) : 0;
    bool worth = log->active && yield_is_worth_sealing(index, log->active, prepared_cost(log, kept));
    index_unlock(index);
    if (!worth)
        return STORE_OK;
    struct failure failure = log_seal(log, kept);
    tell_failed_roll(group, failure);
    if (failure.error)
        txn_fail(txn, failure, SIZE_MAX);
    return failure.error;
}

enum store_error group_add(struct group *group, struct txn *txn)
{
    log_assert_own(group->parts->log);
    if (!group->first) {
        group->now = clock_now(CLOCK_REALTIME);
        log_begin(group->parts->log);
    }
    enum store_error error = STORE_OK;
    if (txn->hold == TXN_TAKES ||
        txn->hold == TXN_ENTERS) { /* it changes nothing: it only has its place in the order */
        group_take(group, txn);
        return txn->failure.error;
    }
    if (gate_has_failed(group->parts->gate))
        error = STORE_FAILED;
    else if (gate_is_removed(group->parts->gate))
        error = STORE_NO_STORE;
    if (error)
        txn_fail(txn, failure_of(error), SIZE_MAX);
    else
        error = txn->seals ? add_seal(group, txn) : add_planned(group, txn);
    if (error != STORE_AGAIN && !txn->waits)
        group_take(group, txn);
    return error;
}

/* Also when refused transactions have left much in memory. */
bool group_full(const struct group *group)
{
    const struct changes *changes = &group->changes;
    return group->bytes >= GROUP_BYTES || changes->count >= GROUP_CHANGES || changes->arena.bytes >= 2 * GROUP_BYTES;
}

/* ---- publishing ------------------------------------------------------------------------------ */

static struct index_change booking_of(const struct change *change)
{
    const struct view *after = &change->after;
    const struct view *before = &change->before;
    return (struct index_change){.type = change_type(change),
                                 .key = after->key,
                                 .location = change->location,
                                 .size = after->size,
                                 .blob = after->blob,
                                 .replaces = before->exists,
                                 .size_before = before->size,
                                 .blob_before = before->exists ? before->blob : 0,
                                 .others = after->others};
}

/* Memory for what publishing will put into the tables: after the sync it must not fail. */
static bool reserve_changes(struct group *group)
{
    struct index *index = group->parts->index;
    const struct changes *changes = &group->changes;
    bool fits = true;
    index_lock(index);
    for (size_t i = 0; i < changes->count && fits; i++) {
        struct index_change booking = booking_of(&changes->list[i]);
        fits = index_reserve(index, &booking);
    }
    if (!fits)
        index_reservations_end(index);
    index_unlock(index);
    return fits;
}

/* Makes one change visible. Lock held. */
static void publish_change(struct group *group, struct change *change)
{
    struct index *index = group->parts->index;
    index_assert_exclusive(index);
    struct index_change booking = booking_of(change);
    struct index_ended ended = index_apply(index, &booking);
    change->orphan = ended.blob;
    group->compact = group->compact || (ended.segment && yield_is_worthwhile(index, ended.segment, false));
}

/* Unlinks the files that no object needs any more. But objects in a part of the log that is missing may need them, and
 * come back with it: then the files stay, and go at the first start that finds nothing missing. */
static void discard_orphans(struct group *group)
{
    const struct changes *changes = &group->changes;
    if (damage_has_gaps(group->parts->index))
        return;
    for (size_t i = 0; i < changes->count; i++)
        if (changes->list[i].orphan)
            blobs_discard(group->parts->blobs, changes->list[i].orphan);
}

/* Tells when the objects that have come expire. What was written again was told when it came. */
static void tell_deadlines(struct group *group)
{
    const struct changes *changes = &group->changes;
    for (size_t i = 0; i < changes->count; i++) {
        const struct view *after = &changes->list[i].after;
        int64_t expires = after->exists ? store_expiry(after->attributes, after->attributes_length) : 0;
        if (expires && !changes->list[i].txn->upkeep)
            deadlines_add(group->parts->deadlines, expires, after->key.hash);
    }
}

/* Whether the log has come to another segment since that was last looked at. Behind the first one there is nothing that
 * the background could make anything of. */
static bool has_come_on(const struct group *group)
{
    uint64_t number = group->parts->log->active->number;
    return group->parts->number != number && number > SEGMENT_FIRST;
}

static void publish(struct group *group)
{
    struct changes *changes = &group->changes;
    struct index *index = group->parts->index;
    struct log *log = group->parts->log;
    index_lock(index);
    assert(index->end_offset <= log->group); /* nobody has seen the group yet, and it is all of it: */
    assert(log->end - log->group == group->bytes);
    for (size_t i = 0; i < changes->count; i++) {
        if (i + INDEX_AHEAD < changes->count)
            index_foresee(index, changes->list[i + INDEX_AHEAD].after.key.hash);
        publish_change(group, &changes->list[i]);
    }
    index_reservations_end(index);
    index_count_group(index, changes->count);
    index_publish(index);
    assert(quota_agrees(group->parts->quota, index->objects, index->live_bytes));
    index_unlock(index);
    discard_orphans(group);
    tell_deadlines(group);
    log_note_mark(log, false);
    if (has_come_on(group))
        arrears_look(group->parts->arrears);
    if (group->compact || has_come_on(group))
        (void)errand_ask(group->parts->compaction);
    if (has_come_on(group) || log->group / STRIDE != log->end / STRIDE)
        (void)errand_ask(group->parts->summaries);
    group->compact = false;
    group->parts->number = log->active->number;
}

/* Syncs the log, and counts how long that takes. */
static int sync_log(struct group *group, bool *ret_sync_failed)
{
    int64_t began = clock_now(CLOCK_MONOTONIC);
    int error = log_sync(group->parts->log, ret_sync_failed);
    tally_count(&group->parts->effort->syncs, (uint64_t)(clock_now(CLOCK_MONOTONIC) - began));
    return error;
}

/* Whether somebody waits for the group who has written no file before. */
static bool is_small(const struct group *group)
{
    const struct changes *changes = &group->changes;
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->list[i].after.blob && !changes->list[i].txn->upkeep)
            return true;
    return false;
}

static void count_commit(const struct group *group)
{
    struct effort *effort = group->parts->effort;
    tally_count(&effort->bytes, group->bytes);
    tally_count(&effort->records, group->changes.count);
    if (is_small(group))
        atomic_fetch_add_explicit(&effort->small, 1, memory_order_relaxed);
}

/* Whether the group's records name files that the next start will not find: somebody has moved blobs/, or a folder that
 * it is in. */
static bool has_lost_blobs(const struct group *group)
{
    const struct changes *changes = &group->changes;
    for (size_t i = 0; i < changes->count; i++)
        if (changes->list[i].after.exists && changes->list[i].after.blob)
            return blobs_are_lost(group->parts->blobs);
    return false;
}

/* Makes the group's records durable, or fails the group. */
static void make_durable(struct group *group)
{
    if (!reserve_changes(group)) {
        group_fail(group, failure_of_errno(ENOMEM));
        return;
    }
    bool lost_blobs = has_lost_blobs(group), sync_failed = lost_blobs;
    struct failure failure = failure_of_errno(lost_blobs ? ENOENT : sync_log(group, &sync_failed));
    if (!failure.error)
        return;
    if (failure.os_error == ENOENT && gate_is_shut(group->parts->gate)) {
        failure.error = STORE_NO_STORE; /* it is just being removed */
    } else if (sync_failed) {
        failure.error = STORE_FAILED;
        fail_for_good(group, lost_blobs ? "keeping a large payload" : "fdatasync of the log",
                      failure.os_error == ENOENT ? "its file, or a folder that it is in, has been moved or removed"
                                                 : strerror(failure.os_error));
    }
    group_fail(group, failure);
}

/* Calls every done, with nothing held: the callbacks may give in new work. */
static void complete(struct gate *gate, struct txn *txn)
{
    while (txn) {
        struct txn *next = txn->next;
        gate_complete(gate, txn);
        txn = next;
    }
}

void group_commit(struct group *group)
{
    log_assert_own(group->parts->log);
    if (group->changes.count > 0)
        make_durable(group);
    bool durable = group->changes.count > 0;
    if (durable) {
        publish(group);
        watch_wake(group->parts->watch);
        count_commit(group);
    }
    complete(group->parts->gate, group->first);
    if (durable) /* behind it nothing counts that failed before */
        blobs_end_doubts(group->parts->blobs);
    group_reset(group);
}

void group_mark(struct group *group)
{
    struct index *index = group->parts->index;
    struct log *log = group->parts->log;
    struct record mark = {.type = RECORD_MARK, .time = clock_now(CLOCK_REALTIME), .steps = 1};
    struct location location;
    bool sync_failed;
    if (!log->active || log->marked || gate_has_failed(group->parts->gate))
        return;
    log_begin(log);
    struct log_need need = {.use = LOG_DELETES, .bytes = record_length(&mark)};
    if (log_room(log, &need).error)
        return;
    if (log_append(log, &mark, &location) || log_sync(log, &sync_failed)) {
        log_abandon(log);
        return;
    }
    index_lock(index);
    index_apply(index, &(struct index_change){.type = RECORD_MARK, .location = location});
    index_publish(index);
    index_unlock(index);
    log_note_mark(log, true);
}
