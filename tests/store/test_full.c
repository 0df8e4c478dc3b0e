/* test_full.c - a full disk stops puts only: deletes go on in any order, in many stores, through restarts and power
 * cuts, and when there is space everything goes on by itself. */
#include "tests/lib/fixture.h"
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/quiet.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    KIB = 1 << 10,
    RESERVE = 512 * KIB,
    KEYS = 4000,
    SIZE = 400,
    STORES = 8,
    KEYS_EACH = 800,
    TINY = 8, /* a tombstone is nearly as long as its record */
    IN_ACTIVE = 450,
};

static struct fixture fixture;
static const char payload[SIZE];
static unsigned order[KEYS];

static void setup(void)
{
    fixture_start(&fixture, 3);
    fixture_close(&fixture);
    fixture.options.disk_reserve = RESERVE;
    fixture.options.segment_size = 64 * KIB;
    fixture.options.first_segment = 256 * KIB;
    fixture_open(&fixture);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void without_reserve(void)
{
    fixture_close(&fixture);
    fixture.options.disk_reserve = 0;
    fixture.options.inline_limit = 64 * KIB;
    fixture.options.segment_size = 1024 * KIB;
    fixture_open(&fixture);
}

static enum store_error put(unsigned key, size_t size)
{
    char name[16];
    (void)snprintf(name, sizeof name, "k%u", key);
    return fixture_put(&fixture, name, payload, size);
}

static enum store_error delete_key(unsigned key)
{
    char name[16];
    (void)snprintf(name, sizeof name, "k%u", key);
    return fixture_delete(&fixture, name);
}

static enum store_error get(unsigned key)
{
    char name[16];
    (void)snprintf(name, sizeof name, "k%u", key);
    return fixture_get(&fixture, name, payload, SIZE);
}

static void put_all(unsigned count, size_t size)
{
    for (unsigned key = 0; key < count; key++)
        ck_assert_int_eq(put(key, size), STORE_OK);
}

/* Deletes those from `from` to `to` in the order; each must succeed. */
static void delete_part(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        enum store_error error = delete_key(order[i]);
        ck_assert_msg(error == STORE_OK, "delete %u: %s", i, store_error_text(error));
    }
}

static void shuffle(unsigned count, uint64_t seed)
{
    struct prng prng = prng_of(seed);
    for (unsigned i = 0; i < count; i++)
        order[i] = i;
    for (unsigned i = count; i > 1; i--) {
        unsigned other = (unsigned)prng_below(&prng, i);
        unsigned swapped = order[i - 1];
        order[i - 1] = order[other];
        order[other] = swapped;
    }
}

/* Bytes of the reserve's file; 0: there is none. */
static uint64_t reserve_bytes(void)
{
    const struct io *io = fixture.io;
    struct stat status = {0};
    int file = io->openat(io->self, AT_FDCWD, "/data/reserve", O_RDONLY, 0);
    if (file < 0)
        return 0;
    io->fstat(io->self, file, &status);
    io->close(io->self, file);
    ck_assert_int_ge(status.st_blocks * 512, status.st_size); /* nothing of it is a hole */
    return (uint64_t)status.st_size;
}

/* The reserve is made in the background. */
static void wait_for_reserve(uint64_t bytes)
{
    WAIT_UNTIL(reserve_bytes() >= bytes);
    ck_assert_uint_ge(reserve_bytes(), bytes);
}

/* From here on there is not one byte for anybody. */
static void fill_disk(void)
{
    wait_for_reserve(RESERVE);
    sim_disk_set_free(fixture.disk, 0);
}

static bool says_full(void)
{
    struct store_detail detail;
    ck_assert(depot_healthy(fixture.depot, &detail));
    return strstr(detail.text, "full") != NULL;
}

/* ---- deletes --------------------------------------------------------------------------------- */

/* What deletes have given back comes by way of compaction. How far that goes depends on how soon it comes: once there
 * is space again, it leaves segments alone of which less than a half is of no use. */
