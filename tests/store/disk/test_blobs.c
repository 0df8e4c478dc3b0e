/* test_blobs.c - which way the bytes of a blob file go: by way of the page cache, or past it. */
#include "store/disk/blobs.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 256 << 10, PIECES = 16, AHEAD = 1 << 20 /* bytes that the disk may be behind */ };

static struct sim_disk *disk;
static const struct io *io;
static struct pool *pool;
static struct shared_lock needs_lock;
static struct leftovers leftovers;
static struct blobs blobs;
static struct blob_file file;
static unsigned char *piece;

static void setup(void)
{
    disk = sim_disk_new(1);
    io = sim_disk_io(disk);
    pool = pool_new(1);
    shared_lock_init(&needs_lock);
    const struct home home = {.open = io->openat(io->self, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0),
                              .path = strdup("/")};
    leftovers_init(&leftovers, io, pool);
    blobs_init(&blobs, &leftovers, &home, pool, 1, &needs_lock);
    piece = aligned_alloc(IO_BLOCK, PIECE);
    ck_assert(piece);
    file = blob_file_none();
}

static void teardown(void)
{
    blob_file_close(&file);
    blobs_end(&blobs);
    blobs_free(&blobs);
    leftovers_end(&leftovers);
    leftovers_free(&leftovers);
    shared_lock_destroy(&needs_lock);
    pool_free(pool);
    free(piece);
    ck_assert_uint_eq(sim_disk_bad_uses(disk), 0);
    sim_disk_free(disk);
}

static void fill(unsigned i)
{
    memset(piece, 'a' + (int)i, PIECE);
}

static void create(uint64_t cached)
{
    ck_assert_int_eq(blob_file_create(&file, &blobs, cached), 0);
}

/* Writes piece `i`; whether it went past the page cache. */
static bool goes_past(unsigned i)
{
    fill(i);
    ck_assert_int_eq(blob_file_write(&file, piece, PIECE, (uint64_t)i * PIECE, BLOB_UNDER_WAY), 0);
    return file.direct;
}

static void expect_pieces(unsigned count)
{
    unsigned char *read = aligned_alloc(IO_BLOCK, PIECE);
    ck_assert_int_eq(blob_file_sync(&file, (uint64_t)count * PIECE), 0);
    for (unsigned i = 0; i < count; i++) {
        fill(i);
        ck_assert_int_eq(io_read_all(io, file.file, read, PIECE, (off_t)i * PIECE), 0);
        ck_assert_int_eq(memcmp(read, piece, PIECE), 0);
    }
    free(read);
}

START_TEST(what_may_be_read_soon_stays_in_the_page_cache)
{
    ck_assert_uint_eq(blob_cached(1), BLOB_CACHED_MAX);
    ck_assert_uint_eq(blob_cached(BLOB_CACHED_MAX), BLOB_CACHED_MAX);
    ck_assert_uint_eq(blob_cached(STORE_SIZE_UNKNOWN), BLOB_CACHED_MAX);
    ck_assert_uint_eq(blob_cached(BLOB_CACHED_MAX + 1), 0);
}
END_TEST

START_TEST(behind_its_first_bytes_a_file_goes_past_it)
{
    create(2 * PIECE);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(goes_past(i), i >= 2);
    expect_pieces(4);
}
END_TEST

START_TEST(a_large_one_goes_past_it_from_the_beginning)
{
    create(0);
    for (unsigned i = 0; i < 2; i++)
        ck_assert(goes_past(i));
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_WRITE_BACK), 0);
    expect_pieces(2);
}
END_TEST

START_TEST(where_that_is_refused_it_goes_on_as_it_did)
{
    sim_disk_refuse_direct(disk, true);
    create(PIECE);
    for (unsigned i = 0; i < 4; i++)
        ck_assert(!goes_past(i));
    ck_assert_uint_le(sim_disk_calls(disk, SIM_OPENAT), 4); /* the folder, the file, and one try to change the way */
    expect_pieces(4);
}
END_TEST

