/* xxh3.h - XXH3, as fast as this processor can: to be included in the place of xxhash.h.
 *
 * The functions that go by the names of xxhash.h are for any processor of the architecture. On x86-64 those that look
 * which one they run on take half of the time; where the library has these, the names stand for them. What comes out is
 * the same.
 *
 * Thread: any.
 */
#ifndef CAIRN_XXH3_H
#define CAIRN_XXH3_H

#include <xxhash.h>

#ifdef CAIRN_XXH3_DISPATCH

#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>

enum { XXH3_SHORT = 240 /* bytes up to which there is but one way to hash */ };

/* As Debian builds them they leave the upper halves of the wide registers in use. What knows nothing of these waits for
 * them then: the functions for any processor would take four times as long. */
__attribute__((target("avx"))) static inline void xxh3_empty_registers(void)
{
    __builtin_ia32_vzeroupper();
}

static inline void xxh3_leave_registers(void)
{
    if (__builtin_cpu_supports("avx"))
        xxh3_empty_registers();
}

static inline XXH64_hash_t xxh3_64(const void *bytes, size_t length, XXH64_hash_t seed)
{
    if (length <= XXH3_SHORT)
        return XXH3_64bits_withSeed(bytes, length, seed);
    XXH64_hash_t hash = XXH3_64bits_withSeed_dispatch(bytes, length, seed);
    xxh3_leave_registers();
    return hash;
}

static inline XXH128_hash_t xxh3_128(const void *bytes, size_t length)
{
    if (length <= XXH3_SHORT)
        return XXH3_128bits(bytes, length);
    XXH128_hash_t hash = XXH3_128bits_dispatch(bytes, length);
    xxh3_leave_registers();
    return hash;
}

static inline XXH_errorcode xxh3_128_update(XXH3_state_t *state, const void *bytes, size_t length)
{
    XXH_errorcode error = XXH3_128bits_update_dispatch(state, bytes, length);
    xxh3_leave_registers();
    return error;
}

#undef XXH3_64bits
#undef XXH3_64bits_withSeed
#undef XXH3_128bits
#undef XXH3_128bits_update
#define XXH3_64bits(bytes, length) xxh3_64(bytes, length, 0)
#define XXH3_64bits_withSeed       xxh3_64
#define XXH3_128bits               xxh3_128
#define XXH3_128bits_update        xxh3_128_update

#endif

#endif
