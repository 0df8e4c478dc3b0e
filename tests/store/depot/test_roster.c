/* test_roster.c - stores by name: opened once, closed when there are too many, kept from those who come too early. */
#include "store/base/admission.h"
#include "store/commit/effort.h"
#include "store/commit/groups.h"
#include "store/depot/arrival.h"
#include "store/depot/roster_closing.h"
#include "store/depot/roster_room.h"
#include "store/depot/roster_sweep.h"
#include "store/depot/roster_use.h"
#include "store/disk/space.h"
#include "tests/lib/barrier.h"
#include "tests/lib/patience.h"
#include "tests/lib/quiet.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

enum { LIMIT = 2, THREADS = 4 };

static struct sim_disk *disk;
static struct depot_options options;
static struct services services;
static struct effort effort;
static struct groups groups;
static struct admission admission;
static struct space space;
static struct handles handles;
static struct leftovers leftovers;
static struct folder folder;
static struct trouble trouble;
static struct roster roster;
static atomic_bool halt;

static void ignore(void *arg)
{
    (void)arg;
}

static void ignore_last(void *arg, bool last)
{
    (void)arg;
    (void)last;
}

static void setup(void)
{
    static const char *const names[] = {"a", "b", "c"};
    const struct space_hooks hooks = {.compact = ignore, .retry = ignore_last};
    disk = sim_disk_new(1);
    options = depot_options_default();
    options.io = sim_disk_io(disk);
    options.open_stores_limit = LIMIT;
    options.shortage_patience = 0;
    admission_init(&admission, &options);
    effort_init(&effort);
    groups_init(&groups);
    services = (struct services){.options = &options,
                                 .admission = &admission,
                                 .effort = &effort,
                                 .halt = &halt,
                                 .groups = &groups,
                                 .pool = pool_new(1),
                                 .openers = pool_new(2),
                                 .commits = pool_new(2),
                                 .upkeep = pool_new(1),
                                 .handles = &handles,
                                 .leftovers = &leftovers,
                                 .space = &space};
    handles_init(&handles, options.io, 1);
    leftovers_init(&leftovers, options.io, services.pool);
    ck_assert_int_eq(folder_open(&folder, options.io, "/data", FOLDER_SERVE, NULL).error, STORE_OK);
    space_init(&space, &services, folder.root, &hooks);
    trouble_init(&trouble, &services.notice);
    roster_init(&roster, &services, &folder, &trouble);
    trash_begin(&folder.trash, &services);
    roster_begin_sweeping(&roster);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_int_eq(trash_make_store(&folder.trash, names[i], i + 1), 0);
}

static void teardown(void)
{
    roster_close(&roster);
    leftovers_end(&leftovers);
    pool_free(services.openers);
    pool_free(services.pool);
    pool_free(services.commits);
    space_close(&space);
    pool_free(services.upkeep);
    leftovers_free(&leftovers);
    roster_free(&roster);
    groups_free(&groups);
    handles_free(&handles);
    trouble_free(&trouble);
    space_free(&space);
    trash_end(&folder.trash);
    folder_close(&folder);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
    sim_disk_free(disk);
}

static struct store *acquire(const char *name)
{
    struct store *store = NULL;
    ck_assert_int_eq(arrival_await(&roster, name, &store, NULL).error, STORE_OK);
    return store;
}

static bool is_open(const char *name)
{
    struct store *store;
    enum store_error error = roster_try_acquire(&roster, name, &store);
    if (!error)
        roster_release(store);
    ck_assert(error == STORE_OK || error == STORE_AGAIN);
    return error == STORE_OK;
}

static bool count(void *arg, struct store *store)
{
    (void)store;
    ++*(unsigned *)arg;
    return true;
}

START_TEST(a_store_is_opened_once)
{
    struct store *store = acquire("a");
    ck_assert_ptr_eq(acquire("a"), store);
    roster_release(store);
    roster_release(store);
    ck_assert(is_open("a")); /* and stays open */
    ck_assert(!is_open("b"));
}
END_TEST

START_TEST(the_one_that_was_idle_longest_makes_room)
{
    unsigned open = 0;
    roster_release(acquire("a"));
    roster_release(acquire("b"));
    roster_release(acquire("a"));
    roster_release(acquire("c"));
    ck_assert(is_open("a"));
    ck_assert(!is_open("b"));
    ck_assert(is_open("c"));
    ck_assert(roster_each_open(&roster, count, &open));
    ck_assert_uint_eq(open, LIMIT);
}
END_TEST

