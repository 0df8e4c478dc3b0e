/* test_trash.c - removing a store where the file system does not let its folder move: in place, through every crash. */
#include "tests/lib/fixture.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 2000 }; /* bytes of a payload with a file of its own */

static struct fixture fixture;

/* With one I/O thread, which removes one thing after the other. */
static void start(uint64_t seed)
{
    fixture_start(&fixture, seed);
    fixture_close(&fixture);
    fixture.options.io_threads = 1;
    fixture_open(&fixture);
}

static void setup(void)
{
    start(11);
}

static void teardown(void)
{
    fixture_end(&fixture);
}

/* ---- what a user sees ------------------------------------------------------------------------ */

static struct store *make_store(const char *name)
{
    bool created = false;
    struct store *store = NULL;
    ck_assert_int_eq(depot_create(fixture.depot, name, &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, name, &store, NULL), STORE_OK);
    return store;
}

/* Puts two objects into another store than the fixture's. */
static void put_into(struct store *store, const char *key, const char *text)
{
    static const uint8_t large[LARGE];
    struct store *own = fixture.store;
    fixture.store = store;
    ck_assert_int_eq(fixture_put_text(&fixture, key, text), STORE_OK);
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, LARGE), STORE_OK);
    fixture.store = own;
}

static bool is_listed(const char *name)
{
    char **names;
    size_t count;
    bool listed = false;
    ck_assert_int_eq(depot_names(fixture.depot, &names, &count), STORE_OK);
    for (size_t i = 0; i < count; i++)
        listed = listed || strcmp(names[i], name) == 0;
    free(names);
    return listed;
}

static enum store_error acquire(const char *name)
{
    struct store *store = NULL;
    enum store_error error = depot_acquire(fixture.depot, name, &store, NULL);
    depot_release(store);
    return error;
}

static bool exists(const char *path)
{
    int file = fixture.io->openat(fixture.io->self, AT_FDCWD, path, O_RDONLY, 0);
    if (file >= 0)
        fixture.io->close(fixture.io->self, file);
    return file >= 0;
}

/* Removes a store as overlayfs has it removed when it lies in a lower layer. */
static enum store_error delete_unmovable(const char *name)
{
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, false, EXDEV);
    enum store_error error = depot_delete(fixture.depot, name, true, NULL);
    sim_disk_heal(fixture.disk);
    return error;
}

START_TEST(it_is_gone_at_once_and_its_files_when_nobody_uses_it)
{
    bool created;
    struct store *store = make_store("image");
    put_into(store, "a", "one");
    ck_assert_int_eq(delete_unmovable("image"), STORE_OK);
    ck_assert_int_eq(acquire("image"), STORE_NO_STORE);
    ck_assert_int_eq(depot_delete(fixture.depot, "image", true, NULL), STORE_NO_STORE);
    ck_assert(!is_listed("image"));
    ck_assert(exists("/data/stores/image"));
    ck_assert_int_eq(depot_create(fixture.depot, "image", &created, NULL), STORE_BUSY);
    depot_release(store);
    fixture_close(&fixture); /* waits for the removal */
    ck_assert(!exists("/data/stores/image"));
    ck_assert(!exists("/data/trash/image.removed"));
    fixture_open(&fixture);
    ck_assert_int_eq(acquire("image"), STORE_NO_STORE);
    store = make_store("image");
    put_into(store, "a", "two");
    depot_release(store);
}
END_TEST

START_TEST(what_was_pinned_is_read_to_its_end)
{
    struct store *store = make_store("image");
    struct store_key key = store_key_of("large", 5);
    struct object *object = NULL;
    uint8_t bytes[LARGE];
    put_into(store, "a", "one");
    ck_assert_int_eq(store_get(store, &key, STORE_GET_PAYLOAD, &object), STORE_OK);
    ck_assert_int_eq(delete_unmovable("image"), STORE_OK);
    depot_release(store);
    ck_assert_int_eq(object_read(object, 0, bytes, LARGE), STORE_OK);
    object_release(object);
}
END_TEST

