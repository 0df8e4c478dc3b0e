/* summaries.c - the making of summaries. summaries.h tells when. */
#include "store/upkeep/summaries.h"

#include "store/log/cursor.h"
#include "store/log/summary.h"

#include <assert.h>

static bool stopping(struct summaries *summaries)
{
    return errand_is_ending(&summaries->errand) || gate_has_failed(summaries->gate) || gate_is_removed(summaries->gate);
}

/* The first sealed segment without a summary, with a reference; NULL: each has one. */
static struct segment *choose(const struct summaries *summaries)
{
    const struct chain *chain = &summaries->log->chain;
    struct segment *chosen = NULL;
    index_lock_shared(summaries->index);
    for (size_t at = 0; at < chain->count && !chosen; at++) {
        struct segment *segment = chain->segments[at];
        if (!segment->summarised && !segment->headless && !segment_is_husk(segment) && chain_is_sealed(chain, segment))
            chosen = segment;
    }
    if (chosen)
        segment_retain(chosen);
    index_unlock(summaries->index);
    return chosen;
}

/* Takes the rows of all records up to a position; false: something there is not whole, or the errand ends. */
static bool take_rows(struct summaries *summaries, struct cursor *cursor, uint64_t end, struct rows *rows)
{
    uint64_t position = SEGMENT_HEADER;
    while (position < end) {
        struct record record;
        enum cursor_found found;
        if (stopping(summaries) || cursor_look(cursor, position, false, &record, &found) || found == CURSOR_NOTHING ||
            !rows_take(rows, position, &record))
            return false;
        position += record_length(&record);
    }
    return !rows_are_under_way(rows) && rows->dropped == 0;
}

/* Whether it is there now. */
static bool make(struct summaries *summaries, const struct segment *segment)
{
    const struct log *log = summaries->log;
    struct cursor cursor;
    struct rows rows;
    rows_init(&rows, log->salt);
    bool made = segment->used <= segment->prepared && cursor_init(&cursor, log->io, log->salt);
    if (made) {
        cursor_begin(&cursor, segment, segment->used);
        made = take_rows(summaries, &cursor, segment->used, &rows) && rows_sort(&rows) &&
               summary_write(log, segment, segment->used, &rows) == 0;
        cursor_free(&cursor);
    }
    rows_free(&rows);
    return made;
}

/* One segment at a time. Thread: the depot's upkeep, which is also who makes husks of segments. */
static int summaries_run(void *arg)
{
    struct summaries *summaries = arg;
    assert(pool_is_current(summaries->errand.pool));
    struct segment *segment = stopping(summaries) ? NULL : choose(summaries);
    if (!segment)
        return ERRAND_DONE;
    if (make(summaries, segment) || !stopping(summaries)) {
        index_lock(summaries->index);
        segment->summarised = true;
        index_unlock(summaries->index);
    }
    segment_release(segment);
    return ERRAND_AGAIN;
}

void summaries_init(struct summaries *summaries, struct pool *upkeep)
{
    errand_init(&summaries->errand, upkeep, summaries_run, summaries, NULL);
}

void summaries_stop(struct summaries *summaries)
{
    assert(!pool_is_current(summaries->errand.pool)); /* it would wait for itself */
    (void)errand_end(&summaries->errand);
}

void summaries_free(struct summaries *summaries)
{
    errand_free(&summaries->errand);
}