static void release_all(void)
{
    roster_release(acquire("a"));
    roster_release(acquire("b"));
    roster_release(acquire("c"));
}

/* Those that come first have the places; what comes later does not take them. */
START_TEST(small_ones_stay_open_beside_those_that_may)
{
    options.open_stores_limit = 1;
    options.small_stores_limit = 1;
    release_all();
    ck_assert(is_open("a"));
    ck_assert(!is_open("b"));
    ck_assert(is_open("c"));
    options.small_stores_limit = 2;
    roster_release(acquire("c"));
    roster_release(acquire("b"));
    ck_assert(is_open("a") && is_open("b") && is_open("c"));
}
END_TEST

/* Where descriptors are out they go, too, and so they do when nobody has used them for a while. */
START_TEST(small_ones_make_room_where_nothing_else_does)
{
    options.small_stores_limit = LIMIT;
    roster_release(acquire("a"));
    roster_release(acquire("b"));
    sim_disk_fail(disk, SIM_OPENAT, 1, false, EMFILE);
    roster_release(acquire("c"));
    ck_assert(!is_open("a"));
    ck_assert(is_open("b") && is_open("c"));
}
END_TEST

START_TEST(what_is_in_use_is_not_closed)
{
    struct store *stores[] = {acquire("a"), acquire("b"), acquire("c")};
    ck_assert(is_open("a"));
    ck_assert(is_open("b"));
    for (int i = 0; i < 3; i++)
        roster_release(stores[i]);
}
END_TEST

START_TEST(what_is_not_there_is_told_and_no_trouble)
{
    struct store *store;
    struct store_detail detail = {0};
    ck_assert_int_eq(arrival_await(&roster, "nobody", &store, &detail).error, STORE_NO_STORE);
    ck_assert_str_ne(detail.text, "");
    ck_assert(!trouble_tell(&trouble, &detail));
}
END_TEST

START_TEST(want_of_descriptors_closes_idle_stores)
{
    roster_release(acquire("a"));
    sim_disk_fail(disk, SIM_OPENAT, 1, false, EMFILE);
    roster_release(acquire("b"));
    ck_assert(!is_open("a"));
    ck_assert(is_open("b"));
}
END_TEST

/* What is wanted of somebody who cannot wait for it. */
static void note_vacated(void *arg)
{
    sem_post(arg);
}

START_TEST(room_is_made_in_the_background)
{
    sem_t vacated;
    sem_init(&vacated, 0, 0);
    services.closers = pool_new(1);
    options.vacated = note_vacated;
    options.vacated_arg = &vacated;
    options.small_stores_limit = LIMIT;
    ck_assert(!roster_make_room_soon(&roster, 1)); /* nothing is open */
    roster_release(acquire("a"));
    roster_release(acquire("b"));
    ck_assert(roster_make_room_soon(&roster, 1));
    sem_wait(&vacated);
    ck_assert(!is_open("a"));
    ck_assert(is_open("b"));
    struct store *used = acquire("b");
    ck_assert(!roster_make_room_soon(&roster, 1)); /* nothing is idle */
    roster_release(used);
    roster_release(acquire("a"));
    ck_assert(roster_make_room_soon(&roster, 100)); /* as many as it takes, or as there are */
    sem_wait(&vacated);
    sem_wait(&vacated);
    ck_assert(!is_open("a") && !is_open("b"));
    pool_free(services.closers);
    options.vacated = NULL;
}
END_TEST

/* A pool's only thread, which somebody holds up. */
static void hold_up(void *arg)
{
    sem_wait(arg);
}

static void *want_room(void *arg)
{
    atomic_int *made = arg;
    atomic_store(made, roster_make_room(&roster) ? 1 : 0);
    return NULL;
}

