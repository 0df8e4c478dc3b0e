/* catalog.c - which runs tell of the objects of a store. catalog.h tells how they are kept. */
#include "store/read/catalog.h"

#include "store/read/finds.h"
#include "store/read/keys.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    GONE_SHARE = 4,  /* one in so many entries that a page meets may lead to nothing */
    GONE_MANY = 256, /* so many on pages that met more have the binder look */
    LAG = 256 << 10, /* so many bytes of tombstones that are in no run are many */
    TAIL = 1 << 20,  /* so many bytes of the last segment that are not in the inventory are many, ... */
    TAIL_SHARE = 2,  /* ... if it has not so many times as much */
};

void catalog_init(struct catalog *catalog)
{
    lock_init(&catalog->lock);
}

void catalog_free(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        shelf_clear(&catalog->shelves[i], 0);
    free(catalog->shelves);
    outgoing_free(&catalog->outgoing);
    lock_destroy(&catalog->lock);
}

/* ---- the shelves; the catalog's lock is held ------------------------------------------------- */

/* The shelf of a segment, or else (false) where it would stand. */
static bool find_shelf(const struct catalog *catalog, uint64_t number, size_t *ret_at)
{
    assert(lock_is_mine(&catalog->lock));
    size_t low = 0;
    size_t high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (catalog->shelves[middle].last < number)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_at = low;
    return low < catalog->count && catalog->shelves[low].first <= number;
}

/* Puts an empty shelf there; NULL: memory is out. */
static struct shelf *put_shelf(struct catalog *catalog, size_t at, uint64_t first, uint64_t last)
{
    assert(lock_is_mine(&catalog->lock));
    if (catalog->count == catalog->capacity) {
        size_t capacity = catalog->capacity * 2 + 4;
        struct shelf *moved = realloc(catalog->shelves, capacity * sizeof *moved);
        if (!moved)
            return NULL;
        catalog->shelves = moved;
        catalog->capacity = capacity;
    }
    struct shelf *shelf = &catalog->shelves[at];
    memmove(shelf + 1, shelf, (catalog->count - at) * sizeof *shelf);
    *shelf = (struct shelf){.first = first, .last = last};
    catalog->count++;
    catalog->changed = true;
    return shelf;
}

static void remove_shelf(struct catalog *catalog, size_t at)
{
    assert(lock_is_mine(&catalog->lock));
    struct shelf *shelf = &catalog->shelves[at];
    shelf_clear(shelf, 0);
    catalog->count--;
    memmove(shelf, shelf + 1, (catalog->count - at) * sizeof *shelf);
}

/* ---- the files that there are ---------------------------------------------------------------- */

/* Whether a shelf has a file with a name that may go. Where damage has taken records from the log it may not: older
 * versions may have come back that others left out. */
static bool has_file(const struct catalog *catalog, const struct shelf *shelf)
{
    return shelf->filed && !damage_has_gaps(catalog->reader->index);
}

/* Removes the file of a run at once. Pages may still be made of it: then it is kept open for them. Where it cannot be
 * it stays, and the next start finds that it is of no use. */
static void remove_file(const struct catalog *catalog, struct run *run)
{
    if (!run_is_shared(run) || run_keep(run) == 0)
        keys_remove(catalog->reader->log, run_last_source(run).number);
}

/* What nobody reads any more goes. */
static void sweep(struct catalog *catalog)
{
    assert(lock_is_mine(&catalog->lock));
    if (!damage_has_gaps(catalog->reader->index))
        outgoing_sweep(&catalog->outgoing, catalog->reader->log);
    atomic_store(&catalog->leaving, catalog->outgoing.count > 0);
}

void catalog_discard(struct catalog *catalog, size_t at)
{
    const struct shelf *shelf = &catalog->shelves[at];
    if (has_file(catalog, shelf))
        remove_file(catalog, shelf->runs[0]);
    remove_shelf(catalog, at);
}

/* A shelf whose file has come into another one lets go of all; the name of that one is not to be removed. */
static void vacate(struct catalog *catalog, struct shelf *shelf, uint64_t name)
{
    struct run *run = has_file(catalog, shelf) ? shelf->runs[0] : NULL;
    if (run && run_last_source(run).number != name && !outgoing_add(&catalog->outgoing, run))
        remove_file(catalog, run);
    shelf_clear(shelf, 0);
}

