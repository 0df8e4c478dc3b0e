/* rows.c - what the records of one segment do, a row each. */
#include "store/log/rows.h"

#include "store/base/key.h"
#include "store/base/mapping.h"
#include "store/base/table.h"

#include <assert.h>
#include <stdlib.h>

enum {
    CAPACITY_MIN = 64,
    NAMELESS = 1,  /* in an extent */
    SHARE = 4,     /* rows that have the highest bits of their order in common, about */
    BITS_MAX = 20, /* of them */
    FEW = 24,      /* rows that are sorted by moving each to its place */
};
static_assert((int)RECORD_SWEEP < (int)RECORD_ALIGNMENT, "a type fits behind a position");

void rows_init(struct rows *rows, uint64_t salt)
{
    *rows = (struct rows){.salt = salt};
}

void rows_free(struct rows *rows)
{
    mapping_free(rows->list, rows->capacity * sizeof *rows->list);
    rows_init(rows, rows->salt);
}

/* ---- taking in ------------------------------------------------------------------------------- */

bool rows_are_under_way(const struct rows *rows)
{
    return rows->count > rows->whole;
}

void rows_forget(struct rows *rows)
{
    rows->count = rows->whole;
    rows->steps = 0;
}

void rows_drop(struct rows *rows)
{
    for (size_t i = rows->whole; i < rows->count; i++)
        rows->dropped += row_length(&rows->list[i]);
    rows_forget(rows);
}

static bool grow(struct rows *rows)
{
    size_t capacity = rows->capacity ? rows->capacity * 2 : CAPACITY_MIN;
    struct row *moved = mapping_grow(rows->list, rows->capacity * sizeof *moved, capacity * sizeof *moved);
    if (!moved)
        return false;
    rows->list = moved;
    rows->capacity = capacity;
    return true;
}

static bool push(struct rows *rows, uint64_t position, const struct record *record)
{
    if (rows->count == rows->capacity && !grow(rows))
        return false;
    struct store_key key = record_key(record);
    rows->list[rows->count++] = (struct row){
        .order = table_salted(record->key_hash, rows->salt),
        .tag = key_tag(&key, rows->salt),
        .place = (uint32_t)position | record->type,
        .extent = (uint32_t)record_length(record) | (key.bytes ? 0 : NAMELESS),
        .size = record->type == RECORD_SWEEP ? record_sweeps_to(record) : record->size,
        .blob = record->blob,
    };
    return true;
}

bool rows_take(struct rows *rows, uint64_t position, const struct record *record)
{
    rows->last = position;
    rows->marked = record->type == RECORD_MARK;
    rows->expiring = rows->expiring || record_expires(record) != 0;
    if (record->step == 0) {
        rows_drop(rows);
        rows->steps = record->steps;
        rows->began = position;
    }
    if (record->step != rows->count - rows->whole || record->steps != rows->steps) {
        rows_drop(rows); /* damage took an earlier record of its transaction */
        rows->dropped += record_length(record);
        return true;
    }
    if (!push(rows, position, record))
        return false;
    if (rows->count - rows->whole == rows->steps)
        rows->whole = rows->count;
    return true;
}

/* ---- sorting --------------------------------------------------------------------------------- */

static bool is_behind(const struct row *row, const struct row *other)
{
    return row->order != other->order ? row->order > other->order : row->place > other->place;
}

static int compare(const void *a, const void *b)
{
    return is_behind(a, b) ? 1 : is_behind(b, a) ? -1 : 0;
}

/* Moves each to its place among those in front of it; of one hash they are in order already. */
static void sort_few(struct row *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct row row = list[i];
        size_t at = i;
        for (; at > 0 && is_behind(&list[at - 1], &row); at--)
            list[at] = list[at - 1];
        list[at] = row;
    }
}

/* Of a key hash's salted bits so many tell to which few rows it belongs. */
static unsigned bits_for(size_t count)
{
    unsigned bits = 1;
    while (bits < BITS_MAX && count >> bits > SHARE)
        bits++;
    return bits;
}

/* Writes the rows to `sorted` by the highest bits of their order, and leaves in `ends` where each such share ends. */
static void distribute(const struct rows *rows, unsigned bits, size_t *ends, struct row *sorted)
{
    size_t shares = (size_t)1 << bits;
    size_t from = 0;
    for (size_t i = 0; i < rows->count; i++)
        ends[rows->list[i].order >> (64 - bits)]++;
    for (size_t share = 0; share < shares; share++) {
        size_t count = ends[share];
        ends[share] = from;
        from += count;
    }
    for (size_t i = 0; i < rows->count; i++)
        sorted[ends[rows->list[i].order >> (64 - bits)]++] = rows->list[i];
}

bool rows_sort(struct rows *rows)
{
    assert(!rows_are_under_way(rows));
    unsigned bits = bits_for(rows->count);
    size_t shares = (size_t)1 << bits, capacity = rows->count + 1;
    size_t *ends = mapping_new(shares * sizeof *ends);
    struct row *sorted = mapping_new_present(capacity * sizeof *sorted);
    if (!ends || !sorted) {
        mapping_free(ends, shares * sizeof *ends);
        mapping_free(sorted, capacity * sizeof *sorted);
        return false;
    }
    distribute(rows, bits, ends, sorted);
    for (size_t share = 0, from = 0; share < shares; from = ends[share++])
        if (ends[share] - from <= FEW)
            sort_few(sorted + from, ends[share] - from);
        else
            qsort(sorted + from, ends[share] - from, sizeof *sorted, compare);
    mapping_free(ends, shares * sizeof *ends);
    mapping_free(rows->list, rows->capacity * sizeof *rows->list);
    rows->list = sorted;
    rows->capacity = capacity;
    return true;
}
