/* catalog.c - the objects of a store in the order of their keys. catalog.h tells how. */
#include "store/read/catalog.h"

#include "store/log/stretch.h"
#include "store/read/draft.h"
#include "store/read/object.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void catalog_init(struct catalog *catalog)
{
    lock_init(&catalog->lock);
}

static void shelf_clear(struct catalog_shelf *shelf, size_t count)
{
    while (shelf->count > count)
        run_release(shelf->runs[--shelf->count]);
}

void catalog_free(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        shelf_clear(&catalog->shelves[i], 0);
    free(catalog->shelves);
    lock_destroy(&catalog->lock);
}

void catalog_forget(struct catalog *catalog, size_t slot)
{
    lock_take(&catalog->lock);
    if (slot < catalog->count)
        shelf_clear(&catalog->shelves[slot], 0);
    lock_release(&catalog->lock);
}

/* ---- keeping the runs up to date; the catalog's lock is held --------------------------------- */

static bool shelves_grow(struct catalog *catalog, size_t count)
{
    assert(lock_is_mine(&catalog->lock));
    if (count <= catalog->count)
        return true;
    struct catalog_shelf *moved = realloc(catalog->shelves, count * sizeof *moved);
    if (!moved)
        return false;
    memset(moved + catalog->count, 0, (count - catalog->count) * sizeof *moved);
    catalog->shelves = moved;
    catalog->count = count;
    return true;
}

/* How many of the shelf's runs stay as they are when what is new comes beside them. */
static size_t runs_to_keep(const struct catalog_shelf *shelf, const struct stretch *stretch)
{
    if (stretch->sealed || shelf->count == 0)
        return 0;
    uint64_t fresh = stretch->records - run_covered(shelf->runs[shelf->count - 1]);
    uint64_t entries = fresh / RECORD_HEADER + 1; /* at most */
    size_t keep = shelf->count;
    while (keep > 0 && run_count(shelf->runs[keep - 1]) < 2 * entries)
        entries += run_count(shelf->runs[--keep]);
    return keep;
}

static bool shelf_is_current(const struct catalog_shelf *shelf, const struct stretch *stretch)
{
    if (segment_is_husk(stretch->segment))
        return true; /* and stays empty */
    if (shelf->count == 0 || run_covered(shelf->runs[shelf->count - 1]) != stretch->records)
        return false;
    return !stretch->sealed || shelf->count == 1;
}

static struct failure shelf_rebuild(const struct reader *reader, struct catalog_shelf *shelf,
                                    const struct stretch *stretch, uint64_t horizon)
{
    struct run *run;
    size_t keep = runs_to_keep(shelf, stretch);
    uint64_t from = keep > 0 ? run_covered(shelf->runs[keep - 1]) : SEGMENT_HEADER;
    const struct draft_source source = {
        .index = reader->index, .log = reader->log, .segment = stretch->segment, .horizon = horizon};
    struct failure failure = draft_run(&source, shelf->runs + keep, shelf->count - keep, from, stretch->records, &run);
    if (failure.error)
        return failure;
    shelf_clear(shelf, keep);
    shelf->runs[shelf->count++] = run;
    return failure_none();
}

/* Tells of the records that a run lacks. True when it lacks any. */
static bool tell_lacks(const struct reader *reader, const struct run *run, const struct segment *segment)
{
    size_t count;
    const uint64_t *lacks = run_lacks(run, &count);
    size_t fresh = 0;
    for (size_t i = 0; i < count; i++) {
        struct location location = location_unpack(lacks[i]);
        fresh += damage_found_record(reader->index, segment_offset(segment, location.position), location.length);
    }
    if (fresh > 0)
        notice_tell(reader->notice, STORE_LOG_ERROR,
                    "%zu records in segment %016" PRIx64 " are damaged: listings leave their objects out", fresh,
                    segment->number);
    return count > 0;
}

/* Lets go of runs that lack records: these may be readable again. */
static void shelf_drop_lacking(struct catalog_shelf *shelf)
{
    size_t count = 0;
    for (size_t i = 0; i < shelf->count && count == 0; i++)
        (void)run_lacks(shelf->runs[i], &count);
    if (count > 0)
        shelf_clear(shelf, 0);
}

