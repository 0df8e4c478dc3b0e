/* test_medium_depot.c - a depot in a pool: what its callers see that is not so in a folder. */
#include "tests/lib/model.h"
#include "tests/lib/pages.h"
#include "tests/lib/patience.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LARGE = 3 * SIM_MEDIUM_PIECE, RING = 1 << 20 /* what the buffers of an upload hold */, BUFFER = RING / 4 };

static struct sim_medium *ground;
static struct depot *depot;
static struct store *store;
static char large[LARGE];
static struct io counting; /* the same table, which counts what is expected, and the writes of a blob's bytes */
static unsigned expected;
static atomic_uint long_writes;
static atomic_bool slow; /* such a write waits */

static void expect(void *self, int file, off_t position, size_t length)
{
    expected++;
    sim_medium_io(ground)->expect(self, file, position, length);
}

static ssize_t pwrite_counted(void *self, int file, const void *bytes, size_t length, off_t position)
{
    atomic_fetch_add(&long_writes, length >= BUFFER);
    while (length >= BUFFER && atomic_load(&slow))
        sched_yield();
    return sim_medium_io(ground)->pwrite(self, file, bytes, length, position);
}

static void setup(void)
{
    struct store_detail detail;
    bool created;
    ground = sim_medium_new(1);
    counting = *sim_medium_io(ground);
    counting.expect = expect;
    counting.pwrite = pwrite_counted;
    struct depot_options options = model_options(&counting);
    options.object_limit = 8 * RING;
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
    const struct store_op op = {
        .kind = STORE_PUT, .key = store_key_of(key, strlen(key)), .payload = payload, .size = size};
    return ticket_batch(store, &op, 1, NULL);
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

/* What was read lately is there at once; but to open a file is to wait. */
START_TEST(what_was_read_lately_is_there_at_once)
{
    struct object *object;
    ck_assert_int_eq(put("small", large, 10), STORE_OK);
    ck_assert_int_eq(put("large", large, sizeof large), STORE_OK);
    ck_assert_int_eq(get("small", STORE_GET_NOWAIT, &object), STORE_AGAIN);
    ck_assert_int_eq(get("small", 0, &object), STORE_OK);
    object_release(object);
    ck_assert_int_eq(get("large", 0, &object), STORE_OK);
    object_release(object);
    uint64_t reads = sim_cluster_calls(ground->sim, SIM_CLUSTER_READ);
    ck_assert_int_eq(get("small", STORE_GET_NOWAIT, &object), STORE_OK);
    ck_assert(memcmp(object_payload(object), large, 10) == 0);
    object_release(object);
    ck_assert_int_eq(get("large", STORE_GET_NOWAIT, &object), STORE_AGAIN);
    ck_assert_uint_eq(sim_cluster_calls(ground->sim, SIM_CLUSTER_READ), reads);
}
END_TEST

/* Those that come next are asked for before one is read. */
START_TEST(many_are_expected)
{
    enum { COUNT = 100 };
    char names[COUNT][12];
    struct store_key keys[COUNT];
    struct object *objects[COUNT];
    enum store_error errors[COUNT];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(names[i], sizeof names[i], "%d", i);
        keys[i] = store_key_of(names[i], strlen(names[i]));
        ck_assert_int_eq(put(names[i], large, 10), STORE_OK);
    }
    expected = 0;
    ck_assert_int_eq(store_get_many(store, keys, COUNT, STORE_GET_PAYLOAD, objects, errors), STORE_OK);
    ck_assert_uint_eq(expected, COUNT);
    for (int i = 0; i < COUNT; i++) {
        ck_assert_int_eq(errors[i], STORE_OK);
        ck_assert(memcmp(object_payload(objects[i]), large, 10) == 0);
        object_release(objects[i]);
    }
}
END_TEST

static struct store_figures figures(void)
{
    struct store_figures told;
    store_figures(store, &told);
    return told;
}

static void compacted(void *arg, enum store_error error, const struct store_compaction *compaction)
{
    const struct store_result result = {.error = error};
    (void)compaction;
    ticket_done(arg, &result);
}