static void await_puts(void)
{
    enum store_error error;
    WAIT_UNTIL((error = put(1, SIZE)) != STORE_FULL);
    ck_assert_int_eq(error, STORE_OK);
}

static void deletes_go_on(size_t size)
{
    put_all(KEYS, size);
    fill_disk();
    shuffle(KEYS, size);
    delete_part(0, KEYS);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
    await_puts();
}

START_TEST(all_can_be_deleted_in_any_order)
{
    deletes_go_on(SIZE);
}
END_TEST

START_TEST(all_can_be_deleted_where_a_tombstone_is_as_long_as_its_record)
{
    deletes_go_on(TINY);
}
END_TEST

static void compacted(void *ticket, enum store_error error, const struct store_compaction *compaction)
{
    const struct store_result result = {.error = error};
    ck_assert(!compaction->running);
    ticket_done(ticket, &result);
}

static enum store_error compact(void)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ck_assert_int_eq(store_compact(fixture.store, 60000, compacted, &ticket), STORE_OK);
    enum store_error error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

/* Of each four objects one goes while there is space, so that nothing of it comes back by itself. */
START_TEST(compaction_that_is_asked_for_goes_on)
{
    put_all(KEYS, SIZE);
    for (unsigned key = 0; key < KEYS; key += 4)
        ck_assert_int_eq(delete_key(key), STORE_OK);
    ck_assert(quiet_comes());
    struct store_figures before = fixture_figures(&fixture);
    fill_disk();
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert_uint_lt(fixture_figures(&fixture).dead_bytes, before.dead_bytes / 2);
    ck_assert_uint_lt(fixture_figures(&fixture).disk_bytes, before.disk_bytes);
    for (unsigned key = 0; key < KEYS; key++)
        ck_assert_int_eq(get(key), key % 4 ? STORE_OK : STORE_NO_OBJECT);
}
END_TEST

/* Half of each segment stays: what is deleted lies between. */
START_TEST(what_is_kept_between_does_not_hinder)
{
    put_all(KEYS, SIZE);
    fill_disk();
    for (unsigned key = 0; key < KEYS; key += 2)
        ck_assert_int_eq(delete_key(key), STORE_OK);
    for (unsigned key = 0; key < KEYS; key++)
        ck_assert_int_eq(get(key), key % 2 ? STORE_OK : STORE_NO_OBJECT);
    await_puts();
}
END_TEST

START_TEST(many_at_a_time_can_be_deleted)
{
    enum { TOGETHER = 100 };
    static char names[TOGETHER][16];
    struct store_op ops[TOGETHER];
    put_all(KEYS, SIZE);
    fill_disk();
    shuffle(KEYS, 1);
    for (unsigned first = 0; first < KEYS; first += TOGETHER) {
        struct ticket ticket;
        for (unsigned i = 0; i < TOGETHER; i++) {
            int length = snprintf(names[i], sizeof names[i], "k%u", order[first + i]);
            ops[i] = (struct store_op){.kind = STORE_DELETE, .key = store_key_of(names[i], (size_t)length)};
        }
        ticket_init(&ticket);
        ck_assert_int_eq(store_batch(fixture.store, ops, TOGETHER, 0, ticket_done, &ticket, NULL), STORE_OK);
        ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
        ticket_destroy(&ticket);
    }
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
}
END_TEST

static void open_stores(struct store *stores[STORES])
{
    for (unsigned i = 0; i < STORES; i++) {
        char name[16];
        bool created;
        (void)snprintf(name, sizeof name, "store%u", i);
        ck_assert_int_eq(depot_create(fixture.depot, name, &created, NULL), STORE_OK);
        ck_assert_int_eq(depot_acquire(fixture.depot, name, &stores[i], NULL), STORE_OK);
    }
}