/* Brings a shelf up to date. Where damage has taken records from the log, older versions may have come back that the
 * runs on disk left out, and runs made now leave out what may yet come back: so they are made for this life alone. */
static struct failure shelf_update(struct catalog *catalog, struct catalog_shelf *shelf, const struct stretch *stretch,
                                   uint64_t horizon)
{
    assert(lock_is_mine(&catalog->lock));
    const struct reader *reader = catalog->reader;
    bool gaps = damage_has_gaps(reader->index);
    struct run *run;
    shelf_drop_lacking(shelf);
    if (!shelf_is_current(shelf, stretch)) {
        if (stretch->sealed && shelf->count == 0 && !gaps &&
            !run_open(reader->log, stretch->segment, stretch->records, &run).error) {
            shelf->runs[shelf->count++] = run;
            return failure_none();
        }
        struct failure failure = shelf_rebuild(reader, shelf, stretch, horizon);
        if (failure.error)
            return failure;
        bool lacks = tell_lacks(reader, shelf->runs[shelf->count - 1], stretch->segment);
        if (stretch->sealed && !lacks)
            run_save(reader->log, shelf->runs[0], stretch->segment, !gaps);
    }
    return failure_none();
}

/* ---- what a listing reads -------------------------------------------------------------------- */

enum { GONE_MIN = 64 }; /* so many entries in a row that lead to nothing are worth remembering */

/* Where the merge stands in one run. */
struct head {
    struct run *run;
    size_t at;
    size_t gone_from; /* the row of entries up to `gone_to` that led to nothing, the last of them the last looked at */
    size_t gone_to;
    bool ended;
    struct run_entry entry; /* unless ended */
};

struct listing {
    struct catalog *catalog;
    const struct store_list_query *query;
    struct stretch *stretches;
    size_t stretch_count;
    struct head *heads;
    size_t head_count;
    size_t shown;
    void (*item)(void *arg, const struct store_list_item *item);
    void *arg;
};

/* Takes references on the segments as they are now, of a log that ends at the horizon, and finds place for their
 * shelves. */
static struct failure stretches_pin(struct listing *listing, uint64_t *ret_horizon)
{
    assert(lock_is_mine(&listing->catalog->lock)); /* covered ends only grow */
    struct index *index = listing->catalog->reader->index;
    const struct log *log = listing->catalog->reader->log;
    struct failure failure = failure_none();
    index_lock_shared(index);
    *ret_horizon = index->end_offset;
    listing->stretches = calloc(log->chain.count + 1, sizeof *listing->stretches);
    if (!listing->stretches || !shelves_grow(listing->catalog, log->chain.slot_count))
        failure = failure_of(STORE_NO_MEMORY);
    uint64_t number = 0;
    while (!failure.error && stretch_pin(log, number, index->end_offset, &listing->stretches[listing->stretch_count]))
        number = listing->stretches[listing->stretch_count++].next;
    index_unlock(index);
    return failure;
}

/* The shelf of the segment of a stretch. */
static struct catalog_shelf *shelf_of(const struct listing *listing, const struct stretch *stretch)
{
    return &listing->catalog->shelves[stretch->segment->slot];
}

static struct failure heads_take(struct listing *listing)
{
    size_t count = 0;
    for (size_t i = 0; i < listing->stretch_count; i++)
        count += shelf_of(listing, &listing->stretches[i])->count;
    listing->heads = calloc(count + 1, sizeof *listing->heads);
    if (!listing->heads)
        return failure_of(STORE_NO_MEMORY);
    for (size_t i = 0; i < listing->stretch_count; i++) {
        const struct catalog_shelf *shelf = shelf_of(listing, &listing->stretches[i]);
        for (size_t run = 0; run < shelf->count; run++)
            listing->heads[listing->head_count++].run = run_retain(shelf->runs[run]);
    }
    return failure_none();
}

