/* test_tenancy.c - servers that share a pool: which has which store, and how it gets to another one. */
#include "store/rados/medium.h"
#include "store/store.h"
#include "tests/lib/model.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_cluster.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096, LEASE = 60, SHORT = 3, SERVERS = 2, NAMES = 24 };

struct server {
    struct medium medium;
    struct depot *depot;
    atomic_uint lost;
};

static struct sim_cluster *sim;
static struct server servers[SERVERS];

static void setup(void)
{
    sim = sim_cluster_new(1);
}

static void note_lost(void *arg, const char *sentence)
{
    struct server *server = arg;
    ck_assert(*sentence);
    atomic_fetch_add(&server->lost, 1);
}

/* One that says that it serves there (NULL: it does not say). */
static struct server *start_with(unsigned number, const char *address, unsigned lease, uint64_t idle)
{
    struct server *server = &servers[number];
    struct store_detail detail;
    struct cluster cluster;
    *server = (struct server){0};
    const struct medium_use use = {
        .name = "/data", .address = address, .lease = lease, .piece = PIECE, .lost = note_lost, .arg = server};
    sim_cluster_connect(sim, &cluster);
    ck_assert_int_eq(medium_begin(&server->medium, &cluster, &use), 0);
    struct depot_options options = model_options(&server->medium.io);
    options.store_idle_timeout = idle;
    enum store_error error = depot_open("/data", &options, &server->depot, &detail);
    ck_assert_msg(error == STORE_OK, "%s", detail.text);
    return server;
}

static struct server *start(unsigned number, const char *address)
{
    return start_with(number, address, LEASE, 900);
}

static void stop(struct server *server)
{
    depot_close(server->depot);
    medium_end(&server->medium);
    server->depot = NULL;
}

static void teardown(void)
{
    for (unsigned i = 0; i < SERVERS; i++)
        if (servers[i].depot)
            stop(&servers[i]);
    sim_cluster_free(sim);
}

/* ---- what clients do ------------------------------------------------------------------------- */

static void create(struct server *server, const char *name)
{
    struct store_detail detail;
    bool created = false;
    ck_assert_msg(depot_create(server->depot, name, &created, &detail) == STORE_OK, "%s", detail.text);
    ck_assert(created);
}

static struct store *acquire(struct server *server, const char *name)
{
    struct store_detail detail;
    struct store *store;
    ck_assert_msg(depot_acquire(server->depot, name, &store, &detail) == STORE_OK, "%s", detail.text);
    return store;
}

static enum store_error put_into(struct store *store, const char *key, const char *value)
{
    const struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of(key, strlen(key)), .payload = value, .size = strlen(value)};
    return ticket_batch(store, &op, 1, NULL);
}

/* Where the store is said to be served; "": it may be used here, or nobody says. */
static const char *owner_told(struct server *server, const char *name)
{
    static struct store_detail detail;
    struct store *store;
    enum store_error error = depot_acquire(server->depot, name, &store, &detail);
    if (error == STORE_OK)
        depot_release(store);
    return error == STORE_ELSEWHERE ? detail.owner : "";
}

/* Who makes a store gives it back soon. */
static void await_nobody(struct server *server, const char *name)
{
    WAIT_UNTIL(!*owner_told(server, name));
    ck_assert_str_eq(owner_told(server, name), "");
}

static void put(struct server *server, const char *name, const char *key, const char *value)
{
    struct store *store = acquire(server, name);
    ck_assert_int_eq(put_into(store, key, value), STORE_OK);
    depot_release(store);
}

static bool holds(struct server *server, const char *name, const char *key, const char *value)
{
    struct store *store = acquire(server, name);
    const struct store_key wanted = store_key_of(key, strlen(key));
    struct object *object;
    bool same = false;
    if (store_get(store, &wanted, STORE_GET_PAYLOAD, &object) == STORE_OK) {
        same = object_info(object)->size == strlen(value) && memcmp(object_payload(object), value, strlen(value)) == 0;
        object_release(object);
    }
    depot_release(store);
    return same;
}

