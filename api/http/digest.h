/* digest.h - what a sender says of its content: Content-Digest and Repr-Digest (RFC 9530) with sha-256,
 * and Content-MD5. Other algorithms are passed over, as RFC 9530 has it.
 *
 *     digest_expect_list(&digest, value)     from the head
 *     digest_update(&digest, bytes, length)  for each chunk
 *     digest_verify(&digest)                 once
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_DIGEST_H
#define CAIRN_API_DIGEST_H

#include "api/http/attributes.h"

#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest_sum {
    bool wanted;
    bool told; /* `expected` holds what the sender said */
    uint8_t expected[SHA256_DIGEST_SIZE];
};

struct digest {
    struct digest_sum sha256, md5;
    bool contradiction; /* two fields told different sums */
    struct sha256_ctx sha256_state;
    struct md5_ctx md5_state;
};

void digest_init(struct digest *digest);

/* Reads the value of Content-Digest or Repr-Digest, or of Content-MD5; false when it is malformed. */
bool digest_expect_list(struct digest *digest, const char *value);
bool digest_expect_md5(struct digest *digest, const char *value);

/* The same of sums that are known as bytes; NULL: none is. */
void digest_expect_sums(struct digest *digest, const uint8_t *sha256, const uint8_t *md5);

/* Makes the SHA-256 even if nobody has told yet what it must be: a trailer may. */
void digest_want_sha256(struct digest *digest);

void digest_update(struct digest *digest, const void *bytes, size_t length);

/* Whether the content is what was told; afterwards `expected` holds the sums of the content. */
bool digest_verify(struct digest *digest);

/* Adds the sums that are in `expected` to what is kept with an object: GET answers them. */
enum attributes_error digest_keep(const struct digest *digest, struct attributes *attributes);

/* Whether the value of Want-Repr-Digest asks for sha-256; where it is told twice, the last one counts. */
bool digest_wants_sha256(const char *value);

/* Writes `sha-256=:...:`, or the base64 of an MD5, each with its NUL. */
enum { DIGEST_SHA256_SIZE = sizeof "sha-256=::" + 44, DIGEST_MD5_SIZE = 24 + 1 };
void digest_write_sha256(char text[DIGEST_SHA256_SIZE], const uint8_t *sum);
void digest_write_md5(char text[DIGEST_MD5_SIZE], const uint8_t *sum);

#endif