static struct failure listing_begin(struct listing *listing)
{
    struct catalog *catalog = listing->catalog;
    uint64_t horizon;
    lock_take(&catalog->lock); /* before the stretches are pinned: covered ends only grow */
    struct failure failure = stretches_pin(listing, &horizon);
    for (size_t i = 0; i < listing->stretch_count && !failure.error; i++) {
        const struct stretch *stretch = &listing->stretches[i];
        failure = shelf_update(catalog, shelf_of(listing, stretch), stretch, horizon);
    }
    if (!failure.error)
        failure = heads_take(listing);
    lock_release(&catalog->lock);
    return failure;
}

/* Hands the row on to the run, for later listings. */
static void head_keep_gone(const struct head *head)
{
    if (head->gone_to - head->gone_from >= GONE_MIN)
        run_learn_gone(head->run, head->gone_from, head->gone_to);
}

static void listing_end(struct listing *listing)
{
    for (size_t i = 0; i < listing->head_count; i++) {
        head_keep_gone(&listing->heads[i]);
        run_release(listing->heads[i].run);
    }
    for (size_t i = 0; i < listing->stretch_count; i++)
        stretch_release(&listing->stretches[i]);
    free(listing->heads);
    free(listing->stretches);
}

/* ---- merging --------------------------------------------------------------------------------- */

/* The entry where the head stands leads to nothing. */
static void head_gone(struct head *head)
{
    if (head->gone_to != head->at) {
        head_keep_gone(head);
        head->gone_from = head->at;
    }
    head->gone_to = head->at + 1;
}

/* Reads the entry where the head stands, or the first behind it that is not known to lead to nothing. */
static struct failure head_load(struct head *head)
{
    size_t at = run_pass_gone(head->run, head->at);
    if (head->gone_to == head->at && at > head->at)
        head->gone_to = at;
    head->at = at;
    head->ended = head->at >= run_count(head->run);
    return head->ended ? failure_none() : run_read(head->run, head->at, &head->entry);
}

static bool head_before(const struct head *head, const struct place *place)
{
    return !head->ended && place_compare(place, head->entry.key, head->entry.key_length, head->entry.hash) > 0;
}

/* Moves every head to the first entry that is not before the place. */
static struct failure heads_seek(struct listing *listing, const struct place *place)
{
    struct failure failure = failure_none();
    for (size_t i = 0; i < listing->head_count && !failure.error; i++) {
        struct head *head = &listing->heads[i];
        if (!head_before(head, place))
            continue;
        head->at++; /* mostly the next one will do */
        failure = head_load(head);
        if (failure.error || !head_before(head, place))
            continue;
        failure = run_seek(head->run, head->at, place, &head->at);
        if (!failure.error)
            failure = head_load(head);
    }
    return failure;
}

/* The head with the least entry; NULL at the end. */
static struct head *heads_least(struct listing *listing)
{
    struct head *least = NULL;
    struct place place = {0};
    for (size_t i = 0; i < listing->head_count; i++) {
        struct head *head = &listing->heads[i];
        if (head->ended || (least && !head_before(head, &place)))
            continue;
        least = head;
        place = place_of(head->entry.key, head->entry.key_length, head->entry.hash);
    }
    return least;
}

/* ---- one page -------------------------------------------------------------------------------- */

static bool has_prefix(const struct run_entry *entry, const void *prefix, size_t length)
{
    return entry->key_length >= length && (length == 0 || memcmp(entry->key, prefix, length) == 0);
}

/* The length of the key up to the end of the first delimiter behind the prefix; 0 when there is none. */
static size_t group_length(const struct store_list_query *query, const struct run_entry *entry)
{
    if (query->delimiter_length == 0 || entry->key_length == 0)
        return 0;
    const unsigned char *from = entry->key + query->prefix_length;
    const unsigned char *found = memmem(from, entry->key_length - query->prefix_length, query->delimiter,
                                        query->delimiter_length);
    return found ? (size_t)(found - entry->key) + query->delimiter_length : 0;
}

/* What the store holds under the entry's key now. STORE_NO_OBJECT: nothing that belongs here. */
static struct failure entry_object(const struct reader *reader, const struct run_entry *entry,
                                   struct object **ret_object)
{
    struct store_key key = run_entry_key(entry);
    return object_get_own(reader, &key, ret_object);
}

