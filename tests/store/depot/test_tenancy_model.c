/* test_tenancy_model.c - long random histories of servers that share a pool, against a plain map.
 *
 * Each step asks one of the servers for something, and goes where it is sent. Servers bring stores from each other,
 * end, are gone in the middle of anything, or have been held up for longer than their lease; what one has asked for
 * that is gone may happen until it is shut out. Calls fail, or nobody knows. What was acknowledged is read whichever
 * server has the store by then; what was not is there whole or not at all.
 *
 *   CAIRN_OPERATIONS   steps in all (500)
 *   CAIRN_SEED         the first history's seed (1); the next one has the next number
 */
#include "store/rados/medium.h"
#include "store/store.h"
#include "tests/lib/model.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_cluster.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 500, HISTORY = 250, PIECE = 4096, LEASE = 60, SERVERS = 2, STORES = 3, KEYS = 4, HOPS = 40 };

static const char *const addresses[SERVERS] = {"http://one", "http://other"};

struct server {
    struct medium medium;
    struct depot *depot; /* NULL: it does not run */
    atomic_bool lost;
    uint64_t connected; /* the later, the greater */
};

/* What a key may hold: what was acknowledged last, or anything that was tried since. */
struct held {
    unsigned acknowledged;
    unsigned tried;
};

struct life {
    struct sim_cluster *sim;
    struct prng prng;
    uint64_t seed;
    uint64_t connections;
    struct server servers[SERVERS];
    struct held held[STORES][KEYS];
    uint64_t acknowledged, refused, moved, gone, read;
};

/* ---- servers --------------------------------------------------------------------------------- */

static void note_lost(void *arg, const char *sentence)
{
    (void)sentence;
    atomic_store((atomic_bool *)arg, true);
}

/* False: calls fail. */
static bool start(struct life *life, unsigned number)
{
    struct server *server = &life->servers[number];
    struct cluster cluster;
    *server = (struct server){.connected = ++life->connections};
    const struct medium_use use = {.name = "/data",
                                   .address = addresses[number],
                                   .lease = LEASE,
                                   .piece = PIECE,
                                   .cache = 1 << 20,
                                   .lost = note_lost,
                                   .arg = &server->lost};
    sim_cluster_connect(life->sim, &cluster);
    if (medium_begin(&server->medium, &cluster, &use) != 0) {
        cluster.close(cluster.self);
        return false;
    }
    const struct depot_options options = model_options(&server->medium.io);
    if (depot_open("/data", &options, &server->depot, NULL) == STORE_OK)
        return true;
    medium_end(&server->medium);
    server->depot = NULL;
    return false;
}

static void stop(struct server *server)
{
    depot_close(server->depot);
    medium_end(&server->medium);
    server->depot = NULL;
}

/* The ones that are lost have to end, as their processes do. */
static void start_all(struct life *life)
{
    sim_cluster_heal(life->sim);
    for (unsigned i = 0; i < SERVERS; i++) {
        if (life->servers[i].depot && atomic_load(&life->servers[i].lost))
            stop(&life->servers[i]);
        if (!life->servers[i].depot)
            ck_assert(start(life, i));
    }
}

/* ---- what clients do ------------------------------------------------------------------------- */

struct outcome {
    sem_t told;
    enum store_error error;
    struct store *store;
    struct store_detail detail;
};

static void tell(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct outcome *outcome = arg;
    outcome->error = error;
    outcome->store = store;
    outcome->detail = *detail;
    sem_post(&outcome->told);
}

static void ask(struct server *server, const char *name, bool bring, struct outcome *outcome)
{
    sem_init(&outcome->told, 0, 0);
    enum store_error error = (bring ? depot_bring_soon : depot_acquire_soon)(server->depot, name, tell, outcome,
                                                                             &outcome->store);
    if (error == STORE_AGAIN)
        sem_wait(&outcome->told);
    else
        outcome->error = error;
    sem_destroy(&outcome->told);
}

/* Asks that server, or whichever it sends on to, until one has the store. NULL: calls fail. */
static struct store *find(struct life *life, unsigned number, const char *name)
{
    struct outcome outcome = {0};
    for (unsigned hop = 0; hop < HOPS; hop++) {
        struct server *server = &life->servers[number % SERVERS];
        if (!server->depot)
            return NULL;
        ask(server, name, prng_one_in(&life->prng, 4), &outcome);
        if (outcome.error == STORE_OK)
            return outcome.store;
        if (outcome.error != STORE_ELSEWHERE)
            return NULL;
        life->moved++;
        number = strcmp(outcome.detail.owner, addresses[0]) == 0 ? 0 : 1;
    }
    return NULL;
}

static enum store_error put(struct store *store, const char *key, unsigned number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%u", number);
    const struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of(key, strlen(key)), .payload = text, .size = strlen(text)};
    return ticket_batch(store, &op, 1, NULL);
}

static void write_one(struct life *life, unsigned number)
{
    unsigned which = (unsigned)prng_below(&life->prng, STORES), key = (unsigned)prng_below(&life->prng, KEYS);
    char name[8], text[8];
    (void)snprintf(name, sizeof name, "s%u", which);
    (void)snprintf(text, sizeof text, "k%u", key);
    struct held *held = &life->held[which][key];
    struct store *store = find(life, number, name);
    if (!store) {
        life->refused++;
        return;
    }
    held->tried++;
    enum store_error error = put(store, text, held->tried);
    if (error == STORE_OK)
        held->acknowledged = held->tried;
    life->acknowledged += error == STORE_OK;
    life->refused += error != STORE_OK;
    depot_release(store);
}