/* One that is gone on with where no block ends: nothing of it can go past the page cache. */
START_TEST(at_an_odd_position_it_goes_by_way_of_it)
{
    create(0);
    ck_assert(goes_past(0));
    fill(1);
    ck_assert_int_eq(blob_file_write(&file, piece, PIECE, PIECE - 1, BLOB_UNDER_WAY), 0);
    ck_assert(!file.direct);
}
END_TEST

START_TEST(the_disk_is_never_far_behind)
{
    create(BLOB_CACHED_ALL);
    for (unsigned i = 0; i < PIECES; i++) {
        ck_assert(!goes_past(i));
        uint64_t end = (uint64_t)(i + 1) * PIECE;
        ck_assert_uint_eq(sim_disk_calls(disk, SIM_WRITE_BACK), i + 1);
        ck_assert_uint_eq(sim_disk_calls(disk, SIM_AWAIT_BACK), end > AHEAD ? i + 1 - AHEAD / PIECE : 0);
    }
    expect_pieces(PIECES);
}
END_TEST

/* No sync tells of it any more. */
START_TEST(what_fails_on_its_way_back_fails_the_write)
{
    create(BLOB_CACHED_ALL);
    for (unsigned i = 0; i < AHEAD / PIECE; i++)
        ck_assert(!goes_past(i));
    sim_disk_fail(disk, SIM_AWAIT_BACK, 1, false, ENOSPC);
    ck_assert_int_eq(blob_file_write(&file, piece, PIECE, AHEAD, BLOB_UNDER_WAY), ENOSPC);
}
END_TEST

static void write_among(uint64_t cached)
{
    enum { PARTS = PIECE / BLOB_UNDER_WAY_AMONG };
    create(cached);
    for (unsigned i = 0; i < PIECES; i++) {
        uint64_t writes = sim_disk_calls(disk, SIM_PWRITE), awaits = sim_disk_calls(disk, SIM_AWAIT_BACK);
        fill(i);
        ck_assert_int_eq(blob_file_write(&file, piece, PIECE, (uint64_t)i * PIECE, BLOB_UNDER_WAY_AMONG), 0);
        ck_assert_int_eq(file.direct, cached == 0);
        ck_assert_uint_eq(sim_disk_calls(disk, SIM_PWRITE) - writes, PARTS);
        ck_assert_uint_eq(sim_disk_calls(disk, SIM_AWAIT_BACK) - awaits, cached ? PARTS - (i == 0) : 0);
    }
    expect_pieces(PIECES);
}

START_TEST(among_small_commits_little_of_it_is_under_way)
{
    write_among(0);
}
END_TEST

START_TEST(so_it_is_by_way_of_the_page_cache)
{
    write_among(BLOB_CACHED_ALL);
}
END_TEST

/* What was begun with in peace is waited for once. */
START_TEST(from_one_portion_to_the_next_it_may_be_less)
{
    create(BLOB_CACHED_ALL);
    for (unsigned i = 0; i < AHEAD / PIECE; i++)
        ck_assert(!goes_past(i));
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_AWAIT_BACK), 0);
    fill(AHEAD / PIECE);
    ck_assert_int_eq(blob_file_write(&file, piece, PIECE, AHEAD, BLOB_UNDER_WAY_AMONG), 0);
    ck_assert_uint_eq(sim_disk_calls(disk, SIM_AWAIT_BACK), PIECE / BLOB_UNDER_WAY_AMONG);
    ck_assert_uint_eq(file.awaited, AHEAD + PIECE - BLOB_UNDER_WAY_AMONG);
    expect_pieces(AHEAD / PIECE + 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_may_be_read_soon_stays_in_the_page_cache,
        behind_its_first_bytes_a_file_goes_past_it,
        a_large_one_goes_past_it_from_the_beginning,
        where_that_is_refused_it_goes_on_as_it_did,
        at_an_odd_position_it_goes_by_way_of_it,
        the_disk_is_never_far_behind,
        what_fails_on_its_way_back_fails_the_write,
        among_small_commits_little_of_it_is_under_way,
        so_it_is_by_way_of_the_page_cache,
        from_one_portion_to_the_next_it_may_be_less,
    };
    return UNIT_RUN_WITH("blobs", setup, teardown, tests);
}