static void compact(void)
{
    struct ticket ticket;
    ticket_init(&ticket);
    ck_assert_int_eq(store_compact(store, 60000, compacted, &ticket), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
}

/* Those from one number on, whose names are their numbers. */
static void put_some(int from, int to, size_t size)
{
    char name[16];
    for (int i = from; i < to; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(put(name, large, size), STORE_OK);
    }
}

static void delete_some(int from, int to)
{
    char name[16];
    for (int i = from; i < to; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        const struct store_op op = {.kind = STORE_DELETE, .key = store_key_of(name, strlen(name))};
        ck_assert_int_eq(ticket_batch(store, &op, 1, NULL), STORE_OK);
    }
}

/* With segments of so many bytes, the first one too; 0: those of all tests. */
static void open_anew(uint64_t reserve, uint64_t segment)
{
    struct store_detail detail;
    struct depot_options options = model_options(&counting);
    options.disk_reserve = reserve;
    if (segment > 0)
        options.segment_size = options.first_segment = segment;
    ck_assert_msg(depot_open("/data", &options, &depot, &detail) == STORE_OK, "%s", detail.text);
    ck_assert_msg(depot_acquire(depot, "s", &store, &detail) == STORE_OK, "%s", detail.text);
}

/* Others have filled the cluster, or the pool may have less than it has. */
static void fill_pool(void)
{
    sim_cluster_set_free(ground->sim, 0);
    WAIT_UNTIL(put("more", large, 500) == STORE_FULL);
}

START_TEST(what_is_deleted_comes_back_where_nothing_is_free)
{
    enum { COUNT = 2000, SIZE = 500 }; /* many segments */
    depot_release(store);
    depot_close(depot);
    open_anew(1 << 20, 0);
    put_some(0, COUNT, SIZE);
    fill_pool();
    uint64_t before = figures().disk_bytes;
    delete_some(1, COUNT);
    compact();
    ck_assert_uint_lt(figures().disk_bytes, before / 2);
}
END_TEST

/* There is no other segment, and nobody asks. */
START_TEST(the_active_segment_gives_back_where_nothing_is_free)
{
    enum { COUNT = 200, SIZE = 500 };
    depot_release(store);
    depot_close(depot);
    open_anew(1 << 20, 256 << 10);
    put_some(0, COUNT, SIZE);
    ck_assert_uint_eq(figures().segments, 1);
    fill_pool();
    uint64_t before = figures().disk_bytes;
    delete_some(1, COUNT);
    WAIT_UNTIL(figures().dead_bytes < COUNT * SIZE / 8); /* and some tombstones may be there that came meanwhile */
    ck_assert_uint_lt(figures().dead_bytes, COUNT * SIZE / 8);
    ck_assert_uint_lt(figures().disk_bytes, before / 2);
    sim_cluster_set_free(ground->sim, UINT64_MAX);
    WAIT_UNTIL(put("more", large, SIZE) == STORE_OK);
}
END_TEST

/* The end of a segment that nothing was written to takes nothing, and nothing would come back of it. */
START_TEST(nothing_is_written_again_for_a_hole)
{
    enum { COUNT = 400, FEW = 50, SIZE = 500 };
    static char names[COUNT][12];
    static struct store_op ops[COUNT];
    depot_release(store);
    depot_close(depot);
    open_anew(1 << 20, 256 << 10);
    for (int i = 0; i < COUNT; i++) {
        int length = snprintf(names[i], sizeof names[i], "%d", i);
        ops[i] = (struct store_op){
            .kind = STORE_PUT, .key = store_key_of(names[i], (size_t)length), .payload = large, .size = SIZE};
    }
    put_some(COUNT, COUNT + FEW, SIZE);
    ck_assert_int_eq(ticket_batch(store, ops, COUNT, NULL), STORE_OK); /* no place behind the others */
    ck_assert_uint_eq(figures().segments, 2);
    uint64_t before = figures().end_offset;
    compact();
    ck_assert_uint_eq(figures().end_offset, before);
    ck_assert_uint_eq(figures().segments, 2);
}
END_TEST

/* Nobody else can have moved what a process has alone: so nobody is asked whether he has. */
START_TEST(a_commit_asks_the_cluster_nothing)
{
    ck_assert_int_eq(put("first", "value", 5), STORE_OK);
    uint64_t gets = sim_cluster_calls(ground->sim, SIM_CLUSTER_GET);
    ck_assert_int_eq(put("small", "value", 5), STORE_OK);
    ck_assert_int_eq(put("large", large, sizeof large), STORE_OK);
    ck_assert_uint_eq(sim_cluster_calls(ground->sim, SIM_CLUSTER_GET), gets);
}
END_TEST

/* Uploads whose bytes come faster than they go do not take what others need to begin. */
START_TEST(uploads_that_wait_leave_others_their_first_buffer)
{
    enum { COUNT = 10, LIMIT = 8 * RING };
    static const char bytes[BUFFER];
    struct stream *streams[COUNT];
    depot_release(store);
    depot_close(depot);
    struct depot_options options = model_options(&counting);
    options.object_limit = options.store_bytes_limit = LIMIT;
    ck_assert_int_eq(depot_open("/data", &options, &depot, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(depot, "s", &store, NULL), STORE_OK);
    atomic_store(&slow, true);
    for (size_t i = 0; i < COUNT; i++) {
        const struct store_key key = store_key_of("upload", 6);
        size_t taken = sizeof bytes;
        ck_assert_int_eq(stream_open(store, &key, 2 * RING, NULL, &streams[i]), STORE_OK);
        for (size_t sent = 0; sent < 2 * RING && taken > 0; sent += taken)
            ck_assert_int_eq(stream_write(streams[i], bytes, sizeof bytes, &taken), STORE_OK);
    }
    ck_assert_uint_le(figures().bytes_in_flight, LIMIT - LIMIT / 4);
    atomic_store(&slow, false);
    for (size_t i = 0; i < COUNT; i++)
        stream_abort(streams[i]);
}
END_TEST

static void send(struct stream *stream, size_t size)
{
    static const char bytes[BUFFER / 4];
    for (size_t sent = 0; sent < size;) {
        size_t taken = 0;
        ck_assert_int_eq(stream_write(stream, bytes, sizeof bytes, &taken), STORE_OK);
        sent += taken;
        if (taken == 0)
            sched_yield();
    }
}

/* An upload is sent in as few messages as its buffers allow; its end waits for nothing more. */
START_TEST(an_upload_goes_in_long_writes)
{
    enum { SIZE = 4 * RING + BUFFER };
    const struct store_key key = store_key_of("upload", 6);
    struct stream *stream;
    struct ticket ticket;
    ck_assert_int_eq(stream_open(store, &key, SIZE, NULL, &stream), STORE_OK);
    atomic_store(&long_writes, 0);
    send(stream, SIZE);
    ticket_init(&ticket);
    stream_commit(stream, &(struct stream_finish){0}, ticket_done, &ticket);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
    ticket_destroy(&ticket);
    ck_assert_uint_eq(atomic_load(&long_writes), SIZE / RING + 1);
}
END_TEST

/* Files whose names end so: how many are being opened, and were at most. */
struct crowd {
    const char *ending;
    atomic_uint now, most;
};

enum { SEGMENTS, SUMMARIES, KEYS, CROWDS };

static struct crowd crowds[CROWDS] = {{.ending = ".seg"}, {.ending = ".sum"}, {.ending = ".keys"}};

static void enter(struct crowd *crowd)
{
    unsigned now = atomic_fetch_add(&crowd->now, 1) + 1, most = atomic_load(&crowd->most);
    while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now))
        ;
}

