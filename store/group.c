/* group.c - one group commit: decide, append, sync, publish, complete. group.h tells the story. */
#include "store/group.h"

#include "store/arena.h"
#include "store/condition.h"
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BUCKETS = 4096,
    NONE = -1,
    GROUP_BYTES = 4 << 20, /* a group beyond it takes no more transactions in */
    GROUP_CHANGES = 16384, /* the same for its changes */
    TXN_BYTES = 96 << 20,  /* the most that one transaction may append */
};

/* What the writer knows of what a key holds. Points into ops, or into the group's arena. */
struct view {
    bool exists;
    struct store_key key; /* bytes NULL when it is known by its hash only */
    const void *attributes;
    size_t attributes_length;
    uint64_t size;
    struct store_digest digest;
    uint64_t blob;
    const void *payload; /* inline and loaded, else NULL */
    uint64_t offset;
    int64_t time;
    uint64_t location; /* packed; 0: of this group, still in memory */
};

/* What one record of the group changes. */
struct change {
    struct view before;
    struct view after; /* exists: a put, else a tombstone */
    struct location location;
    struct txn *txn;
    size_t op;
    int older;    /* the change before in its bucket */
    bool orphans; /* publishing it left the blob of `before` without need */
};

struct group {
    struct store *store;
    struct arena arena;
    struct change *changes;
    size_t count;
    size_t room;
    int buckets[BUCKETS]; /* the newest change of each */
    struct txn *first;    /* the group's transactions, in order */
    struct txn **last;
    uint64_t bytes;
    int64_t now;
    size_t segments; /* of the log, when compaction was last thought of */
    bool compact;    /* a segment has become worth it */
};

struct group *group_new(struct store *store)
{
    struct group *group = calloc(1, sizeof *group);
    if (!group)
        return NULL;
    group->store = store;
    group->last = &group->first;
    memset(group->buckets, NONE, sizeof group->buckets);
    return group;
}

void group_free(struct group *group)
{
    if (!group)
        return;
    arena_free(&group->arena);
    free(group->changes);
    free(group);
}

/* ---- what a key holds ------------------------------------------------------------------------ */

static int *bucket_of(struct group *group, uint64_t hash)
{
    return &group->buckets[(hash ^ hash >> 32) % BUCKETS];
}

static const struct change *newest_change(struct group *group, uint64_t hash)
{
    int at = *bucket_of(group, hash);
    while (at != NONE && group->changes[at].after.key.hash != hash)
        at = group->changes[at].older;
    return at == NONE ? NULL : &group->changes[at];
}

/* Reads `length` bytes of a stored record into the arena and checks its head. */
static enum store_error view_read(struct group *group, struct location location, size_t length,
                                  struct record *ret_record)
{
    struct store *store = group->store;
    const struct segment *segment = store->log.segments[location.segment];
    unsigned char *bytes = arena_take(&group->arena, length);
    if (!bytes)
        return STORE_NO_MEMORY;
    int error = io_read_all(store->io, segment->file, bytes, length, location.position);
    if (error)
        return error_io(error);
    uint64_t offset = segment_offset(segment, location.position);
    return record_decode(bytes, length, offset, store->salt, ret_record) ? STORE_OK : STORE_DAMAGED;
}

static struct view view_of_record(const struct record *record, uint64_t location)
{
    return (struct view){
        .exists = true,
        .key = {.bytes = record->key, .length = record->key_length, .hash = record->key_hash},
        .attributes = record->attributes,
        .attributes_length = record->attributes_length,
        .size = record->size,
        .digest = record->digest,
        .blob = record->blob,
        .payload = record->payload,
        .offset = record->offset,
        .time = record->time,
        .location = location,
    };
}

static enum store_error view_load(struct group *group, uint64_t packed, bool payload, struct view *ret_view)
{
    struct location location = location_unpack(packed);
    size_t length = location.length;
    if (!payload && length > RECORD_HEAD_MAX)
        length = RECORD_HEAD_MAX;
    struct record record;
    enum store_error error = view_read(group, location, length, &record);
    if (error)
        return error;
    if (payload && !record_payload_whole(&record))
        return STORE_DAMAGED;
    *ret_view = view_of_record(&record, packed);
    return STORE_OK;
}

