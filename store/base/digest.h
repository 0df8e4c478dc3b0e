/* digest.h - the digest of a payload: XXH3-128 in canonical byte order.
 *
 * Thread: any.
 */
#ifndef CAIRN_STORE_DIGEST_H
#define CAIRN_STORE_DIGEST_H

#include "store/base/xxh3.h"
#include "store/store.h"

#include <assert.h>

/* The canonical bytes of a hash that was computed in pieces. */
struct store_digest digest_of_hash(XXH128_hash_t hash);

#endif
