/* replay.c - from the rows of a log to the index. */
#include "store/start/replay.h"

#include "store/index/load.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS_MIN = 64, ENTRIES_MIN = 64 };

void replay_init(struct replay *replay, struct index *index, const struct log *log)
{
    *replay = (struct replay){.index = index, .log = log};
    table_init(&replay->by_tag, index->salt);
}

void replay_free(struct replay *replay)
{
    free(replay->members);
    free(replay->entries);
    table_free(&replay->by_tag);
}

/* ---- one that lives -------------------------------------------------------------------------- */

static struct survivor survivor_of(const struct segment *segment, const struct row *row)
{
    struct location location = {
        .segment = segment->slot, .position = row_position(row), .length = row_length(row), .blob = row->blob != 0};
    return (struct survivor){.packed = location_pack(location),
                             .tag = row->tag,
                             .size = row->size,
                             .blob = row->blob,
                             .nameless = row_is_nameless(row)};
}

static void book_end(const struct replay *replay, const struct survivor *survivor)
{
    index_count_end(replay->index, location_unpack(survivor->packed), survivor->size);
}

static uint64_t offset_of(const struct replay *replay, const struct survivor *survivor)
{
    struct location location = location_unpack(survivor->packed);
    return segment_offset(chain_at(&replay->log->chain, location.segment), location.position);
}

static void end_single(const struct replay *replay, struct seat *seat)
{
    book_end(replay, &seat->single);
    seat->single = (struct survivor){0};
}

/* ---- several that have one hash -------------------------------------------------------------- */

static bool members_grow(struct replay *replay)
{
    size_t capacity = replay->member_capacity ? replay->member_capacity * 2 : MEMBERS_MIN;
    struct member *moved = realloc(replay->members, capacity * sizeof *moved);
    if (!moved || capacity > UINT32_MAX) {
        replay->members = moved ? moved : replay->members;
        return false;
    }
    replay->members = moved;
    replay->member_capacity = capacity;
    if (replay->member_count == 0)
        replay->members[replay->member_count++] = (struct member){0};
    return true;
}

/* A place for one more; 0 when memory is out. */
static uint32_t member_new(struct replay *replay)
{
    uint32_t at = replay->free;
    if (at) {
        replay->free = replay->members[at].behind;
        return at;
    }
    if (replay->member_count == replay->member_capacity && !members_grow(replay))
        return 0;
    return (uint32_t)replay->member_count++;
}

/* One more has the hash of the seat. */
static bool join(struct replay *replay, struct seat *seat, const struct survivor *survivor)
{
    uint32_t at = member_new(replay);
    if (!at || !table_set(&replay->by_tag, survivor->tag, at))
        return false;
    replay->members[at] = (struct member){.survivor = *survivor, .behind = seat->first};
    if (seat->first)
        replay->members[seat->first].front = at;
    seat->first = at;
    seat->count++;
    return true;
}

/* One has it no more; what it was. */
static struct survivor leave(struct replay *replay, struct seat *seat, uint32_t at)
{
    struct member *member = &replay->members[at];
    const struct survivor survivor = member->survivor;
    if (member->front)
        replay->members[member->front].behind = member->behind;
    else
        seat->first = member->behind;
    if (member->behind)
        replay->members[member->behind].front = member->front;
    table_remove(&replay->by_tag, survivor.tag);
    member->behind = replay->free;
    replay->free = at;
    seat->count--;
    return survivor;
}

static uint32_t member_of(const struct replay *replay, const struct seat *seat, uint64_t tag)
{
    return seat->count > 0 ? (uint32_t)table_get(&replay->by_tag, tag) : 0;
}

/* One of several ends; the last that stays is single again. */
static void end_member(struct replay *replay, struct seat *seat, uint32_t at)
{
    const struct survivor ended = leave(replay, seat, at);
    book_end(replay, &ended);
    if (seat->count == 1)
        seat->single = leave(replay, seat, seat->first);
}

/* ---- what a row does ------------------------------------------------------------------------- */

/* Whether a record ends the single object that has its hash. An object without a name is never there beside one with a
 * name: where a key is put, what had ended it is lost. Up to version 2 a record ends all that had its hash. */
static bool ends_single(const struct segment *segment, const struct row *row, const struct survivor *single)
{
    return row->tag == single->tag || !segment_knows_namesakes(segment) ||
           (row_type(row) == RECORD_PUT && single->nameless);
}

/* Ends the single object of the seat, if there is one and the record does that. */
static void replace_single(const struct replay *replay, struct seat *seat, struct segment *segment,
                           const struct row *row)
{
    if (!seat->single.packed || !ends_single(segment, row, &seat->single))
        return;
    if (row->tag != seat->single.tag && !segment_knows_namesakes(segment))
        segment->ends_others = true;
    end_single(replay, seat);
}

