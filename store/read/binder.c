/* binder.c - makes few runs of many, in the background. binder.h tells which. */
#include "store/read/binder.h"

#include "store/log/stretch.h"
#include "store/read/inventory.h"
#include "store/read/learner.h"

#include <assert.h>
#include <stdlib.h>

enum {
    FEW = 3,               /* shelves that need not become fewer */
    FALL = 2,              /* a shelf has so many times the entries of all behind it */
    WORN_SHARE = 4,        /* one entry in so many may be a put that leads to nothing */
    WORN_MIN = 256,        /* of so few nobody cares */
    TURN = 16 << 10,       /* entries */
    MANY = 8 << 10,        /* tombstones that have taught: then it is worth writing down what is known */
    ROOM_AN_ENTRY = 1 << 7 /* bytes of the disk, about */
};

/* What there is to know of a shelf. */
struct state {
    uint64_t entries;
    uint64_t tombstones; /* among them */
    uint64_t live;       /* records of its segments to which keys lead */
    size_t segments;     /* those that hold records */
    bool ready;          /* all are sealed, and it has all that there is to tell of them */
    bool apart;          /* between it and the one in front of it there is a segment that is on no shelf */
};

/* ---- which shelves; the catalog's lock is held ----------------------------------------------- */

/* Counts one segment where it belongs; *at: the first shelf that it may be on. */
static void count_segment(const struct catalog *catalog, struct state *states, const struct stretch *stretch,
                          size_t *at)
{
    const struct segment *segment = stretch->segment;
    while (*at < catalog->count && catalog->shelves[*at].last < segment->number)
        ++*at;
    if (*at == catalog->count || segment_is_husk(segment))
        return;
    struct state *state = &states[*at];
    const struct shelf *shelf = &catalog->shelves[*at];
    if (segment->number < shelf->first) {
        state->apart = true;
        return;
    }
    state->segments++;
    state->live += segment->live;
    state->ready = state->ready && stretch->sealed && shelf_covers(shelf, segment->number, stretch->records);
}

/* Looks at all shelves; NULL: memory is out. */
static struct state *survey(const struct binder *binder)
{
    const struct catalog *catalog = binder->catalog;
    struct stretch stretch = {0};
    size_t at = 0;
    struct state *states = calloc(catalog->count + 1, sizeof *states);
    if (!states)
        return NULL;
    for (size_t i = 0; i < catalog->count; i++) {
        const struct shelf *shelf = &catalog->shelves[i];
        states[i].ready = !shelf_lacks(shelf);
        for (size_t run = 0; run < shelf->count; run++) {
            states[i].entries += run_entries(shelf->runs[run]);
            states[i].tombstones += run_tombstones(shelf->runs[run]);
        }
    }
    index_lock_shared(binder->index);
    while (stretch_pin(binder->log, stretch.next, binder->index->end_offset, &stretch)) {
        count_segment(catalog, states, &stretch, &at);
        stretch_release(&stretch);
    }
    index_unlock(binder->index);
    return states;
}

/* The first of the shelves up to `end` that are to become one; the last of them, when there is nothing to gain. */
static size_t find_from(const struct state *states, size_t end)
{
    size_t from = end - 1;
    uint64_t behind = states[from].entries;
    for (size_t i = from; i-- > 0 && states[i].ready && !states[i + 1].apart;) {
        if (states[i].entries < FALL * behind)
            from = i;
        behind += states[i].entries;
    }
    return from;
}

/* Whether many puts in it lead to nothing. */
static bool is_worn(const struct state *state)
{
    uint64_t dead = state->entries - state->tombstones;
    dead -= state->live < dead ? state->live : dead;
    return state->entries >= WORN_MIN && dead >= state->entries / WORN_SHARE;
}

/* The first of the ready shelves up to `end` that is worn, if those behind it are ready and not apart; or `end`. */
static size_t find_worn(const struct state *states, size_t end)
{
    size_t worn = end;
    for (size_t i = end; i-- > 0 && states[i].ready;) {
        if (is_worn(&states[i]))
            worn = i;
        if (states[i].apart)
            break;
    }
    return worn;
}

