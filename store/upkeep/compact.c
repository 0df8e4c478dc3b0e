/* compact.c - giving back the space of records that no key leads to any more. compact.h tells how. */
#include "store/upkeep/compact.h"

#include "store/base/admission.h"
#include "store/base/error.h"
#include "store/index/yield.h"
#include "store/log/husk.h"
#include "store/log/summary.h"
#include "store/upkeep/commission.h"
#include "store/upkeep/rewrite.h"

#include <assert.h>

enum {
    HUSK_SPACE = 8 << 10,
    HUSKS_MAX = 16, /* that are left before what they change is written down: that takes some syncs each time */
};

static bool stopping(void *arg)
{
    struct compact *compact = arg;
    return errand_is_ending(&compact->errand) || gate_has_failed(compact->gate) || gate_is_removed(compact->gate);
}

/* ---- which segment --------------------------------------------------------------------------- */

/* The oldest segment, when the tombstones that are kept for its sake are more than its records: once these stand behind
 * them, nothing keeps them. Without it, keys that are used once would leave their tombstones for ever behind a segment
 * in which nothing dies. Lock held. */
static struct segment *choose_keeper(const struct compact *compact)
{
    const struct index *index = compact->index;
    const struct chain *chain = &compact->log->chain;
    index_assert_locked(index);
    struct segment *oldest = chain->oldest < chain->count ? chain->segments[chain->oldest] : NULL;
    uint64_t tombstones = 0;
    if (!oldest || !yield_is_candidate(index, oldest) || damage_has_gaps(index))
        return NULL; /* with gaps the tombstones stay, whatever they stand behind */
    for (size_t at = chain->oldest + 1; at + 1 < chain->count; at++)
        if (!yield_keeps_deletions(index, chain->segments[at]))
            tombstones += chain->segments[at]->tombstones;
    return tombstones >= yield_records(oldest) ? oldest : NULL;
}

/* Whether those from a number on are all that have records. Lock held. */
static bool is_all(const struct compact *compact, uint64_t from)
{
    const struct segment *first = chain_from(&compact->log->chain, from);
    return first && chain_is_oldest(&compact->log->chain, first);
}

static bool is_worthwhile(const struct compact *compact, const struct segment *segment)
{
    return yield_is_worthwhile(compact->index, segment, clearance_wants(&compact->clearance, segment->number));
}

/* The oldest segment from a number on that is worth it; NULL: none. Lock held. */
static struct segment *choose_oldest(const struct compact *compact, uint64_t from)
{
    const struct chain *chain = &compact->log->chain;
    index_assert_locked(compact->index);
    for (size_t at = chain->oldest; at < chain->count; at++)
        if (chain->segments[at]->number >= from && is_worthwhile(compact, chain->segments[at]))
            return chain->segments[at];
    return is_all(compact, from) ? choose_keeper(compact) : NULL;
}

/* Bytes of records that find place without a new segment. Lock held. */
static uint64_t rest_of_active(const struct compact *compact)
{
    index_assert_locked(compact->index);
    const struct segment *active = chain_last(&compact->log->chain);
    uint64_t used = segment_position(active, compact->index->end_offset);
    return used < active->prepared ? active->prepared - used : 0;
}

/* The segment from a number on that gives back most, of those whose useful part finds place; NULL: none. Lock held. */
static struct segment *choose_richest(const struct compact *compact, uint64_t from)
{
    const struct index *index = compact->index;
    const struct chain *chain = &compact->log->chain;
    index_assert_locked(index);
    struct segment *richest = NULL;
    uint64_t reach = space_within_reach(compact->space);
    if (reach < HUSK_SPACE || chain->count == 0)
        return NULL; /* not even what is left of a segment would find place */
    uint64_t room = reach - HUSK_SPACE;
    if (rest_of_active(compact) > room)
        room = rest_of_active(compact);
    for (size_t at = chain->oldest; at < chain->count; at++) {
        struct segment *segment = chain->segments[at];
        bool worthwhile = is_worthwhile(compact, segment) ||
                          (space_is_waited_for(compact->space) && yield_is_candidate(index, segment) &&
                           yield_gain(index, segment) >= YIELD_GAIN_MIN);
        if (segment->number >= from && worthwhile && yield_kept(index, segment) <= room &&
            (!richest || yield_gain(index, segment) > yield_gain(index, richest)))
            richest = segment;
    }
    return richest;
}

