/* draft.c - a run in the making. draft.h tells of what. */
#include "store/read/draft.h"

#include "store/base/little.h"
#include "store/log/cursor.h"

#include <stdlib.h>
#include <string.h>

/* Positions between which nothing can be read. */
struct hole {
    uint64_t from;
    uint64_t to;
};

struct draft {
    const struct draft_source *source;
    struct run_item *items;
    size_t count;
    size_t capacity;
    unsigned char *keys; /* one behind the other, as in the file */
    size_t keys_length;
    size_t keys_capacity;
    struct hole *holes; /* in order */
    size_t hole_count;
    size_t hole_capacity;
    uint64_t *lacks; /* the records in them to which keys lead */
    size_t lacks_count;
    size_t lacks_capacity;
    bool starved; /* memory is out */
};

static bool grow(void **bytes, size_t *capacity, size_t need, size_t size)
{
    if (need <= *capacity)
        return true;
    size_t larger = *capacity * 2 > need ? *capacity * 2 : need + 64;
    void *moved = realloc(*bytes, larger * size);
    if (!moved)
        return false;
    *bytes = moved;
    *capacity = larger;
    return true;
}

static bool draft_add(struct draft *draft, uint64_t hash, uint32_t position, const void *key, size_t length)
{
    void *items = draft->items;
    void *keys = draft->keys;
    bool fits = grow(&items, &draft->capacity, draft->count + 1, sizeof *draft->items);
    draft->items = items;
    fits = fits && grow(&keys, &draft->keys_capacity, draft->keys_length + RUN_KEY_HEAD + length, 1);
    draft->keys = keys;
    if (!fits)
        return false;
    draft->items[draft->count++] = (struct run_item){
        .hash = hash, .position = position, .key = (uint32_t)draft->keys_length};
    unsigned char *at = draft->keys + draft->keys_length;
    little_put16(at, (uint16_t)length);
    if (length > 0)
        memcpy(at + RUN_KEY_HEAD, key, length);
    draft->keys_length += RUN_KEY_HEAD + length;
    return true;
}

static void draft_free(struct draft *draft)
{
    free(draft->items);
    free(draft->keys);
    free(draft->holes);
    free(draft->lacks);
}