/* It takes long enough to be met by others, where there are some. */
static int open_slowly(void *self, int folder, const char *path, int flags, mode_t mode)
{
    static const struct timespec while_others_come = {.tv_nsec = 2000000};
    struct crowd *crowd = NULL;
    for (size_t i = 0; i < CROWDS; i++)
        if (strchr(path, '.') && strcmp(strrchr(path, '.'), crowds[i].ending) == 0)
            crowd = &crowds[i];
    if (crowd) {
        enter(crowd);
        nanosleep(&while_others_come, NULL);
    }
    int file = sim_medium_io(ground)->openat(self, folder, path, flags, mode);
    if (crowd)
        atomic_fetch_sub(&crowd->now, 1);
    return file;
}

/* How many there are; the binder may have made one of several. */
static unsigned count_keys(void)
{
    const struct io *io = sim_medium_io(ground);
    int folder = io->openat(io->self, AT_FDCWD, "/data/stores/s/log", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, folder);
    unsigned count = 0;
    ck_assert_ptr_nonnull(names);
    for (const char *name = names; *name; name += strlen(name) + 1)
        count += strchr(name, '.') && strcmp(strchr(name, '.'), crowds[KEYS].ending) == 0;
    free(names);
    io->close(io->self, folder);
    return count;
}

/* Each takes round trips, which are made side by side: at a start, and for the first page. */
START_TEST(many_files_are_opened_at_once)
{
    enum { COUNT = 2000, SIZE = 500, AT_ONCE = 4 }; /* many segments */
    struct object *object;
    char name[12];
    put_some(0, COUNT, SIZE);
    static struct page page, same;
    ck_assert_int_eq(page_list(store, &page, "", "", 100), STORE_OK); /* then there are keys */
    depot_release(store);
    depot_close(depot);
    unsigned keys = count_keys();
    ck_assert_uint_gt(keys, 0);
    counting.openat = open_slowly;
    open_anew(0, 0);
    ck_assert_uint_ge(atomic_load(&crowds[SEGMENTS].most), AT_ONCE);
    ck_assert_uint_ge(atomic_load(&crowds[SUMMARIES].most), AT_ONCE);
    atomic_store(&crowds[KEYS].most, 0);
    ck_assert_int_eq(page_list(store, &same, "", "", 100), STORE_OK);
    ck_assert_str_eq(same.text, page.text);
    ck_assert_uint_ge(atomic_load(&crowds[KEYS].most), keys < AT_ONCE ? keys : AT_ONCE);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(get(name, 0, &object), STORE_OK);
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
    struct tenant tenant;
    ck_assert_int_eq(other->tenure.take(other->tenure.self, "stores/s", &tenant), 0);
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
    const TTest *const tests[] = {
        a_payload_is_read_that_has_no_descriptor,
        what_was_read_lately_is_there_at_once,
        many_are_expected,
        what_is_deleted_comes_back_where_nothing_is_free,
        the_active_segment_gives_back_where_nothing_is_free,
        nothing_is_written_again_for_a_hole,
        a_commit_asks_the_cluster_nothing,
        uploads_that_wait_leave_others_their_first_buffer,
        an_upload_goes_in_long_writes,
        many_files_are_opened_at_once,
        who_has_lost_the_pool_says_so,
    };
    return UNIT_RUN_WITH("medium_depot", setup, teardown, tests);
}
