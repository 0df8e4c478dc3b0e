/* test_cluster.c - what the medium relies on of a cluster: of the one in memory, or of a real one.
 *
 *   CAIRN_RADOS   a pool of a real cluster, whose objects are then changed; without it the one in memory is asked
 *   CEPH_CONF     its ceph.conf
 *
 * What holds of the one in memory and not of a real one is a lie that other tests would believe.
 */
#include "store/rados/cluster.h"
#include "store/rados/latch.h"
#include "store/rados/librados.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_cluster.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct sim_cluster *sim;
static struct cluster cluster;
static char name[CLUSTER_OBJECT_MAX]; /* of an object that nobody else has */

static void connect_one(struct cluster *ret_cluster)
{
    const struct librados_place place = {
        .pool = getenv("CAIRN_RADOS"), .name_space = "contract", .conf = getenv("CEPH_CONF"), .patience = 20};
    struct store_detail detail = {0};
    if (sim)
        sim_cluster_connect(sim, ret_cluster);
    else
        ck_assert_msg(librados_connect(&place, ret_cluster, &detail).error == STORE_OK, "%s", detail.text);
}

static void setup(void)
{
    static unsigned number;
    sim = getenv("CAIRN_RADOS") ? NULL : sim_cluster_new(1);
    connect_one(&cluster);
    (void)snprintf(name, sizeof name, "contract.%u.%u", (unsigned)getpid(), ++number);
}

static void teardown(void)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    (void)cluster_change(&cluster, name, &remove, 1);
    cluster.close(cluster.self);
    sim_cluster_free(sim);
}

/* A change of one step, or of two. */
static int one(struct cluster_step step)
{
    return cluster_change(&cluster, name, &step, 1);
}

static int two(struct cluster_step first, struct cluster_step second)
{
    const struct cluster_step steps[] = {first, second};
    return cluster_change(&cluster, name, steps, 2);
}

static const struct cluster_step create = {.kind = CLUSTER_CREATE};
static const struct cluster_step exists = {.kind = CLUSTER_EXISTS};
static const struct cluster_step removed = {.kind = CLUSTER_REMOVE};

static ssize_t last_result;

static void note_result(void *arg, ssize_t result)
{
    last_result = result;
    latch_done(arg, 0);
}

/* Bytes, or an errno below 0. */
static ssize_t read_some(void *bytes, size_t length, uint64_t position)
{
    struct latch latch;
    latch_init(&latch);
    latch_add(&latch);
    cluster.read(cluster.self, name, bytes, length, position, note_result, &latch);
    (void)latch_wait(&latch);
    latch_destroy(&latch);
    return last_result;
}

static void must_be(enum cluster_kind kind, const char *which, const char *text)
{
    char *found = NULL;
    ck_assert_int_eq(cluster_get(&cluster, name, kind, which, &found), 0);
    if (text)
        ck_assert_pstr_eq(found, text);
    else
        ck_assert_ptr_null(found);
    free(found);
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Of rows and attributes alike, of an object that has none. */
static void guards_of(enum cluster_step_kind is, enum cluster_step_kind set, enum cluster_kind kind)
{
    ck_assert_int_eq(two(cluster_text(is, "a", ""), cluster_text(set, "a", "one")), 0);
    must_be(kind, "a", "one");
    ck_assert_int_eq(two(cluster_text(is, "a", ""), cluster_text(set, "a", "two")), ECANCELED);
    ck_assert_int_eq(two(cluster_text(set, "b", "two"), cluster_text(is, "a", "other")), ECANCELED);
    must_be(kind, "a", "one");
    must_be(kind, "b", NULL);
    ck_assert_int_eq(two(cluster_text(is, "a", "one"), cluster_text(set, "a", "")), 0);
    must_be(kind, "a", "");
    ck_assert_int_eq(one(cluster_text(is, "a", "")), 0);
    ck_assert_int_eq(one(cluster_text(is, "a", "on")), ECANCELED);
}

START_TEST(rows_change_when_guards_hold)
{
    const struct cluster_step remove_row = {.kind = CLUSTER_REMOVE_ROW, .name = "a"};
    ck_assert_int_eq(one(cluster_text(CLUSTER_ROW_IS, "a", "")), ENOENT); /* the object is not there */
    ck_assert_int_eq(two(create, cluster_text(CLUSTER_ROW_IS, "a", "x")), ECANCELED);
    ck_assert_int_eq(one(exists), ENOENT); /* nothing has happened, not even that it was made */
    ck_assert_int_eq(two(create, cluster_text(CLUSTER_ROW_IS, "a", "")), 0);
    guards_of(CLUSTER_ROW_IS, CLUSTER_SET_ROW, CLUSTER_ROWS);
    ck_assert_int_eq(one(remove_row), 0);
    ck_assert_int_eq(one(remove_row), 0);
    must_be(CLUSTER_ROWS, "a", NULL);
}
END_TEST

START_TEST(attributes_change_when_guards_hold)
{
    ck_assert_int_eq(one(cluster_text(CLUSTER_ATTRIBUTE_IS, "a", "")), ENOENT);
    ck_assert_int_eq(two(create, cluster_text(CLUSTER_ATTRIBUTE_IS, "a", "")), ENOENT);
    ck_assert_int_eq(one(exists), ENOENT);
    ck_assert_int_eq(one(create), 0);
    guards_of(CLUSTER_ATTRIBUTE_IS, CLUSTER_SET_ATTRIBUTE, CLUSTER_ATTRIBUTES);
}
END_TEST

START_TEST(what_is_not_there_can_be_asked_for)
{
    char byte, *text = NULL, *rows = NULL;
    const char *const names[] = {"a"};
    bool more;
    ck_assert_int_eq(read_some(&byte, 1, 0), -ENOENT);
    ck_assert_int_eq(one(exists), ENOENT);
    ck_assert_int_eq(one(removed), ENOENT);
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_TRUNCATE}), 0);
    ck_assert_int_eq(one(exists), ENOENT);
    ck_assert_int_eq(cluster.get(cluster.self, name, CLUSTER_ROWS, names, 1, &text), ENOENT);
    ck_assert_int_eq(cluster.get(cluster.self, name, CLUSTER_ATTRIBUTES, names, 1, &text), ENOENT);
    ck_assert_int_eq(cluster.list(cluster.self, name, "", "", 10, &rows, &more), ENOENT);
}
END_TEST

