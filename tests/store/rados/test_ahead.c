/* test_ahead.c - pieces that are asked for before they are read: bytes are right whatever readers and writers do, and
 * who reads in order takes a call for each piece, and not for each time he reads. */
#include "tests/lib/prng.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { PIECE = SIM_MEDIUM_PIECE, PORTION = PIECE / 4, PIECES = 40, SIZE = PIECES * PIECE - 100, ROOT = AT_FDCWD };

static struct sim_medium *ground;
static const struct io *io;
static int file;
static char bytes[SIZE];

#define MUST(call) ck_assert_msg((call) >= 0, "%s: %s", #call, strerror(errno))

static void setup(void)
{
    struct prng prng = prng_of(1);
    ground = sim_medium_new(1);
    io = sim_medium_io(ground);
    file = io->openat(io->self, ROOT, "/data/file", O_RDWR | O_CREAT, 0600);
    MUST(file);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)prng_next(&prng);
    ck_assert_int_eq(io_write_all(io, file, bytes, sizeof bytes, 0), 0);
    MUST(io->fdatasync(io->self, file));
}

static void teardown(void)
{
    MUST(io->close(io->self, file));
    sim_medium_free(ground);
}

static int open_again(void)
{
    int other = io->openat(io->self, ROOT, "/data/file", O_RDONLY, 0);
    MUST(other);
    return other;
}

static void must_read(int from, size_t length, size_t position)
{
    static char read[SIZE];
    size_t wanted = length < SIZE - position ? length : SIZE - position;
    ck_assert_int_eq(io->pread(io->self, from, read, length, (off_t)position), (ssize_t)wanted);
    ck_assert(memcmp(read, bytes + position, wanted) == 0);
}

START_TEST(who_reads_on_takes_a_call_for_each_piece)
{
    uint64_t before = sim_cluster_calls(ground->sim, SIM_CLUSTER_READ);
    for (size_t at = 0; at < SIZE; at += PORTION)
        must_read(file, PORTION, at);
    ck_assert_uint_le(sim_cluster_calls(ground->sim, SIM_CLUSTER_READ) - before, PIECES + 1);
}
END_TEST

/* Where the next piece begins it is left to who may wait, and asks for more. */
START_TEST(what_lies_in_the_same_piece_is_there_at_once)
{
    char read[PORTION];
    must_read(file, PORTION, 0);
    must_read(file, PORTION, PORTION);
    for (size_t at = 2 * PORTION; at < PIECE; at += PORTION) {
        ck_assert_int_eq(io->pread_nowait(io->self, file, read, PORTION, (off_t)at), PORTION);
        ck_assert(memcmp(read, bytes + at, PORTION) == 0);
    }
    ck_assert_int_eq(io->pread_nowait(io->self, file, read, PORTION, PIECE), -1);
    ck_assert_int_eq(errno, EAGAIN);
    must_read(file, PORTION, PIECE);
    bytes[PIECE + PORTION]++;
    ck_assert_int_eq(io_write_all(io, file, bytes + PIECE + PORTION, 1, PIECE + PORTION), 0);
    ck_assert_int_eq(io->pread_nowait(io->self, file, read, PORTION, PIECE + PORTION), -1);
    ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

/* A window of a file that moves on, and begins in front of where the last one has ended. */
START_TEST(windows_may_lap)
{
    for (size_t at = 0; at < SIZE; at += 2 * PIECE - 300)
        must_read(file, 2 * PIECE, at);
}
END_TEST

START_TEST(bytes_are_right_wherever_they_are_read)
{
    struct prng prng = prng_of(2);
    size_t at = 0;
    for (unsigned i = 0; i < 2000; i++) {
        size_t length = 1 + (size_t)prng_below(&prng, 3 * PIECE);
        if (at >= SIZE || prng_one_in(&prng, 5))
            at = (size_t)prng_below(&prng, SIZE);
        must_read(file, length, at);
        at += length;
    }
}
END_TEST

START_TEST(what_is_written_meanwhile_is_read)
{
    struct prng prng = prng_of(4);
    int other = open_again();
    for (size_t at = 0; at < SIZE; at += PORTION) {
        size_t to = at + (size_t)prng_below(&prng, SIZE - at);
        must_read(other, PORTION, at);
        bytes[to]++;
        ck_assert_int_eq(io_write_all(io, file, bytes + to, 1, (off_t)to), 0);
    }
    MUST(io->close(io->self, other));
}
END_TEST

/* Pieces that somebody has. */
static size_t lent(void)
{
    struct aheads *aheads = &ground->medium.aheads;
    lock_take(&aheads->lock);
    size_t now = aheads->lent;
    lock_release(&aheads->lock);
    return now;
}

/* None has more than four, and all together no more than there is room for; who has none reads all the same. */
START_TEST(readers_share_what_there_is)
{
    enum { READERS = 20 };
    int files[READERS];
    size_t most = 0;
    for (size_t i = 0; i < READERS; i++)
        files[i] = open_again();
    for (size_t at = 0; at < 8 * PORTION; at += PORTION)
        for (size_t i = 0; i < READERS; i++) {
            must_read(files[i], PORTION, at);
            size_t now = lent();
            most = now > most ? now : most;
        }
    ck_assert_uint_le(most, ground->medium.aheads.most);
    ck_assert_uint_gt(most, 4);
    for (size_t i = 0; i < READERS; i++)
        MUST(io->close(io->self, files[i]));
}
END_TEST

/* Nobody waits for pieces that are on their way to one who has gone, but the end. */
START_TEST(who_closes_leaves_nothing)
{
    for (unsigned i = 0; i < 50; i++) {
        int other = open_again();
        must_read(other, PORTION, 0);
        must_read(other, PORTION, PORTION);
        MUST(io->close(io->self, other));
    }
}
END_TEST

START_TEST(a_piece_that_cannot_be_read_is_told)
{
    enum { LARGE = 5 * PIECE }; /* more than is read by way of the cache */
    static char read[LARGE];
    must_read(file, LARGE, 0);
    sim_cluster_fail(ground->sim, SIM_CLUSTER_READ, 1, true, EIO);
    ck_assert_int_eq(io->pread(io->self, file, read, LARGE, LARGE), -1);
    ck_assert_int_eq(errno, EIO);
    sim_cluster_heal(ground->sim);
    must_read(file, LARGE, LARGE);
    must_read(file, LARGE, 2 * LARGE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_reads_on_takes_a_call_for_each_piece,
        what_lies_in_the_same_piece_is_there_at_once,
        windows_may_lap,
        bytes_are_right_wherever_they_are_read,
        what_is_written_meanwhile_is_read,
        readers_share_what_there_is,
        who_closes_leaves_nothing,
        a_piece_that_cannot_be_read_is_told,
    };
    return UNIT_RUN_WITH("ahead", setup, teardown, tests);
}
