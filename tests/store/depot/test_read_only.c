/* test_read_only.c - opening a depot read-only: it tells what is there and changes nothing. */
#include "tests/lib/findings.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

static bool ignore_item(void *arg, const struct store_list_item *item)
{
    (void)arg;
    (void)item;
    return true;
}

/* All bytes and names of the disk in one number. */
static uint64_t fingerprint(const char *path)
{
    const struct io *io = fixture.io;
    uint64_t sum = store_key_of(path, strlen(path)).hash;
    int folder = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0) {
        size_t size;
        uint8_t *bytes = fixture_read_file(&fixture, path, &size);
        sum += size + store_key_of(bytes, size).hash * 31;
        free(bytes);
        return sum;
    }
    char *names = io->list(io->self, folder);
    io->close(io->self, folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        char inside[512];
        snprintf(inside, sizeof inside, "%s/%s", path, name);
        sum += fingerprint(inside) * 7;
    }
    free(names);
    return sum;
}

static enum store_error open_read_only(struct store_detail *ret_detail)
{
    fixture.options.read_only = true;
    enum store_error error = depot_open("/data", &fixture.options, &fixture.depot, ret_detail);
    fixture.options.read_only = false;
    return error;
}

static uint64_t changing_calls(void)
{
    static const enum sim_call calls[] = {SIM_PWRITE,    SIM_FDATASYNC, SIM_FSYNC,     SIM_WRITE_BACK,
                                          SIM_FTRUNCATE, SIM_ALLOCATE,  SIM_MKDIRAT,   SIM_UNLINKAT,
                                          SIM_LINKAT,    SIM_RENAMEAT,  SIM_COPY_RANGE};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        sum += sim_disk_calls(fixture.disk, calls[i]);
    return sum;
}

static void close_read_only(struct store *store)
{
    depot_release(store);
    depot_close(fixture.depot);
    fixture.depot = NULL;
}

static void refuses_writes(struct store *store)
{
    bool created;
    struct stream *stream;
    struct store_key key = store_key_of("a", 1);
    struct store_op op = {.kind = STORE_PUT, .key = key, .payload = "new", .size = 3};
    ck_assert_int_eq(store_batch(store, &op, 1, 0, ticket_done, NULL, NULL), STORE_DRAINING);
    op.kind = STORE_DELETE;
    ck_assert_int_eq(store_batch(store, &op, 1, 0, ticket_done, NULL, NULL), STORE_DRAINING);
    ck_assert_int_eq(stream_open(store, &key, FIXTURE_LARGE, NULL, &stream), STORE_DRAINING);
    ck_assert_int_eq(depot_create(fixture.depot, "new", &created, NULL), STORE_DRAINING);
}

/* A folder after a crash, with all that a start would tidy up: a torn tail, an orphan, a spare, trash. */
START_TEST(read_only_changes_nothing)
{
    struct store *store;
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_upload(&fixture, "large");
    fixture_must_put(&fixture, "b", "the second payload");
    fixture_cut(&fixture, 1);
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the second payload"));
    fixture_write_file(&fixture, "/data/stores/s/blobs/00000000000000ff.blob", "orphan", 6, 0);
    fixture_write_file(&fixture, "/data/stores/s/log/spare", "spare", 5, 0);
    fixture_write_file(&fixture, "/data/trash/old", "old", 3, 0);
    uint64_t before = fingerprint("/data");
    uint64_t calls = changing_calls();
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "the first payload"), STORE_OK);
    ck_assert_int_eq(fixture_get(&fixture, "large", fixture_large(), FIXTURE_LARGE), STORE_OK);
    ck_assert_uint_eq(findings_none(&fixture).blobs, 1);
    refuses_writes(store);
    close_read_only(store);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(fingerprint("/data"), before);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
    fixture_open(&fixture);
}
END_TEST

/* A listing would write the sorted keys of a sealed segment beside it. */
START_TEST(read_only_lists_without_a_trace)
{
    struct store *store;
    unsigned char cursor[STORE_CURSOR_MAX];
    size_t length;
    struct store_list_query query = {.limit = 10};
    while (fixture_figures(&fixture).segments < 2)
        ck_assert_int_eq(fixture_put(&fixture, "key", fixture_large(), 500), STORE_OK);
    fixture_close(&fixture);
    uint64_t before = fingerprint("/data");
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    ck_assert_int_eq(store_list(store, &query, ignore_item, NULL, cursor, &length), STORE_OK);
    close_read_only(store);
    ck_assert_uint_eq(fingerprint("/data"), before);
    fixture_open(&fixture);
}
END_TEST

