/* test_medium_depot.c - a depot in a pool: what its callers see that is not so in a folder. */
#include "tests/lib/model.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 3 * SIM_MEDIUM_PIECE };

static struct sim_medium *ground;
static struct depot *depot;
static struct store *store;
static char large[LARGE];

static void setup(void)
{
    struct store_detail detail;
    bool created;
    ground = sim_medium_new(1);
    const struct depot_options options = model_options(sim_medium_io(ground));
    ck_assert_msg(depot_open("/data", &options, &depot, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_create(depot, "s", &created, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_acquire(depot, "s", &store, &detail) == STORE_OK, "%s", detail.text);
    memset(large, 'x', sizeof large);
}

static void teardown(void)
{
    depot_release(store);
    depot_close(depot);
    sim_medium_free(ground);
}

static enum store_error put(const char *key, const void *payload, size_t size)
{
    struct ticket ticket;
    const struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of(key, strlen(key)), .payload = payload, .size = size};
    ticket_init(&ticket);
    enum store_error error = store_batch(store, &op, 1, 0, ticket_done, &ticket, NULL);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

static enum store_error get(const char *key, unsigned flags, struct object **ret_object)
{
    const struct store_key wanted = store_key_of(key, strlen(key));
    return store_get(store, &wanted, STORE_GET_PAYLOAD | flags, ret_object);
}

/* The kernel can send from none of them: not from a file of its own, nor from that of the log. */
START_TEST(a_payload_is_read_that_has_no_descriptor)
{
    static const unsigned flags[] = {0, STORE_GET_FILE};
    char bytes[LARGE];
    struct object *object;
    ck_assert_int_eq(put("k", large, sizeof large), STORE_OK);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        ck_assert_int_eq(get("k", flags[i], &object), STORE_OK);
        ck_assert_ptr_null(object_payload(object));
        ck_assert_int_eq(object_take_descriptor(object), -1);
        ck_assert_int_eq(object_read(object, 0, bytes, sizeof bytes), STORE_OK);
        ck_assert(memcmp(bytes, large, sizeof bytes) == 0);
        ck_assert_int_eq(object_read(object, LARGE - 1, bytes, 1), STORE_OK);
        object_release(object);
    }
}
END_TEST

static void note(void *arg, const char *sentence)
{
    (void)arg;
    (void)sentence;
}

/* Another process takes the pool, as soon as the lease of this one has run out. */
static void take_over(struct medium *other)
{
    const struct medium_use use = {.name = "/data", .lease = SIM_MEDIUM_LEASE, .piece = SIM_MEDIUM_PIECE, .lost = note};
    struct cluster cluster;
    sim_cluster_expire(ground->sim);
    sim_cluster_connect(ground->sim, &cluster);
    ck_assert_int_eq(medium_begin(other, &cluster, &use), 0);
    ck_assert_int_eq(lease_own(&other->lease, 0), 0);
}

static void looked(void *arg)
{
    atomic_store((atomic_bool *)arg, true);
}

START_TEST(who_has_lost_the_pool_says_so)
{
    struct medium other;
    struct object *object;
    struct store_detail detail;
    atomic_bool done = false;
    ck_assert_int_eq(put("k", "value", 5), STORE_OK);
    ck_assert(depot_healthy(depot, &detail));
    take_over(&other);
    enum store_error error = put("late", "value", 5);
    ck_assert_msg(error == STORE_FENCED || error == STORE_FAILED, "%s", store_error_text(error));
    ck_assert_int_eq(get("k", 0, &object), STORE_FENCED);
    ck_assert_int_eq(depot_probe(depot, looked, &done), STORE_OK);
    WAIT_UNTIL(atomic_load(&done));
    ck_assert(!depot_healthy(depot, &detail));
    ck_assert_str_eq(detail.text, store_error_text(STORE_FENCED));
    ck_assert_uint_eq(atomic_load(&ground->lost), 1);
    medium_end(&other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_payload_is_read_that_has_no_descriptor, who_has_lost_the_pool_says_so};
    return UNIT_RUN_WITH("medium_depot", setup, teardown, tests);
}