/* What is being closed leaves its descriptors in a moment: who needs one is not told that there is none. */
START_TEST(who_needs_room_waits_for_what_others_are_closing)
{
    sem_t held;
    pthread_t thread;
    atomic_int made = -1;
    struct pool_job job = {.run = hold_up, .arg = &held};
    sem_init(&held, 0, 0);
    services.closers = pool_new(1);
    options.shortage_patience = 1000 * TICKET_PATIENCE;
    roster_release(acquire("a"));
    pool_submit(services.closers, &job);
    ck_assert(roster_make_room_soon(&roster, 1));
    pthread_create(&thread, NULL, want_room, &made);
    ck_assert(quiet_comes());
    ck_assert_int_eq(atomic_load(&made), -1);
    sem_post(&held);
    pthread_join(thread, NULL);
    ck_assert_int_eq(atomic_load(&made), 1);
    ck_assert(!roster_make_room(&roster)); /* and none is left */
    pool_free(services.closers);
}
END_TEST

/* Those that are in use may need one each: an opening leaves them. */
START_TEST(where_many_are_open_an_opening_looks_whether_others_have_enough)
{
    enum { FOR_ONE = 10 };
    options.open_stores_limit = 3;
    options.open_together_limit = 2;
    struct store *used[] = {acquire("a"), acquire("b")}, *store;
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_DUP), 0);
    sim_disk_fail(disk, SIM_DUP, FOR_ONE + 1, true, EMFILE);
    ck_assert_int_eq(arrival_await(&roster, "c", &store, NULL).error, STORE_IO);
    sim_disk_heal(disk);
    roster_release(acquire("c"));
    for (int i = 0; i < 2; i++)
        roster_release(used[i]);
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_is_kept_in_mind_until_it_can)
{
    struct store *store;
    struct store_detail detail;
    sim_disk_fail(disk, SIM_LIST, 1, false, EIO);
    ck_assert_int_eq(arrival_await(&roster, "a", &store, NULL).error, STORE_IO);
    ck_assert(trouble_tell(&trouble, &detail));
    roster_release(acquire("a"));
    ck_assert(!trouble_tell(&trouble, &detail));
}
END_TEST

/* It is the process that lacks something, and not the store. */
START_TEST(want_of_descriptors_is_no_trouble_of_the_store)
{
    struct store *store;
    struct store_detail detail = {0};
    sim_disk_fail(disk, SIM_OPENAT, 1, true, EMFILE);
    ck_assert_int_eq(arrival_await(&roster, "a", &store, &detail).error, STORE_IO);
    ck_assert_int_eq(detail.os_error, EMFILE);
    ck_assert(!trouble_tell(&trouble, &detail));
    sim_disk_heal(disk);
    roster_release(acquire("a"));
}
END_TEST

static void *acquire_b(void *arg)
{
    struct failure *failure = arg;
    struct store *store = NULL;
    *failure = arrival_await(&roster, "b", &store, NULL);
    if (!failure->error)
        roster_release(store);
    return NULL;
}

/* Nothing is idle, so nothing can be closed: it is a matter of time. */
START_TEST(who_finds_no_descriptors_waits_for_them)
{
    enum { OFTEN = 20 }; /* more than one try makes */
    pthread_t thread;
    struct failure failure = failure_none();
    struct store *used = acquire("a");
    options.shortage_patience = 1000 * TICKET_PATIENCE;
    sim_disk_fail(disk, SIM_DUP, 1, true, EMFILE);
    sim_disk_fail(disk, SIM_OPENAT, 1, true, EMFILE);
    pthread_create(&thread, NULL, acquire_b, &failure);
    WAIT_UNTIL(sim_disk_faults_met(disk) >= OFTEN);
    ck_assert_uint_ge(sim_disk_faults_met(disk), OFTEN);
    sim_disk_heal(disk);
    pthread_join(thread, NULL);
    ck_assert_int_eq(failure.error, STORE_OK);
    ck_assert(is_open("b"));
    roster_release(used);
}
END_TEST

/* Without using one, which would begin its time anew. */
static bool two_are_open(void)
{
    unsigned open = 0;
    (void)roster_each_open(&roster, count, &open);
    return open == 2;
}

START_TEST(what_has_been_idle_for_a_while_is_closed)
{
    options.small_stores_limit = 1;
    roster_release(acquire("a"));
    struct store *kept = acquire("b");
    roster_keep(kept);
    roster_release(kept);
    (void)errand_end(&roster.sweep);
    errand_free(&roster.sweep);
    options.store_idle_timeout = 1;
    roster_begin_sweeping(&roster);
    WAIT_UNTIL(!two_are_open());
    ck_assert(!is_open("a"));
    ck_assert(is_open("b"));
}
END_TEST