/* What the key's hash holds after everything the group has decided so far. */
static enum store_error view_find(struct group *group, const struct store_key *key, bool payload, struct view *ret_view)
{
    const struct change *change = newest_change(group, key->hash);
    if (change) {
        *ret_view = change->after;
        if (!payload || !change->after.exists || change->after.blob || change->after.payload || !change->after.size)
            return STORE_OK;
        return STORE_DAMAGED; /* a payload that is in memory always points somewhere */
    }
    uint64_t location = table_get(&group->store->index, key->hash);
    if (location)
        return view_load(group, location, payload, ret_view);
    *ret_view = (struct view){.key = store_key_of_hash(key->hash)};
    return STORE_OK;
}

/* ---- changes --------------------------------------------------------------------------------- */

static bool changes_grow(struct group *group)
{
    size_t room = group->room ? group->room * 2 : 256;
    struct change *moved = realloc(group->changes, room * sizeof *moved);
    if (!moved)
        return false;
    group->changes = moved;
    group->room = room;
    return true;
}

static enum store_error change_push(struct group *group, struct txn *txn, size_t op, const struct view *before,
                                    const struct view *after)
{
    if (group->count == group->room && !changes_grow(group))
        return STORE_NO_MEMORY;
    int *bucket = bucket_of(group, after->key.hash);
    group->changes[group->count] = (struct change){
        .before = *before, .after = *after, .txn = txn, .op = op, .older = *bucket};
    *bucket = (int)group->count++;
    return STORE_OK;
}

/* Takes back every change from `count` on. */
static void changes_pop(struct group *group, size_t count)
{
    while (group->count > count) {
        struct change *change = &group->changes[--group->count];
        *bucket_of(group, change->after.key.hash) = change->older;
    }
}

/* ---- deciding one op ------------------------------------------------------------------------- */

static const struct store_digest *digest_in(const struct view *view)
{
    return view->exists ? &view->digest : NULL;
}

/* The key that is stored: an object that has a name keeps it when it is written by its hash. */
static struct store_key key_to_store(const struct store_key *asked, const struct view *view)
{
    return !asked->bytes && view->exists ? view->key : *asked;
}

/* The key a receipt tells: the asked one where it has bytes, else a copy, since the stored one may belong to another
 * transaction of the group, whose owner frees it when it is done. */
static bool receipt_key(struct group *group, const struct store_key *asked, const struct view *after,
                        struct store_key *ret_key)
{
    *ret_key = asked->bytes ? *asked : after->key;
    if (asked->bytes || !after->key.bytes)
        return true;
    void *copy = arena_take(&group->arena, after->key.length);
    if (!copy)
        return false;
    memcpy(copy, after->key.bytes, after->key.length);
    ret_key->bytes = copy;
    return true;
}

static enum store_error receipt_set(struct group *group, struct txn *txn, size_t op, const struct store_key *asked,
                                    const struct view *after, bool existed)
{
    struct store_key key;
    if (!receipt_key(group, asked, after, &key))
        return STORE_NO_MEMORY;
    txn->receipts[op] = (struct store_receipt){
        .key = key.bytes,
        .key_length = key.length,
        .key_hash = key.hash,
        .size = after->exists ? after->size : 0,
        .digest = after->digest,
        .existed = existed,
    };
    return STORE_OK;
}

/* What the key holds, for a write that replaces or deletes it. What is damaged may be replaced and deleted too, as long as
 * nothing is asked of it: then only its place is known. (The figures count its payload until the store is opened again.) */
static enum store_error view_before(struct group *group, const struct store_key *key,
                                    const struct store_condition *condition, struct view *ret_view)
{
    enum store_error error = view_find(group, key, false, ret_view);
    if (error != STORE_DAMAGED || store_condition_asks(condition))
        return error;
    *ret_view = (struct view){.exists = true, .key = *key};
    return STORE_OK;
}

