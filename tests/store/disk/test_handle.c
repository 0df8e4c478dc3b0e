/* test_handle.c - files that are opened when they are needed: which stay open, and which go. */
#include "store/disk/handle.h"

#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { FILES = 6, LIMIT = 2, THREADS = 4, TURNS = 20000 };

static struct sim_disk *disk;
static const struct io *io;
static struct handles handles;
static struct handle_folder folder;
static struct handle *all[FILES];

/* Each file holds its own number. */
static int make_file(unsigned number)
{
    char name[32];
    (void)snprintf(name, sizeof name, "/%016x.seg", number);
    int file = io->openat(io->self, AT_FDCWD, name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(io_write_all(io, file, &number, sizeof number, 0), 0);
    return file;
}

static void setup(void)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    handles_init(&handles, io, LIMIT);
    folder = (struct handle_folder){.handles = &handles};
    folder.open = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    for (unsigned i = 0; i < FILES; i++)
        all[i] = handle_new(&folder, i, ".seg", O_RDWR, make_file(i));
}

static void teardown(void)
{
    for (unsigned i = 0; i < FILES; i++)
        handle_free(all[i]);
    handles_free(&handles);
    io->close(io->self, folder.open);
    ck_assert_uint_eq(sim_disk_open_files(disk), 0);
    ck_assert_uint_eq(sim_disk_bad_uses(disk), 0);
    sim_disk_free(disk);
}

/* How many of the files are open. */
static size_t count_open(void)
{
    return sim_disk_open_files(disk) - 1;
}

static unsigned read_number(int file)
{
    unsigned number = FILES;
    int error = io_read_all(io, file, &number, sizeof number, 0);
    if (error)
        ck_abort_msg("%s", strerror(error));
    return number;
}

static void expect_read(unsigned i)
{
    int file;
    ck_assert_int_eq(handle_take(all[i], &file), 0);
    ck_assert_uint_eq(read_number(file), i);
    handle_give(all[i]);
}

static void rest_all(void)
{
    for (unsigned i = 0; i < FILES; i++)
        handle_rest(all[i]);
}

/* Whether it takes no call to have the file. */
static bool is_open(unsigned i)
{
    uint64_t before = sim_disk_calls(disk, SIM_OPENAT);
    expect_read(i);
    return sim_disk_calls(disk, SIM_OPENAT) == before;
}

START_TEST(what_rests_stays_open_as_far_as_there_is_room)
{
    ck_assert_uint_eq(count_open(), FILES);
    rest_all();
    ck_assert_uint_eq(count_open(), LIMIT);
    for (unsigned turn = 0; turn < 3 * FILES; turn++)
        expect_read(turn % FILES);
    ck_assert_uint_eq(count_open(), LIMIT);
}
END_TEST

START_TEST(what_is_read_again_and_again_stays)
{
    rest_all();
    expect_read(0);
    for (unsigned turn = 0; turn < 3 * FILES; turn++) {
        expect_read(1 + turn % (FILES - 1));
        ck_assert(is_open(0));
    }
}
END_TEST

START_TEST(what_is_taken_is_not_closed)
{
    int files[FILES];
    rest_all();
    for (unsigned i = 0; i < FILES; i++)
        ck_assert_int_eq(handle_take(all[i], &files[i]), 0);
    ck_assert_uint_eq(handles_close(&handles, FILES), 0);
    for (unsigned i = 0; i < FILES; i++) {
        ck_assert_uint_eq(read_number(files[i]), i);
        handle_give(all[i]);
    }
    ck_assert_uint_eq(handles_close(&handles, 1), 1);
    ck_assert_uint_eq(handles_close(&handles, FILES), FILES - 1);
    ck_assert_uint_eq(count_open(), 0);
    expect_read(3);
}
END_TEST

/* Another file comes to have the name. */
START_TEST(what_is_kept_is_the_same_file_whatever_its_name_leads_to)
{
    rest_all();
    ck_assert_int_eq(handle_keep(all[0]), 0);
    ck_assert_int_eq(handle_keep(all[0]), 0); /* by two */
    handle_rest(all[0]);
    ck_assert_int_eq(io->renameat(io->self, folder.open, "0000000000000001.seg", folder.open, "0000000000000000.seg"),
                     0);
    (void)handles_close(&handles, FILES);
    ck_assert_uint_eq(count_open(), 1);
    expect_read(0);
    handle_rest(all[0]);
    (void)handles_close(&handles, FILES);
    int file;
    ck_assert_int_eq(handle_take(all[0], &file), 0);
    ck_assert_uint_eq(read_number(file), 1);
    handle_give(all[0]);
}
END_TEST

