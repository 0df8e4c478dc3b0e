/* listing.c - the objects of a store in the order of their keys, page by page. listing.h tells how. */
#include "store/read/listing.h"

#include "store/base/expiry.h"
#include "store/base/little.h"
#include "store/read/merge.h"
#include "store/read/object.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct listing {
    const struct reader *reader;
    struct catalog *catalog;
    const struct store_list_query *query;
    int64_t now; /* what has expired by then is not shown */
    struct merge merge;
    struct place place; /* where the page goes on */
    size_t shown;
    size_t gone; /* entries that led to nothing */
    bool done;   /* nothing can follow */
    bool full;   /* nothing more is wanted */
    store_list_take *take;
    void *arg;
};

/* ---- cursors --------------------------------------------------------------------------------- */

/* A cursor is the place where the next page begins; of an object without a name, the hash is little-endian in it. */
static size_t cursor_of(const struct place *place, unsigned char ret_cursor[STORE_CURSOR_MAX])
{
    static_assert((size_t)PLACE_MAX == STORE_CURSOR_MAX, "a place is a cursor");
    memcpy(ret_cursor, place->bytes, place->length);
    if (place->length > 0 && place->bytes[0] == 'h')
        little_put64(ret_cursor + 1, place_key(place).hash);
    return place->length;
}

bool store_list_cursor_valid(const void *cursor, size_t length)
{
    const unsigned char *bytes = cursor;
    if (length == 0)
        return true;
    if (bytes[0] == 'h')
        return length == 1 + sizeof(uint64_t);
    return bytes[0] == 'k' && length >= 2 && length <= STORE_CURSOR_MAX;
}

/* Where the page begins. */
static void first_place(const struct store_list_query *query, struct place *ret_place)
{
    struct place after = {.length = query->cursor_length};
    const unsigned char *cursor = query->cursor;
    place_of_prefix(query->prefix, query->prefix_length, ret_place);
    if (after.length == 0)
        return;
    memcpy(after.bytes, cursor, after.length);
    if (cursor[0] == 'h') {
        struct store_key key = store_key_of_hash(little_get64(cursor + 1));
        place_of(&key, &after);
    }
    if (place_compare(&after, ret_place) > 0)
        place_copy(&after, ret_place);
}

/* ---- one entry ------------------------------------------------------------------------------- */

static bool has_prefix(const struct store_key *key, const void *prefix, size_t length)
{
    return length == 0 || (key->length >= length && memcmp(key->bytes, prefix, length) == 0);
}

/* The length of the key up to the end of the first delimiter behind the prefix; 0 when there is none. */
static size_t group_length(const struct store_list_query *query, const struct store_key *key)
{
    if (query->delimiter_length == 0 || !key->bytes)
        return 0;
    const unsigned char *bytes = key->bytes;
    const unsigned char *found = memmem(bytes + query->prefix_length, key->length - query->prefix_length,
                                        query->delimiter, query->delimiter_length);
    return found ? (size_t)(found - bytes) + query->delimiter_length : 0;
}

/* Goes on behind what was shown, or left out. */
static struct failure pass(struct listing *listing, size_t group)
{
    place_copy(&merge_entry(&listing->merge)->place, &listing->place);
    if (group == 0)
        place_step(&listing->place);
    else if (!place_step_over(&listing->place, group))
        listing->done = true;
    return listing->done ? failure_none() : merge_seek(&listing->merge, &listing->place);
}

/* Shows an object, or the group of keys that it stands for; but none whose time is over. */
static struct failure show(struct listing *listing, const struct object_info *info, const struct store_key *key)
{
    if (expiry_is_over(info->expires, listing->now))
        return pass(listing, 0);
    size_t group = group_length(listing->query, key);
    struct store_list_item item = {.info = group ? NULL : info, .prefix = key->bytes, .prefix_length = group};
    listing->shown++;
    listing->full = !listing->take(listing->arg, &item) || listing->shown == listing->query->limit;
    return pass(listing, group);
}