/* Where the chosen one would leave sweeps behind, the oldest goes first, if it can: then it leaves fewer. Lock held. */
static struct segment *in_turn(const struct compact *compact, struct segment *chosen, uint64_t from)
{
    const struct index *index = compact->index;
    const struct chain *chain = &compact->log->chain;
    index_assert_locked(index);
    if (!chosen || !is_all(compact, from) || !yield_leaves_sweeps(index, chosen))
        return chosen;
    struct segment *oldest = chain->segments[chain->oldest];
    return yield_is_oldest(index, oldest) && yield_is_candidate(index, oldest) ? oldest : chosen;
}

/* The segment to compact, with a reference; NULL: none. */
static struct segment *choose(const struct compact *compact, uint64_t from)
{
    index_lock_shared(compact->index);
    bool full = space_is_full(compact->space);
    struct segment *chosen = full ? choose_richest(compact, from) : choose_oldest(compact, from);
    chosen = in_turn(compact, chosen, from);
    if (chosen)
        segment_retain(chosen);
    index_unlock(compact->index);
    return chosen;
}

/* ---- the segment goes ------------------------------------------------------------------------ */

/* Puts the husk in the place of the segment and gives the chain's reference back. */
static void replace(struct compact *compact, struct segment *segment, struct segment *husk)
{
    index_lock(compact->index);
    index_replace(compact->index, husk);
    index_unlock(compact->index);
    catalog_forget(compact->catalog, segment->number);
    summary_remove(compact->log, segment->number);
    segment_release(segment);
}

/* Writes the husk, on a full disk from the reserve; an errno. */
static int write_husk(const struct compact *compact, const struct segment_header *header, int *ret_file)
{
    int error = husk_write(compact->log, header, ret_file);
    if (error_of_errno(error) == STORE_FULL && space_give(compact->space, HUSK_SPACE))
        error = husk_write(compact->log, header, ret_file);
    return error;
}

/* It stands for the room behind the records, too, when the next segment left some and nothing is missing there. */
static struct segment_header header_of(const struct compact *compact, const struct segment *segment)
{
    struct segment_header header = husk_header(segment);
    index_lock_shared(compact->index);
    const struct segment *next = chain_next(&compact->log->chain, segment);
    if (next->joined) /* there is one: the segment is sealed */
        header.end = next->base;
    index_unlock(compact->index);
    return header;
}

/* Its file, of which the husk takes the name: for leftovers_take(). */
static int open_old(const struct compact *compact, const struct segment *segment)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(segment->number, name);
    return leftovers_open(compact->log->leftovers, compact->log->folder, name);
}

static void close_old(const struct compact *compact, int old)
{
    if (old >= 0)
        compact->log->io->close(compact->log->io->self, old);
}

static struct failure leave_husk(struct compact *compact, struct segment *segment)
{
    int file;
    struct segment_header header = header_of(compact, segment);
    int os_error = handle_keep(segment->file); /* who reads it has it until the end; its name leads to the husk */
    if (os_error)
        return failure_of_errno(os_error);
    int old = open_old(compact, segment);
    os_error = write_husk(compact, &header, &file);
    if (os_error) {
        close_old(compact, old);
        if (!atomic_load(&compact->log->names_doubtful))
            handle_rest(segment->file);
        return failure_of_errno(os_error);
    }
    struct segment *husk = segment_new(&compact->log->files, file, &header, SEGMENT_HEADER);
    if (!husk) {
        close_old(compact, old);
        (void)gate_fail(compact->gate); /* the file is a husk already, and the chain cannot say so */
        return failure_of(STORE_NO_MEMORY);
    }
    husk->joined = segment->joined;
    handle_shut(husk->file);
    replace(compact, segment, husk);
    leftovers_take(compact->log->leftovers, compact->log->folder, old);
    return failure_none();
}

/* ---- husks in a row -------------------------------------------------------------------------- */

/* Whether the husk behind another one is of no use. The last segment is: it tells how far the log came. Lock held. */
static bool is_of_no_use(const struct chain *chain, const struct segment *front, const struct segment *behind)
{
    return behind && husk_reaches(front, behind) && chain_is_sealed(chain, behind);
}

/* The first of several husks in a row, and the header of the one that stands for all of them; NULL: there is none. */
static struct segment *find_row(const struct compact *compact, struct segment_header *ret_header)
{
    const struct chain *chain = &compact->log->chain;
    struct segment *first = NULL;
    index_lock_shared(compact->index);
    for (size_t at = 1; at < chain->count; at++) {
        struct segment *front = chain->segments[at - 1], *behind = chain->segments[at];
        bool useless = is_of_no_use(chain, front, behind);
        if (first && !useless)
            break;
        if (useless && !first)
            *ret_header = husk_header(first = front);
        if (useless)
            ret_header->end = segment_end(behind);
    }
    index_unlock(compact->index);
    return first;
}