/* The object comes to stand under `key`, if nothing speaks against it. */
static enum store_error plan_target(struct group *group, struct txn *txn, size_t op, const struct store_key *key,
                                    const struct store_condition *condition, struct view object)
{
    struct view before;
    enum store_error error = view_before(group, key, condition, &before);
    if (error)
        return error;
    if (before.exists && !key_same(key, &before.key))
        return STORE_COLLISION;
    if (!condition_holds(condition, digest_in(&before), before.time))
        return STORE_CONDITION;
    if (txn->ops[op].keep_target && before.exists)
        return STORE_EXISTS;
    object.exists = true;
    object.key = key_to_store(key, &before);
    object.location = 0;
    object.time = group->now;
    error = receipt_set(group, txn, op, key, &object, before.exists);
    return error ? error : change_push(group, txn, op, &before, &object);
}

static enum store_error plan_put(struct group *group, struct txn *txn, size_t at)
{
    const struct store_op *op = &txn->ops[at];
    const struct txn_step *step = &txn->steps[at];
    struct view object = {.attributes = op->attributes,
                          .attributes_length = op->attributes_length,
                          .size = op->size,
                          .digest = step->digest,
                          .blob = step->blob,
                          .payload = step->blob ? NULL : op->payload};
    return plan_target(group, txn, at, &op->key, &op->condition, object);
}

static enum store_error plan_delete(struct group *group, struct txn *txn, size_t at)
{
    const struct store_op *op = &txn->ops[at];
    struct view before;
    enum store_error error = view_before(group, &op->key, &op->condition, &before);
    if (error)
        return error;
    bool found = before.exists && key_same(&op->key, &before.key);
    if (!condition_holds(&op->condition, found ? &before.digest : NULL, before.time))
        return STORE_CONDITION;
    struct view after = {.key = found ? before.key : op->key, .time = group->now};
    error = receipt_set(group, txn, at, &op->key, &after, found);
    bool lost = !before.exists && group->store->gaps; /* it may be in a part of the log that comes back */
    return error || !(found || lost) ? error : change_push(group, txn, at, &before, &after);
}

/* Rename and copy: the same object under another key, in this store. */
static enum store_error plan_relocate(struct group *group, struct txn *txn, size_t at, bool remove)
{
    static const struct store_condition none;
    const struct store_op *op = &txn->ops[at];
    struct view source;
    if (key_same(&op->key, &op->target))
        return STORE_SAME;
    enum store_error error = view_find(group, &op->key, true, &source);
    if (error)
        return error;
    bool found = source.exists && key_same(&op->key, &source.key);
    if (!condition_holds(&op->condition, found ? &source.digest : NULL, source.time))
        return STORE_CONDITION;
    if (!found)
        return STORE_NO_OBJECT;
    if (source.blob && store_blob_is_damaged(group->store, source.blob))
        return STORE_DAMAGED;
    error = plan_target(group, txn, at, &op->target, &none, source);
    if (error || !remove)
        return error;
    struct view gone = {.key = source.key, .time = group->now};
    return change_push(group, txn, at, &source, &gone);
}

/* Compaction's: the record again, as it was, if nothing has come to its key since. */
static enum store_error plan_move(struct group *group, struct txn *txn, size_t at)
{
    const struct store_op *op = &txn->ops[at];
    const struct txn_step *step = &txn->steps[at];
    struct view before = {.key = op->key};
    if (newest_change(group, op->key.hash) || table_get(&group->store->index, op->key.hash) != step->moved_from)
        return STORE_OK;
    struct view after = {.key = op->key, .time = step->time};
    if (step->moved_from) {
        enum store_error error = view_load(group, step->moved_from, true, &before);
        if (error)
            return error;
        after = before;
        after.location = 0;
    }
    return change_push(group, txn, at, &before, &after);
}

static enum store_error plan_op(struct group *group, struct txn *txn, size_t at)
{
    const struct store_op *op = &txn->ops[at];
    if (txn->steps[at].moves)
        return plan_move(group, txn, at);
    switch (op->kind) {
    case STORE_PUT:
        if (op->size == 0 && !(txn->flags & STORE_ALLOW_EMPTY))
            return STORE_EMPTY;
        if (op->size == 1 && op->payload && *(const char *)op->payload == 0 && !(txn->flags & STORE_ALLOW_NUL))
            return STORE_NUL;
        return plan_put(group, txn, at);
    case STORE_DELETE:
        return plan_delete(group, txn, at);
    case STORE_RENAME:
        return plan_relocate(group, txn, at, true);
    case STORE_COPY:
        return plan_relocate(group, txn, at, false);
    }
    return STORE_NO_OBJECT;
}