START_TEST(bytes_are_where_they_were_written)
{
    char bytes[16] = "";
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_WRITE, .bytes = "text", .length = 4, .position = 3}), 0);
    ck_assert_int_eq(read_some(bytes, sizeof bytes, 0), 7);
    ck_assert(memcmp(bytes, "\0\0\0text", 7) == 0);
    ck_assert_int_eq(read_some(bytes, sizeof bytes, 5), 2);
    ck_assert_int_eq(read_some(bytes, sizeof bytes, 7), 0);
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_TRUNCATE, .position = 4}), 0);
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_TRUNCATE, .position = 6}), 0);
    ck_assert_int_eq(read_some(bytes, sizeof bytes, 0), 6);
    ck_assert(memcmp(bytes, "\0\0\0t\0\0", 6) == 0);
    ck_assert_int_eq(one(cluster_text(CLUSTER_SET_ATTRIBUTE, "a", "one")), 0);
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_TRUNCATE}), 0);
    must_be(CLUSTER_ATTRIBUTES, "a", "one");
    ck_assert_int_eq(one(removed), 0);
    ck_assert_int_eq(read_some(bytes, sizeof bytes, 0), -ENOENT);
}
END_TEST

/* None waits for the one before, and a read sees what was asked for before it. */
START_TEST(changes_of_one_object_have_an_order)
{
    struct latch latch;
    unsigned last = 0;
    latch_init(&latch);
    for (unsigned i = 1; i <= 200; i++) {
        const struct cluster_step write = {.kind = CLUSTER_WRITE, .bytes = &i, .length = sizeof i};
        latch_add(&latch);
        cluster.change(cluster.self, name, &write, 1, latch_done, &latch);
        if (i % 20 == 0) {
            ck_assert_int_eq(read_some(&last, sizeof last, 0), sizeof last);
            ck_assert_uint_eq(last, i);
        }
    }
    ck_assert_int_eq(latch_wait(&latch), 0);
    latch_destroy(&latch);
}
END_TEST

/* ---- lists ----------------------------------------------------------------------------------- */