/* They share one reserve, and what one store gives back is for all. */
START_TEST(many_stores_go_on)
{
    struct store *stores[STORES];
    struct store *own = fixture.store;
    open_stores(stores);
    for (unsigned i = 0; i < STORES; i++) {
        fixture.store = stores[i];
        put_all(KEYS_EACH, SIZE);
    }
    fill_disk();
    shuffle(KEYS_EACH, 2);
    for (unsigned done = 0; done < KEYS_EACH; done += 50) {
        for (unsigned i = 0; i < STORES; i++) {
            fixture.store = stores[i];
            delete_part(done, done + 50);
        }
    }
    for (unsigned i = 0; i < STORES; i++) {
        fixture.store = stores[i];
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
        depot_release(stores[i]);
    }
    fixture.store = own;
}
END_TEST

START_TEST(restarts_do_not_hinder)
{
    put_all(KEYS, SIZE);
    fill_disk();
    shuffle(KEYS, 4);
    for (unsigned done = 0; done < KEYS; done += 250) {
        delete_part(done, done + 250);
        if (done % 500) {
            fixture_close(&fixture);
        } else {
            fixture_cut(&fixture, done);
            sim_disk_set_free(fixture.disk, 0);
        }
        fixture_open(&fixture);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, KEYS - done - 250);
    }
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}
END_TEST

static void cut_at(uint64_t call, uint64_t seed)
{
    enum { COUNT = 900 };
    put_all(COUNT, SIZE);
    wait_for_reserve(256 * KIB);
    sim_disk_set_free(fixture.disk, 0);
    shuffle(COUNT, seed);
    delete_part(0, COUNT / 2); /* about here place ends */
    sim_disk_cut_after(fixture.disk, call);
    unsigned done = COUNT / 2;
    while (done < COUNT && delete_key(order[done]) == STORE_OK)
        done++;
    fixture_cut(&fixture, seed);
    sim_disk_set_free(fixture.disk, 0);
    fixture_open(&fixture);
    for (unsigned i = 0; i < COUNT; i++)
        if (i != done) /* that one is in doubt */
            ck_assert_int_eq(get(order[i]), i < done ? STORE_NO_OBJECT : STORE_OK);
    delete_part(done, COUNT);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}

START_TEST(power_cuts_do_not_hinder)
{
    enum { CUTS = 100 };
    for (uint64_t cut = 0; cut < CUTS; cut++) {
        teardown();
        setup();
        cut_at(cut * 14, cut);
    }
}
END_TEST

/* One call fails, once or for ever, while the deletes are at the end of what there is. */
static void fail_at(uint64_t call, bool forever)
{
    enum { COUNT = 900 };
    static bool gone[COUNT];
    put_all(COUNT, SIZE);
    wait_for_reserve(256 * KIB);
    sim_disk_set_free(fixture.disk, 0);
    shuffle(COUNT, call);
    delete_part(0, COUNT / 2);
    sim_disk_fail(fixture.disk, SIM_ANY, 1 + call, forever, call % 2 ? EIO : ENOSPC);
    for (unsigned i = 0; i < COUNT; i++) {
        enum store_error error = i < COUNT / 2 ? STORE_OK : delete_key(order[i]);
        gone[i] = error == STORE_OK;
        ck_assert(error == STORE_OK || error == STORE_IO || error == STORE_FULL || error == STORE_FAILED);
    }
    fixture_close(&fixture);
    sim_disk_heal(fixture.disk);
    fixture_open(&fixture);
    for (unsigned i = 0; i < COUNT; i++) {
        enum store_error error = get(order[i]); /* what failed is in doubt */
        ck_assert(error == STORE_NO_OBJECT || (error == STORE_OK && !gone[i]));
    }
    delete_part(0, COUNT);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
    ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
}

START_TEST(failing_calls_do_not_hinder_for_good)
{
    enum { FAULTS = 60 };
    for (uint64_t fault = 0; fault < FAULTS; fault++) {
        teardown();
        setup();
        fail_at(fault * 23 / 2, fault % 3 == 0);
    }
}
END_TEST

/* ---- a disk too small ------------------------------------------------------------------------- */