/* A name that looks like an entry of the trash is one like any other. */
START_TEST(names_are_not_confused)
{
    static const char *const names[] = {"0", "1", "image", "image.removed", "image.removed.removed"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        depot_release(make_store(names[i]));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_int_eq(delete_unmovable(names[i]), STORE_OK);
        ck_assert_int_eq(acquire(names[i]), STORE_NO_STORE);
        for (size_t k = i + 1; k < sizeof names / sizeof *names; k++)
            ck_assert_int_eq(acquire(names[k]), STORE_OK);
    }
}
END_TEST

START_TEST(what_cannot_be_marked_stays_as_it_was)
{
    struct store *store = make_store("image");
    put_into(store, "a", "one");
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, false, EXDEV);
    sim_disk_fail(fixture.disk, SIM_FSYNC, 1, false, EIO);
    ck_assert_int_eq(depot_delete(fixture.depot, "image", true, NULL), STORE_IO);
    sim_disk_heal(fixture.disk);
    put_into(store, "b", "two");
    depot_release(store);
    fixture_cut(&fixture, 3);
    fixture_open(&fixture);
    ck_assert_int_eq(acquire("image"), STORE_OK);
}
END_TEST

/* ---- every crash ----------------------------------------------------------------------------- */

/* What was acknowledged before the power went. */
struct progress {
    bool deleted;
    bool made_again;
    bool written;
};

/* Removes the store, makes one of its name, writes to it, until the power is cut. */
static struct progress work(void)
{
    struct progress progress = {0};
    struct store *store = NULL;
    struct store *own = fixture.store;
    bool created;
    sim_disk_fail(fixture.disk, SIM_RENAMEAT, 1, false, EXDEV);
    progress.deleted = depot_delete(fixture.depot, "image", true, NULL) == STORE_OK;
    ck_assert(quiet_comes()); /* its files have been removed */
    if (progress.deleted)
        progress.made_again = depot_create(fixture.depot, "image", &created, NULL) == STORE_OK && created;
    if (progress.made_again && depot_acquire(fixture.depot, "image", &store, NULL) == STORE_OK) {
        fixture.store = store;
        progress.written = fixture_put_text(&fixture, "new", "value") == STORE_OK;
        fixture.store = own;
        depot_release(store);
    }
    return progress;
}

static bool holds(struct store *store, const char *key, const char *text)
{
    struct store *own = fixture.store;
    fixture.store = store;
    bool held = fixture_get_text(&fixture, key, text) == STORE_OK;
    fixture.store = own;
    return held;
}

/* The old store whole, no store, or the new one; and not the old one once it was said to be removed. */
static void check(const struct progress *progress)
{
    struct store *store = NULL;
    enum store_error error = depot_acquire(fixture.depot, "image", &store, NULL);
    ck_assert_msg(error == STORE_OK || error == STORE_NO_STORE, "%s", store_error_text(error));
    bool old = store && holds(store, "a", "one") && holds(store, "b", "two");
    bool fresh = store && !holds(store, "a", "one") && !holds(store, "b", "two");
    ck_assert(!store || old || fresh);
    ck_assert(is_listed("image") == (store != NULL));
    if (progress->deleted)
        ck_assert(!old);
    if (progress->made_again)
        ck_assert(fresh);
    if (progress->written)
        ck_assert(holds(store, "new", "value"));
    depot_release(store);
}

START_TEST(a_power_cut_leaves_it_whole_or_gone)
{
    bool finished = false;
    for (uint64_t calls = 0; !finished; calls++) {
        teardown();
        start(calls);
        struct store *store = make_store("image");
        put_into(store, "a", "one");
        put_into(store, "b", "two");
        depot_release(store);
        sim_disk_cut_after(fixture.disk, calls);
        struct progress progress = work();
        finished = progress.written;
        fixture_cut(&fixture, calls);
        fixture_open(&fixture);
        check(&progress);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_is_gone_at_once_and_its_files_when_nobody_uses_it,
        what_was_pinned_is_read_to_its_end,
        names_are_not_confused,
        what_cannot_be_marked_stays_as_it_was,
        a_power_cut_leaves_it_whole_or_gone,
    };
    return UNIT_RUN_WITH("trash", setup, teardown, tests);
}
