/* Whoever is told STORE_IO is told the system's reason too: in errno, or in the result. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static struct fixture fixture;
static const char large[5000] = "large";

static void setup(void)
{
    fixture_start(&fixture, 1);
    fixture_close(&fixture);
    fixture.options.object_limit = 64 << 20;
    fixture_open(&fixture);
    ck_assert_int_eq(fixture_put_text(&fixture, "small", "text"), STORE_OK);
    ck_assert_int_eq(fixture_upload(&fixture, "large", large, sizeof large), STORE_OK);
}

static void teardown(void)
{
    sim_disk_heal(fixture.disk);
    fixture_end(&fixture);
}

static void expect_get(const char *name, enum sim_call call, uint64_t nth, int reason)
{
    struct store_key key = store_key_of(name, strlen(name));
    struct object *object;
    enum store_error error;
    sim_disk_fail(fixture.disk, call, nth, false, reason);
    errno = 0;
    ck_assert_int_eq(store_get(fixture.store, &key, STORE_GET_PAYLOAD, &object), STORE_IO);
    ck_assert_int_eq(errno, reason);
    sim_disk_fail(fixture.disk, call, nth, false, reason);
    errno = 0;
    ck_assert_int_eq(store_get_many(fixture.store, &key, 1, STORE_GET_PAYLOAD, &object, &error), STORE_OK);
    ck_assert_int_eq(error, STORE_IO);
    ck_assert_int_eq(errno, reason);
}

START_TEST(of_a_read)
{
    expect_get("small", SIM_PREAD, 1, EIO);
    expect_get("large", SIM_OPENAT, 1, EMFILE);
    expect_get("large", SIM_OPENAT, 1, EACCES);
    expect_get("large", SIM_FSTAT, 1, EIO);
    ck_assert_uint_eq(sim_disk_faults_met(fixture.disk), 8);
}
END_TEST

START_TEST(of_a_read_that_does_not_wait)
{
    struct store_key key = store_key_of("small", strlen("small"));
    struct object *object;
    sim_disk_fail(fixture.disk, SIM_PREAD_NOWAIT, 1, false, EIO);
    errno = 0;
    ck_assert_int_eq(store_get(fixture.store, &key, STORE_GET_PAYLOAD | STORE_GET_NOWAIT, &object), STORE_IO);
    ck_assert_int_eq(errno, EIO);
}
END_TEST

static bool ignore(void *arg, const struct store_list_item *item)
{
    (void)arg;
    (void)item;
    return true;
}

/* Whichever of its reads it is that fails. */
START_TEST(of_a_listing)
{
    struct store_list_query query = {.limit = 10};
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t length;
    unsigned failed = 0;
    for (uint64_t nth = 1;; nth++) {
        uint64_t met = sim_disk_faults_met(fixture.disk);
        fixture_close(&fixture);
        fixture_open(&fixture);
        sim_disk_fail(fixture.disk, SIM_PREAD, nth, false, EIO);
        errno = 0;
        enum store_error error = store_list(fixture.store, &query, ignore, NULL, cursor, &length);
        int reason = errno;
        bool faulted = sim_disk_faults_met(fixture.disk) > met;
        sim_disk_heal(fixture.disk);
        if (!faulted)
            break;
        ck_assert_int_eq(error, STORE_IO);
        ck_assert_int_eq(reason, EIO);
        failed++;
    }
    ck_assert_uint_ge(failed, 1); /* that of the log: a page reads no record */
}
END_TEST

START_TEST(of_the_names)
{
    char **names;
    size_t count;
    sim_disk_fail(fixture.disk, SIM_LIST, 1, false, EMFILE);
    errno = 0;
    ck_assert_int_eq(depot_names(fixture.depot, &names, &count), STORE_IO);
    ck_assert_int_eq(errno, EMFILE);
}
END_TEST

static void ready(void *ticket)
{
    ticket_done(ticket, &(struct store_result){0});
}

/* An upload that is larger than its buffers fails while it is being sent. */
START_TEST(of_an_upload)
{
    static unsigned char bytes[256 << 10];
    struct store_key key = store_key_of("new", strlen("new"));
    struct stream *stream;
    enum store_error error = STORE_OK;
    ck_assert_int_eq(stream_open(fixture.store, &key, STORE_SIZE_UNKNOWN, NULL, &stream), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_OPENAT, 1, true, EMFILE);
    for (int i = 0; i < 64 && !error; i++) {
        size_t taken = 0;
        errno = 0;
        error = stream_write(stream, bytes, sizeof bytes, &taken);
        if (!error && taken < sizeof bytes) {
            struct ticket ticket;
            ticket_init(&ticket);
            stream_wait(stream, ready, &ticket);
            ticket_wait(&ticket);
            ticket_destroy(&ticket);
        }
    }
    ck_assert_int_eq(error, STORE_IO);
    ck_assert_int_eq(errno, EMFILE);
    stream_abort(stream);
}
END_TEST

START_TEST(of_a_copy_into_another_store)
{
    struct store_op op = {.kind = STORE_COPY,
                          .key = store_key_of("small", strlen("small")),
                          .target = store_key_of("copy", strlen("copy"))};
    struct ticket ticket;
    struct store *other;
    bool created;
    ck_assert_int_eq(depot_create(fixture.depot, "other", &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "other", &other, NULL), STORE_OK);
    sim_disk_fail(fixture.disk, SIM_PREAD, 1, false, EIO);
    ticket_init(&ticket);
    ck_assert_int_eq(store_copy(fixture.store, &op, other, false, ticket_done, &ticket), STORE_OK);
    ck_assert_int_eq(ticket_wait(&ticket), STORE_IO);
    ck_assert_int_eq(ticket.os_error, EIO);
    ticket_destroy(&ticket);
    depot_release(other);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {of_a_read,    of_a_read_that_does_not_wait, of_a_listing, of_the_names,
                                  of_an_upload, of_a_copy_into_another_store};
    return UNIT_RUN_WITH("reasons", setup, teardown, tests);
}
