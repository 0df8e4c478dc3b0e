/* test_tidemark.c - what is known of a file's digest is what it is, whatever parts the file was seen in. */
#include "store/log/tidemark.h"
#include "tests/lib/prng.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { SALT = 77, LENGTH = 5 * TIDEMARK_PIECE + 1000 };

static unsigned char *bytes;

static void setup(void)
{
    struct prng prng = prng_of(1);
    bytes = malloc(LENGTH);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < LENGTH; i++)
        bytes[i] = (unsigned char)prng_next(&prng);
}

static void teardown(void)
{
    free(bytes);
}

/* As whoever knows nothing makes it. */
static uint64_t digest_of(size_t pieces)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < pieces; i++)
        digest = XXH3_64bits_withSeed(bytes + i * TIDEMARK_PIECE, TIDEMARK_PIECE, SALT ^ digest);
    return digest;
}

static void expect(const struct tidemark *tidemark, uint64_t position, size_t pieces)
{
    uint64_t digest;
    ck_assert_uint_eq(tidemark_find(tidemark, position, &digest), pieces * TIDEMARK_PIECE);
    ck_assert_uint_eq(digest, digest_of(pieces));
}

/* Parts that overlap, and begin anywhere, as a window does that moves from record to record. */
START_TEST(parts_come_to_the_whole)
{
    struct prng prng = prng_of((uint64_t)_i);
    struct tidemark *tidemark = tidemark_new(SALT);
    for (uint64_t at = 0; at < LENGTH;) {
        uint64_t from = at - prng_below(&prng, at < 500 ? at + 1 : 500);
        uint64_t to = at + 1 + prng_below(&prng, 3 * TIDEMARK_PIECE);
        to = to < LENGTH ? to : LENGTH;
        tidemark_see(tidemark, bytes + from, (size_t)(to - from), from);
        at = to;
    }
    tidemark = tidemark_end(tidemark, LENGTH);
    expect(tidemark, LENGTH, 5);
    expect(tidemark, 5 * TIDEMARK_PIECE, 5);
    expect(tidemark, 5 * TIDEMARK_PIECE - 1, 4);
    expect(tidemark, 100, 0);
    tidemark_free(tidemark);
}
END_TEST

/* Behind them something else is written later. */
START_TEST(what_is_behind_the_records_is_not_taken_down)
{
    struct tidemark *tidemark = tidemark_new(SALT);
    tidemark_see(tidemark, bytes, LENGTH, 0);
    tidemark = tidemark_end(tidemark, 3 * TIDEMARK_PIECE - 8);
    expect(tidemark, LENGTH, 2);
    tidemark_free(tidemark);
}
END_TEST

START_TEST(behind_what_was_not_seen_nothing_is_known)
{
    struct tidemark *tidemark = tidemark_new(SALT);
    tidemark_see(tidemark, bytes, TIDEMARK_PIECE + 5, 0);
    tidemark_see(tidemark, bytes + TIDEMARK_PIECE + 6, 3 * TIDEMARK_PIECE, TIDEMARK_PIECE + 6);
    tidemark = tidemark_end(tidemark, LENGTH);
    expect(tidemark, LENGTH, 1);
    tidemark_free(tidemark);
    ck_assert_ptr_null(tidemark_end(tidemark_new(SALT), LENGTH));
    expect(NULL, LENGTH, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tidemark");
    TCase *tcase = tcase_create("tidemark");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, parts_come_to_the_whole, 0, 10);
    tcase_add_test(tcase, what_is_behind_the_records_is_not_taken_down);
    tcase_add_test(tcase, behind_what_was_not_seen_nothing_is_known);
    suite_add_tcase(suite, tcase);
    return unit_conclude(suite);
}