/* ---- deciding a transaction ------------------------------------------------------------------ */

static struct record record_of(const struct change *change)
{
    const struct view *after = &change->after;
    return (struct record){
        .type = after->exists ? RECORD_PUT : RECORD_TOMBSTONE,
        .time = after->time,
        .key_hash = after->key.hash,
        .size = after->size,
        .digest = after->digest,
        .blob = after->blob,
        .key = after->key.bytes,
        .key_length = after->key.length,
        .attributes = after->attributes,
        .attributes_length = after->attributes_length,
        .payload = after->payload,
    };
}

/* The bytes that the changes from `first` on will take. */
static uint64_t changes_bytes(const struct group *group, size_t first)
{
    uint64_t bytes = 0;
    for (size_t i = first; i < group->count; i++) {
        struct record record = record_of(&group->changes[i]);
        bytes += record_length(&record);
    }
    return bytes;
}

static bool changes_only_delete(const struct group *group, size_t first)
{
    for (size_t i = first; i < group->count; i++) {
        if (group->changes[i].after.exists)
            return false;
    }
    return true;
}

/* The place that the changes from `first` on will take. */
static struct log_need need_of(const struct group *group, const struct txn *txn, size_t first, uint64_t bytes)
{
    struct log_need need = {.use = LOG_PUTS, .bytes = bytes, .ahead = txn->ahead, .last = txn->last_try};
    if (txn->upkeep)
        need.use = LOG_UPKEEP;
    else if (changes_only_delete(group, first))
        need.use = LOG_DELETES;
    return need;
}

/* Decides all ops and adds up the bytes of their records; on failure nothing is left of them and *ret_op names the one at
 * fault. The sum is looked at after each: a copy brings its payload into memory, and a short request may ask for many. */
static enum store_error plan_txn(struct group *group, struct txn *txn, uint64_t *ret_bytes, size_t *ret_op)
{
    size_t first = group->count;
    uint64_t bytes = 0;
    enum store_error error = STORE_OK;
    for (size_t at = 0; at < txn->count && !error; at++) {
        size_t planned = group->count;
        error = plan_op(group, txn, at);
        *ret_op = at;
        bytes += changes_bytes(group, planned);
        if (!error && bytes > TXN_BYTES) {
            error = STORE_TOO_LARGE;
            *ret_op = SIZE_MAX;
        }
    }
    if (error)
        changes_pop(group, first);
    *ret_bytes = bytes;
    return error;
}

/* ---- appending ------------------------------------------------------------------------------- */