static int draft_compare(const void *a, const void *b, void *arg)
{
    const struct run_item *left = a;
    const struct run_item *right = b;
    const unsigned char *keys = arg;
    const unsigned char *left_key = keys + left->key;
    const unsigned char *right_key = keys + right->key;
    size_t left_length = little_get16(left_key);
    size_t right_length = little_get16(right_key);
    size_t common = left_length < right_length ? left_length : right_length;
    int order = memcmp(left_key + RUN_KEY_HEAD, right_key + RUN_KEY_HEAD, common);
    if (order)
        return order;
    if (left_length != right_length)
        return left_length < right_length ? -1 : 1;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

/* ---- what is worth a place ------------------------------------------------------------------- */

/* Whether a record of the segment is what stands for its key in this listing. */
static bool is_wanted(const struct draft_source *source, uint64_t position, const struct store_key *key)
{
    uint64_t offset;
    return index_now_offset(source->index, key, &offset) &&
           (offset == segment_offset(source->segment, position) || offset >= source->horizon);
}

/* Takes over what an earlier run has. */
static struct failure draft_old(struct draft *draft, const struct run *before)
{
    for (size_t at = 0; at < run_count(before); at++) {
        struct run_entry entry;
        struct failure failure = run_read(before, at, &entry);
        if (failure.error)
            return failure;
        struct store_key key = run_entry_key(&entry);
        if (is_wanted(draft->source, entry.position, &key) &&
            !draft_add(draft, entry.hash, entry.position, entry.key, entry.key_length))
            return failure_of(STORE_NO_MEMORY);
    }
    return failure_none();
}

/* ---- what cannot be read --------------------------------------------------------------------- */

static bool draft_add_hole(struct draft *draft, uint64_t from, uint64_t to)
{
    void *holes = draft->holes;
    bool fits = grow(&holes, &draft->hole_capacity, draft->hole_count + 1, sizeof *draft->holes);
    draft->holes = holes;
    if (fits)
        draft->holes[draft->hole_count++] = (struct hole){from, to};
    return fits;
}

static bool is_in_hole(const struct draft *draft, uint64_t position)
{
    size_t low = 0;
    size_t high = draft->hole_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (draft->holes[middle].to <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low < draft->hole_count && draft->holes[low].from <= position;
}

static void draft_look(void *arg, uint64_t packed)
{
    struct draft *draft = arg;
    struct location location = location_unpack(packed);
    if (location.segment != draft->source->segment->slot || !is_in_hole(draft, location.position) || draft->starved)
        return;
    void *lacks = draft->lacks;
    draft->starved = !grow(&lacks, &draft->lacks_capacity, draft->lacks_count + 1, sizeof *draft->lacks);
    draft->lacks = lacks;
    if (!draft->starved)
        draft->lacks[draft->lacks_count++] = packed;
}

/* Takes down what stands in the holes to which keys lead. What recovery has found lost none leads to. */
static struct failure draft_lacks(struct draft *draft)
{
    struct index *index = draft->source->index;
    if (draft->hole_count == 0)
        return failure_none();
    index_lock_shared(index);
    if (chain_has(&draft->source->log->chain, draft->source->segment)) /* else its slot may be another's by now */
        index_each(index, draft_look, draft);
    index_unlock(index);
    return failure_of(draft->starved ? STORE_NO_MEMORY : STORE_OK);
}

/* ---- the records ----------------------------------------------------------------------------- */

/* Goes on behind a hole. */
static struct failure draft_hole(struct draft *draft, struct cursor *cursor, uint64_t *position)
{
    struct record behind;
    uint64_t from = *position;
    struct failure failure = failure_io(cursor_find(cursor, from + RECORD_ALIGNMENT, position, &behind));
    if (!failure.error && !draft_add_hole(draft, from, *position))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

/* Adds what the cursor finds up to its limit. */
static struct failure draft_new(struct draft *draft, struct cursor *cursor, uint64_t from)
{
    uint64_t position = from;
    while (position < cursor->limit) {
        struct record record;
        enum cursor_found found;
        struct failure failure = failure_io(cursor_look(cursor, position, false, &record, &found));
        bool nothing = !failure.error && found == CURSOR_NOTHING;
        if (nothing)
            failure = draft_hole(draft, cursor, &position);
        if (failure.error)
            return failure;
        if (nothing)
            continue;
        struct store_key key = record_key(&record);
        if (record.type == RECORD_PUT && is_wanted(draft->source, position, &key) &&
            !draft_add(draft, record.key_hash, (uint32_t)position, record.key, record.key_length))
            return failure_of(STORE_NO_MEMORY);
        position += record_length(&record);
    }
    return failure_none();
}

static struct failure draft_segment(struct draft *draft, uint64_t from, uint64_t to)
{
    const struct log *log = draft->source->log;
    const struct segment *segment = draft->source->segment;
    struct cursor cursor;
    uint64_t held = to < segment->prepared ? to
                                           : segment->prepared; /* the file of a sealed segment may have been cut */
    if (from >= held)
        return failure_none();
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&cursor, log->io, log->salt)) {
        cursor_begin(&cursor, segment, held);
        failure = draft_new(draft, &cursor, from);
    }
    cursor_free(&cursor);
    return failure;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Lays the draft out in order, and hands over what it lacks. */
static struct failure draft_finish(struct draft *draft, uint64_t covered, struct run **ret_run)
{
    const struct draft_source *source = draft->source;
    if (draft->count > 0)
        qsort_r(draft->items, draft->count, sizeof *draft->items, draft_compare, draft->keys);
    struct run_content content = {
        .items = draft->items,
        .count = draft->count,
        .keys = draft->keys,
        .keys_length = draft->keys_length,
        .lacks = draft->lacks,
        .lacks_count = draft->lacks_count,
        .horizon = index_end(source->index), /* what the index has said so far lies in front of it */
    };
    struct run *run = run_make(source->log, source->segment, covered, &content);
    if (!run)
        return failure_of(STORE_NO_MEMORY);
    draft->lacks = NULL;
    *ret_run = run;
    return failure_none();
}

struct failure draft_run(const struct draft_source *source, struct run *const *before, size_t before_count,
                         uint64_t from, uint64_t covered, struct run **ret_run)
{
    struct draft draft = {.source = source};
    struct failure failure = failure_none();
    for (size_t i = 0; i < before_count && !failure.error; i++) {
        failure = draft_old(&draft, before[i]);
        from = run_covered(before[i]);
    }
    if (!failure.error)
        failure = draft_segment(&draft, from, covered);
    if (!failure.error)
        failure = draft_lacks(&draft);
    if (!failure.error)
        failure = draft_finish(&draft, covered, ret_run);
    draft_free(&draft);
    return failure;
}
