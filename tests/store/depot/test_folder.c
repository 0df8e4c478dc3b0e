/* test_folder.c - other people's folders, folders of a newer version, and a first start that was cut short. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

FIXTURE_OF_EACH_TEST

static enum store_error try_open(struct store_detail *ret_detail)
{
    struct depot *depot;
    enum store_error error = depot_open("/data", &fixture.options, &depot, ret_detail);
    if (!error)
        depot_close(depot);
    return error;
}

static uint64_t changes_made(void)
{
    static const enum sim_call calls[] = {SIM_PWRITE,   SIM_FTRUNCATE, SIM_ALLOCATE,
                                          SIM_UNLINKAT, SIM_RENAMEAT,  SIM_LINKAT};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        sum += sim_disk_calls(fixture.disk, calls[i]);
    return sum;
}

static void assert_refused(enum store_error wanted)
{
    struct store_detail detail;
    uint64_t changes = changes_made();
    size_t nodes = sim_disk_nodes(fixture.disk);
    ck_assert_int_eq(try_open(&detail), wanted);
    ck_assert_msg(strstr(detail.text, "/data"), "the sentence does not name the folder: %s", detail.text);
    ck_assert_uint_eq(changes_made(), changes);
    ck_assert_uint_eq(sim_disk_nodes(fixture.disk), nodes);
    ck_assert_uint_eq(sim_disk_open_files(fixture.disk), 0);
}

static void make_folder(const char *path)
{
    ck_assert_int_eq(fixture.io->mkdirat(fixture.io->self, AT_FDCWD, path, 0700), 0);
}

/* An empty disk in place of the closed fixture's. */
static void new_disk(void)
{
    sim_disk_free(fixture.disk);
    fixture.disk = sim_disk_new(1);
    fixture.io = sim_disk_io(fixture.disk);
    fixture.options.io = fixture.io;
}

START_TEST(a_foreign_folder_is_refused_and_untouched)
{
    fixture_close(&fixture);
    new_disk();
    make_folder("/data");
    fixture_write_file(&fixture, "/data/thesis.tex", "precious", 8, 0);
    assert_refused(STORE_FOREIGN);
    fixture_remove(&fixture, "/data/thesis.tex");
    fixture_open(&fixture);
}
END_TEST

/* Names that a data folder has too make no folder cairn's, nor does a marker that is another's. */
START_TEST(a_folder_with_familiar_names_is_refused_and_untouched)
{
    static const struct {
        const char *folders[2];
        const char *file;
    } cases[] = {
        {{"/data/trash", "/data/trash/letters"}, "/data/trash/letters/a"},
        {{"/data/trash", "/data/trash/letters"}, NULL},
        {{"/data/trash", NULL}, "/data/trash/a"},
        {{"/data/stores", "/data/stores/photos"}, NULL},
        {{"/data/stores", NULL}, "/data/stores/a"},
        {{"/data/lock", NULL}, NULL},
        {{"/data/cairn", NULL}, NULL},
        {{NULL}, "/data/lock"},
        {{NULL}, "/data/stores"},
        {{NULL}, "/data/trash"},
        {{NULL}, "/data/cairn"},
        {{NULL}, "/data/cairn.new"},
    };
    fixture_close(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        new_disk();
        make_folder("/data");
        for (size_t j = 0; j < 2 && cases[i].folders[j]; j++)
            make_folder(cases[i].folders[j]);
        if (cases[i].file)
            fixture_write_file(&fixture, cases[i].file, "hi\n", 3, 0);
        bool unreadable = cases[i].folders[0] && strcmp(cases[i].folders[0], "/data/cairn") == 0;
        assert_refused(unreadable ? STORE_IO : STORE_FOREIGN);
        fixture.options.read_only = true;
        assert_refused(unreadable ? STORE_IO : STORE_FOREIGN);
        fixture.options.read_only = false;
    }
    new_disk();
    fixture_open(&fixture);
}
END_TEST

/* Nothing is made anew over data: the marker may come back from a backup. */
START_TEST(a_data_folder_without_its_marker_is_refused_and_untouched)
{
    static const char path[] = "/data/cairn";
    struct store_detail detail;
    fixture_must_put(&fixture, "a", "text");
    fixture_close(&fixture);
    size_t size;
    uint8_t *marker = fixture_read_file(&fixture, path, &size);
    fixture_remove(&fixture, path);
    assert_refused(STORE_FOREIGN);
    ck_assert_int_eq(try_open(&detail), STORE_FOREIGN);
    ck_assert_msg(strstr(detail.text, "'stores'") && strstr(detail.text, "'cairn'") && strstr(detail.text, "backup"),
                  "it does not say what was found and what to do: %s", detail.text);
    fixture.options.read_only = true;
    assert_refused(STORE_FOREIGN);
    fixture.options.read_only = false;
    fixture_write_file(&fixture, path, marker, size / 2, 0);
    assert_refused(STORE_DAMAGED);
    fixture_write_file(&fixture, path, marker, size, 0);
    free(marker);
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "a", "text");
}
END_TEST