/* Takes out the husk behind one that has come to stand for it; it is the caller's now. NULL: there is none any more. */
static struct segment *take_absorbed(const struct compact *compact, struct segment *husk, uint64_t end)
{
    struct chain *chain = &compact->log->chain;
    index_lock(compact->index);
    husk->used = segment_position(husk, end);
    struct segment *behind = chain_next(chain, husk);
    if (is_of_no_use(chain, husk, behind))
        chain_remove(chain, behind);
    else
        behind = NULL;
    index_unlock(compact->index);
    return behind;
}

/* Makes the first of several husks in a row stand for all; false: there are none. Where it cannot be written they say
 * the same together: it is tried again in the next round. */
static bool absorb_row(const struct compact *compact)
{
    struct segment_header header;
    struct segment *absorbed;
    int file;
    struct segment *husk = find_row(compact, &header);
    if (!husk || husk_write(compact->log, &header, &file))
        return false;
    compact->log->io->close(compact->log->io->self, file);
    while ((absorbed = take_absorbed(compact, husk, header.end))) {
        husk_unlink(compact->log, absorbed->number);
        segment_release(absorbed);
    }
    return true;
}

/* Writes down what has come of several segments at once: where small ones go one after the other, syncs are what takes
 * the time. A crash before that costs nothing but what the next start says or does. */
static void take_stock(struct compact *compact)
{
    progress_follow(compact->progress);
    while (absorb_row(compact)) {
    }
    horizon_follow(compact->horizon);
    compact->husks = 0;
}

/* ---- when somebody asks ---------------------------------------------------------------------- */

static struct store_log_figures log_figures(const struct compact *compact)
{
    index_lock_shared(compact->index);
    struct store_log_figures figures = {.bytes = chain_bytes(&compact->log->chain),
                                        .dead_bytes = compact->index->dead_bytes,
                                        .segments = chain_segments(&compact->log->chain)};
    index_unlock(compact->index);
    return figures;
}

static uint64_t last_number(const struct compact *compact)
{
    index_lock_shared(compact->index);
    const struct segment *last = chain_last(&compact->log->chain);
    uint64_t number = last ? last->number : 1;
    index_unlock(compact->index);
    return number;
}

/* Has the writer seal the active segment where that is worth it. Where it cannot be sealed the others are compacted all
 * the same. */
static void seal_active(struct compact *compact)
{
    struct commission commission;
    commission_init(&commission, compact->writer);
    if (commission_carry_out(&commission, &(struct txn){.seals = true}).error)
        compact->unfinished = true;
    commission_free(&commission);
}

/* In the middle of a round: it begins from the front. */
static void begin_clearance(struct compact *compact)
{
    struct store_log_figures before = log_figures(compact);
    compact->next = 0;
    compact->unfinished = compact->sealed_again = false;
    seal_active(compact);
    clearance_begin(&compact->clearance, last_number(compact), &before);
}

/* On a full disk it may be the only one that has something to give back. */
static bool is_sealed_by_itself(const struct compact *compact)
{
    index_lock_shared(compact->index);
    bool sealed = space_is_full(compact->space) && yield_may_be_worth_sealing(compact->index);
    index_unlock(compact->index);
    return sealed;
}

/* Tombstones in the active segment that stood for what was in front of it are of no use when that has gone: it is
 * looked at once more. Whether there is a segment more. */
static bool seal_again(struct compact *compact)
{
    uint64_t last = last_number(compact);
    bool cleared = clearance_is_under_way(&compact->clearance);
    bool looked_at = cleared && !compact->unfinished && !compact->sealed_again;
    if (!looked_at && !is_sealed_by_itself(compact))
        return false;
    compact->sealed_again = true;
    seal_active(compact);
    if (last_number(compact) == last)
        return false;
    compact->next = 0;
    if (cleared)
        clearance_extend(&compact->clearance, last);
    return true;
}

static void end_clearance(struct compact *compact, enum store_error error)
{
    struct store_log_figures after = log_figures(compact);
    clearance_end(&compact->clearance, error, !error && !compact->unfinished, &after);
}

/* Why nobody should wait for it any more. */
static enum store_error hindrance(struct compact *compact)
{
    if (gate_is_removed(compact->gate))
        return STORE_NO_STORE;
    if (gate_has_failed(compact->gate))
        return STORE_FAILED;
    return admission_is_draining(compact->admission) || errand_is_ending(&compact->errand) ? STORE_DRAINING : STORE_OK;
}

enum store_error compact_ask(struct compact *compact, unsigned milliseconds, store_compacted *done, void *arg)
{
    enum store_error error = hindrance(compact);
    if (!error)
        error = clearance_ask(&compact->clearance, milliseconds, done, arg);
    if (!error)
        (void)errand_ask(&compact->errand);
    return error;
}