/* The one that came last is gone; or both have been held up for so long that their leases have run out: the cluster
 * knows of it, and so do they when they look at their clocks. */
static void lose(struct life *life)
{
    unsigned last = life->servers[1].connected > life->servers[0].connected;
    life->gone++;
    if (prng_one_in(&life->prng, 2)) {
        sim_cluster_cut(life->sim);
        stop(&life->servers[last]);
    } else {
        sim_cluster_expire(life->sim);
        for (unsigned i = 0; i < SERVERS; i++)
            atomic_store(&life->servers[i].medium.lease.until, 0);
        for (unsigned i = 0; i < SERVERS; i++)
            write_one(life, i);
    }
    start_all(life);
}

/* What is read is the truth from then on: what was tried before it and is not there will not come any more. */
static void check_one(struct life *life, struct store *store, unsigned which, unsigned key)
{
    char text[8];
    struct object *object;
    struct held *held = &life->held[which][key];
    unsigned number = 0;
    (void)snprintf(text, sizeof text, "k%u", key);
    const struct store_key wanted = store_key_of(text, strlen(text));
    enum store_error error = store_get(store, &wanted, STORE_GET_PAYLOAD, &object);
    if (error == STORE_OK) {
        char payload[32] = "";
        memcpy(payload, object_payload(object), object_info(object)->size);
        number = (unsigned)strtoul(payload, NULL, 10);
        object_release(object);
    } else if (error != STORE_NO_OBJECT) {
        return;
    }
    life->read++;
    ck_assert_msg(number >= held->acknowledged && number <= held->tried,
                  "seed %llu: store %u key %u holds %u; %u was acknowledged, and %u tried",
                  (unsigned long long)life->seed, which, key, number, held->acknowledged, held->tried);
    held->acknowledged = number;
}

static void check_store(struct life *life, unsigned number, unsigned which)
{
    char name[8];
    (void)snprintf(name, sizeof name, "s%u", which);
    struct store *store = find(life, number, name);
    for (unsigned key = 0; store && key < KEYS; key++)
        check_one(life, store, which, key);
    depot_release(store);
}

/* ---- histories ------------------------------------------------------------------------------- */

static void fail_calls(struct life *life)
{
    static const int errors[] = {ETIMEDOUT, EIO};
    enum sim_cluster_call call = (enum sim_cluster_call)prng_below(&life->prng, SIM_CLUSTER_CALLS + 1);
    sim_cluster_fail(life->sim, call, 1 + prng_below(&life->prng, 30), false, errors[prng_below(&life->prng, 2)]);
}

static void step(struct life *life)
{
    unsigned number = (unsigned)prng_below(&life->prng, SERVERS);
    uint64_t chance = prng_below(&life->prng, 100);
    if (chance < 70) {
        write_one(life, number);
    } else if (chance < 88) {
        check_store(life, number, (unsigned)prng_below(&life->prng, STORES));
    } else if (chance < 92) {
        fail_calls(life);
    } else if (chance < 96) {
        stop(&life->servers[number]);
        start_all(life);
    } else {
        lose(life);
    }
}

static void history(uint64_t seed, uint64_t steps, struct life *totals)
{
    struct life life = {.sim = sim_cluster_new(seed), .prng = prng_of(seed), .seed = seed};
    start_all(&life);
    for (unsigned which = 0; which < STORES; which++) {
        char name[8];
        bool created;
        (void)snprintf(name, sizeof name, "s%u", which);
        ck_assert_int_eq(depot_create(life.servers[which % SERVERS].depot, name, &created, NULL), STORE_OK);
    }
    for (uint64_t i = 0; i < steps; i++)
        step(&life);
    for (unsigned i = 0; i < SERVERS; i++)
        stop(&life.servers[i]);
    start_all(&life);
    for (unsigned which = 0; which < STORES; which++)
        check_store(&life, which, which);
    for (unsigned i = 0; i < SERVERS; i++)
        stop(&life.servers[i]);
    sim_cluster_free(life.sim);
    totals->acknowledged += life.acknowledged;
    totals->refused += life.refused;
    totals->moved += life.moved;
    totals->gone += life.gone;
    totals->read += life.read;
}

START_TEST(histories_follow_the_map)
{
    uint64_t operations = prng_environment("CAIRN_OPERATIONS", OPERATIONS);
    uint64_t first = prng_environment("CAIRN_SEED", 1), seed = first;
    struct life totals = {0};
    for (uint64_t done = 0; done < operations; done += HISTORY)
        history(seed++, HISTORY, &totals);
    printf(
        "servers on a pool: seeds %llu to %llu: %llu writes acknowledged, %llu refused or in doubt, %llu reads, sent "
        "on %llu times, %llu times one was gone\n",
        (unsigned long long)first, (unsigned long long)seed - 1, (unsigned long long)totals.acknowledged,
        (unsigned long long)totals.refused, (unsigned long long)totals.read, (unsigned long long)totals.moved,
        (unsigned long long)totals.gone);
    fflush(stdout);
    ck_assert_uint_gt(totals.acknowledged, operations / 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tenancy_model");
    TCase *all = tcase_create("histories");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, histories_follow_the_map);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
