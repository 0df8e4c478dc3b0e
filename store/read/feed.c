/* feed.c - what has happened in a store: a walk over the stretches of its log. feed.h tells what for. */
#include "store/read/feed.h"

#include "store/log/cursor.h"
#include "store/log/stretch.h"

#include <errno.h>
#include <string.h>

/* Bytes of the log that are looked at for one answer, about: where few of the records are asked for, it is short. */
enum { LOOKED_MAX = 32 << 20 };

struct walk {
    const struct feed *feed;
    const struct store_changes_query *query;
    store_change_take *take;
    void *arg;
    bool taken; /* all that was wanted */
    bool amid;  /* `at` is amid a transaction, of which a part is told */
    struct cursor cursor;
    struct stretch stretch; /* where the walk is, held */
    uint64_t at;            /* offset up to which all is told */
    uint64_t end;           /* of the log */
    uint64_t behind;        /* where it can be read again, when it cannot be at `at` */
    size_t told;
    uint64_t looked;
};

/* ---- where it goes --------------------------------------------------------------------------- */

/* The number of the segment in which an offset lies, or of the first one behind it. Lock held. */
static uint64_t number_at(const struct log *log, uint64_t offset)
{
    const struct chain *chain = &log->chain;
    size_t low = 0, high = chain->count;
    while (low < high) { /* the first whose base is behind the offset */
        size_t middle = low + (high - low) / 2;
        if (chain->segments[middle]->base <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0)
        low--;
    return low < chain->count ? chain->segments[low]->number : UINT64_MAX;
}

/* Who has been told something, now or earlier, may miss deletions that the log does not tell of any more. Lock held. */
static bool is_gone(const struct walk *walk)
{
    bool begins = walk->query->since == 0 && walk->told == 0;
    return !begins && walk->at < horizon_of_deletions(walk->feed->horizon);
}

/* Holds the stretch from a number on; false: the log ends there. What compaction has moved out of it meanwhile stands
 * in front of where the log ends by now: so the walk goes on up to there, and has come to the end only then. */
static struct failure hold(struct walk *walk, uint64_t number, bool *ret_held)
{
    const struct reader *reader = walk->feed->reader;
    index_lock_shared(reader->index);
    bool gone = is_gone(walk);
    walk->end = reader->index->end_offset;
    *ret_held = !gone && stretch_pin(reader->log, number, walk->end, &walk->stretch);
    index_unlock(reader->index);
    return failure_of(gone ? STORE_GONE : STORE_OK);
}

/* ---- telling --------------------------------------------------------------------------------- */

static bool is_asked_for(const struct walk *walk, const struct record *record)
{
    const struct store_changes_query *query = walk->query;
    if (record->type == RECORD_MARK)
        return false;
    return query->prefix_length == 0 || (record->key_length >= query->prefix_length &&
                                         memcmp(record->key, query->prefix, query->prefix_length) == 0);
}

/* Up to where a record ends all that has its hash: up to version 2 each did. */
static uint64_t ends_of(const struct walk *walk, const struct record *record)
{
    if (record->type == RECORD_SWEEP)
        return record_sweeps_to(record);
    return segment_knows_namesakes(walk->stretch.segment) ? 0 : record->offset;
}

static void tell(struct walk *walk, const struct record *record)
{
    if (!is_asked_for(walk, record))
        return;
    struct store_change change = {.put = record->type == RECORD_PUT,
                                  .key = record->key,
                                  .key_length = record->key_length,
                                  .key_hash = record->key_hash,
                                  .offset = record->offset,
                                  .ends = ends_of(walk, record),
                                  .size = record->size,
                                  .digest = record->digest,
                                  .time = record->time};
    if (!walk->take(walk->arg, &change))
        walk->taken = true;
    walk->told++;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Looks for a record at a position that is a certain step; *ret_found: it is there. An errno. */
static int look(struct walk *walk, uint64_t position, uint32_t step, struct record *ret_record, bool *ret_found)
{
    enum cursor_found found;
    int error = cursor_look(&walk->cursor, position, false, ret_record, &found);
    *ret_found = !error && found != CURSOR_NOTHING && ret_record->step == step;
    return error;
}

/* Whether all records of the transaction that begins at a position are there; behind the last, or where one is not. */
static int measure(struct walk *walk, uint64_t position, uint64_t *ret_position, bool *ret_whole)
{
    uint32_t steps = 1;
    int error = 0;
    *ret_whole = true;
    *ret_position = position;
    for (uint32_t step = 0; step < steps && *ret_whole && !error; step++) {
        struct record record;
        error = look(walk, *ret_position, step, &record, ret_whole);
        if (error || !*ret_whole)
            break;
        if (step == 0)
            steps = record.steps;
        *ret_whole = record.steps == steps;
        *ret_position += record_length(&record);
    }
    return error;
}

/* Tells the transaction at a position, or the rest of it, as far as is wanted. *position: behind that; where a record
 * cannot be read, there, or where the transaction begins if it may not be parted. An errno. */
static int tell_all(struct walk *walk, uint64_t *position, bool *ret_whole)
{
    uint64_t at = *position;
    struct record record;
    enum cursor_found found;
    int error;
    do {
        error = cursor_look(&walk->cursor, at, false, &record, &found);
        *ret_whole = !error && found != CURSOR_NOTHING && walk->amid == (record.step > 0);
        if (!*ret_whole)
            break;
        tell(walk, &record);
        walk->amid = record.step + 1 < record.steps;
        at += record_length(&record);
    } while (walk->amid && !(walk->taken && walk->query->parted));
    if (*ret_whole || walk->query->parted)
        *position = at;
    else
        walk->amid = false;
    return error;
}

/* Where the next transaction begins in the stretch behind a place where none can be read, or what follows it. */
static int find_behind(struct walk *walk, uint64_t position, uint64_t *ret_offset)
{
    struct record record;
    int error;
    do
        error = cursor_find(&walk->cursor, position + RECORD_ALIGNMENT, &position, &record);
    while (!error && position < walk->cursor.limit && record.step > 0);
    if (position >= walk->cursor.limit)
        position = walk->stretch.limit;
    *ret_offset = segment_offset(walk->stretch.segment, position);
    return error;
}

/* Whether the records of the stretch lead to a position, or to a place in front of it where none can be read. */
static int leads_to(struct walk *walk, uint64_t position, bool *ret_leads)
{
    uint64_t at = SEGMENT_HEADER;
    bool whole = true;
    int error = 0;
    while (at < position && whole && !error)
        error = measure(walk, at, &at, &whole);
    *ret_leads = !whole || at == position;
    return error;
}

/* At a position where no transaction can be read. Who has brought an offset of another log, or of none, has to begin
 * anew; else the log is damaged here. */
static struct failure at_hole(struct walk *walk, uint64_t position)
{
    bool leads = true;
    int error = 0;
    if (walk->at == walk->query->since && !walk->query->amid)
        error = leads_to(walk, position, &leads);
    if (!error && leads)
        error = find_behind(walk, position, &walk->behind);
    if (error)
        return failure_io(error);
    return failure_of(leads ? STORE_DAMAGED : STORE_GONE);
}

static bool is_enough(const struct walk *walk)
{
    return walk->taken || (!walk->amid && (walk->told >= walk->query->limit || walk->looked >= LOOKED_MAX));
}

/* Tells the records of the stretch from `at` on. Of what is told in parts all was there when it began. */
static struct failure walk_records(struct walk *walk, uint64_t limit)
{
    const struct segment *segment = walk->stretch.segment;
    uint64_t position = segment_position(segment, walk->at);
    cursor_begin(&walk->cursor, segment, limit);
    while (position < limit && !is_enough(walk)) {
        uint64_t begin = position, end;
        bool whole = true;
        int error = walk->amid ? 0 : measure(walk, position, &end, &whole);
        if (!error && whole)
            error = tell_all(walk, &position, &whole);
        walk->at = segment_offset(segment, position);
        walk->looked += position - begin;
        if (error)
            return failure_io(error);
        if (!whole)
            return at_hole(walk, position);
    }
    return failure_none();
}

/* What stood up to there is elsewhere now, or has ended; of a transaction that has been told in part, the rest. */
static void skip(struct walk *walk, uint64_t offset)
{
    walk->at = offset;
    walk->amid = false;
}

/* Walks through the stretch that is held. */
static struct failure walk_stretch(struct walk *walk)
{
    const struct stretch *stretch = &walk->stretch;
    const struct segment *segment = stretch->segment;
    struct failure failure = failure_none();
    uint64_t records = segment_offset(segment, stretch->records), limit = segment_offset(segment, stretch->limit);
    if (walk->at < segment->base)
        skip(walk, segment->base);
    if (!segment_is_husk(segment))
        failure = walk_records(walk, stretch->records);
    else if (walk->at < records)
        skip(walk, records);
    if (failure.error || walk->at < records)
        return failure;
    if (walk->at < limit) { /* what followed is lost */
        walk->behind = limit;
        return failure_of(STORE_DAMAGED);
    }
    return failure_none();
}

static struct failure walk_log(struct walk *walk)
{
    const struct reader *reader = walk->feed->reader;
    struct failure failure = failure_none();
    bool held = true;
    index_lock_shared(reader->index);
    uint64_t number = number_at(reader->log, walk->at);
    index_unlock(reader->index);
    while (!failure.error && held && walk->at < walk->end && !is_enough(walk)) {
        failure = hold(walk, number, &held);
        if (failure.error || !held)
            break;
        failure = walk_stretch(walk);
        number = walk->stretch.next;
        stretch_release(&walk->stretch);
    }
    return failure;
}

struct failure feed_read(const struct feed *feed, const struct store_changes_query *query, store_change_take *take,
                         void *arg, struct store_changes *ret_changes)
{
    const struct reader *reader = feed->reader;
    struct walk walk = {
        .feed = feed, .query = query, .take = take, .arg = arg, .at = query->since, .amid = query->amid};
    index_lock_shared(reader->index);
    walk.end = reader->index->end_offset;
    uint64_t oldest = horizon_of_deletions(feed->horizon);
    bool gone = is_gone(&walk) || query->since > walk.end;
    index_unlock(reader->index);
    *ret_changes = (struct store_changes){.next = query->since, .oldest = oldest, .end = walk.end};
    if (gone || query->since == walk.end)
        return failure_of(gone ? STORE_GONE : STORE_OK);
    struct failure failure = failure_of(STORE_NO_MEMORY);
    if (cursor_init(&walk.cursor, reader->log->io, reader->log->salt))
        failure = walk_log(&walk);
    cursor_free(&walk.cursor);
    ret_changes->next = walk.at;
    ret_changes->amid = walk.amid;
    ret_changes->end = walk.end;
    ret_changes->behind = walk.behind;
    if (failure.error && walk.told > 0)
        failure = failure_none(); /* it is met again where this ends */
    return failure;
}