START_TEST(a_disk_without_room_for_the_reserve_is_told_at_the_start)
{
    fixture_close(&fixture);
    sim_disk_set_free(fixture.disk, RESERVE - KIB);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 1);
    ck_assert_ptr_nonnull(strstr(fixture.logged, "523264 bytes free, and 524288 are to be left"));
    ck_assert_int_eq(put(1, SIZE), STORE_FULL);
    fixture_close(&fixture);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
}
END_TEST

/* ---- without a reserve ----------------------------------------------------------------------- */

START_TEST(without_a_reserve_puts_leave_room_for_compaction)
{
    unsigned count = 0;
    without_reserve();
    sim_disk_set_free(fixture.disk, 1536 * KIB);
    while (count < KEYS && put(count, SIZE) == STORE_OK)
        count++;
    ck_assert_uint_lt(count, KEYS);
    ck_assert_uint_gt(count, KEYS / 4);
    ck_assert_uint_eq(reserve_bytes(), 0);
    shuffle(count, 5);
    delete_part(0, count);
}
END_TEST

/* Where nothing can be given back a delete is refused, and does not wait for ever. */
START_TEST(a_delete_without_hope_is_answered)
{
    enum { COUNT = 2200 }; /* in one segment, nearly all of it */
    without_reserve();
    put_all(COUNT, TINY);
    fixture_close(&fixture); /* with its spare */
    sim_disk_set_free(fixture.disk, 0);
    fixture_open(&fixture);
    unsigned deleted = 0;
    enum store_error error = STORE_OK;
    while (deleted < COUNT && (error = delete_key(deleted)) == STORE_OK)
        deleted++;
    ck_assert_int_eq(error, STORE_FULL);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    ck_assert_int_eq(delete_key(deleted), STORE_OK);
}
END_TEST

/* ---- space comes back ------------------------------------------------------------------------ */

/* Compaction that finds no place is tried again without anybody asking. */
START_TEST(space_comes_back_without_traffic)
{
    enum { COUNT = 400, LARGE = 4000 };
    static const char large[LARGE];
    char name[16];
    without_reserve();
    for (unsigned key = 0; key < COUNT; key++) {
        (void)snprintf(name, sizeof name, "k%u", key);
        ck_assert_int_eq(fixture_put(&fixture, name, large, LARGE), STORE_OK);
    }
    sim_disk_set_free(fixture.disk, 0);
    for (unsigned key = 0; key < COUNT; key++)
        if (key % 3)
            ck_assert_int_eq(delete_key(key), STORE_OK);
    ck_assert_uint_gt(fixture_figures(&fixture).dead_bytes, COUNT * LARGE / 2);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    WAIT_UNTIL(fixture_figures(&fixture).dead_bytes <= COUNT * LARGE / 4);
    ck_assert_uint_le(fixture_figures(&fixture).dead_bytes, COUNT * LARGE / 4);
}
END_TEST

/* That these are known of no more is written down before they go, which takes a block. */
START_TEST(deletions_in_the_first_segment_do_not_hinder)
{
    enum { DELETED = 150 }; /* less than half of it, so that it stays while there is space */
    unsigned count = 0;
    put_all(DELETED, SIZE);
    for (unsigned key = 0; key < DELETED; key++)
        ck_assert_int_eq(delete_key(key), STORE_OK);
    ck_assert_uint_eq(fixture_figures(&fixture).segments, 1);
    while (fixture_figures(&fixture).segments < 2)
        ck_assert_int_eq(put(DELETED + count++, SIZE), STORE_OK);
    ck_assert(quiet_comes());
    ck_assert_uint_gt(fixture_figures(&fixture).dead_bytes, DELETED * SIZE);
    fill_disk();
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert_uint_lt(fixture_figures(&fixture).dead_bytes, DELETED * SIZE / 2);
}
END_TEST

/* All of it is in one segment, to which the log is still written; each tenth object stays. */
static void delete_in_active(void)
{
    put_all(IN_ACTIVE, SIZE);
    ck_assert_uint_eq(fixture_figures(&fixture).segments, 1);
    wait_for_reserve(256 * KIB);
    ck_assert(quiet_comes()); /* then the spare is there */
    sim_disk_set_free(fixture.disk, 0);
    for (unsigned key = 0; key < IN_ACTIVE; key++)
        if (key % 10)
            ck_assert_int_eq(delete_key(key), STORE_OK);
}

