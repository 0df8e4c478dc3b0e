/* draft.c - a run in the making. draft.h tells of what. */
#include "store/read/draft.h"

#include "store/log/cursor.h"

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* An entry as the draft keeps it: behind it come the bytes of its place and its attributes. */
struct item {
    uint64_t offset;
    uint64_t size;
    int64_t time;
    struct store_digest digest;
    uint16_t place_length;
    uint16_t attributes_length;
    bool curtailed;
    bool tombstone;
};

void draft_init(struct draft *draft)
{
    *draft = (struct draft){0};
}

void draft_free(struct draft *draft)
{
    free(draft->items);
    free(draft->bytes);
    free(draft->holes);
    free(draft->lacks);
}

/* An array that holds as many as are needed, or NULL, and the one before stays. */
static void *grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (array && need <= *capacity)
        return array;
    size_t larger = *capacity * 2 > need ? *capacity * 2 : need + 64;
    void *moved = realloc(array, larger * size);
    if (moved)
        *capacity = larger;
    return moved;
}

/* ---- the entries ----------------------------------------------------------------------------- */

static unsigned char *put(unsigned char *at, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(at, bytes, length);
    return at + length;
}

/* Makes room for one entry more, with so many bytes; false: memory is out. */
static bool reserve(struct draft *draft, size_t length)
{
    struct draft_item *items = grow(draft->items, &draft->capacity, draft->count + 1, sizeof *items);
    draft->items = items ? items : draft->items;
    unsigned char *bytes = grow(draft->bytes, &draft->bytes_capacity, draft->length + length, 1);
    draft->bytes = bytes ? bytes : draft->bytes;
    return items && bytes;
}

bool draft_take(struct draft *draft, const struct record *record)
{
    struct entry entry;
    if (record->type != RECORD_TOMBSTONE && record->type != RECORD_PUT)
        return true;
    entry_of(record, &entry);
    struct item item = {.offset = entry.offset,
                        .size = entry.size,
                        .time = entry.time,
                        .digest = entry.digest,
                        .place_length = (uint16_t)entry.place.length,
                        .attributes_length = (uint16_t)entry.attributes_length,
                        .curtailed = entry.curtailed,
                        .tombstone = entry.tombstone};
    if (!reserve(draft, sizeof item + entry.place.length + entry.attributes_length))
        return false;
    draft->items[draft->count++] = (struct draft_item){.at = draft->length};
    unsigned char *at = put(draft->bytes + draft->length, &item, sizeof item);
    at = put(at, entry.place.bytes, entry.place.length);
    at = put(at, entry.attributes, entry.attributes_length);
    draft->length = (size_t)(at - draft->bytes);
    return true;
}

/* The entry that stands somewhere among the bytes, and borrows from them. */
static void item_entry(const unsigned char *bytes, struct entry *ret_entry)
{
    struct item item;
    memcpy(&item, bytes, sizeof item);
    const unsigned char *place = bytes + sizeof item;
    memcpy(ret_entry->place.bytes, place, item.place_length);
    ret_entry->place.length = item.place_length;
    ret_entry->offset = item.offset;
    ret_entry->size = item.size;
    ret_entry->time = item.time;
    ret_entry->digest = item.digest;
    ret_entry->attributes = place + item.place_length;
    ret_entry->attributes_length = item.attributes_length;
    ret_entry->curtailed = item.curtailed;
    ret_entry->tombstone = item.tombstone;
}

static size_t place_length(const unsigned char *bytes)
{
    uint16_t length;
    memcpy(&length, bytes + offsetof(struct item, place_length), sizeof length);
    return length;
}

static int compare_places(const unsigned char *left, const unsigned char *right)
{
    size_t left_length = place_length(left), right_length = place_length(right);
    size_t common = left_length < right_length ? left_length : right_length;
    int order = memcmp(left + sizeof(struct item), right + sizeof(struct item), common);
    return order ? order : (left_length > right_length) - (left_length < right_length);
}

/* ---- their order ----------------------------------------------------------------------------- */

/* Of those at one place the last one comes first: they were taken in the order in which they stand. */
static int compare_items(const void *a, const void *b, void *bytes)
{
    const struct draft_item *left = a, *right = b;
    const unsigned char *base = bytes;
    if (left->sign != right->sign)
        return left->sign < right->sign ? -1 : 1;
    int order = compare_places(base + left->at, base + right->at);
    return order ? order : (left->at < right->at) - (left->at > right->at);
}

/* How many bytes all places begin with. */
static size_t length_in_common(const struct draft *draft)
{
    const unsigned char *first = draft->bytes + draft->items[0].at;
    size_t common = place_length(first);
    for (size_t i = 1; i < draft->count && common > 0; i++) {
        const unsigned char *item = draft->bytes + draft->items[i].at;
        common = place_length(item) < common ? place_length(item) : common;
        while (memcmp(first + sizeof(struct item), item + sizeof(struct item), common) != 0)
            common--;
    }
    return common;
}

/* The eight bytes of a place behind its first ones, or zeros where it has none: to compare them tells most places
 * apart, and fetches nothing from elsewhere. */
