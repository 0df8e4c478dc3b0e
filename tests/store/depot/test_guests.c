/* test_guests.c - what others put into a data folder, and the folders that it lies in. */
#include "tests/lib/fixture.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const nobodys[] = {".snapshot", ".DS_Store", ".gitkeep", ".nfs0001", "@eaDir", "lost+found"};

enum { NOBODYS = sizeof nobodys / sizeof *nobodys };

static struct fixture fixture;
static const struct io *io;

static void setup(void)
{
    fixture_start(&fixture, 21);
    io = fixture.io;
}

static void teardown(void)
{
    fixture_end(&fixture);
}

static void make_folder(const char *path)
{
    ck_assert_int_eq(io->mkdirat(io->self, AT_FDCWD, path, 0700), 0);
}

static void make_file(const char *path)
{
    int file = io->openat(io->self, AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io_write_all(io, file, "x", 1, 0), 0);
    io->close(io->self, file);
}

/* What file systems, file servers and people's tools put into any folder: some as folders, with files in them. */
static void litter(const char *folder)
{
    for (size_t i = 0; i < NOBODYS; i++) {
        char path[128], inside[160];
        (void)snprintf(path, sizeof path, "%s/%s", folder, nobodys[i]);
        (void)snprintf(inside, sizeof inside, "%s/inside", path);
        if (i % 2) {
            make_file(path);
        } else {
            make_folder(path);
            make_file(inside);
        }
    }
}

static enum store_error open_and_close(const char *path)
{
    struct depot *depot = NULL;
    struct store_detail detail;
    enum store_error error = depot_open(path, &fixture.options, &depot, &detail);
    depot_close(depot);
    return error;
}

/* ---- the way to it --------------------------------------------------------------------------- */

START_TEST(the_folders_it_lies_in_are_made)
{
    ck_assert_int_eq(open_and_close("/a/b/c"), STORE_OK);
    fixture_cut(&fixture, 1); /* and are on the disk */
    int folder = io->openat(io->self, AT_FDCWD, "/a/b/c/stores", O_RDONLY | O_DIRECTORY, 0);
    ck_assert_int_ge(folder, 0);
    io->close(io->self, folder);
    ck_assert_int_eq(open_and_close("/a/b/c"), STORE_OK);
    ck_assert_int_eq(open_and_close("/a/b/d/"), STORE_OK);
}
END_TEST

START_TEST(a_file_on_the_way_is_told)
{
    struct depot *depot = NULL;
    struct store_detail detail;
    make_file("/file");
    ck_assert_int_eq(depot_open("/file/b/c", &fixture.options, &depot, &detail), STORE_IO);
    ck_assert_ptr_nonnull(strstr(detail.text, "a part of the path is a file"));
}
END_TEST

/* ---- what is nobody's ------------------------------------------------------------------------ */

START_TEST(what_anybody_puts_into_a_folder_does_not_make_it_foreign)
{
    make_folder("/fresh");
    litter("/fresh");
    make_folder("/fresh/stores");
    litter("/fresh/stores");
    ck_assert_int_eq(open_and_close("/fresh"), STORE_OK);
    make_folder("/foreign");
    litter("/foreign");
    make_file("/foreign/thesis.doc");
    ck_assert_int_eq(open_and_close("/foreign"), STORE_FOREIGN);
}
END_TEST

START_TEST(it_is_no_store_and_no_part_of_one)
{
    char **names;
    size_t count;
    ck_assert_int_eq(fixture_put_text(&fixture, "a", "one"), STORE_OK);
    fixture_close(&fixture);
    litter("/data/stores");
    litter("/data/trash");
    litter("/data/stores/s");
    litter("/data/stores/s/log");
    litter("/data/stores/s/blobs");
    fixture_open(&fixture);
    ck_assert_uint_eq(fixture.warnings, 0);
    ck_assert_int_eq(depot_names(fixture.depot, &names, &count), STORE_OK);
    ck_assert_uint_eq(count, 1);
    free(names);
    ck_assert_int_eq(fixture_get_text(&fixture, "a", "one"), STORE_OK);
    int snapshot = io->openat(io->self, AT_FDCWD, "/data/trash/.snapshot/inside", O_RDONLY, 0);
    ck_assert_int_ge(snapshot, 0); /* nothing of it was touched */
    io->close(io->self, snapshot);
}
END_TEST

START_TEST(a_store_is_removed_with_what_others_have_put_into_it)
{
    fixture_close(&fixture);
    litter("/data/stores/s/log");
    fixture_open(&fixture);
    ck_assert_int_eq(depot_delete(fixture.depot, "s", true, NULL), STORE_OK);
    fixture_close(&fixture);
    int trash = io->openat(io->self, AT_FDCWD, "/data/trash", O_RDONLY | O_DIRECTORY, 0);
    char *names = io->list(io->self, trash);
    io->close(io->self, trash);
    ck_assert_str_eq(names, "");
    free(names);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_folders_it_lies_in_are_made,
        a_file_on_the_way_is_told,
        what_anybody_puts_into_a_folder_does_not_make_it_foreign,
        it_is_no_store_and_no_part_of_one,
        a_store_is_removed_with_what_others_have_put_into_it,
    };
    return UNIT_RUN_WITH("guests", setup, teardown, tests);
}