static void show(struct listing *listing, const struct object *object, const struct run_entry *entry, size_t group)
{
    struct store_list_item item = {
        .info = group ? NULL : object_info(object), .prefix = entry->key, .prefix_length = group};
    listing->shown++;
    listing->item(listing->arg, &item);
}

/* Shows the entry, or the group of keys that it stands for, if there is an object; *ret_next is where the
 * listing goes on, false when nothing can follow. A damaged object is left out: reading it tells why. */
static struct failure list_entry(struct listing *listing, struct head *head, struct place *ret_next, bool *ret_more)
{
    const struct run_entry *entry = &head->entry;
    size_t group = group_length(listing->query, entry);
    struct object *object;
    struct failure failure = entry_object(listing->catalog->reader, entry, &object);
    *ret_more = true;
    *ret_next = place_after(entry->key, entry->key_length, entry->hash);
    if (failure.error == STORE_NO_OBJECT)
        head_gone(head);
    if (failure.error == STORE_NO_OBJECT || failure.error == STORE_DAMAGED)
        return failure_none();
    if (failure.error)
        return failure;
    show(listing, object, entry, group);
    object_release(object);
    if (group)
        *ret_more = place_after_prefix(entry->key, group, ret_next);
    return failure_none();
}

/* Where the page begins. */
static void first_place(const struct store_list_query *query, struct place *ret_place)
{
    *ret_place = place_of(query->prefix, query->prefix_length, 0);
    if (query->cursor_length == 0)
        return;
    const unsigned char *cursor = query->cursor;
    struct place after = {.length = query->cursor_length - 1};
    if (cursor[0] == 'h') {
        after.length = 0;
        memcpy(&after.hash, cursor + 1, sizeof after.hash);
    } else {
        memcpy(after.key, cursor + 1, after.length);
    }
    if (place_compare(&after, ret_place->key, ret_place->length, ret_place->hash) > 0)
        *ret_place = after;
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

/* A cursor is the place where the next page begins. */
static size_t cursor_of(const struct place *place, unsigned char ret_cursor[STORE_CURSOR_MAX])
{
    ret_cursor[0] = place->length ? 'k' : 'h';
    if (place->length) {
        memcpy(ret_cursor + 1, place->key, place->length);
        return 1 + place->length;
    }
    memcpy(ret_cursor + 1, &place->hash, sizeof place->hash);
    return 1 + sizeof place->hash;
}

static struct failure list_page(struct listing *listing, unsigned char ret_cursor[STORE_CURSOR_MAX],
                                size_t *ret_cursor_length)
{
    const struct store_list_query *query = listing->query;
    struct place place;
    bool more = true;
    struct failure failure = failure_none();
    first_place(query, &place);
    for (size_t i = 0; i < listing->head_count && !failure.error; i++) {
        failure = run_seek(listing->heads[i].run, 0, &place, &listing->heads[i].at);
        if (!failure.error)
            failure = head_load(&listing->heads[i]);
    }
    *ret_cursor_length = 0;
    while (!failure.error && more) {
        struct head *least = heads_least(listing);
        if (!least || !has_prefix(&least->entry, query->prefix, query->prefix_length))
            return failure_none();
        if (listing->shown == query->limit) {
            *ret_cursor_length = cursor_of(&place, ret_cursor);
            return failure_none();
        }
        failure = list_entry(listing, least, &place, &more);
        if (!failure.error && more)
            failure = heads_seek(listing, &place);
    }
    return failure;
}

struct failure catalog_list(struct catalog *catalog, const struct store_list_query *query,
                            void (*item)(void *arg, const struct store_list_item *item), void *arg,
                            unsigned char ret_cursor[STORE_CURSOR_MAX], size_t *ret_cursor_length)
{
    struct listing listing = {.catalog = catalog, .query = query, .item = item, .arg = arg};
    if (query->prefix_length > STORE_KEY_MAX) {
        *ret_cursor_length = 0;
        return failure_none();
    }
    struct failure failure = listing_begin(&listing);
    if (!failure.error)
        failure = list_page(&listing, ret_cursor, ret_cursor_length);
    listing_end(&listing);
    return failure;
}
