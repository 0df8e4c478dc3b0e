/* mapping.c: memory keeps what is in it when it grows, whatever it was before, and what is new is zero. */
#include "store/base/mapping.h"
#include "tests/lib/unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool is_all(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != value)
            return false;
    return true;
}

START_TEST(what_grows_keeps_what_it_has)
{
    const size_t sizes[] = {1, 100, MAPPING_MIN - 1, MAPPING_MIN, MAPPING_MIN + 1, 3 * MAPPING_MIN, 40 * MAPPING_MIN};
    const size_t count = sizeof sizes / sizeof *sizes;
    for (size_t from = 0; from < count; from++) {
        for (size_t to = from + 1; to < count; to++) {
            unsigned char *bytes = mapping_new(sizes[from]);
            ck_assert_ptr_nonnull(bytes);
            memset(bytes, 7, sizes[from]);
            bytes = mapping_grow(bytes, sizes[from], sizes[to]);
            ck_assert_ptr_nonnull(bytes);
            ck_assert_msg(is_all(bytes, sizes[from], 7), "from %zu to %zu", sizes[from], sizes[to]);
            ck_assert_msg(is_all(bytes + sizes[from], sizes[to] - sizes[from], 0), "from %zu to %zu", sizes[from],
                          sizes[to]);
            mapping_free(bytes, sizes[to]);
        }
    }
}
END_TEST

START_TEST(nothing_grows)
{
    unsigned char *bytes = mapping_grow(NULL, 0, 2 * MAPPING_MIN);
    ck_assert_ptr_nonnull(bytes);
    ck_assert(is_all(bytes, 2 * MAPPING_MIN, 0));
    mapping_free(bytes, 2 * MAPPING_MIN);
}
END_TEST

/* Where memory is out, what there was stands. */
START_TEST(what_cannot_grow_stays)
{
    unsigned char *bytes = mapping_new(MAPPING_MIN);
    memset(bytes, 7, MAPPING_MIN);
    size_t too_much = SIZE_MAX / 2;
    ck_assert_ptr_null(mapping_grow(bytes, MAPPING_MIN, too_much));
    ck_assert(is_all(bytes, MAPPING_MIN, 7));
    mapping_free(bytes, MAPPING_MIN);
}
END_TEST

/* The pages of so many bytes that are in memory. */
static size_t pages_there(void *bytes, size_t size)
{
    static unsigned char there[64];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0;
    ck_assert_uint_le(size / page, sizeof there);
    ck_assert_int_eq(mincore(bytes, size, there), 0);
    for (size_t i = 0; i < size / page; i++)
        count += there[i] & 1;
    return count;
}

START_TEST(pages_are_there_where_that_was_asked_for)
{
    unsigned char *bytes = mapping_new_present(2 * MAPPING_MIN), *lazy = mapping_new(2 * MAPPING_MIN);
    ck_assert_uint_eq(pages_there(bytes, 2 * MAPPING_MIN), 2 * MAPPING_MIN / (size_t)sysconf(_SC_PAGESIZE));
    ck_assert_uint_eq(pages_there(lazy, 2 * MAPPING_MIN), 0);
    ck_assert(is_all(bytes, 2 * MAPPING_MIN, 0));
    mapping_free(bytes, 2 * MAPPING_MIN);
    mapping_free(lazy, 2 * MAPPING_MIN);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {what_grows_keeps_what_it_has, nothing_grows, what_cannot_grow_stays,
                            pages_are_there_where_that_was_asked_for};
    return UNIT_RUN("mapping", tests);
}