struct outcome {
    sem_t told;
    enum store_error error;
    struct store *store;
};

static void tell(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct outcome *outcome = arg;
    (void)detail;
    outcome->error = error;
    outcome->store = store;
    sem_post(&outcome->told);
}

static void begin_bringing(struct server *server, const char *name, struct outcome *outcome)
{
    sem_init(&outcome->told, 0, 0);
    enum store_error error = depot_bring_soon(server->depot, name, tell, outcome, &outcome->store);
    if (error == STORE_AGAIN)
        return;
    outcome->error = error;
    sem_post(&outcome->told);
}

static enum store_error bring(struct server *server, const char *name)
{
    struct outcome outcome;
    begin_bringing(server, name, &outcome);
    sem_wait(&outcome.told);
    if (outcome.error == STORE_OK)
        depot_release(outcome.store);
    return outcome.error;
}

/* ---- whose a store is ------------------------------------------------------------------------ */

START_TEST(servers_have_one_folder_open)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    char **names;
    size_t count;
    create(one, "a");
    create(other, "b");
    ck_assert_int_eq(depot_names(one->depot, &names, &count), STORE_OK);
    ck_assert_uint_eq(count, 2);
    free(names);
    await_nobody(one, "b");
    put(one, "b", "k", "one");
    await_nobody(other, "a");
    put(other, "a", "k", "other");
    ck_assert_str_eq(owner_told(one, "a"), "http://other");
    ck_assert_str_eq(owner_told(other, "b"), "http://one");
    ck_assert(holds(other, "a", "k", "other"));
}
END_TEST

START_TEST(limits_are_told_by_who_has_not_the_store)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    const struct store_limit limit = {.set = true, .most = 12345};
    struct store_limits limits;
    struct store_detail detail;
    create(one, "a");
    ck_assert_int_eq(depot_set_limits(one->depot, "a", &limit, NULL, &detail), STORE_OK);
    put(one, "a", "k", "value");
    ck_assert_int_eq(depot_limits(other->depot, "a", &limits), STORE_OK);
    ck_assert_uint_eq(limits.bytes.most, 12345);
    put(one, "a", "k", "another"); /* a look has taken nothing */
    ck_assert_int_eq(depot_set_limits(other->depot, "a", NULL, &limit, &detail), STORE_ELSEWHERE);
    ck_assert_str_eq(detail.owner, "http://one");
}
END_TEST

START_TEST(an_idle_store_is_let_go)
{
    struct server *one = start_with(0, "http://one", LEASE, 1), *other = start(1, "http://other");
    create(one, "a");
    put(one, "a", "k", "value");
    WAIT_UNTIL(!*owner_told(other, "a"));
    ck_assert(holds(other, "a", "k", "value"));
    ck_assert_str_eq(owner_told(one, "a"), "http://other");
}
END_TEST

START_TEST(who_ends_gives_everything_back)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    create(one, "a");
    put(one, "a", "k", "value");
    ck_assert_str_eq(owner_told(other, "a"), "http://one");
    stop(one);
    WAIT_UNTIL(!*owner_told(other, "a")); /* where it was is remembered for a moment */
    ck_assert(holds(other, "a", "k", "value"));
    ck_assert_uint_eq(atomic_load(&one->lost), 0);
}
END_TEST

/* What it has in memory may be old by now: that a key is not there, and how many are. */
START_TEST(who_is_shut_out_has_no_stores)
{
    struct server *one = start(0, NULL), *other = start(1, NULL);
    struct store_detail detail;
    struct store *store;
    create(one, "a");
    put(one, "a", "k", "value");
    sim_cluster_expire(sim);
    put(other, "a", "new", "value");
    WAIT_UNTIL(atomic_load(&one->lost) > 0);
    ck_assert_int_eq(depot_acquire(one->depot, "a", &store, &detail), STORE_FENCED);
    ck_assert_int_eq(depot_try_acquire(one->depot, "a", &store), STORE_AGAIN);
}
END_TEST