/* ---- an end of it ---------------------------------------------------------------------------- */

/* The disk's table, but for a read that has opening come to an end. */
static struct io halting;

static ssize_t pread_and_halt(void *self, int file, void *bytes, size_t length, off_t position)
{
    atomic_store(&halt, true);
    return sim_disk_io(disk)->pread(self, file, bytes, length, position);
}

static void put_key(const char *name, const char *key)
{
    struct store_op op = {.kind = STORE_PUT, .key = store_key_of(key, 1), .payload = "p", .size = 1};
    struct store *store = acquire(name);
    ck_assert_int_eq(ticket_batch(store, &op, 1, NULL), STORE_OK);
    roster_release(store);
}

static void put(const char *name)
{
    put_key(name, "k");
}

/* What is remembered of a store that rests, so that it is looked at when it is opened. */
static void forget(const char *name)
{
    struct roster_entry *entry = roster_block(&roster, name);
    ck_assert(entry);
    roster_unblock(&roster, entry);
}

/* One that holds more than a little is not small. */
START_TEST(what_has_grown_is_counted)
{
    enum { OBJECTS = 65 };
    options.open_stores_limit = 1;
    options.small_stores_limit = LIMIT;
    for (unsigned char i = 0; i < OBJECTS; i++)
        put_key("a", (const char[]){(char)i, 0});
    ck_assert(quiet_comes());
    release_all();
    ck_assert(!is_open("a"));
    ck_assert(is_open("b") && is_open("c"));
}
END_TEST

/* Has told what is remembered of a store; whether it rests on. */
static bool rests_when_told(const char *name)
{
    lock_take(&roster.lock);
    struct roster_entry *entry = roster_find(&roster, name);
    ck_assert(entry && entry->state == ENTRY_RESTING);
    roster_forget_entry(entry);
    lock_release(&roster.lock);
    ck_assert(quiet_comes());
    lock_take(&roster.lock);
    entry = roster_find(&roster, name);
    bool rests = entry && entry->state == ENTRY_RESTING;
    lock_release(&roster.lock);
    return rests;
}

START_TEST(what_cannot_be_told_for_want_of_descriptors_is_told_later)
{
    put("a");
    ck_assert(quiet_comes());
    ck_assert(roster_make_room(&roster));
    sim_disk_fail(disk, SIM_OPENAT, 1, true, EMFILE);
    ck_assert(rests_when_told("a"));
    sim_disk_heal(disk);
    uint64_t named = sim_disk_calls(disk, SIM_RENAMEAT);
    ck_assert(!rests_when_told("a"));
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_RENAMEAT), named + 1);
}
END_TEST

START_TEST(a_log_that_is_being_read_is_let_go_of_at_the_end)
{
    struct store *store;
    struct store_detail detail;
    put("a");
    ck_assert(quiet_comes()); /* a writer whose turn has not ended keeps its store open */
    roster_release(acquire("b"));
    roster_release(acquire("c"));
    ck_assert(!is_open("a"));
    forget("a");
    halting = *options.io;
    halting.pread = pread_and_halt;
    options.io = &halting;
    ck_assert_int_eq(arrival_await(&roster, "a", &store, NULL).error, STORE_DRAINING);
    ck_assert(!trouble_tell(&trouble, &detail));
    options.io = sim_disk_io(disk);
    atomic_store(&halt, false);
    roster_release(acquire("a"));
}
END_TEST

/* ---- those who come too early ---------------------------------------------------------------- */

static void *acquire_it(void *arg)
{
    struct store **ret_store = arg;
    *ret_store = acquire("a");
    return NULL;
}