static void expect_each_tenth(void)
{
    for (unsigned key = 0; key < IN_ACTIVE; key++)
        ck_assert_int_eq(get(key), key % 10 ? STORE_NO_OBJECT : STORE_OK);
}

/* Where there is no other segment nothing would come back before it is full of deletes. */
START_TEST(the_active_segment_gives_back_too)
{
    delete_in_active();
    await_puts();
    ck_assert_int_eq(delete_key(1), STORE_OK);
    expect_each_tenth();
    fixture_close(&fixture);
    fixture_open(&fixture);
    expect_each_tenth();
}
END_TEST

START_TEST(the_active_segment_gives_back_where_somebody_asks)
{
    delete_in_active();
    ck_assert_int_eq(compact(), STORE_OK);
    ck_assert_uint_lt(fixture_figures(&fixture).dead_bytes, IN_ACTIVE * SIZE / 4);
    ck_assert_uint_lt(fixture_figures(&fixture).disk_bytes, 256 * KIB);
    expect_each_tenth();
}
END_TEST

START_TEST(power_cuts_while_the_active_segment_gives_back_do_not_hinder)
{
    enum { CUTS = 47 }; /* all of it takes 90 calls, or some more */
    for (uint64_t cut = 0; cut < CUTS; cut++) {
        teardown();
        setup();
        delete_in_active();
        sim_disk_cut_after(fixture.disk, 2 * cut);
        (void)compact();
        fixture_cut(&fixture, cut);
        sim_disk_set_free(fixture.disk, 0);
        fixture_open(&fixture);
        expect_each_tenth();
        for (unsigned key = 0; key < IN_ACTIVE; key += 10)
            ck_assert_int_eq(delete_key(key), STORE_OK);
        ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
        ck_assert_uint_eq(fixture_figures(&fixture).damaged_bytes, 0);
    }
}
END_TEST

START_TEST(the_reserve_is_made_whole_again)
{
    bool used = false;
    put_all(KEYS, SIZE);
    fill_disk();
    shuffle(KEYS, 6);
    uint64_t fills = sim_disk_calls(fixture.disk, SIM_ALLOCATE);
    for (unsigned i = 0; i < KEYS && !used; i++) {
        delete_part(i, i + 1);
        used = reserve_bytes() < RESERVE || sim_disk_calls(fixture.disk, SIM_ALLOCATE) > fills;
    }
    ck_assert(used);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    wait_for_reserve(RESERVE);
}
END_TEST

START_TEST(an_episode_is_told_once_and_at_readyz)
{
    put_all(KEYS, SIZE);
    ck_assert(!says_full());
    ck_assert(quiet_comes()); /* what the background removes when it has made something would end the episode */
    fill_disk();
    for (unsigned i = 0; i < 1000; i++)
        (void)put(KEYS + i, SIZE);
    ck_assert_int_eq(put(KEYS, SIZE), STORE_FULL);
    ck_assert(says_full());
    ck_assert_msg(fixture.warnings == 1, "%u warnings, the last: %s", fixture.warnings, fixture.logged);
    sim_disk_set_free(fixture.disk, UINT64_MAX);
    ck_assert_int_eq(put(KEYS, SIZE), STORE_OK);
    WAIT_UNTIL(!says_full());
    ck_assert(!says_full());
    ck_assert_msg(fixture.warnings == 1, "%u warnings, the last: %s", fixture.warnings, fixture.logged);
}
END_TEST

/* ---- the file -------------------------------------------------------------------------------- */

/* Free bytes or not: puts never get what is reserved. */
START_TEST(puts_leave_the_reserve_alone)
{
    unsigned count = KEYS;
    put_all(KEYS, SIZE);
    wait_for_reserve(RESERVE);
    sim_disk_set_free(fixture.disk, 300 * KIB);
    while (put(count, SIZE) == STORE_OK)
        count++;
    ck_assert_uint_gt(count, KEYS);
    ck_assert_uint_ge(reserve_bytes(), RESERVE);
}
END_TEST

