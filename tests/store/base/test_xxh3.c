/* xxh3.h: what a processor does faster comes out the same, whole and in pieces, as data folders go from one machine to
 * another; and it leaves nothing behind that others would wait for. */
#include "store/base/xxh3.h"
#include "tests/lib/unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

static XXH64_hash_t hash_64(const void *bytes, size_t length, uint64_t seed)
{
    return seed == 0 ? XXH3_64bits(bytes, length) : XXH3_64bits_withSeed(bytes, length, seed);
}

static XXH128_hash_t hash_128(const void *bytes, size_t length)
{
    return XXH3_128bits(bytes, length);
}

static void add(XXH3_state_t *state, const void *bytes, size_t length)
{
    XXH3_128bits_update(state, bytes, length);
}

/* From here on the names stand for the functions that are for any processor. */
#undef XXH3_64bits
#undef XXH3_64bits_withSeed
#undef XXH3_128bits
#undef XXH3_128bits_update

static XXH64_hash_t plain_64(const void *bytes, size_t length, uint64_t seed)
{
    return seed == 0 ? XXH3_64bits(bytes, length) : XXH3_64bits_withSeed(bytes, length, seed);
}

static XXH128_hash_t plain_128(const void *bytes, size_t length)
{
    return XXH3_128bits(bytes, length);
}

enum {
    SHORT = 2100, /* beyond the lengths at which the way to hash changes */
    LONG = 300001,
    OFFSETS = 3 /* from where on: memory need not be aligned */
};

#define SEED UINT64_C(0x9e3779b97f4a7c15)

static unsigned char bytes[LONG + OFFSETS];

static void fill(void)
{
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        bytes[i] = (unsigned char)(state >> 56);
    }
}

static void expect_same(const unsigned char *start, size_t length)
{
    ck_assert_msg(hash_64(start, length, 0) == plain_64(start, length, 0), "%zu bytes", length);
    ck_assert_msg(hash_64(start, length, SEED) == plain_64(start, length, SEED), "%zu bytes", length);
    ck_assert_msg(XXH128_isEqual(hash_128(start, length), plain_128(start, length)), "%zu bytes", length);
}

START_TEST(it_is_the_same_of_any_length)
{
    for (size_t offset = 0; offset < OFFSETS; offset++) {
        for (size_t length = 0; length < SHORT; length++)
            expect_same(bytes + offset, length);
        expect_same(bytes + offset, LONG);
    }
}
END_TEST

START_TEST(it_is_the_same_in_pieces)
{
    static const size_t pieces[] = {1, 63, 64, 255, 256, 257, 1024, 4097, 65536};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        XXH3_state_t *state = XXH3_createState();
        ck_assert_ptr_nonnull(state);
        XXH3_128bits_reset(state);
        for (size_t at = 0; at < LONG; at += pieces[i])
            add(state, bytes + at, LONG - at < pieces[i] ? LONG - at : pieces[i]);
        ck_assert_msg(XXH128_isEqual(XXH3_128bits_digest(state), plain_128(bytes, LONG)), "pieces of %zu", pieces[i]);
        XXH3_freeState(state);
    }
}
END_TEST

/* Whether upper halves of registers of 256 bits are in use; false where the processor does not tell. */
static bool has_wide_registers_in_use(void)
{
    bool in_use = false;
#ifdef __x86_64__
    enum { EXTENDED_STATE = 0xd, TELLS = 1 << 2, UPPER_HALVES = 1 << 2 };
    unsigned features, unused, low, high;
    if (__get_cpuid_count(EXTENDED_STATE, 1, &features, &unused, &unused, &unused) && (features & TELLS) != 0) {
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(1));
        in_use = (low & UPPER_HALVES) != 0;
    }
#endif
    return in_use;
}

START_TEST(it_leaves_no_wide_register_in_use)
{
    XXH3_state_t *state = XXH3_createState();
    ck_assert_ptr_nonnull(state);
    XXH3_128bits_reset(state);
    ck_assert(!has_wide_registers_in_use());
    (void)hash_64(bytes, LONG, 0);
    ck_assert(!has_wide_registers_in_use());
    (void)hash_64(bytes, LONG, SEED);
    ck_assert(!has_wide_registers_in_use());
    (void)hash_128(bytes, LONG);
    ck_assert(!has_wide_registers_in_use());
    add(state, bytes, LONG);
    ck_assert(!has_wide_registers_in_use());
    XXH3_freeState(state);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {it_is_the_same_of_any_length, it_is_the_same_in_pieces, it_leaves_no_wide_register_in_use};
    fill();
    return UNIT_RUN("xxh3", tests);
}