void compact_tell(struct compact *compact, struct store_compaction *ret_compaction)
{
    clearance_tell(&compact->clearance, ret_compaction);
    if (ret_compaction->running)
        ret_compaction->after = log_figures(compact);
}

/* Whether it has been given up, if one is under way or asked for; else it begins where it has to. */
static void look_after_clearance(struct compact *compact)
{
    bool asked = clearance_is_asked(&compact->clearance);
    enum store_error error = hindrance(compact);
    if (error && (asked || clearance_is_under_way(&compact->clearance)))
        end_clearance(compact, error);
    else if (asked)
        begin_clearance(compact);
}

/* ---- in the background ----------------------------------------------------------------------- */

/* A segment that cannot be read is not tried again before the store is opened again. One whose records, or whose husk,
 * could not be written is: when more has died, when space has come back, or when a delete wants it; until then those
 * behind it have their turns. Whether there may be one. */
static bool give_up(struct compact *compact, struct segment *segment, enum store_error error, bool unreadable)
{
    compact->unfinished = true;
    if (error == STORE_FULL)
        space_met_full(compact->space);
    if (error == STORE_FULL || error == STORE_DRAINING)
        return false;
    notice_tell(compact->notice, STORE_LOG_WARNING, "segment %016llx is not compacted%s: %s",
                (unsigned long long)segment->number, unreadable ? "" : " yet", store_error_text(error));
    if (unreadable)
        index_keep(compact->index, segment);
    else
        compact->next = segment->number + 1;
    return true;
}

/* Compacts one segment; whether there may be more. */
static bool compact_one(struct compact *compact)
{
    struct segment *segment = choose(compact, compact->next);
    bool unreadable = false, more = true;
    if (!segment)
        return false;
    const struct rewriter rewriter = {.index = compact->index,
                                      .log = compact->log,
                                      .writer = compact->writer,
                                      .reader = compact->reader,
                                      .horizon = compact->horizon,
                                      .commits = &compact->rewrites,
                                      .stopping = stopping,
                                      .arg = compact};
    struct failure failure = rewrite_segment(&rewriter, segment, &unreadable);
    if (!failure.error)
        failure = leave_husk(compact, segment);
    if (failure.error)
        more = give_up(compact, segment, failure.error, unreadable);
    segment_release(segment); /* the last one: now its space is back */
    if (!failure.error) {
        compact->husks++;
        space_came_back(compact->space);
    }
    return more;
}

/* Those who rest until some has come back learn that it has, or that no more will. */
static void tell_writers(struct compact *compact, bool more)
{
    if (more)
        arrears_look(compact->arrears);
    else
        arrears_tolerate(compact->arrears);
    writer_go_on(compact->writer);
}

/* One segment at a time, so that the stores of a depot get their turns. Thread: the depot's upkeep. */
static int compact_run(void *arg)
{
    struct compact *compact = arg;
    assert(pool_is_current(compact->errand.pool));
    if (!stopping(compact))
        horizon_look(compact->horizon);
    look_after_clearance(compact);
    bool stop = stopping(compact);
    bool more = !stop && (compact_one(compact) || seal_again(compact));
    if (stop)
        writer_retry(compact->writer, true); /* nothing will come back for them */
    else if (!more || compact->husks >= HUSKS_MAX)
        take_stock(compact);
    if (!more) {
        compact->next = 0;             /* the next round looks at all of them */
        log_end_promise(compact->log); /* of a segment that was sealed, and not compacted */
        space_rest(compact->space);
        if (clearance_is_under_way(&compact->clearance))
            end_clearance(compact, STORE_OK);
    }
    tell_writers(compact, more);
    return more ? ERRAND_AGAIN : ERRAND_DONE;
}

void compact_init(struct compact *compact, struct pool *upkeep, struct pool *pool)
{
    clearance_init(&compact->clearance, pool);
    errand_init(&compact->errand, upkeep, compact_run, compact, &compact->space->compacting);
}

void compact_stop(struct compact *compact)
{
    assert(!pool_is_current(compact->errand.pool)); /* it would wait for itself */
    bool left = errand_end(&compact->errand);
    if (compact->husks > 0 && !gate_has_failed(compact->gate) && !gate_is_removed(compact->gate))
        horizon_conclude(compact->horizon);
    arrears_end(compact->arrears);
    writer_go_on(compact->writer);
    if (left)
        writer_retry(compact->writer, true);
}

void compact_free(struct compact *compact)
{
    errand_free(&compact->errand);
    clearance_free(&compact->clearance);
}