static uint64_t sign_of(const unsigned char *item, size_t from)
{
    uint64_t sign = 0;
    size_t rest = place_length(item) - from;
    memcpy(&sign, item + sizeof(struct item) + from, rest < sizeof sign ? rest : sizeof sign);
    return be64toh(sign);
}

static void sort(struct draft *draft)
{
    if (draft->count == 0)
        return;
    size_t common = length_in_common(draft);
    for (size_t i = 0; i < draft->count; i++)
        draft->items[i].sign = sign_of(draft->bytes + draft->items[i].at, common);
    qsort_r(draft->items, draft->count, sizeof *draft->items, compare_items, draft->bytes);
}

struct failure draft_write(struct draft *draft, struct run_writer *writer)
{
    const unsigned char *before = NULL;
    struct failure failure = failure_none();
    sort(draft);
    for (size_t i = 0; i < draft->count && !failure.error; i++) {
        struct entry entry;
        const unsigned char *item = draft->bytes + draft->items[i].at;
        if (before && compare_places(before, item) == 0)
            continue;
        before = item;
        item_entry(item, &entry);
        failure = run_writer_add(writer, &entry);
    }
    return failure;
}

struct failure draft_run(struct draft *draft, const struct run_source *source, uint64_t salt, struct run **ret_run)
{
    struct run_writer writer;
    run_writer_init(&writer, NULL, -1, 0, salt);
    struct failure failure = draft_write(draft, &writer);
    if (!failure.error)
        failure = run_writer_take(&writer, source, &draft->lacks, draft->lacks_count, ret_run);
    run_writer_free(&writer);
    return failure;
}

/* ---- what cannot be read --------------------------------------------------------------------- */

static bool add_hole(struct draft *draft, uint64_t from, uint64_t to)
{
    struct draft_hole *holes = grow(draft->holes, &draft->hole_capacity, draft->hole_count + 1, sizeof *holes);
    if (!holes)
        return false;
    draft->holes = holes;
    draft->holes[draft->hole_count++] = (struct draft_hole){from, to};
    return true;
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

/* Looks for what a draft lacks. */
struct look {
    struct draft *draft;
    uint32_t slot; /* of the segment */
    bool starved;  /* memory is out */
};

static void look_at(void *arg, uint64_t packed)
{
    struct look *look = arg;
    struct draft *draft = look->draft;
    struct location location = location_unpack(packed);
    if (location.segment != look->slot || !is_in_hole(draft, location.position) || look->starved)
        return;
    uint64_t *lacks = grow(draft->lacks, &draft->lacks_capacity, draft->lacks_count + 1, sizeof *lacks);
    look->starved = !lacks;
    if (!lacks)
        return;
    draft->lacks = lacks;
    draft->lacks[draft->lacks_count++] = packed;
}

/* Takes down what stands in the holes to which keys lead. What recovery has found lost none leads to. */
static struct failure find_lacks(struct draft *draft, struct index *index, const struct log *log,
                                 const struct segment *segment)
{
    struct look look = {.draft = draft, .slot = segment->slot};
    if (draft->hole_count == 0)
        return failure_none();
    index_lock_shared(index);
    if (chain_has(&log->chain, segment)) /* else its slot may be another's by now */
        index_each(index, look_at, &look);
    index_unlock(index);
    return failure_of(look.starved ? STORE_NO_MEMORY : STORE_OK);
}

/* ---- the records ----------------------------------------------------------------------------- */

/* Goes on behind a hole. */
static struct failure pass_hole(struct draft *draft, struct cursor *cursor, uint64_t *position)
{
    struct record behind;
    uint64_t from = *position;
    struct failure failure = failure_io(cursor_find(cursor, from + RECORD_ALIGNMENT, position, &behind));
    if (!failure.error && !add_hole(draft, from, *position))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

/* Takes what the cursor finds up to its limit. */
static struct failure read_records(struct draft *draft, struct cursor *cursor, uint64_t from)
{
    uint64_t position = from;
    struct failure failure = failure_none();
    while (!failure.error && position < cursor->limit) {
        struct record record;
        enum cursor_found found;
        failure = failure_io(cursor_look(cursor, position, false, &record, &found));
        if (failure.error)
            return failure;
        if (found == CURSOR_NOTHING) {
            failure = pass_hole(draft, cursor, &position);
            continue;
        }
        if (!draft_take(draft, &record))
            failure = failure_of(STORE_NO_MEMORY);
        position += record_length(&record);
    }
    return failure;
}

struct failure draft_read(struct draft *draft, struct index *index, const struct log *log,
                          const struct segment *segment, uint64_t from, uint64_t to)
{
    struct cursor cursor;
    uint64_t held = to < segment->prepared ? to : segment->prepared; /* the file of a sealed one may have been cut */
    if (from >= held)
        return failure_none();
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&cursor, log->io, log->salt)) {
        cursor_begin(&cursor, segment, held);
        failure = read_records(draft, &cursor, from);
    }
    cursor_free(&cursor);
    return failure.error ? failure : find_lacks(draft, index, log, segment);
}