void catalog_replace(struct catalog *catalog, size_t from, size_t count, struct run *run)
{
    assert(lock_is_mine(&catalog->lock) && count > 0);
    struct shelf *shelf = &catalog->shelves[from];
    for (size_t i = 0; i < count; i++)
        vacate(catalog, &shelf[i], run_last_source(run).number);
    shelf->last = shelf[count - 1].last;
    while (count-- > 1)
        remove_shelf(catalog, from + count);
    shelf->runs[shelf->count++] = run;
    shelf->filed = true;
    catalog->changed = true;
    for (size_t at = from + 1; at < catalog->count; at++)
        for (size_t i = 0; i < catalog->shelves[at].count; i++)
            run_set_taught(catalog->shelves[at].runs[i], 0);
    sweep(catalog);
}

/* Puts a run from a file on a shelf of its own, unless there is one that has more: a crash may have left what had been
 * merged already. One of the same last segment is of that very file: it has come before descriptors were out. False:
 * memory is out. */
static bool shelve(struct catalog *catalog, struct run *run)
{
    size_t at;
    uint64_t first = run_source_at(run, 0).number, last = run_last_source(run).number;
    bool met = find_shelf(catalog, first, &at);
    if (met && catalog->shelves[at].last >= last) {
        if (catalog->shelves[at].last > last)
            keys_remove(catalog->reader->log, last);
        run_release(run);
        return true;
    }
    while (at < catalog->count && catalog->shelves[at].first <= last)
        catalog_discard(catalog, at);
    struct shelf *shelf = put_shelf(catalog, at, first, last);
    if (!shelf) {
        run_release(run);
        return false;
    }
    run_rest(run);
    shelf->runs[shelf->count++] = run;
    shelf->filed = true;
    return true;
}

bool catalog_pin_from(const struct catalog *catalog, uint64_t number, struct stretch *ret_stretch)
{
    const struct reader *reader = catalog->reader;
    index_lock_shared(reader->index);
    bool found = stretch_pin(reader->log, number, reader->index->end_offset, ret_stretch);
    index_unlock(reader->index);
    return found;
}

/* Whether a shelf tells of the log as it is: of each sealed segment among its own, of which there are some, all there
 * is. An errno, where that cannot be looked at. Blocking. */
static int is_of_this_log(const struct catalog *catalog, const struct shelf *shelf, bool *ret_right)
{
    struct stretch stretch = {.next = shelf->first};
    bool right = true, some = false;
    int error = 0;
    while (right && stretch.next <= shelf->last && catalog_pin_from(catalog, stretch.next, &stretch)) {
        bool counts = !segment_is_husk(stretch.segment) && stretch.segment->number <= shelf->last;
        if (counts)
            error = shelf_is_made_of(shelf, &stretch, &right);
        some = some || counts;
        stretch_release(&stretch);
    }
    *ret_right = right && some;
    return error;
}

/* For want of descriptors nothing goes that may be right. */
static struct failure discard_others(struct catalog *catalog)
{
    struct failure failure = failure_none();
    for (size_t at = catalog->count; at-- > 0;) {
        bool right;
        int error = is_of_this_log(catalog, &catalog->shelves[at], &right);
        if (error && store_error_is_shortage(STORE_IO, error))
            failure = failure_io(error);
        else if (!right)
            catalog_discard(catalog, at);
    }
    return failure;
}

/* Whether a file that was not opened is no run of this program's: it may go. One for which there were no descriptors or
 * no memory stays. */
static bool is_of_no_use(struct failure failure)
{
    return failure.error && failure.error != STORE_NO_MEMORY &&
           !store_error_is_shortage(failure.error, failure.os_error);
}

/* ---- what an earlier life knew --------------------------------------------------------------- */

/* The run of the last segment, in memory or in the inventory, gets its shelf, unless there is a file of it by now. */
static void shelve_own(struct catalog *catalog, const struct inventory *inventory)
{
    size_t at;
    if (!inventory->run || find_shelf(catalog, inventory->number, &at))
        return;
    struct run_source source = run_last_source(inventory->run);
    if (source.number != inventory->number || source.covered > inventory->position)
        return;
    struct shelf *shelf = put_shelf(catalog, at, source.number, source.number);
    if (!shelf)
        return;
    shelf->runs[shelf->count++] = run_retain(inventory->run);
    catalog->inventoried = source;
}

/* Has the runs know what the inventory knows. Where there is one that it does not know, those behind it have to teach
 * that. */