/* Shows what the key leads to, by its record. A damaged one is left out: reading it tells why. */
static struct failure show_record(struct listing *listing, const struct store_key *key)
{
    struct object *object;
    struct failure failure = object_get_own(listing->reader, key, &object);
    if (failure.error == STORE_NO_OBJECT)
        return merge_next(&listing->merge, true);
    if (failure.error)
        return failure.error == STORE_DAMAGED ? pass(listing, 0) : failure;
    failure = show(listing, object_info(object), key);
    object_release(object);
    return failure;
}

/* Shows the entry, if there is an object. Of several at its place one is what the key leads to, or none: then a record
 * has come that is in no run yet, or it is another key's of that hash. */
static struct failure list_entry(struct listing *listing, const struct entry *entry, const struct store_key *key)
{
    struct index_sight sight;
    if (!index_see_own(listing->reader->index, key, &sight)) {
        listing->gone++;
        return merge_next(&listing->merge, true);
    }
    if (sight.offset != entry->offset && merge_has_twin(&listing->merge))
        return merge_next(&listing->merge, false);
    if (sight.offset != entry->offset || sight.damaged || entry->curtailed)
        return show_record(listing, key);
    struct object_info info = entry_info(entry, key);
    return show(listing, &info, key);
}

/* ---- the page -------------------------------------------------------------------------------- */

/* Stands in front of the first entry of what is left of the page. */
static struct failure listing_begin(struct listing *listing)
{
    struct run **runs = NULL;
    size_t count = 0;
    struct failure failure = catalog_runs(listing->catalog, &runs, &count);
    if (!failure.error)
        failure = merge_init(&listing->merge, runs, count, false);
    while (count > 0)
        run_release(runs[--count]);
    free(runs);
    return failure.error ? failure : merge_seek(&listing->merge, &listing->place);
}

/* Shows what is left of the page, from its place on. */
static struct failure list(struct listing *listing)
{
    const struct store_list_query *query = listing->query;
    struct failure failure = listing_begin(listing);
    while (!failure.error && !listing->done) {
        const struct entry *entry = merge_entry(&listing->merge);
        struct store_key key = {0};
        if (entry)
            key = place_key(&entry->place);
        listing->done = !entry || !has_prefix(&key, query->prefix, query->prefix_length);
        if (listing->full || listing->done)
            break;
        failure = list_entry(listing, entry, &key);
    }
    return failure;
}

static bool has_met_a_broken_run(const struct listing *listing)
{
    bool broken = false;
    for (size_t i = 0; i < listing->merge.count; i++)
        broken = broken || run_is_broken(listing->merge.heads[i].run);
    return broken;
}

/* Whether the listing failed because of a run, its own or one that was to be merged for it: it can be made again from
 * the log. */
static bool is_to_be_repeated(const struct listing *listing)
{
    bool dropped = catalog_drop_broken(listing->catalog);
    return dropped || has_met_a_broken_run(listing);
}

struct failure listing_page(const struct reader *reader, struct catalog *catalog, const struct store_list_query *query,
                            int64_t now, store_list_take *take, void *arg, unsigned char ret_cursor[STORE_CURSOR_MAX],
                            size_t *ret_cursor_length)
{
    struct listing listing = {.reader = reader,
                              .catalog = catalog,
                              .query = query,
                              .now = now,
                              .full = query->limit == 0,
                              .take = take,
                              .arg = arg};
    struct failure failure = failure_none();
    bool again = query->prefix_length <= STORE_KEY_MAX;
    if (!again)
        listing.done = true; /* no key is that long */
    else
        first_place(query, &listing.place);
    while (again) {
        failure = list(&listing);
        again = failure.error && is_to_be_repeated(&listing);
        merge_free(&listing.merge);
    }
    catalog_count(catalog, listing.shown, listing.gone);
    if (!failure.error)
        *ret_cursor_length = listing.done ? 0 : cursor_of(&listing.place, ret_cursor);
    return failure;
}