/* ---- handing over ---------------------------------------------------------------------------- */

START_TEST(a_store_is_brought_from_where_it_is)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    create(one, "a");
    put(one, "a", "k", "value");
    ck_assert_int_eq(bring(other, "a"), STORE_OK);
    ck_assert(holds(other, "a", "k", "value"));
    ck_assert_str_eq(owner_told(one, "a"), "http://other");
    put(other, "a", "k", "second");
    ck_assert_int_eq(bring(one, "a"), STORE_OK);
    ck_assert(holds(one, "a", "k", "second"));
    ck_assert_int_eq(bring(one, "a"), STORE_OK); /* it is there */
    ck_assert_int_eq(bring(one, "nobody"), STORE_NO_STORE);
    ck_assert_uint_eq(atomic_load(&one->lost) + atomic_load(&other->lost), 0);
}
END_TEST

/* Nobody can be sent there. */
START_TEST(a_store_of_one_without_address_follows_who_asks)
{
    struct server *one = start(0, NULL), *other = start(1, NULL);
    create(one, "a");
    for (unsigned i = 0; i < 3; i++) {
        put(one, "a", "k", "one");
        ck_assert(holds(other, "a", "k", "one"));
        put(other, "a", "k", "other");
        ck_assert(holds(one, "a", "k", "other"));
    }
}
END_TEST

START_TEST(a_store_of_one_that_is_about_to_end_follows_who_asks)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    create(one, "a");
    put(one, "a", "k", "one");
    medium_retire(&one->medium);
    ck_assert(holds(other, "a", "k", "one"));
    ck_assert_str_eq(owner_told(one, "a"), "http://other");
}
END_TEST

/* A proxy, behind which all are, would send who is sent there to the same one again. */
START_TEST(who_has_the_same_address_sends_nobody_there)
{
    struct server *one = start(0, "http://all"), *other = start(1, "http://all");
    create(one, "a");
    put(one, "a", "k", "one");
    ck_assert(holds(other, "a", "k", "one"));
}
END_TEST

START_TEST(what_is_in_use_is_not_let_go)
{
    struct server *one = start_with(0, "http://one", SHORT, 900), *other = start_with(1, "http://other", SHORT, 900);
    create(one, "a");
    struct store *used = acquire(one, "a");
    ck_assert_int_eq(put_into(used, "k", "value"), STORE_OK);
    ck_assert_int_eq(bring(other, "a"), STORE_ELSEWHERE);
    ck_assert_int_eq(put_into(used, "k", "second"), STORE_OK);
    depot_release(used);
    ck_assert_int_eq(bring(other, "a"), STORE_OK);
    ck_assert(holds(other, "a", "k", "second"));
}
END_TEST

/* It waits for the last one, and those who come meanwhile are sent where the store is about to be. */
START_TEST(who_comes_while_it_leaves_is_sent_on)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    struct outcome outcome;
    create(one, "a");
    struct store *used = acquire(one, "a");
    begin_bringing(other, "a", &outcome);
    WAIT_UNTIL(strcmp(owner_told(one, "a"), "http://other") == 0);
    ck_assert_str_eq(owner_told(one, "a"), "http://other");
    ck_assert_int_eq(put_into(used, "k", "value"), STORE_OK);
    depot_release(used);
    sem_wait(&outcome.told);
    ck_assert_int_eq(outcome.error, STORE_OK);
    depot_release(outcome.store);
    ck_assert(holds(other, "a", "k", "value"));
}
END_TEST

static void watched(void *arg, enum store_watch_end end)
{
    struct outcome *outcome = arg;
    outcome->error = end == STORE_WATCH_OVER ? STORE_OK : STORE_FAILED;
    sem_post(&outcome->told);
}