START_TEST(a_list_has_the_rows_of_a_prefix)
{
    char row[16], *rows = NULL;
    size_t count = 0;
    bool more = false;
    for (int i = 0; i < 30; i++) {
        (void)snprintf(row, sizeof row, "%c/%02d", 'a' + i % 3, i);
        ck_assert_int_eq(one(cluster_text(CLUSTER_SET_ROW, row, i % 2 ? "odd" : "")), 0);
    }
    ck_assert_int_eq(cluster.list(cluster.self, name, "b/", "", 4, &rows, &more), 0);
    ck_assert(more);
    ck_assert_str_eq(rows, "b/01");
    ck_assert_str_eq(rows + 5, "odd");
    ck_assert_str_eq(rows + 9, "b/04");
    ck_assert_str_eq(rows + 14, "");
    free(rows);
    ck_assert_int_eq(cluster.list(cluster.self, name, "b/", "b/10", 4, &rows, &more), 0);
    ck_assert_str_eq(rows, "b/13");
    free(rows);
    ck_assert_int_eq(cluster_list(&cluster, name, "b/", &rows), 0);
    for (const char *at = rows; *at; count++) {
        at += strlen(at) + 1;
        at += strlen(at) + 1;
    }
    ck_assert_uint_eq(count, 10);
    free(rows);
}
END_TEST

/* More than come at once. */
START_TEST(a_long_list_is_whole)
{
    enum { ROWS = 2500 };
    char *rows = NULL;
    int next = 0;
    struct latch latch;
    latch_init(&latch);
    for (int i = 0; i < ROWS; i++) {
        char row[16];
        (void)snprintf(row, sizeof row, "e/%06d", i);
        const struct cluster_step set = cluster_text(CLUSTER_SET_ROW, row, "text");
        latch_add(&latch);
        cluster.change(cluster.self, name, &set, 1, latch_done, &latch);
    }
    ck_assert_int_eq(latch_wait(&latch), 0);
    latch_destroy(&latch);
    ck_assert_int_eq(cluster_list(&cluster, name, "e/", &rows), 0);
    for (const char *at = rows; *at; next++) {
        ck_assert_int_eq(atoi(at + 2), next);
        at += strlen(at) + 1;
        ck_assert_str_eq(at, "text");
        at += strlen(at) + 1;
    }
    ck_assert_int_eq(next, ROWS);
    free(rows);
}
END_TEST

/* ---- locks ----------------------------------------------------------------------------------- */

START_TEST(a_lock_is_ones)
{
    struct cluster_owner owner;
    ck_assert_int_eq(cluster.owner(cluster.self, name, &owner), ENOENT);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 0), 0);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 0), 0);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "other", 0), EBUSY);
    ck_assert_int_eq(cluster.owner(cluster.self, name, &owner), 0);
    ck_assert_str_eq(owner.cookie, "one");
    ck_assert(*owner.client && *owner.address);
    ck_assert_int_eq(cluster.unlock(cluster.self, name, "other"), ENOENT);
    ck_assert_int_eq(cluster.unlock(cluster.self, name, "one"), 0);
    ck_assert_int_eq(cluster.owner(cluster.self, name, &owner), ENOENT);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "other", 0), 0);
    ck_assert_int_eq(cluster.owner(cluster.self, name, &owner), 0);
    ck_assert_int_eq(cluster.break_lock(cluster.self, name, &owner), 0);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 0), 0);
}
END_TEST

START_TEST(a_lock_runs_out)
{
    struct cluster_owner owner;
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 1), 0);
    WAIT_UNTIL(cluster.owner(cluster.self, name, &owner) == ENOENT);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "other", 60), 0);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 1), EBUSY);
}
END_TEST

/* Of what is under way too nothing is told as done that was not. */
START_TEST(who_is_fenced_does_nothing_any_more)
{
    struct cluster other;
    struct cluster_owner owner;
    char byte;
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 60), 0);
    connect_one(&other);
    ck_assert_int_eq(other.owner(other.self, name, &owner), 0);
    ck_assert_int_eq(other.fence(other.self, &owner), 0);
    ck_assert_int_eq(one((struct cluster_step){.kind = CLUSTER_WRITE, .bytes = "x", .length = 1}), ESHUTDOWN);
    ck_assert_int_eq(read_some(&byte, 1, 0), -ESHUTDOWN);
    ck_assert_int_eq(cluster.lock(cluster.self, name, "one", 60), ESHUTDOWN);
    ck_assert_int_eq(other.break_lock(other.self, name, &owner), 0);
    ck_assert_int_eq(other.lock(other.self, name, "other", 60), 0);
    ck_assert_int_eq(cluster_change(&other, name, &removed, 1), 0);
    other.close(other.self);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        rows_change_when_guards_hold,
        attributes_change_when_guards_hold,
        what_is_not_there_can_be_asked_for,
        bytes_are_where_they_were_written,
        changes_of_one_object_have_an_order,
        a_list_has_the_rows_of_a_prefix,
        a_long_list_is_whole,
        a_lock_is_ones,
        a_lock_runs_out,
        who_is_fenced_does_nothing_any_more,
    };
    return UNIT_RUN_WITH("cluster", setup, teardown, tests);
}