static void take_over(struct catalog *catalog, const struct inventory *inventory)
{
    bool taught = true;
    catalog->worn_at = inventory->worn_at;
    shelve_own(catalog, inventory);
    for (size_t at = 0; at < catalog->count; at++)
        for (size_t i = 0; i < catalog->shelves[at].count; i++)
            taught = inventory_tell(inventory, catalog->shelves[at].runs[i], taught) && taught;
}

/* Takes what there is of an inventory, where it speaks of this log. Without one all of it is found out again. */
static void recall(struct catalog *catalog)
{
    struct inventory inventory;
    struct stretch stretch;
    const struct log *log = catalog->reader->log;
    struct failure failure = inventory_open(log, &inventory);
    if (failure.error == STORE_NO_OBJECT)
        return;
    if (!failure.error) {
        failure = failure_of(STORE_DAMAGED);
        if (catalog_pin_from(catalog, inventory.number, &stretch)) {
            failure = inventory_prove(&inventory, log, &stretch);
            stretch_release(&stretch);
        }
        if (!failure.error)
            take_over(catalog, &inventory);
        inventory_free(&inventory);
    }
    if (is_of_no_use(failure))
        inventory_remove(log);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* A file of runs that is there, or could not be opened. */
static struct failure shelve_find(void *arg, uint64_t number, struct run *run, struct failure failure)
{
    struct catalog *catalog = arg;
    if (run && !shelve(catalog, run))
        return failure_of(STORE_NO_MEMORY);
    if (!is_of_no_use(failure))
        return failure;
    keys_remove(catalog->reader->log, number);
    return failure_none();
}

/* Opens the files there are, at the first listing. Where damage has taken records from the log, older versions may have
 * come back that these left out: then they stay where they are. */
static struct failure open_files(struct catalog *catalog)
{
    assert(lock_is_mine(&catalog->lock));
    const struct log *log = catalog->reader->log;
    if (catalog->opened || damage_has_gaps(catalog->reader->index))
        return failure_none();
    char *names = io_list(log->io, log->folder);
    if (!names)
        return failure_io(errno);
    struct failure failure = finds_open(log, names, shelve_find, catalog);
    free(names);
    struct failure unknown = discard_others(catalog);
    if (!failure.error)
        failure = unknown;
    catalog->opened = !failure.error;
    if (!failure.error)
        recall(catalog);
    return failure;
}

/* ---- one segment ----------------------------------------------------------------------------- */

/* What a listing has to look at beside the files. */
struct todo {
    struct stretch *stretches;
    size_t count;
};

/* Whether much of the last segment, of which so much is known, is not in the inventory: when all of it is written again
 * it is worth that. */
static bool is_behind(const struct catalog *catalog, uint64_t number, uint64_t covered)
{
    const struct run_source *has = &catalog->inventoried;
    uint64_t from = has->number == number ? has->covered : SEGMENT_HEADER;
    return covered >= from + TAIL && covered - from >= from / TAIL_SHARE;
}

/* Brings the shelf of a segment up to date, which is in no file yet as far as is known. */
static struct failure update_shelf(struct catalog *catalog, const struct stretch *stretch)
{
    size_t at;
    const struct reader *reader = catalog->reader;
    uint64_t number = stretch->segment->number;
    bool found = find_shelf(catalog, number, &at);
    int error = found ? 0 : outgoing_cede(&catalog->outgoing, number);
    if (error)
        return failure_io(error);
    struct shelf *shelf = found ? &catalog->shelves[at] : put_shelf(catalog, at, number, number);
    if (!shelf)
        return failure_of(STORE_NO_MEMORY);
    if (shelf_lacks(shelf))
        shelf_clear(shelf, 0); /* what could not be read may be readable again */
    if (shelf_open(reader, shelf, stretch) || shelf_covers(shelf, number, stretch->records))
        return failure_none();
    struct failure failure = stretch->sealed && shelf->count == 0 ? shelf_file(reader, shelf, stretch)
                                                                  : shelf_extend(reader, shelf, stretch);
    bool wants = stretch->sealed ? !shelf->filed : is_behind(catalog, number, stretch->records);
    catalog->changed = catalog->changed || wants; /* it can come into a file */
    if (shelf->count == 0)
        remove_shelf(catalog, at);
    return failure;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Whether there is nothing to do for a segment: it holds nothing any more, or is in a file. */
static bool is_done(const struct catalog *catalog, const struct segment *segment)
{
    size_t at;
    return segment_is_husk(segment) || (find_shelf(catalog, segment->number, &at) && catalog->shelves[at].filed);
}

/* Takes references on the segments that there is something to do for. */
static struct failure todo_pin(const struct catalog *catalog, struct todo *ret_todo)
{
    assert(lock_is_mine(&catalog->lock)); /* covered ends only grow */
    struct index *index = catalog->reader->index;
    const struct chain *chain = &catalog->reader->log->chain;
    struct stretch *stretch;
    size_t count = 0;
    index_lock_shared(index);
    for (size_t i = 0; i < chain->count; i++)
        count += !is_done(catalog, chain->segments[i]);
    *ret_todo = (struct todo){.stretches = calloc(count + 1, sizeof *ret_todo->stretches)};
    for (size_t i = 0; ret_todo->stretches && i < chain->count; i++) {
        stretch = &ret_todo->stretches[ret_todo->count];
        if (!is_done(catalog, chain->segments[i]))
            ret_todo->count += stretch_pin(catalog->reader->log, chain->segments[i]->number, index->end_offset,
                                           stretch);
    }
    index_unlock(index);
    return failure_of(ret_todo->stretches ? STORE_OK : STORE_NO_MEMORY);
}

static void todo_free(struct todo *todo)
{
    for (size_t i = 0; i < todo->count; i++)
        stretch_release(&todo->stretches[i]);
    free(todo->stretches);
}

/* Brings the shelves up to date; what comes into the log meanwhile is not looked at. */
static struct failure bring_up_to_date(struct catalog *catalog)
{
    struct todo todo = {0};
    struct failure failure = open_files(catalog);
    if (!failure.error)
        failure = todo_pin(catalog, &todo);
    for (size_t i = 0; i < todo.count && !failure.error; i++)
        failure = update_shelf(catalog, &todo.stretches[i]);
    todo_free(&todo);
    return failure;
}

struct failure catalog_take_runs(const struct catalog *catalog, struct run ***ret_runs, size_t *ret_count)
{
    assert(lock_is_mine(&catalog->lock));
    size_t count = 0;
    for (size_t i = 0; i < catalog->count; i++)
        count += catalog->shelves[i].count;
    struct run **runs = calloc(count + 1, sizeof(struct run *));
    if (!runs)
        return failure_of(STORE_NO_MEMORY);
    *ret_runs = runs;
    *ret_count = count;
    for (size_t i = 0; i < catalog->count; i++)
        for (size_t at = 0; at < catalog->shelves[i].count; at++)
            *runs++ = run_retain(catalog->shelves[i].runs[at]);
    return failure_none();
}

struct failure catalog_runs(struct catalog *catalog, struct run ***ret_runs, size_t *ret_count)
{
    lock_take(&catalog->lock);
    sweep(catalog);
    struct failure failure = bring_up_to_date(catalog);
    if (!failure.error)
        failure = catalog_take_runs(catalog, ret_runs, ret_count);
    if (catalog->changed)
        catalog_tidy(catalog);
    lock_release(&catalog->lock);
    return failure;
}

/* Bytes of the tombstones of a segment that are in no run, at most. Both locks held. */
static uint64_t lag_of(const struct catalog *catalog, const struct stretch *stretch)
{
    size_t at;
    uint64_t covered = SEGMENT_HEADER, number = stretch->segment->number;
    if (is_done(catalog, stretch->segment))
        return 0;
    if (find_shelf(catalog, number, &at))
        covered = shelf_source(&catalog->shelves[at], number).covered;
    uint64_t left = stretch->records > covered ? stretch->records - covered : 0;
    return left < stretch->segment->tombstones ? left : stretch->segment->tombstones;
}

static bool lags(const struct catalog *catalog)
{
    struct index *index = catalog->reader->index;
    struct stretch stretch = {0};
    uint64_t lag = 0;
    bool behind = false;
    index_lock_shared(index);
    while (stretch_pin(catalog->reader->log, stretch.next, index->end_offset, &stretch)) {
        lag += lag_of(catalog, &stretch);
        behind = !stretch.sealed && is_behind(catalog, stretch.segment->number, stretch.records);
        stretch_release(&stretch);
    }
    index_unlock(index);
    return lag >= LAG || (behind && catalog->opened); /* who never lists wants no inventory */
}

bool catalog_lags(struct catalog *catalog)
{
    lock_take(&catalog->lock);
    bool found = lags(catalog);
    lock_release(&catalog->lock);
    return found;
}

struct failure catalog_known_runs(struct catalog *catalog, struct run ***ret_runs, size_t *ret_count)
{
    lock_take(&catalog->lock);
    sweep(catalog);
    struct failure failure = lags(catalog) ? bring_up_to_date(catalog) : failure_none();
    if (!failure.error)
        failure = catalog_take_runs(catalog, ret_runs, ret_count);
    lock_release(&catalog->lock);
    return failure;
}

/* ---- the inventory --------------------------------------------------------------------------- */

/* Whether no segment behind that of a number holds records. */
static bool is_last(const struct catalog *catalog, uint64_t number)
{
    bool last = true;
    struct stretch stretch = {.next = number + 1};
    while (last && catalog_pin_from(catalog, stretch.next, &stretch)) {
        last = segment_is_husk(stretch.segment);
        stretch_release(&stretch);
    }
    return last;
}

size_t catalog_own_runs(const struct catalog *catalog, bool *ret_lags)
{
    assert(lock_is_mine(&catalog->lock));
    const struct shelf *last = catalog->count > 0 ? &catalog->shelves[catalog->count - 1] : NULL;
    *ret_lags = false;
    if (!last || last->filed || last->count == 0 || shelf_lacks(last) || !is_last(catalog, last->last))
        return 0;
    *ret_lags = is_behind(catalog, last->last, run_last_source(last->runs[last->count - 1]).covered);
    return last->count;
}

void catalog_take_inventory(struct catalog *catalog, const struct inventory_stock *stock, struct run *run)
{
    assert(lock_is_mine(&catalog->lock));
    size_t own = stock->own;
    struct run *const *runs = stock->runs + stock->count - own;
    struct shelf *last = catalog->count > 0 ? &catalog->shelves[catalog->count - 1] : NULL;
    bool same = last && !last->filed && last->count >= own;
    catalog->inventoried = run_last_source(run);
    for (size_t i = 0; i < own && same; i++)
        same = last->runs[i] == runs[i];
    if (!same) {
        run_release(run);
        return;
    }
    for (size_t i = 0; i < own; i++)
        run_release(last->runs[i]);
    last->runs[0] = run;
    last->count -= own - 1;
    memmove(last->runs + 1, last->runs + own, (last->count - 1) * sizeof *last->runs);
}

/* ---- letting go ------------------------------------------------------------------------------ */

void catalog_sweep(struct catalog *catalog)
{
    lock_take(&catalog->lock);
    sweep(catalog);
    lock_release(&catalog->lock);
}

/* The run in it is not as it was made. */
static void forget_inventory(struct catalog *catalog)
{
    catalog->inventoried = (struct run_source){0};
    inventory_remove(catalog->reader->log);
}

bool catalog_drop_broken(struct catalog *catalog)
{
    bool some = false;
    lock_take(&catalog->lock);
    for (size_t at = catalog->count; at-- > 0;) {
        if (!shelf_is_broken(&catalog->shelves[at]))
            continue;
        if (!catalog->shelves[at].filed)
            forget_inventory(catalog);
        catalog_discard(catalog, at);
        some = true;
    }
    lock_release(&catalog->lock);
    return some;
}

/* Pages go through it as ever until the binder has made it part of another one. */
void catalog_forget(struct catalog *catalog, uint64_t number)
{
    size_t at;
    lock_take(&catalog->lock);
    bool has = find_shelf(catalog, number, &at) && catalog->shelves[at].filed;
    struct run *run = has ? catalog->shelves[at].runs[0] : NULL;
    /* One of several segments stays as it is: then only what a merge has left goes, and not before its readers. */
    bool read = outgoing_has(&catalog->outgoing, number);
    if (!read && (!run || run_source_count(run) > 1 || run_keep(run) == 0))
        keys_remove_single(catalog->reader->log, number);
    lock_release(&catalog->lock);
    catalog_tidy(catalog);
}

void catalog_count(struct catalog *catalog, size_t shown, size_t gone)
{
    if (atomic_load(&catalog->leaving))
        catalog_tidy(catalog);
    if (gone <= shown / (GONE_SHARE - 1) || atomic_fetch_add(&catalog->gone, gone) + gone < GONE_MANY)
        return;
    atomic_store(&catalog->gone, 0);
    catalog_tidy(catalog);
}

void catalog_tidy(struct catalog *catalog)
{
    (void)errand_ask(catalog->binding);
}
