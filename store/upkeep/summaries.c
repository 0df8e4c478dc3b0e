/* summaries.c - the making of summaries. summaries.h tells when. */
#include "store/upkeep/summaries.h"

#include "store/base/clock.h"
#include "store/index/yield.h"
#include "store/log/cursor.h"
#include "store/log/summary.h"
#include "store/read/keys.h"

#include <assert.h>

enum {
    STRIDE = 1024,    /* records, after which it is looked whether the errand ends */
    REST = 100,       /* milliseconds, in which ... */
    BUSY = 128 << 10, /* ... a log that is hardly written to grows by less than so many bytes */
};

static bool stopping(struct summaries *summaries)
{
    return errand_is_ending(&summaries->errand) || gate_has_failed(summaries->gate) || gate_is_removed(summaries->gate);
}

/* Whether a segment is to have a summary, and has none. What is about to be compacted needs none. Lock held. */
static bool lacks_summary(const struct summaries *summaries, const struct segment *segment)
{
    return !segment->summarised && !segment->headless && !segment_is_husk(segment) &&
           chain_is_sealed(&summaries->log->chain, segment) && !yield_is_worthwhile(summaries->index, segment, false);
}

/* The first sealed segment that lacks a summary, with a reference; NULL: none does. It counts as one that has it from
 * here on: who finds that it is not so says it again. */
static struct segment *choose(const struct summaries *summaries)
{
    const struct chain *chain = &summaries->log->chain;
    struct segment *chosen = NULL;
    index_lock(summaries->index);
    for (size_t at = 0; at < chain->count && !chosen; at++) {
        struct segment *segment = chain->segments[at];
        if (lacks_summary(summaries, segment))
            chosen = segment;
    }
    if (chosen) {
        segment_retain(chosen);
        chosen->summarised = true;
    }
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
        if ((rows->count % STRIDE == 0 && stopping(summaries)) ||
            cursor_look(cursor, position, false, &record, &found) || found == CURSOR_NOTHING ||
            !rows_take(rows, position, &record))
            return false;
        position += record_length(&record);
    }
    return !rows_are_under_way(rows) && rows->dropped == 0;
}

/* Where that fails there is none before the next start. */
static void make(struct summaries *summaries, const struct segment *segment)
{
    const struct log *log = summaries->log;
    struct cursor cursor;
    struct rows rows;
    uint64_t stamp;
    rows_init(&rows, log->salt);
    if (segment->used <= segment->prepared && !segment_stamp(segment, &stamp) &&
        cursor_init(&cursor, log->io, log->salt)) {
        cursor_begin(&cursor, segment, segment->used);
        if (take_rows(summaries, &cursor, segment->used, &rows) && rows_sort(&rows))
            (void)summary_write(log, segment, segment->used, stamp, &rows, NULL);
        cursor_free(&cursor);
    }
    rows_free(&rows);
}

/* Makes the summary of one segment; false: each has one. */
static bool make_summary(struct summaries *summaries)
{
    struct segment *segment = choose(summaries);
    if (!segment)
        return false;
    make(summaries, segment);
    segment_release(segment);
    return true;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The last sealed segment in front of a number that holds records; 0: there is none. */
static uint64_t sealed_before(const struct summaries *summaries, uint64_t number)
{
    const struct chain *chain = &summaries->log->chain;
    index_lock_shared(summaries->index);
    const struct segment *segment = chain_from(chain, number);
    segment = segment ? chain_before(chain, segment) : NULL;
    while (segment && segment_is_husk(segment))
        segment = chain_before(chain, segment);
    uint64_t found = segment ? segment->number : 0;
    index_unlock(summaries->index);
    return found;
}

/* The number behind the last segment whose keys are in a file: what is in front of it may be in runs of several. */
static uint64_t first_without_keys(const struct summaries *summaries)
{
    index_lock_shared(summaries->index);
    const struct segment *last = chain_last(&summaries->log->chain);
    uint64_t number = last ? last->number : 0;
    index_unlock(summaries->index);
    do
        number = sealed_before(summaries, number);
    while (number && !keys_is_there(summaries->log, number));
    return number + 1;
}

/* The first sealed segment from a number on that holds records, with a reference; NULL: there is none. */
static struct segment *sealed_from(const struct summaries *summaries, uint64_t number)
{
    const struct chain *chain = &summaries->log->chain;
    index_lock_shared(summaries->index);
    struct segment *segment = chain_from(chain, number);
    while (segment && segment_is_husk(segment))
        segment = chain_next(chain, segment);
    if (segment && !chain_is_sealed(chain, segment))
        segment = NULL;
    if (segment)
        segment_retain(segment);
    index_unlock(summaries->index);
    return segment;
}

/* Whether much is being written: then keys, which take some time to sort, can wait. What was looked at just now tells
 * nothing yet, unless nothing is written at all. */
static bool is_busy(struct summaries *summaries)
{
    uint64_t end = index_end(summaries->index);
    int64_t now = clock_now(CLOCK_MONOTONIC);
    uint64_t rests = (uint64_t)((now - summaries->looked) / CLOCK_MILLISECOND) / REST;
    bool busy = end - summaries->end > rests * BUSY;
    if (rests > 0 || !busy) {
        summaries->looked = now;
        summaries->end = end;
    }
    return busy;
}

/* Makes those of one segment, when nothing else is to be done, and has the binder look in the end; what the errand
 * returns. Meanwhile listings may have made some, and the binder may have merged them. */
static int make_keys(struct summaries *summaries)
{
    uint64_t first = first_without_keys(summaries);
    if (!summaries->next)
        summaries->looked = clock_now(CLOCK_MONOTONIC);
    if (summaries->next < first)
        summaries->next = first;
    struct segment *segment = sealed_from(summaries, summaries->next);
    if (!segment && !catalog_lags(summaries->catalog))
        return ERRAND_DONE;
    bool busy = is_busy(summaries), full = space_is_full(summaries->log->space);
    if (!busy && !segment) {
        catalog_tidy(summaries->catalog);
        return ERRAND_DONE;
    }
    if (!busy && !full) {
        keys_make(summaries->index, summaries->log, segment, segment->used);
        summaries->next = segment->number + 1;
    }
    segment_release(segment);
    return busy ? REST : full ? ERRAND_DONE : ERRAND_AGAIN;
}

/* One segment at a time. Thread: the depot's upkeep, which is also who makes husks of segments. */
static int summaries_run(void *arg)
{
    struct summaries *summaries = arg;
    assert(pool_is_current(summaries->errand.pool));
    if (stopping(summaries))
        return ERRAND_DONE;
    return make_summary(summaries) ? ERRAND_AGAIN : make_keys(summaries);
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
