/* follower.c - applies changes to an array of keys, and compares it with what the store says. */
#include "tests/lib/follower.h"

#include <string.h>

static unsigned key_of(const struct store_change *change)
{
    for (unsigned key = 0; key < MODEL_KEYS; key++) {
        struct store_key known = model_key(key);
        if (known.hash == change->key_hash && known.length == change->key_length &&
            (!known.bytes || memcmp(known.bytes, change->key, known.length) == 0))
            return key;
    }
    return MODEL_KEYS;
}

static void end_hash(struct follower *follower, const struct store_change *change)
{
    for (unsigned key = 0; key < MODEL_KEYS; key++)
        if (model_key(key).hash == change->key_hash && follower->held[key].offset < change->ends)
            follower->held[key].there = false;
}

static bool apply(void *arg, const struct store_change *change)
{
    struct follower *follower = arg;
    if (change->offset < follower->since || (follower->shown && change->offset <= follower->shown))
        model_fail(follower->model, "a change at %llu comes behind one at %llu, since %llu",
                   (unsigned long long)change->offset, (unsigned long long)follower->shown,
                   (unsigned long long)follower->since);
    follower->shown = change->offset;
    follower->changes++;
    follower->taken++;
    if (change->ends)
        end_hash(follower, change);
    unsigned key = key_of(change);
    if (key == MODEL_KEYS && change->put)
        model_fail(follower->model, "a change tells of a key that nobody wrote");
    bool more = follower->part == 0 || follower->taken < follower->part;
    if (key == MODEL_KEYS)
        return more; /* no object of a name's hash alone has been there */
    follower->held[key].there = change->put;
    follower->held[key].size = change->size;
    follower->held[key].offset = change->offset;
    follower->held[key].digest = change->digest;
    follower->held[key].time = change->time;
    return more;
}

static void begin_anew(struct follower *follower)
{
    memset(follower->held, 0, sizeof follower->held);
    follower->since = 0;
    follower->amid = false;
    follower->shown = 0;
    follower->anew++;
}

bool follower_step(struct follower *follower, size_t limit)
{
    struct model *model = follower->model;
    struct store_changes_query query = {
        .since = follower->since, .limit = limit, .parted = follower->part > 0, .amid = follower->amid};
    struct store_changes changes;
    follower->taken = 0;
    enum store_error error = store_changes(model->stores[follower->store], &query, apply, follower, &changes);
    if (error == STORE_GONE && follower->since > 0) {
        begin_anew(follower);
        return false;
    }
    if (error && model->disturbed && model_disk_error(error))
        return true;
    if (error)
        model_fail(model, "the changes since %llu: %s", (unsigned long long)follower->since, store_error_text(error));
    if (changes.next < follower->since || changes.next > changes.end)
        model_fail(model, "the changes since %llu go on at %llu, and end at %llu", (unsigned long long)follower->since,
                   (unsigned long long)changes.next, (unsigned long long)changes.end);
    if (changes.amid && (follower->part == 0 || changes.next == changes.end))
        model_fail(model, "the changes since %llu are told up to %llu, amid a transaction",
                   (unsigned long long)follower->since, (unsigned long long)changes.next);
    follower->since = changes.next;
    follower->amid = changes.amid;
    follower->pages++;
    return changes.next == changes.end;
}

void follower_catch_up(struct follower *follower, size_t limit)
{
    while (!follower_step(follower, limit))
        ;
}

static void compare_key(struct follower *follower, unsigned key)
{
    struct model *model = follower->model;
    struct store_key name = model_key(key);
    struct object *object;
    enum store_error error = store_get(model->stores[follower->store], &name, 0, &object);
    if (error == STORE_NO_OBJECT && !follower->held[key].there)
        return;
    if (error)
        model_fail(model, "the follower of store %u %s key %u, and the store says: %s", follower->store,
                   follower->held[key].there ? "holds" : "lacks", key, store_error_text(error));
    const struct object_info *info = object_info(object);
    bool same = follower->held[key].there && info->size == follower->held[key].size &&
                info->modified == follower->held[key].time &&
                store_digest_equal(&info->digest, &follower->held[key].digest);
    if (!same)
        model_fail(model, "the follower of store %u has come to %llu and %s key %u at %llu, the store at %llu",
                   follower->store, (unsigned long long)follower->since, follower->held[key].there ? "holds" : "lacks",
                   key, (unsigned long long)follower->held[key].offset, (unsigned long long)info->offset);
    object_release(object);
}

void follower_compare(struct follower *follower, size_t limit)
{
    follower_catch_up(follower, limit);
    for (unsigned key = 0; key < MODEL_KEYS; key++)
        compare_key(follower, key);
}