START_TEST(a_store_with_little_in_it_reserves_little)
{
    ck_assert_uint_eq(reserve_bytes(), 0);
    put_all(1, SIZE);
    wait_for_reserve(256 * KIB);
    ck_assert_uint_le(reserve_bytes(), RESERVE);
}
END_TEST

START_TEST(looking_only_does_not_touch_the_reserve)
{
    put_all(KEYS, SIZE);
    wait_for_reserve(RESERVE);
    fixture_close(&fixture);
    int folder = fixture.io->openat(fixture.io->self, AT_FDCWD, "/data", O_RDONLY | O_DIRECTORY, 0);
    fixture.io->unlinkat(fixture.io->self, folder, "reserve", 0);
    fixture.io->close(fixture.io->self, folder);
    fixture.options.read_only = true;
    ck_assert_int_eq(depot_open("/data", &fixture.options, &fixture.depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &fixture.store, NULL), STORE_OK);
    ck_assert_int_eq(get(1), STORE_OK);
    fixture_close(&fixture);
    ck_assert_uint_eq(reserve_bytes(), 0);
    fixture.options.read_only = false;
    fixture_open(&fixture);
    ck_assert_int_eq(get(1), STORE_OK);
    wait_for_reserve(RESERVE);
}
END_TEST

/* A disk that cannot make one does not keep a store from opening or from working. */
START_TEST(a_reserve_that_cannot_be_made_is_done_without)
{
    sim_disk_fail(fixture.disk, SIM_ALLOCATE, 1, true, EIO);
    put_all(KEYS, SIZE);
    ck_assert_uint_eq(reserve_bytes(), 0);
    fixture_close(&fixture);
    fixture_open(&fixture);
    ck_assert_int_eq(get(1), STORE_OK);
    sim_disk_heal(fixture.disk);
    put_all(KEYS, SIZE);
    wait_for_reserve(RESERVE);
}
END_TEST

START_TEST(a_file_system_that_cannot_allocate_is_written_to)
{
    sim_disk_fail(fixture.disk, SIM_ALLOCATE, 1, true, EOPNOTSUPP);
    put_all(KEYS, SIZE);
    fill_disk();
    shuffle(KEYS, 7);
    delete_part(0, KEYS);
}
END_TEST

START_TEST(a_reserve_that_is_not_wanted_any_more_goes)
{
    put_all(KEYS, SIZE);
    wait_for_reserve(RESERVE);
    without_reserve();
    ck_assert_uint_eq(reserve_bytes(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_kept_between_does_not_hinder,
        all_can_be_deleted_in_any_order,
        compaction_that_is_asked_for_goes_on,
        all_can_be_deleted_where_a_tombstone_is_as_long_as_its_record,
        many_at_a_time_can_be_deleted,
        many_stores_go_on,
        restarts_do_not_hinder,
        power_cuts_do_not_hinder,
        failing_calls_do_not_hinder_for_good,
        a_disk_without_room_for_the_reserve_is_told_at_the_start,
        without_a_reserve_puts_leave_room_for_compaction,
        a_delete_without_hope_is_answered,
        space_comes_back_without_traffic,
        deletions_in_the_first_segment_do_not_hinder,
        the_active_segment_gives_back_too,
        the_active_segment_gives_back_where_somebody_asks,
        power_cuts_while_the_active_segment_gives_back_do_not_hinder,
        the_reserve_is_made_whole_again,
        an_episode_is_told_once_and_at_readyz,
        puts_leave_the_reserve_alone,
        a_store_with_little_in_it_reserves_little,
        looking_only_does_not_touch_the_reserve,
        a_reserve_that_cannot_be_made_is_done_without,
        a_file_system_that_cannot_allocate_is_written_to,
        a_reserve_that_is_not_wanted_any_more_goes,
    };
    return UNIT_RUN_WITH("full", setup, teardown, tests);
}
