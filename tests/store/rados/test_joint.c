/* test_joint.c - a pool and the files of this machine behind one table; stores that go from the one to the other. */
#include "store/rados/joint.h"
#include "tests/lib/model.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE = 5 * SIM_MEDIUM_PIECE };

static struct sim_medium *ground;
static const struct io *io;
static char folder[64], data[96]; /* of this machine; in the pool it is /data */
static char large[LARGE];

#define MUST(call)        ck_assert_msg((call) >= 0, "%s: %s", #call, strerror(errno))
#define FAILS(call, code) ck_assert_msg((call) < 0 && errno == (code), "%s: %s", #call, strerror(errno))

static void setup(void)
{
    ground = sim_medium_new(1);
    io = &ground->medium.beside[true].io;
    (void)snprintf(folder, sizeof folder, "/tmp/cairn-joint-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(data, sizeof data, "%s/data", folder);
    memset(large, 'x', sizeof large);
}

static void teardown(void)
{
    char command[96];
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
    sim_medium_free(ground);
}

static int open_file(const char *path, int flags)
{
    int file = io->openat(io->self, AT_FDCWD, path, flags, 0600);
    ck_assert_msg(file >= 0, "%s: %s", path, strerror(errno));
    return file;
}

START_TEST(each_call_goes_where_it_belongs)
{
    char path[128], bytes[LARGE] = "";
    (void)snprintf(path, sizeof path, "%s/file", folder);
    int here = open_file(path, O_RDWR | O_CREAT), there = open_file("/data/file", O_RDWR | O_CREAT);
    ck_assert_int_eq(io_write_all(io, here, large, sizeof large, 0), 0);
    ck_assert_int_eq(io_copy_all(io, here, 0, there, 0, sizeof large), 0);
    MUST(io->fdatasync(io->self, there));
    ck_assert_int_eq(io_read_all(&ground->medium.io, there, bytes, sizeof bytes, 0), 0);
    ck_assert(memcmp(bytes, large, sizeof bytes) == 0);
    FAILS(io->renameat(io->self, AT_FDCWD, path, AT_FDCWD, "/data/other"), EXDEV);
    FAILS(io->linkat(io->self, AT_FDCWD, "/data/file", AT_FDCWD, path), EXDEV);
    FAILS(io->exchange(io->self, AT_FDCWD, "/data/file", AT_FDCWD, path), EXDEV);
    FAILS(io->openat(io->self, AT_FDCWD, "/database/file", O_RDONLY, 0), ENOENT); /* which is none of the pool's */
    MUST(io->close(io->self, here));
    MUST(io->close(io->self, there));
    MUST(io->unlinkat(io->self, AT_FDCWD, "/data/file", 0));
    MUST(io->unlinkat(io->self, AT_FDCWD, path, 0));
}
END_TEST

/* ---- stores ------------------------------------------------------------------------------------ */

static const struct io *side_of(const char *path)
{
    return &ground->medium.beside[strcmp(path, "/data") == 0].io;
}

/* A depot there is, and a store in it. */
struct place {
    struct depot *depot;
    struct store *store;
};

static struct place enter(const char *path, const char *name)
{
    struct place place;
    struct store_detail detail;
    bool created;
    const struct depot_options options = model_options(side_of(path));
    ck_assert_msg(depot_open(path, &options, &place.depot, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_create(place.depot, name, &created, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_acquire(place.depot, name, &place.store, &detail) == STORE_OK, "%s", detail.text);
    return place;
}

static void leave(struct place *place)
{
    depot_release(place->store);
    depot_close(place->depot);
}

static void put(const char *path, const char *name, const char *key, size_t size)
{
    struct place place = enter(path, name);
    struct ticket ticket;
    const struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of(key, strlen(key)), .payload = large, .size = size};
    ticket_init(&ticket);
    ck_assert_int_eq(store_batch(place.store, &op, 1, 0, ticket_done, &ticket, NULL), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    leave(&place);
}

/* STORE_NO_OBJECT: there is none. */
static enum store_error get(const char *path, const char *name, const char *key, size_t size)
{
    char bytes[LARGE];
    struct place place = enter(path, name);
    const struct store_key wanted = store_key_of(key, strlen(key));
    struct object *object;
    enum store_error error = store_get(place.store, &wanted, STORE_GET_PAYLOAD, &object);
    if (!error) {
        ck_assert_uint_eq(object_info(object)->size, size);
        ck_assert_int_eq(object_read(object, 0, bytes, size), STORE_OK);
        ck_assert(memcmp(bytes, large, size) == 0);
        object_release(object);
    }
    leave(&place);
    return error;
}

static void told(void *arg, const struct backup_store *store)
{
    if (store->error)
        *(enum store_error *)arg = store->error;
}

static enum store_error transfer(const char *from, const char *to)
{
    enum store_error error = STORE_OK;
    struct store_detail detail;
    const struct backup_options options = {.io = side_of(to),
                                           .from_io = side_of(from),
                                           .restore = true,
                                           .beside = true,
                                           .any_source = true,
                                           .told = told,
                                           .arg = &error};
    enum store_error made = backup_make(from, to, &options, &detail);
    ck_assert_msg(made == STORE_OK, "%s", detail.text);
    return error;
}

/* What is written there goes as it comes, also by a table in front of this one; on this machine in portions. */
START_TEST(what_is_written_to_a_pool_is_a_message)
{
    struct io within;
    for (int in_pool = 0; in_pool < 2; in_pool++) {
        io_within(&within, &ground->medium.beside[in_pool].io);
        ck_assert_int_eq(ground->medium.beside[in_pool].io.by_message, in_pool);
        ck_assert_int_eq(within.by_message, in_pool);
    }
}
END_TEST

START_TEST(stores_go_there_and_back)
{
    char back[128];
    (void)snprintf(back, sizeof back, "%s/back", folder);
    put(data, "s", "small", 10);
    put(data, "s", "large", LARGE);
    ck_assert_int_eq(transfer(data, "/data"), STORE_OK);
    ck_assert_int_eq(get("/data", "s", "small", 10), STORE_OK);
    ck_assert_int_eq(get("/data", "s", "large", LARGE), STORE_OK);
    put("/data", "s", "more", LARGE);
    ck_assert_int_eq(transfer("/data", back), STORE_OK);
    ck_assert_int_eq(get(back, "s", "small", 10), STORE_OK);
    ck_assert_int_eq(get(back, "s", "large", LARGE), STORE_OK);
    ck_assert_int_eq(get(back, "s", "more", LARGE), STORE_OK);
}
END_TEST

START_TEST(stores_that_are_there_stay)
{
    put("/data", "own", "k", 10);
    put(data, "s", "k", LARGE);
    ck_assert_int_eq(transfer(data, "/data"), STORE_OK);
    ck_assert_int_eq(get("/data", "own", "k", 10), STORE_OK);
    put("/data", "s", "later", 10);
    put(data, "s", "other", 10);
    ck_assert_int_eq(transfer(data, "/data"), STORE_EXISTS);
    ck_assert_int_eq(get("/data", "s", "later", 10), STORE_OK);
    ck_assert_int_eq(get("/data", "s", "other", 10), STORE_NO_OBJECT);
}
END_TEST

/* Of a run that was cut short before its last store the first ones are its own, also when their source has gone on. */
START_TEST(what_a_run_has_made_is_its_own)
{
    put(data, "a", "k", 10);
    put(data, "b", "k", LARGE);
    ck_assert_int_eq(transfer(data, "/data"), STORE_OK);
    MUST(io->mkdirat(io->self, AT_FDCWD, "/data/restore", 0700));
    MUST(io->close(io->self, open_file("/data/restore/.beside", O_WRONLY | O_CREAT)));
    MUST(io->close(io->self, open_file("/data/restore/a.own", O_WRONLY | O_CREAT)));
    put(data, "a", "more", 10);
    put(data, "b", "more", 10);
    ck_assert_int_eq(transfer(data, "/data"), STORE_EXISTS); /* b */
    ck_assert_int_eq(get("/data", "a", "more", 10), STORE_OK);
    ck_assert_int_eq(get("/data", "b", "more", 10), STORE_NO_OBJECT);
}
END_TEST

static void note(void *arg, const char *sentence)
{
    (void)arg;
    (void)sentence;
}

START_TEST(a_store_that_another_process_has_is_left_alone)
{
    static struct medium other;
    const struct medium_use use = {.name = "/data", .lease = SIM_MEDIUM_LEASE, .piece = SIM_MEDIUM_PIECE, .lost = note};
    struct cluster cluster;
    struct tenant tenant;
    char back[128];
    (void)snprintf(back, sizeof back, "%s/back", folder);
    put("/data", "s", "k", LARGE);
    sim_cluster_connect(ground->sim, &cluster);
    ck_assert_int_eq(medium_begin(&other, &cluster, &use), 0);
    ck_assert_int_eq(other.tenure.take(other.tenure.self, "stores/s", &tenant), 0);
    ck_assert_int_eq(transfer("/data", back), STORE_ELSEWHERE);
    other.tenure.leave(other.tenure.self, "stores/s");
    ck_assert_int_eq(transfer("/data", back), STORE_OK);
    ck_assert_int_eq(get(back, "s", "k", LARGE), STORE_OK);
    medium_end(&other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_call_goes_where_it_belongs, what_is_written_to_a_pool_is_a_message,
        stores_go_there_and_back,        stores_that_are_there_stay,
        what_a_run_has_made_is_its_own,  a_store_that_another_process_has_is_left_alone,
    };
    return UNIT_RUN_WITH("joint", setup, teardown, tests);
}