/* Compaction's records have nothing to do with each other: each counts alone, or damage to one would take them all. */
static int append_changes(struct group *group, const struct txn *txn, size_t first)
{
    size_t steps = txn->upkeep ? 1 : group->count - first;
    for (size_t i = first; i < group->count; i++) {
        struct change *change = &group->changes[i];
        struct record record = record_of(change);
        record.step = txn->upkeep ? 0 : (uint32_t)(i - first);
        record.steps = (uint32_t)steps;
        int error = log_append(&group->store->log, &record, &change->location);
        if (error)
            return error;
        change->after.offset = record.offset;
        if (change->after.exists)
            change->txn->receipts[change->op].offset = record.offset;
    }
    return 0;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void group_reset(struct group *group)
{
    changes_pop(group, 0);
    arena_reset(&group->arena);
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
static void group_fail(struct group *group, enum store_error error, int os_error)
{
    bool written = group->store->log.group_written;
    depot_log(group->store->depot, STORE_LOG_ERROR, "store %s: a commit failed and was taken back: %s (%s)",
              group->store->name, store_error_text(error), strerror(os_error));
    log_abandon(&group->store->log);
    changes_pop(group, 0);
    for (struct txn *txn = group->first; txn; txn = txn->next) {
        if (txn->error || txn->hold == TXN_TAKES)
            continue; /* a hold is taken all the same */
        txn_fail(txn, error, os_error, SIZE_MAX);
        txn->in_doubt = written;
    }
    group->bytes = 0;
}

/* The store takes no writes any more: nobody knows what is on disk. */
static void store_fail(struct store *store, const char *what, int os_error)
{
    if (!atomic_exchange(&store->failed, true))
        depot_log(store->depot, STORE_LOG_ERROR,
                  "store %s: %s failed (%s): it takes no writes until the server is started again; reads go on",
                  store->name, what, strerror(os_error));
}

/* Gives each receipt of a delete the end of the log, as the contract says. */
static void txn_accept(struct group *group, struct txn *txn)
{
    txn->end_offset = group->store->log.end;
    for (size_t i = 0; i < txn->count; i++) {
        if (txn->ops[i].kind == STORE_DELETE)
            txn->receipts[i].offset = txn->end_offset;
    }
}

/* Plans, finds room, appends. STORE_AGAIN leaves the group as it was. */
static enum store_error add_planned(struct group *group, struct txn *txn)
{
    struct log *log = &group->store->log;
    size_t first = group->count;
    size_t op = SIZE_MAX;
    uint64_t bytes;
    enum store_error error = plan_txn(group, txn, &bytes, &op);
    if (error) {
        txn_fail(txn, error, error == STORE_IO ? errno : 0, op);
        return error;
    }
    struct log_need need = need_of(group, txn, first, bytes);
    int os_error = 0;
    error = log_room(log, &need, &os_error);
    if (error) {
        changes_pop(group, first);
        if (error == STORE_FAILED)
            store_fail(group->store, "starting a new segment", os_error);
        txn->waits = error == STORE_FULL && need.use == LOG_DELETES && !txn->last_try;
        if (error != STORE_AGAIN && !txn->waits)
            txn_fail(txn, error, os_error, SIZE_MAX);
        return error;
    }
    os_error = append_changes(group, txn, first);
    if (os_error) {
        txn->in_doubt = log->group_written;
        group_fail(group, error_of_errno(os_error), os_error);
        txn_fail(txn, error_of_errno(os_error), os_error, SIZE_MAX);
        return txn->error;
    }
    group->bytes += need.bytes;
    txn_accept(group, txn);
    return STORE_OK;
}

enum store_error group_add(struct group *group, struct txn *txn)
{
    struct store *store = group->store;
    if (!group->first) {
        group->now = now();
        log_begin(&store->log);
    }
    enum store_error error = STORE_OK;
    if (txn->hold == TXN_TAKES) { /* it changes nothing: it only has its place in the order */
        group_take(group, txn);
        return txn->error;
    }
    if (atomic_load(&store->failed))
        error = STORE_FAILED;
    else if (atomic_load(&store->deleted))
        error = STORE_NO_STORE;
    if (error)
        txn_fail(txn, error, 0, SIZE_MAX);
    else
        error = add_planned(group, txn);
    if (error != STORE_AGAIN && !txn->waits)
        group_take(group, txn);
    return error;
}

/* Also when refused transactions have left much in memory. */
bool group_full(const struct group *group)
{
    return group->bytes >= GROUP_BYTES || group->count >= GROUP_CHANGES || group->arena.bytes >= 2 * GROUP_BYTES;
}

/* ---- publishing ------------------------------------------------------------------------------ */

/* Memory for what publishing will put into the tables: after the sync it must not fail. Lock held. */
static bool reserve_changes(struct group *group)
{
    struct store *store = group->store;
    bool fits = true;
    for (size_t i = 0; i < group->count && fits; i++) {
        const struct view *after = &group->changes[i].after;
        if (after->exists)
            fits = table_reserve(&store->index, after->key.hash);
        if (after->exists && after->blob && fits)
            fits = blobs_reserve(&store->blobs, after->blob);
    }
    if (!fits) {
        table_reservations_end(&store->index);
        table_reservations_end(&store->blobs.needs);
    }
    return fits;
}

/* A record has lost its key. */
static void record_died(struct group *group, struct location location)
{
    struct store *store = group->store;
    struct segment *segment = store->log.segments[location.segment];
    segment->live--;
    segment->dead += location.length;
    store->dead_log_bytes += location.length;
    group->compact = group->compact || compact_worthwhile(store, segment);
}

/* Makes one change visible. Lock held. */
static void publish_change(struct group *group, struct change *change)
{
    struct store *store = group->store;
    const struct view *after = &change->after;
    struct segment *segment = store->log.segments[change->location.segment];
    uint64_t before;
    if (after->exists) {
        before = table_put(&store->index, after->key.hash, location_pack(change->location));
        segment->live++;
        store->live_bytes += after->size;
        if (after->blob)
            blobs_need(&store->blobs, after->blob, after->size);
    } else {
        before = table_remove(&store->index, after->key.hash);
        segment->tombstones += change->location.length;
        store->dead_log_bytes += change->location.length;
    }
    if (before) {
        record_died(group, location_unpack(before));
        store->live_bytes -= change->before.size;
    }
    if (change->before.exists && change->before.blob)
        change->orphans = blobs_unneed(&store->blobs, change->before.blob, change->before.size);
}

static void publish(struct group *group)
{
    struct store *store = group->store;
    pthread_rwlock_wrlock(&store->lock);
    for (size_t i = 0; i < group->count; i++)
        publish_change(group, &group->changes[i]);
    table_reservations_end(&store->index);
    table_reservations_end(&store->blobs.needs);
    store->commits++;
    store->records += group->count;
    store->end_offset = store->log.end;
    pthread_rwlock_unlock(&store->lock);
    for (size_t i = 0; i < group->count; i++) {
        if (group->changes[i].orphans)
            blobs_discard(&store->blobs, group->changes[i].before.blob);
    }
    store->mark_last = false;
    if (group->compact || group->segments != store->log.segment_count)
        compact_start(store);
    group->compact = false;
    group->segments = store->log.segment_count;
}

/* Makes the group's records durable, or fails the group. */
static void make_durable(struct group *group)
{
    struct store *store = group->store;
    pthread_rwlock_wrlock(&store->lock);
    bool fits = reserve_changes(group);
    pthread_rwlock_unlock(&store->lock);
    if (!fits) {
        group_fail(group, STORE_NO_MEMORY, ENOMEM);
        return;
    }
    bool sync_failed;
    int error = log_sync(&store->log, &sync_failed);
    if (!error)
        return;
    if (sync_failed)
        store_fail(store, "fdatasync of the log", error);
    group_fail(group, sync_failed ? STORE_FAILED : error_of_errno(error), error);
}

/* Calls every done, with nothing held: the callbacks may give in new work. */
static void complete(struct store *store, struct txn *txn)
{
    while (txn) {
        struct txn *next = txn->next;
        store_complete(store, txn);
        txn = next;
    }
}

void group_commit(struct group *group)
{
    if (group->count > 0)
        make_durable(group);
    bool durable = group->count > 0;
    if (durable)
        publish(group);
    complete(group->store, group->first);
    if (durable) /* behind it nothing counts that failed before */
        blobs_end_doubts(&group->store->blobs);
    group_reset(group);
}

void group_mark(struct group *group)
{
    struct store *store = group->store;
    struct record mark = {.type = RECORD_MARK, .time = now(), .steps = 1};
    struct location location;
    bool sync_failed;
    int os_error;
    store->log.ending = true;
    if (!store->log.active || store->mark_last || atomic_load(&store->failed))
        return;
    log_begin(&store->log);
    struct log_need need = {.use = LOG_DELETES, .bytes = record_length(&mark)};
    if (log_room(&store->log, &need, &os_error))
        return;
    if (log_append(&store->log, &mark, &location) || log_sync(&store->log, &sync_failed)) {
        log_abandon(&store->log);
        return;
    }
    pthread_rwlock_wrlock(&store->lock);
    store->dead_log_bytes += location.length;
    store->log.segments[location.segment]->dead += location.length;
    store->end_offset = store->log.end;
    pthread_rwlock_unlock(&store->lock);
    store->mark_last = true;
}