/* Up to where a record ends all that has its hash; 0: it does not. An object without a name was put when nothing else
 * had the hash: what is there nevertheless was ended by a record that is lost. */
static uint64_t sweeps_to(const struct segment *segment, const struct row *row)
{
    if (row_type(row) == RECORD_SWEEP)
        return row->size;
    bool nameless_put = row_type(row) == RECORD_PUT && row_is_nameless(row);
    return nameless_put ? segment_offset(segment, row_position(row)) : 0;
}

/* Ends all of the seat that stands in front of an offset. */
static void sweep(struct replay *replay, struct seat *seat, uint64_t to)
{
    for (uint32_t at = seat->first, behind; at && seat->count > 0; at = behind) {
        behind = replay->members[at].behind;
        if (offset_of(replay, &replay->members[at].survivor) < to)
            end_member(replay, seat, at);
    }
    if (seat->single.packed && offset_of(replay, &seat->single) < to)
        end_single(replay, seat);
}

static bool put(struct replay *replay, struct seat *seat, struct segment *segment, const struct row *row)
{
    const struct survivor fresh = survivor_of(segment, row);
    uint32_t at = member_of(replay, seat, row->tag);
    if (at) {
        book_end(replay, &replay->members[at].survivor);
        replay->members[at].survivor = fresh;
        return true;
    }
    if (seat->count > 0)
        return join(replay, seat, &fresh);
    replace_single(replay, seat, segment, row);
    if (!seat->single.packed) {
        seat->single = fresh;
        return true;
    }
    if (!join(replay, seat, &seat->single) || !join(replay, seat, &fresh))
        return false;
    seat->single = (struct survivor){0};
    return true;
}

static void end(struct replay *replay, struct seat *seat, struct segment *segment, const struct row *row)
{
    uint32_t at = member_of(replay, seat, row->tag);
    if (at)
        end_member(replay, seat, at);
    else if (seat->count == 0)
        replace_single(replay, seat, segment, row);
}

/* ---- what has come of a hash ----------------------------------------------------------------- */

static bool add_entry(struct replay *replay, uint64_t order, uint64_t value)
{
    if (replay->entry_count == replay->entry_capacity) {
        size_t capacity = replay->entry_capacity ? replay->entry_capacity * 2 : ENTRIES_MIN;
        struct table_entry *moved = realloc(replay->entries, capacity * sizeof *moved);
        if (!moved)
            return false;
        replay->entries = moved;
        replay->entry_capacity = capacity;
    }
    replay->entries[replay->entry_count++] = (struct table_entry){.key = order, .value = value};
    return true;
}

static bool enter(struct replay *replay, const struct survivor *survivor)
{
    return !survivor->blob || load_blob(replay->index, survivor->blob, survivor->size);
}

/* Enters all that have the hash of a seat, and leaves none of them. */
static bool enter_several(struct replay *replay, struct seat *seat)
{
    struct index *index = replay->index;
    uint64_t hash = table_unsalted(seat->order, index->salt);
    while (seat->count > 0) {
        const struct survivor survivor = leave(replay, seat, seat->first);
        if (!load_namesake(index, hash, survivor.tag, survivor.packed) || !enter(replay, &survivor))
            return false;
    }
    return add_entry(replay, seat->order, INDEX_SEVERAL);
}

/* Enters what lives of the hash under way: no more rows of it come. */
static bool end_seat(struct replay *replay)
{
    struct seat *seat = &replay->seat;
    if (seat->count > 0)
        return enter_several(replay, seat);
    return !seat->single.packed ||
           (add_entry(replay, seat->order, seat->single.packed) && enter(replay, &seat->single));
}

/* ---- the rows -------------------------------------------------------------------------------- */

bool replay_row(struct replay *replay, struct segment *segment, const struct row *row)
{
    struct seat *seat = &replay->seat;
    enum record_type type = row_type(row);
    index_count_record(replay->index, segment, type, row_length(row), row->size);
    if (type == RECORD_MARK)
        return true;
    if (row->order != seat->order) {
        assert(row->order > seat->order);
        if (!end_seat(replay))
            return false;
        *seat = (struct seat){.order = row->order};
    }
    uint64_t to = sweeps_to(segment, row);
    if (to)
        sweep(replay, seat, to);
    if (type == RECORD_PUT)
        return put(replay, seat, segment, row);
    if (type == RECORD_TOMBSTONE)
        end(replay, seat, segment, row);
    return true;
}

bool replay_end_shard(struct replay *replay, size_t shard)
{
    if (!end_seat(replay))
        return false;
    size_t count = replay->entry_count;
    replay->seat = (struct seat){.order = replay->seat.order};
    replay->entry_count = 0;
    return load_shard(replay->index, shard, replay->entries, count);
}
