/* test_cache.c - what was read of files lately: what is read again takes no call of the cluster, and is never old. */
#include "tests/lib/patience.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_medium.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PIECE = SIM_MEDIUM_PIECE, SMALL = PIECE / 64, ROOT = AT_FDCWD, FRAMES = SIM_MEDIUM_CACHE / PIECE };

static struct sim_medium *ground;
static const struct io *io;
static int file;

#define MUST(call) ck_assert_msg((call) >= 0, "%s: %s", #call, strerror(errno))

static void setup(void)
{
    ground = sim_medium_new(1);
    io = sim_medium_io(ground);
    file = io->openat(io->self, ROOT, "/data/file", O_RDWR | O_CREAT, 0600);
    MUST(file);
}

static void teardown(void)
{
    MUST(io->close(io->self, file));
    sim_medium_free(ground);
}

/* So many bytes, all the same, at a position. */
static void write_at(char byte, size_t length, off_t position)
{
    char bytes[PIECE];
    memset(bytes, byte, length);
    ck_assert_int_eq(io->pwrite(io->self, file, bytes, length, position), (ssize_t)length);
}

static char read_at(off_t position)
{
    char byte;
    ck_assert_int_eq(io->pread(io->self, file, &byte, 1, position), 1);
    return byte;
}

/* The byte there, or 0: it is not in memory. */
static char read_now(off_t position)
{
    char byte = 0;
    ssize_t got = io->pread_nowait(io->self, file, &byte, 1, position);
    ck_assert_msg(got == 1 || errno == EAGAIN, "%s", strerror(errno));
    return byte;
}

static uint64_t reads(void)
{
    return sim_cluster_calls(ground->sim, SIM_CLUSTER_READ);
}

/* Makes it so long, with the number of each piece in it. */
static void fill(unsigned pieces)
{
    for (unsigned i = 0; i < pieces; i++)
        write_at((char)(1 + i), PIECE, (off_t)i * PIECE);
    MUST(io->fdatasync(io->self, file));
}

START_TEST(what_was_read_is_there)
{
    fill(2);
    ck_assert_int_eq(read_now(10), 0);
    uint64_t before = reads();
    ck_assert_int_eq(read_at(10), 1);
    ck_assert_uint_eq(reads(), before + 1);
    ck_assert_int_eq(read_at(PIECE - 1), 1);
    ck_assert_int_eq(read_now(0), 1);
    ck_assert_uint_eq(reads(), before + 1);
    ck_assert_int_eq(read_now(PIECE), 0);
}
END_TEST

START_TEST(what_is_written_comes_into_it)
{
    fill(2);
    ck_assert_int_eq(read_at(10), 1);
    write_at('x', 2, 9);
    ck_assert_int_eq(read_now(8), 1);
    ck_assert_int_eq(read_now(10), 'x');
    ck_assert_int_eq(read_now(11), 1);
    ck_assert_int_eq(read_at(PIECE), 2);
    write_at('y', 2, PIECE - 1); /* in two of them */
    ck_assert_int_eq(read_now(PIECE - 1), 'y');
    ck_assert_int_eq(read_now(PIECE), 'y');
}
END_TEST

START_TEST(what_is_cut_off_is_gone)
{
    fill(2);
    ck_assert_int_eq(read_at(PIECE + 10), 2);
    MUST(io->ftruncate(io->self, file, PIECE + 5));
    MUST(io->ftruncate(io->self, file, (off_t)2 * PIECE));
    char byte = 'x';
    ck_assert_int_eq(io->pread(io->self, file, &byte, 1, PIECE + 10), 1);
    ck_assert_int_eq(byte, 0);
}
END_TEST

/* While this process had not opened it another one may have written to it. */
START_TEST(who_opens_anew_reads_anew)
{
    fill(1);
    ck_assert_int_eq(read_at(10), 1);
    MUST(io->close(io->self, file));
    file = io->openat(io->self, ROOT, "/data/file", O_RDWR, 0);
    MUST(file);
    ck_assert_int_eq(read_now(10), 0);
}
END_TEST

/* The second piece tells that somebody reads in order. */
START_TEST(who_reads_in_order_waits_for_few)
{
    fill(8);
    ck_assert_int_eq(read_at(0), 1);
    ck_assert_int_eq(read_at(PIECE), 2);
    uint64_t before = reads();
    for (unsigned i = 2; i < 8; i++)
        ck_assert_int_eq(read_at((off_t)i * PIECE), (char)(1 + i));
    ck_assert_uint_eq(reads(), before);
}
END_TEST

START_TEST(what_is_expected_comes)
{
    fill(8);
    io->expect(io->self, file, (off_t)5 * PIECE - 1, 2);
    WAIT_UNTIL(read_now((off_t)5 * PIECE - 1) && read_now((off_t)5 * PIECE));
    ck_assert_int_eq(read_now((off_t)5 * PIECE - 1), 5);
    ck_assert_int_eq(read_now((off_t)5 * PIECE), 6);
    io->expect(io->self, file, (off_t)100 * PIECE, 2); /* behind its end there is nothing */
}
END_TEST

/* What a read has met is told, and it is read once more for the next one. */
START_TEST(a_read_that_fails_leaves_nothing)
{
    char byte;
    fill(1);
    sim_cluster_fail(ground->sim, SIM_CLUSTER_READ, 1, true, EIO);
    ck_assert_int_eq(io->pread(io->self, file, &byte, 1, 0), -1);
    ck_assert_int_eq(errno, EIO);
    sim_cluster_heal(ground->sim);
    ck_assert_int_eq(read_at(0), 1);
}
END_TEST

/* There are more pieces than the memory has room for, and one who reads beside the one who writes. What he reads was
 * written, and not before what he has read already. */
static atomic_bool ended;

static void *read_beside(void *arg)
{
    struct prng prng = prng_of(5);
    unsigned char seen[2 * FRAMES] = {0};
    (void)arg;
    while (!atomic_load(&ended)) {
        unsigned at = (unsigned)prng_below(&prng, 2 * FRAMES);
        unsigned char now = (unsigned char)read_at((off_t)at * PIECE + (off_t)prng_below(&prng, SMALL));
        ck_assert_uint_ge(now, seen[at]);
        seen[at] = now;
    }
    return NULL;
}

START_TEST(nothing_is_older_than_what_was_read)
{
    enum { ROUNDS = 100 };
    pthread_t thread;
    struct prng prng = prng_of(3);
    for (unsigned i = 0; i < 2 * FRAMES; i++)
        write_at(1, PIECE, (off_t)i * PIECE);
    atomic_store(&ended, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, read_beside, NULL), 0);
    for (unsigned round = 2; round < ROUNDS; round++)
        for (unsigned i = 0; i < 8; i++) {
            off_t at = (off_t)prng_below(&prng, 2 * FRAMES) * PIECE;
            write_at((char)round, SMALL, at);
            ck_assert_int_eq(read_at(at), (char)round);
        }
    atomic_store(&ended, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_read_is_there,           what_is_written_comes_into_it,       what_is_cut_off_is_gone,
        who_opens_anew_reads_anew,        who_reads_in_order_waits_for_few,    what_is_expected_comes,
        a_read_that_fails_leaves_nothing, nothing_is_older_than_what_was_read,
    };
    return UNIT_RUN_WITH("cache", setup, teardown, tests);
}
