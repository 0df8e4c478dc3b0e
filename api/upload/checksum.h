/* checksum.h - the field Upload-Checksum (tus 1.0.0): what the bytes of one request add up to.
 *
 *     sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_CHECKSUM_H
#define CAIRN_API_CHECKSUM_H

#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The algorithms, as Tus-Checksum-Algorithm has them. */
#define CHECKSUM_ALGORITHMS "sha1,sha256,md5"

struct nettle_hash;

struct checksum {
    const struct nettle_hash *hash; /* NULL: nobody has told one */
    union {
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
        struct md5_ctx md5;
    } state;
    uint8_t expected[SHA256_DIGEST_SIZE];
};

/* Reads a value; false when it is malformed, or of another algorithm. */
bool checksum_expect(struct checksum *checksum, const char *value);

void checksum_update(struct checksum *checksum, const void *bytes, size_t length);

/* Whether the bytes are what was told; true where nothing was. Once. */
bool checksum_verify(struct checksum *checksum);

#endif