START_TEST(who_waits_for_changes_does_not_hold_it)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    struct outcome watch, outcome;
    create(one, "a");
    struct store *used = acquire(one, "a");
    sem_init(&watch.told, 0, 0);
    struct store_watcher *watcher = store_watcher_new(used, watched, &watch);
    ck_assert_ptr_nonnull(watcher);
    store_watch(watcher, UINT64_MAX, 60000);
    begin_bringing(other, "a", &outcome);
    sem_wait(&watch.told);
    ck_assert_int_eq(watch.error, STORE_OK);
    store_watcher_free(watcher);
    depot_release(used);
    sem_wait(&outcome.told);
    ck_assert_int_eq(outcome.error, STORE_OK);
    depot_release(outcome.store);
}
END_TEST

/* Each has what the other wants, all the time; every write is there. */
static void *pull(void *arg)
{
    struct server *server = arg;
    char key[32];
    for (unsigned i = 0; i < NAMES; i++) {
        struct outcome outcome;
        begin_bringing(server, "a", &outcome);
        sem_wait(&outcome.told);
        if (outcome.error == STORE_ELSEWHERE)
            continue;
        ck_assert_int_eq(outcome.error, STORE_OK);
        (void)snprintf(key, sizeof key, "%u-%u", (unsigned)(server - servers), i);
        ck_assert_int_eq(put_into(outcome.store, key, key), STORE_OK);
        depot_release(outcome.store);
        atomic_fetch_add(&server->lost, 1 << 16); /* so many writes */
    }
    return NULL;
}

START_TEST(two_that_want_one_store_get_it_in_turn)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    pthread_t threads[SERVERS];
    create(one, "a");
    for (unsigned i = 0; i < SERVERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pull, &servers[i]), 0);
    for (unsigned i = 0; i < SERVERS; i++)
        pthread_join(threads[i], NULL);
    unsigned written = (atomic_load(&one->lost) >> 16) + (atomic_load(&other->lost) >> 16);
    ck_assert_int_eq(bring(one, "a"), STORE_OK);
    struct store *store = acquire(one, "a");
    struct store_figures figures;
    store_figures(store, &figures);
    depot_release(store);
    ck_assert_uint_eq(figures.objects, written);
    ck_assert_uint_gt(written, NAMES);
}
END_TEST

/* ---- an end without warning ------------------------------------------------------------------ */

START_TEST(a_store_of_one_that_is_gone_is_served_elsewhere)
{
    struct server *one = start(0, "http://one");
    create(one, "a");
    put(one, "a", "k", "value");
    sim_cluster_cut(sim); /* of the one that came last */
    struct server *other = start(1, "http://other");
    ck_assert(holds(other, "a", "k", "value"));
    struct store *store;
    struct store_detail detail;
    WAIT_UNTIL(depot_acquire(one->depot, "b", &store, &detail) == STORE_FENCED);
    ck_assert_uint_eq(atomic_load(&one->lost), 1);
    put(other, "a", "k", "second");
}
END_TEST

START_TEST(who_was_taken_over_from_acknowledges_nothing)
{
    struct server *one = start(0, "http://one");
    create(one, "a");
    struct store *used = acquire(one, "a");
    ck_assert_int_eq(put_into(used, "k", "value"), STORE_OK);
    sim_cluster_expire(sim); /* as when it was stopped for longer than its lease */
    struct server *other = start(1, "http://other");
    ck_assert(holds(other, "a", "k", "value"));
    enum store_error error = put_into(used, "k", "late");
    ck_assert_msg(error == STORE_FENCED || error == STORE_FAILED, "%s", store_error_text(error));
    ck_assert(holds(other, "a", "k", "value"));
    ck_assert_uint_eq(atomic_load(&one->lost), 1);
    depot_release(used);
}
END_TEST

