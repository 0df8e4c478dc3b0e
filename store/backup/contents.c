/* contents.c - the bytes of files. See contents.h. */
#include "store/backup/contents.h"

#include "store/backup/imprint.h"
#include "store/base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 20 };

static size_t chunk_of(uint64_t bytes)
{
    return bytes < CHUNK ? (size_t)bytes : CHUNK;
}

/* Where the bytes between two positions end in a file; an errno. */
static int find_end(const struct contents *contents, uint64_t from, uint64_t to, uint64_t *ret_end)
{
    struct imprint imprint;
    int error = imprint_of(contents->io, contents->file, &imprint);
    if (!error)
        *ret_end = imprint.size < from ? from : imprint.size < to ? imprint.size : to;
    return error;
}

static int compare(const struct contents *a, const struct contents *b, uint64_t from, uint64_t to, bool *ret_same)
{
    unsigned char *left = malloc(CHUNK), *right = malloc(CHUNK);
    int error = left && right ? 0 : ENOMEM;
    *ret_same = true;
    for (uint64_t at = from; at < to && *ret_same && !error; at += CHUNK) {
        size_t length = chunk_of(to - at);
        error = io_read_all(a->io, a->file, left, length, (off_t)at);
        if (!error)
            error = io_read_all(b->io, b->file, right, length, (off_t)at);
        *ret_same = !error && memcmp(left, right, length) == 0;
    }
    free(left);
    free(right);
    return error;
}

int contents_same(const struct contents *a, const struct contents *b, uint64_t from, uint64_t to, bool *ret_same)
{
    uint64_t end = from, other = from;
    int error = find_end(a, from, to, &end);
    if (!error)
        error = find_end(b, from, to, &other);
    *ret_same = !error && end == other;
    return *ret_same ? compare(a, b, from, end, ret_same) : error;
}

static bool is_zero(const unsigned char *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

int contents_zero(const struct contents *contents, uint64_t from, uint64_t to, bool *ret_zero)
{
    unsigned char *chunk = malloc(CHUNK);
    uint64_t end = from;
    int error = chunk ? find_end(contents, from, to, &end) : ENOMEM;
    *ret_zero = true;
    for (uint64_t at = from; at < end && *ret_zero && !error; at += CHUNK) {
        size_t length = chunk_of(end - at);
        error = io_read_all(contents->io, contents->file, chunk, length, (off_t)at);
        *ret_zero = !error && is_zero(chunk, length);
    }
    free(chunk);
    return error;
}

int contents_digest(const struct contents *contents, uint64_t size, struct store_digest *ret_digest)
{
    unsigned char *chunk = malloc(CHUNK);
    XXH3_state_t *state = XXH3_createState();
    int error = chunk && state ? 0 : ENOMEM;
    if (state)
        XXH3_128bits_reset(state);
    for (uint64_t at = 0; at < size && !error; at += CHUNK) {
        size_t length = chunk_of(size - at);
        error = io_read_all(contents->io, contents->file, chunk, length, (off_t)at);
        if (!error)
            XXH3_128bits_update(state, chunk, length);
    }
    if (!error)
        *ret_digest = digest_of_hash(XXH3_128bits_digest(state));
    XXH3_freeState(state);
    free(chunk);
    return error;
}