START_TEST(what_is_shut_is_closed_at_once)
{
    int file;
    handle_shut(all[0]);
    ck_assert_uint_eq(count_open(), FILES - 1);
    expect_read(0);
    ck_assert_int_eq(handle_take(all[1], &file), 0);
    handle_shut(all[1]); /* somebody has it */
    ck_assert_uint_eq(read_number(file), 1);
    handle_give(all[1]);
    ck_assert_uint_eq(handles_close(&handles, FILES), 2);
    ck_assert_uint_eq(count_open(), FILES - 2); /* those that are kept */
}
END_TEST

/* Where it cannot be opened, it can be when there are descriptors again. */
START_TEST(what_cannot_be_opened_is_told)
{
    int file;
    rest_all();
    (void)handles_close(&handles, FILES);
    sim_disk_fail(disk, SIM_OPENAT, 1, true, EMFILE);
    ck_assert_int_eq(handle_take(all[0], &file), EMFILE);
    ck_assert_int_eq(handle_keep(all[0]), EMFILE);
    sim_disk_heal(disk);
    expect_read(0);
    ck_assert_uint_eq(handles_close(&handles, FILES), 1);
    io->unlinkat(io->self, folder.open, "0000000000000000.seg", 0);
    ck_assert_int_eq(handle_take(all[0], &file), ENOENT);
}
END_TEST

/* The first time somebody else comes in between, who keeps the file and takes its name. */
static struct io hasty;
static bool overtaken;

static int hasty_openat(void *self, int folder_file, const char *name, int flags, mode_t mode)
{
    if (!overtaken) {
        overtaken = true;
        ck_assert_int_eq(handle_keep(all[0]), 0);
        io->unlinkat(io->self, folder.open, name, 0);
    }
    return io->openat(self, folder_file, name, flags, mode);
}

START_TEST(what_another_one_has_opened_meanwhile_is_had_though_its_name_has_gone)
{
    rest_all();
    (void)handles_close(&handles, FILES);
    hasty = *io;
    hasty.openat = hasty_openat;
    handles.io = &hasty;
    overtaken = false;
    expect_read(0);
    ck_assert(overtaken);
    handles.io = io;
    handle_rest(all[0]);
}
END_TEST

START_TEST(what_is_sealed_is_opened_on_a_file_system_that_has_become_read_only)
{
    int file;
    handle_seal(all[0]);
    rest_all();
    (void)handles_close(&handles, FILES);
    sim_disk_set_read_only(disk, true);
    expect_read(0);
    ck_assert_int_eq(handle_take(all[1], &file), EROFS);
    sim_disk_set_read_only(disk, false);
}
END_TEST

static struct io own_numbers;

START_TEST(a_table_with_numbers_of_its_own_has_enough)
{
    rest_all();
    (void)handles_close(&handles, FILES);
    own_numbers = *io;
    own_numbers.own_numbers = true;
    struct handles plenty;
    handles_init(&plenty, &own_numbers, 0);
    const struct handle_folder same = {.handles = &plenty, .open = folder.open};
    struct handle *handle = handle_new(&same, 0, ".seg", O_RDWR, make_file(0));
    handle_rest(handle);
    ck_assert_uint_eq(count_open(), 1);
    handle_free(handle);
    handles_free(&plenty);
}
END_TEST

static void *read_in_turn(void *arg)
{
    unsigned seed = *(const unsigned *)arg;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        int file, error = handle_take(all[(turn * 7 + seed) % FILES], &file);
        if (error)
            ck_abort_msg("%s", strerror(error));
        if (read_number(file) != (turn * 7 + seed) % FILES)
            ck_abort_msg("another file");
        handle_give(all[(turn * 7 + seed) % FILES]);
        if (turn % 64 == 0)
            (void)handles_close(&handles, 1);
    }
    return NULL;
}

START_TEST(threads_that_read_and_close_have_the_right_files)
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    rest_all();
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_in_turn, &seeds[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    (void)handles_close(&handles, FILES);
    ck_assert_uint_eq(count_open(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_rests_stays_open_as_far_as_there_is_room,
        what_is_read_again_and_again_stays,
        what_is_taken_is_not_closed,
        what_is_kept_is_the_same_file_whatever_its_name_leads_to,
        what_is_shut_is_closed_at_once,
        what_cannot_be_opened_is_told,
        what_another_one_has_opened_meanwhile_is_had_though_its_name_has_gone,
        what_is_sealed_is_opened_on_a_file_system_that_has_become_read_only,
        a_table_with_numbers_of_its_own_has_enough,
        threads_that_read_and_close_have_the_right_files,
    };
    return UNIT_RUN_WITH("handle", setup, teardown, tests);
}