START_TEST(what_one_that_is_gone_was_removing_is_removed)
{
    struct server *one = start(0, "http://one");
    struct store_detail detail;
    create(one, "a");
    put(one, "a", "k", "value");
    create(one, "b");
    size_t files = sim_cluster_objects(sim, "tree.");
    struct store *used = acquire(one, "a"); /* its files stay until then */
    ck_assert_int_eq(depot_delete(one->depot, "a", true, &detail), STORE_OK);
    sim_cluster_cut(sim);
    struct server *other = start(1, "http://other");
    WAIT_UNTIL(sim_cluster_objects(sim, "tree.") < files);
    ck_assert_uint_lt(sim_cluster_objects(sim, "tree."), files);
    ck_assert_int_eq(depot_acquire(other->depot, "a", &used, &detail), STORE_NO_STORE);
    depot_release(used);
}
END_TEST

/* ---- making and removing --------------------------------------------------------------------- */

static atomic_uint made;

static void *make_all(void *arg)
{
    struct server *server = arg;
    for (unsigned i = 0; i < NAMES; i++) {
        struct store_detail detail;
        char name[16];
        bool created = false;
        (void)snprintf(name, sizeof name, "s%u", i);
        ck_assert_msg(depot_create(server->depot, name, &created, &detail) == STORE_OK, "%s", detail.text);
        atomic_fetch_add(&made, created);
    }
    return NULL;
}

START_TEST(a_store_is_made_once)
{
    pthread_t threads[SERVERS];
    atomic_store(&made, 0);
    (void)start(0, "http://one");
    (void)start(1, "http://other");
    for (unsigned i = 0; i < SERVERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_all, &servers[i]), 0);
    for (unsigned i = 0; i < SERVERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(atomic_load(&made), NAMES);
}
END_TEST

START_TEST(who_has_a_store_removes_it)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    struct store_detail detail;
    struct store *store;
    create(one, "a");
    put(one, "a", "k", "value");
    ck_assert_int_eq(depot_delete(other->depot, "a", true, &detail), STORE_ELSEWHERE);
    ck_assert_str_eq(detail.owner, "http://one");
    ck_assert_int_eq(depot_delete(other->depot, "a", false, &detail), STORE_ELSEWHERE);
    ck_assert_int_eq(depot_delete(one->depot, "a", false, &detail), STORE_NOT_DRAINED);
    ck_assert_int_eq(depot_delete(one->depot, "a", true, &detail), STORE_OK);
    WAIT_UNTIL(depot_acquire(other->depot, "a", &store, &detail) == STORE_NO_STORE);
    create(other, "a");
    ck_assert(!holds(other, "a", "k", "value"));
}
END_TEST

START_TEST(a_store_that_nobody_has_is_removed_by_who_is_asked)
{
    struct server *one = start(0, "http://one"), *other = start(1, "http://other");
    struct store_detail detail;
    create(one, "a");
    WAIT_UNTIL(depot_delete(other->depot, "a", true, &detail) == STORE_OK);
    ck_assert_int_eq(depot_delete(one->depot, "a", true, &detail), STORE_NO_STORE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        servers_have_one_folder_open,
        limits_are_told_by_who_has_not_the_store,
        an_idle_store_is_let_go,
        who_ends_gives_everything_back,
        who_is_shut_out_has_no_stores,
        a_store_is_brought_from_where_it_is,
        a_store_of_one_without_address_follows_who_asks,
        a_store_of_one_that_is_about_to_end_follows_who_asks,
        who_has_the_same_address_sends_nobody_there,
        what_is_in_use_is_not_let_go,
        who_comes_while_it_leaves_is_sent_on,
        who_waits_for_changes_does_not_hold_it,
        two_that_want_one_store_get_it_in_turn,
        a_store_of_one_that_is_gone_is_served_elsewhere,
        who_was_taken_over_from_acknowledges_nothing,
        what_one_that_is_gone_was_removing_is_removed,
        a_store_is_made_once,
        who_has_a_store_removes_it,
        a_store_that_nobody_has_is_removed_by_who_is_asked,
    };
    return UNIT_RUN_WITH("tenancy", setup, teardown, tests);
}
