/* xxh3.h - XXH3, as fast as this processor can: to be included in the place of xxhash.h.
 *
 * The functions that go by the names of xxhash.h are for any processor of the architecture, and on x86-64 they may take
 * eight times as long as those that look which one they run on. Where the library has these, the names stand for them.
 * What comes out is the same.
 *
 * Thread: any.
 */
#ifndef CAIRN_XXH3_H
#define CAIRN_XXH3_H

#include <xxhash.h>

#ifdef CAIRN_XXH3_DISPATCH
#include <xxh_x86dispatch.h>
#endif

#endif