/* Wherever the power goes in the first start, and whatever it leaves: the next start makes the folder cairn's. */
START_TEST(a_first_start_that_was_cut_short_is_made_up_for)
{
    struct store_detail detail;
    enum store_error error = STORE_IO;
    uint64_t calls = 0;
    fixture_close(&fixture);
    for (; error; calls++) {
        for (uint64_t seed = 1; seed <= 32; seed++) {
            new_disk();
            sim_disk_cut_after(fixture.disk, calls);
            error = try_open(&detail);
            sim_disk_reboot(fixture.disk, seed);
            ck_assert_msg(!try_open(&detail), "cut after %d calls, seed %d: %s", (int)calls, (int)seed, detail.text);
        }
    }
    ck_assert_uint_gt(calls, 10);
    new_disk();
    fixture_open(&fixture);
}
END_TEST

START_TEST(a_newer_format_is_refused_and_untouched)
{
    static const char path[] = "/data/cairn";
    fixture_close(&fixture);
    size_t size;
    char *text = (char *)fixture_read_file(&fixture, path, &size);
    text[size] = 0;
    char *format = strstr(text, "format ");
    ck_assert_ptr_nonnull(format);
    fixture_write_file(&fixture, path, "9", 1, (size_t)(format - text) + strlen("format "));
    assert_refused(STORE_TOO_NEW);
    fixture_write_file(&fixture, path, text, size, 0);
    free(text);
    fixture_open(&fixture);
}
END_TEST

START_TEST(one_folder_one_depot)
{
    struct store_detail detail;
    fixture_must_put(&fixture, "a", "text");
    ck_assert_int_eq(try_open(&detail), STORE_LOCKED);
    ck_assert_msg(strstr(detail.text, "/data"), "the sentence does not name the folder: %s", detail.text);
    fixture_must_put(&fixture, "b", "text");
    fixture_must_hold(&fixture, "a", "text");
}
END_TEST

static void take_marker(const char *from, const char *to)
{
    ck_assert_int_eq(fixture.io->renameat(fixture.io->self, AT_FDCWD, from, AT_FDCWD, to), 0);
}

/* The marker comes last: until then the folder that another process makes looks like somebody's. */
START_TEST(a_folder_that_another_one_is_making_is_locked)
{
    struct store_detail detail;
    take_marker("/data/cairn", "/cairn");
    ck_assert_int_eq(try_open(&detail), STORE_LOCKED);
    ck_assert_msg(strstr(detail.text, "another process has the data folder /data open"), "%s", detail.text);
    fixture_close(&fixture);
    assert_refused(STORE_FOREIGN);
    take_marker("/cairn", "/data/cairn");
    fixture_open(&fixture);
}
END_TEST

static int finishing_lock(void *self, int file)
{
    if (fixture_exists(&fixture, "/cairn"))
        take_marker("/cairn", "/data/cairn");
    return fixture.io->lock(self, file);
}

/* That one has ended before its lock was asked for. */
START_TEST(a_folder_that_was_made_meanwhile_is_opened)
{
    struct store_detail detail;
    struct io finishing = *fixture.io;
    finishing.lock = finishing_lock;
    fixture_must_put(&fixture, "a", "text");
    fixture_close(&fixture);
    take_marker("/data/cairn", "/cairn");
    fixture.options.io = &finishing;
    ck_assert_int_eq(try_open(&detail), STORE_OK);
    fixture.options.io = fixture.io;
    fixture_open(&fixture);
    fixture_must_hold(&fixture, "a", "text");
}
END_TEST

START_TEST(a_file_is_no_folder)
{
    struct store_detail detail;
    struct depot *depot;
    fixture_write_file(&fixture, "/file", "x", 1, 0);
    enum store_error error = depot_open("/file", &fixture.options, &depot, &detail);
    ck_assert_msg(error == STORE_IO || error == STORE_FOREIGN, "%s", store_error_text(error));
    ck_assert_msg(strstr(detail.text, "/file"), "the sentence does not name it: %s", detail.text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_foreign_folder_is_refused_and_untouched,
        a_folder_with_familiar_names_is_refused_and_untouched,
        a_data_folder_without_its_marker_is_refused_and_untouched,
        a_first_start_that_was_cut_short_is_made_up_for,
        a_newer_format_is_refused_and_untouched,
        one_folder_one_depot,
        a_folder_that_another_one_is_making_is_locked,
        a_folder_that_was_made_meanwhile_is_opened,
        a_file_is_no_folder,
    };
    return UNIT_RUN_WITH("folder", setup, teardown, tests);
}
