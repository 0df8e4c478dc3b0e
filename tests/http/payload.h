/* payload.h - bytes that tests upload and recognise again.
 *
 * Every byte is a function of a seed and its position, so a payload of any size can be made and checked
 * piece by piece, and two seeds never agree for longer than a few bytes by chance.
 *
 * Thread: any; nothing here has state.
 */
#ifndef CAIRN_TESTS_HTTP_PAYLOAD_H
#define CAIRN_TESTS_HTTP_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the bytes `position` to `position + length` of the payload of that seed. */
void payload_fill(void *bytes, size_t length, uint64_t seed, uint64_t position);

/* Whether the bytes are those that payload_fill() writes. */
bool payload_matches(const void *bytes, size_t length, uint64_t seed, uint64_t position);

/* A payload of `size` bytes from position 0; the caller frees it. */
void *payload_new(size_t size, uint64_t seed);

/* The bytes in base64 with padding, as a string; the caller frees it. */
char *payload_base64(const void *bytes, size_t length);

/* The value of a Content-Digest header, `sha-256=:…:`; the caller frees it. */
char *payload_sha256_field(const void *bytes, size_t length);

/* The value of a Content-MD5 header; the caller frees it. */
char *payload_md5_field(const void *bytes, size_t length);

#endif