START_TEST(threads_that_open_one_store_get_the_same)
{
    pthread_t threads[THREADS];
    struct store *stores[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, acquire_it, &stores[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_ptr_eq(stores[i], stores[0]);
        roster_release(stores[i]);
    }
}
END_TEST

/* What became of a store that somebody does not wait for. */
struct outcome {
    sem_t told;
    enum store_error error;
    struct store *store;
};

static void tell(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct outcome *outcome = arg;
    ck_assert(error || !detail->text[0]);
    outcome->error = error;
    outcome->store = store;
    sem_post(&outcome->told);
}

static struct outcome outcome_of(const char *name)
{
    struct outcome outcome;
    sem_init(&outcome.told, 0, 0);
    ck_assert_int_eq(roster_acquire_soon(&roster, name, ROSTER_WHEREVER, tell, &outcome, &outcome.store), STORE_AGAIN);
    sem_wait(&outcome.told);
    return outcome;
}

START_TEST(who_will_not_wait_is_told)
{
    struct outcome outcome = outcome_of("a");
    ck_assert_int_eq(outcome.error, STORE_OK);
    ck_assert_ptr_eq(acquire("a"), outcome.store);
    roster_release(outcome.store);
    roster_release(outcome.store);
    ck_assert_int_eq(outcome_of("nobody").error, STORE_NO_STORE);
}
END_TEST

START_TEST(a_blocked_store_is_opened_when_it_is_let_go)
{
    struct outcome outcome;
    sem_init(&outcome.told, 0, 0);
    struct roster_entry *entry = roster_block(&roster, "a");
    ck_assert_ptr_nonnull(entry);
    ck_assert_ptr_null(roster_block(&roster, "a"));
    ck_assert_int_eq(roster_acquire_soon(&roster, "a", ROSTER_WHEREVER, tell, &outcome, &outcome.store), STORE_AGAIN);
    ck_assert_int_eq(sem_trywait(&outcome.told), -1);
    roster_unblock(&roster, entry);
    sem_wait(&outcome.told);
    ck_assert_int_eq(outcome.error, STORE_OK);
    roster_release(outcome.store);
}
END_TEST

static void *unblock(void *arg)
{
    roster_unblock(&roster, arg);
    return NULL;
}

START_TEST(who_waits_goes_on_when_it_is_let_go)
{
    pthread_t thread;
    struct roster_entry *entry = roster_block(&roster, "a");
    ck_assert_int_eq(pthread_create(&thread, NULL, unblock, entry), 0);
    roster_release(acquire("a"));
    pthread_join(thread, NULL);
}
END_TEST

/* ---- removing -------------------------------------------------------------------------------- */

START_TEST(a_struck_store_is_found_by_nobody_and_lives_as_long_as_it_is_used)
{
    char entry[TRASH_ENTRY_MAX];
    bool doubtful;
    struct store *store = acquire("a");
    struct store *other;
    ck_assert_int_eq(trash_take_store(&folder.trash, "a", entry, &doubtful), 0);
    roster_strike(&roster, store, entry);
    ck_assert(!is_open("a"));
    ck_assert_int_eq(arrival_await(&roster, "a", &other, NULL).error, STORE_NO_STORE);
    size_t nodes = sim_disk_nodes(disk);
    ck_assert_str_eq(store_name(store), "a");
    roster_release(store);
    WAIT_UNTIL(sim_disk_nodes(disk) < nodes);
    ck_assert_uint_lt(sim_disk_nodes(disk), nodes); /* its files go */
    ck_assert_int_eq(trash_make_store(&folder.trash, "a", 9), 0);
    roster_release(acquire("a"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_store_is_opened_once,
        the_one_that_was_idle_longest_makes_room,
        small_ones_stay_open_beside_those_that_may,
        small_ones_make_room_where_nothing_else_does,
        what_has_grown_is_counted,
        what_is_in_use_is_not_closed,
        what_is_not_there_is_told_and_no_trouble,
        room_is_made_in_the_background,
        who_needs_room_waits_for_what_others_are_closing,
        where_many_are_open_an_opening_looks_whether_others_have_enough,
        want_of_descriptors_closes_idle_stores,
        a_store_that_cannot_be_opened_is_kept_in_mind_until_it_can,
        want_of_descriptors_is_no_trouble_of_the_store,
        who_finds_no_descriptors_waits_for_them,
        what_cannot_be_told_for_want_of_descriptors_is_told_later,
        a_log_that_is_being_read_is_let_go_of_at_the_end,
        what_has_been_idle_for_a_while_is_closed,
        threads_that_open_one_store_get_the_same,
        who_will_not_wait_is_told,
        a_blocked_store_is_opened_when_it_is_let_go,
        who_waits_goes_on_when_it_is_let_go,
        a_struck_store_is_found_by_nobody_and_lives_as_long_as_it_is_used,
    };
    return UNIT_RUN_WITH("roster", setup, teardown, tests);
}