/* Which shelves are to become one: from one on, up to another; false: none. */
static bool choose(struct binder *binder, const struct state *states, size_t *ret_from, size_t *ret_to)
{
    struct catalog *catalog = binder->catalog;
    size_t end = catalog->count;
    while (end > 0 && !states[end - 1].ready)
        end--;
    if (end == 0)
        return false;
    *ret_from = find_from(states, end);
    *ret_to = end;
    if (!catalog->shelves[end - 1].filed || (end > FEW && end - *ret_from > 1))
        return true;
    *ret_from = find_worn(states, end);
    if (*ret_from == end || catalog->worn_at == catalog->shelves[end - 1].last)
        return false; /* what ended them is not sealed yet */
    catalog->worn_at = catalog->shelves[end - 1].last;
    return true;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void release_runs(struct binder_work *work)
{
    while (work->count > 0)
        run_release(work->runs[--work->count]);
}

static void work_free(struct binder_work *work)
{
    release_runs(work);
    free(work->runs);
    free(work->sources);
    free(work->spans);
    free(work->binding);
    *work = (struct binder_work){0};
}

/* Takes references on the runs of some shelves; false: memory is out. */
static bool take_runs(struct binder_work *work, const struct catalog *catalog, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += catalog->shelves[i].count;
    work->runs = calloc(count, sizeof(struct run *));
    if (!work->runs)
        return false;
    for (size_t i = from; i < to; i++)
        for (size_t at = 0; at < catalog->shelves[i].count; at++)
            work->runs[work->count++] = run_retain(catalog->shelves[i].runs[at]);
    return true;
}

/* Takes down what a shelf is made of: a segment that was read while it was written to is what it is now. Blocking. */
static bool take_source(struct binder_work *work, const struct shelf *shelf, const struct stretch *stretch)
{
    const struct segment *segment = stretch->segment;
    struct run_source source = shelf_source(shelf, segment->number);
    if (!shelf->filed && segment_stamp(segment, &source.stamp))
        return false;
    work->sources[work->source_count] = source;
    work->spans[work->source_count++] = (struct binding_span){.from = segment->base,
                                                              .to = segment_offset(segment, stretch->records)};
    return source.covered == stretch->records;
}

/* Takes down which segments, of so many, the shelves tell of; false: memory is out, or there are none. Blocking. */
static bool take_sources(struct binder *binder, size_t count, size_t from, size_t to)
{
    const struct catalog *catalog = binder->catalog;
    struct binder_work *work = &binder->work;
    struct stretch stretch = {.next = catalog->shelves[from].first};
    work->first = catalog->shelves[from].first;
    work->sources = calloc(count, sizeof *work->sources);
    work->spans = calloc(count, sizeof *work->spans);
    bool right = work->sources && work->spans;
    while (right && work->source_count < count && catalog_pin_from(catalog, stretch.next, &stretch)) {
        while (from < to && catalog->shelves[from].last < stretch.segment->number)
            from++;
        if (from < to && !segment_is_husk(stretch.segment))
            right = take_source(work, &catalog->shelves[from], &stretch);
        stretch_release(&stretch);
    }
    return right && work->source_count > 0;
}

/* Takes what some shelves are made of. */
static bool take(struct binder *binder, const struct state *states, size_t from, size_t to)
{
    const struct catalog *catalog = binder->catalog;
    size_t segments = 0;
    uint64_t entries = 0;
    for (size_t i = from; i < to; i++) {
        segments += states[i].segments;
        entries += states[i].entries;
    }
    binder->work.ends = from == 0 && !states[0].apart;
    return space_affords(binder->space, entries * ROOM_AN_ENTRY) && !space_is_full(binder->space) &&
           take_runs(&binder->work, catalog, from, to) && take_sources(binder, segments, from, to);
}

/* Looks for shelves that are to become one, and takes what they are made of. */
static bool find_work(struct binder *binder)
{
    struct catalog *catalog = binder->catalog;
    size_t from = 0, to = 0;
    lock_take(&catalog->lock);
    struct state *states = survey(binder);
    for (size_t at = catalog->count; states && at-- > 0;)
        if (states[at].segments == 0)
            catalog_discard(catalog, at);
    free(states);
    states = survey(binder);
    catalog->changed = false; /* whatever changes from here on has it look again */
    bool found = states && choose(binder, states, &from, &to) && take(binder, states, from, to);
    free(states);
    lock_release(&catalog->lock);
    return found;
}

/* Finds something to do, and makes the file for it. */
static bool prepare(struct binder *binder)
{
    struct binder_work *work = &binder->work;
    if (!find_work(binder))
        return false;
    work->binding = malloc(sizeof *work->binding);
    uint64_t number = work->sources[work->source_count - 1].number;
    return work->binding && !keys_begin(binder->log, number, true, &work->file).error;
}

static bool begin(struct binder *binder)
{
    struct binder_work *work = &binder->work;
    const struct log *log = binder->log;
    if (!prepare(binder)) {
        work_free(work);
        return false;
    }
    struct failure failure = binding_init(work->binding, work->runs, work->count, log->salt, log->io, work->file.file);
    work->binding->spans = work->spans;
    work->binding->span_count = work->source_count;
    work->binding->ends = work->ends;
    if (!failure.error)
        return true;
    binding_free(work->binding);
    keys_abandon(&work->file);
    work_free(work);
    return false;
}

/* ---- ending ---------------------------------------------------------------------------------- */

/* Where the shelves stand whose runs were bound; false: they are not what they were. Lock held. */
static bool find_shelves(const struct binder *binder, size_t *ret_from, size_t *ret_count)
{
    const struct catalog *catalog = binder->catalog;
    const struct binder_work *work = &binder->work;
    size_t from = 0, at = 0;
    while (from < catalog->count && catalog->shelves[from].first < work->first)
        from++;
    size_t end = from;
    for (; end < catalog->count && at < work->count; end++)
        for (size_t run = 0; run < catalog->shelves[end].count; run++)
            if (at == work->count || catalog->shelves[end].runs[run] != work->runs[at++])
                return false;
    *ret_from = from;
    *ret_count = end - from;
    return at == work->count && end > from;
}

/* What was bound is read no more: who removes the files of those that nobody else reads need not keep them open. */
static void let_go(struct binder_work *work)
{
    binding_free(work->binding);
    free(work->binding);
    work->binding = NULL;
    release_runs(work);
}

/* Puts the new run in the place of those that it was made of, if they are still there. */
static void shelve(struct binder *binder, struct run *run)
{
    struct catalog *catalog = binder->catalog;
    size_t from, count;
    lock_take(&catalog->lock);
    if (find_shelves(binder, &from, &count)) {
        let_go(&binder->work);
        catalog_replace(catalog, from, count, run);
        binder->learnt += catalog->inventoried.number ? MANY : 0; /* which tells of runs that are not there any more */
    } else {
        if (!damage_has_gaps(binder->index))
            keys_remove(binder->log, binder->work.sources[binder->work.source_count - 1].number);
        run_release(run);
    }
    lock_release(&catalog->lock);
}

/* Where parts of the log are missing the run is for this life alone: it leaves out what may yet come back. */
static bool finish(struct binder *binder)
{
    struct binder_work *work = &binder->work;
    struct run *run;
    uint64_t length;
    struct failure failure = run_writer_end(&work->binding->writer, work->sources, work->source_count, &length);
    if (failure.error) {
        keys_abandon(&work->file);
        return false;
    }
    /* One of those that it was made of has the name that the new one gets. */
    if (run_keep(work->runs[work->count - 1])) {
        keys_abandon(&work->file);
        return false;
    }
    if (keys_end(&work->file, !damage_has_gaps(binder->index), &run).error)
        return false;
    shelve(binder, run);
    return true;
}

static void end_work(struct binder *binder)
{
    if (binder->work.binding)
        binding_free(binder->work.binding);
    work_free(&binder->work);
    binder->working = false;
}

/* ---- learning -------------------------------------------------------------------------------- */

/* Lets the runs learn of some tombstones more; false: there are none that they do not know of. */
static bool learn(struct binder *binder)
{
    struct binder_work *work = &binder->work;
    uint64_t more = 0;
    if (!catalog_known_runs(binder->catalog, &work->runs, &work->count).error)
        more = learner_go(binder->index, work->runs, work->count);
    work_free(work);
    binder->learnt += more;
    return more > 0;
}

/* ---- what is known --------------------------------------------------------------------------- */

/* Takes all runs, if it is worth writing down what is known of them. */
static bool find_stock(struct binder *binder, struct inventory_stock *ret_stock)
{
    struct catalog *catalog = binder->catalog;
    struct binder_work *work = &binder->work;
    uint64_t entries = 0;
    bool lags;
    lock_take(&catalog->lock);
    size_t own = catalog_own_runs(catalog, &lags);
    bool found = (lags || binder->learnt >= MANY) && catalog->opened && !damage_has_gaps(binder->index) &&
                 !catalog_take_runs(catalog, &work->runs, &work->count).error;
    *ret_stock = (struct inventory_stock){
        .runs = work->runs, .count = work->count, .own = own, .worn_at = catalog->worn_at};
    lock_release(&catalog->lock);
    for (size_t i = 0; i < own && found; i++)
        entries += run_entries(work->runs[work->count - 1 - i]);
    return found && !space_is_full(binder->space) && space_affords(binder->space, entries * ROOM_AN_ENTRY);
}

/* Writes down what is known, if that is much more than the last time. Where it fails that is tried again when there is
 * something to do again. */
static void take_stock(struct binder *binder)
{
    struct binder_work *work = &binder->work;
    struct run *run = NULL;
    struct inventory_stock stock;
    if (find_stock(binder, &stock) && !inventory_write(binder->index, binder->log, &stock, &run).error)
        binder->learnt = 0;
    if (run) {
        lock_take(&binder->catalog->lock);
        catalog_take_inventory(binder->catalog, &stock, run);
        lock_release(&binder->catalog->lock);
    }
    work_free(work);
}

/* ---- in the background ----------------------------------------------------------------------- */

/* What has failed for want of anything is tried again when the catalog has changed; a run that is not as it was made is
 * made again by a listing. */
static int binder_run(void *arg)
{
    struct binder *binder = arg;
    bool more;
    assert(pool_is_current(binder->errand.pool));
    if (!binder->working && learn(binder))
        return ERRAND_AGAIN;
    if (!binder->working && !begin(binder)) {
        take_stock(binder);
        return ERRAND_DONE;
    }
    binder->working = true;
    struct failure failure = binding_go(binder->work.binding, TURN, &more);
    if (!failure.error && more)
        return ERRAND_AGAIN;
    if (failure.error)
        keys_abandon(&binder->work.file);
    bool done = !failure.error && finish(binder);
    end_work(binder);
    if (failure.error == STORE_DAMAGED || failure.error == STORE_IO)
        (void)catalog_drop_broken(binder->catalog);
    return done ? ERRAND_AGAIN : ERRAND_DONE;
}

void binder_init(struct binder *binder, struct pool *upkeep)
{
    errand_init(&binder->errand, upkeep, binder_run, binder, NULL);
}

void binder_stop(struct binder *binder)
{
    assert(!pool_is_current(binder->errand.pool)); /* it would wait for itself */
    (void)errand_end(&binder->errand);
    if (!binder->working)
        return;
    keys_abandon(&binder->work.file);
    end_work(binder);
}

void binder_free(struct binder *binder)
{
    errand_free(&binder->errand);
}