START_TEST(read_only_tells_of_damage)
{
    struct store *store;
    fixture_must_put(&fixture, "a", "the first payload");
    fixture_must_put(&fixture, "b", "the second payload");
    fixture_close(&fixture);
    fixture_flip(&fixture, fixture_segment(&fixture), fixture_find_text(&fixture, "the first payload"));
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    findings_one(&fixture, STORE_FLAW_PAYLOAD, "a", true);
    close_read_only(store);
    fixture_open(&fixture);
}
END_TEST

/* Everything that a start would do about a damaged log is left undone: the lost end, a file set aside, husks. */
START_TEST(read_only_tells_of_a_lost_end)
{
    struct store *store;
    for (unsigned i = 0; i < 1500; i++)
        ck_assert_int_eq(fixture_put(&fixture, i % 100 ? "key" : "another", fixture_large(), 500), STORE_OK);
    char last[128];
    snprintf(last, sizeof last, "%s", fixture_segment(&fixture));
    fixture_close(&fixture);
    fixture_remove(&fixture, last);
    fixture_write_file(&fixture, last, "not a header", 12, 0);
    fixture_write_file(&fixture, "/data/stores/s/log/00000000000000ff.seg", "stray", 5, 0);
    uint64_t before = fingerprint("/data");
    uint64_t calls = changing_calls();
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "s", &store, NULL), STORE_OK);
    fixture.store = store;
    ck_assert_uint_gt(fixture_figures(&fixture).damaged_bytes, 128);
    findings_verify(&fixture);
    unsigned files = 0, gaps = 0;
    for (size_t i = 0; i < findings_count; i++) {
        files += findings[i].flaw.kind == STORE_FLAW_FILE;
        gaps += findings[i].flaw.kind == STORE_FLAW_LOG;
    }
    ck_assert_uint_eq(files, 2);
    ck_assert_uint_ge(gaps, 1);
    close_read_only(store);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(fingerprint("/data"), before);
    fixture_open(&fixture);
}
END_TEST

START_TEST(read_only_respects_the_lock)
{
    struct depot *own = fixture.depot;
    struct store_detail detail;
    ck_assert_int_eq(open_read_only(&detail), STORE_LOCKED);
    ck_assert_msg(strstr(detail.text, "/data"), "it does not name the folder: %s", detail.text);
    fixture.depot = own;
    fixture_close(&fixture);
    ck_assert_int_eq(open_read_only(NULL), STORE_OK);
    struct depot *second;
    ck_assert_int_eq(depot_open("/data", &fixture.options, &second, NULL), STORE_LOCKED);
    fixture_remove(&fixture, "/data/lock"); /* as people do when they are told that the folder is open */
    ck_assert_int_eq(depot_open("/data", &fixture.options, &second, NULL), STORE_LOCKED);
    close_read_only(NULL);
    fixture_open(&fixture);
}
END_TEST

static void refused_and_untouched(const char *path, enum store_error expected)
{
    struct store_detail detail = {0};
    struct depot *depot;
    uint64_t calls = changing_calls();
    size_t nodes = sim_disk_nodes(fixture.disk);
    fixture.options.read_only = true;
    ck_assert_int_eq(depot_open(path, &fixture.options, &depot, &detail), expected);
    fixture.options.read_only = false;
    ck_assert_msg(strstr(detail.text, path), "it does not name the folder: %s", detail.text);
    ck_assert_msg(!strstr(detail.text, "make"), "it wanted to make something: %s", detail.text);
    ck_assert_uint_eq(changing_calls(), calls);
    ck_assert_uint_eq(sim_disk_nodes(fixture.disk), nodes);
}

START_TEST(read_only_makes_no_folder_its_own)
{
    refused_and_untouched("/missing", STORE_IO);
    refused_and_untouched("/no/such/folder", STORE_IO);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, "/empty", 0700), 0);
    refused_and_untouched("/empty", STORE_FOREIGN);
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, "/foreign", 0700), 0);
    fixture_write_file(&fixture, "/foreign/thesis.tex", "precious", 8, 0);
    refused_and_untouched("/foreign", STORE_FOREIGN);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        read_only_changes_nothing,     read_only_lists_without_a_trace, read_only_tells_of_damage,
        read_only_tells_of_a_lost_end, read_only_respects_the_lock,     read_only_makes_no_folder_its_own,
    };
    return UNIT_RUN_WITH("read_only", setup, teardown, tests);
}
