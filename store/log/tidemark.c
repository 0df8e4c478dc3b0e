/* tidemark.c - the digest of a segment's file, piece by piece. See tidemark.h. */
#include "store/log/tidemark.h"

#include <stdlib.h>

struct tidemark *tidemark_new(uint64_t salt)
{
    struct tidemark *tidemark = calloc(1, sizeof *tidemark);
    if (!tidemark)
        return NULL;
    tidemark->salt = salt;
    tidemark->state = XXH3_createState();
    if (tidemark->state)
        XXH3_64bits_reset_withSeed(tidemark->state, salt);
    return tidemark;
}

void tidemark_free(struct tidemark *tidemark)
{
    if (!tidemark)
        return;
    XXH3_freeState(tidemark->state);
    free(tidemark->digests);
    free(tidemark);
}

/* For want of memory those behind are not known. */
static void stop(struct tidemark *tidemark)
{
    XXH3_freeState(tidemark->state);
    tidemark->state = NULL;
}

/* A piece has come to its end. */
static void take_down(struct tidemark *tidemark)
{
    if (tidemark->count == tidemark->capacity) {
        size_t capacity = tidemark->capacity * 2 + 64;
        uint64_t *moved = realloc(tidemark->digests, capacity * sizeof *moved);
        if (!moved) {
            stop(tidemark);
            return;
        }
        tidemark->digests = moved;
        tidemark->capacity = capacity;
    }
    uint64_t digest = XXH3_64bits_digest(tidemark->state);
    tidemark->digests[tidemark->count++] = digest;
    XXH3_64bits_reset_withSeed(tidemark->state, tidemark->salt ^ digest);
}

void tidemark_see(struct tidemark *tidemark, const void *bytes, size_t length, uint64_t position)
{
    const unsigned char *at = bytes;
    if (position > tidemark->end || position + length <= tidemark->end)
        return;
    at += tidemark->end - position;
    length -= (size_t)(tidemark->end - position);
    while (length > 0 && tidemark->state) {
        size_t rest = (size_t)(TIDEMARK_PIECE - tidemark->end % TIDEMARK_PIECE);
        size_t part = length < rest ? length : rest;
        XXH3_64bits_update(tidemark->state, at, part);
        tidemark->end += part;
        at += part;
        length -= part;
        if (part == rest)
            take_down(tidemark);
    }
}

struct tidemark *tidemark_end(struct tidemark *tidemark, uint64_t position)
{
    if (!tidemark)
        return NULL;
    stop(tidemark);
    if (tidemark->count > position / TIDEMARK_PIECE)
        tidemark->count = (size_t)(position / TIDEMARK_PIECE);
    if (tidemark->count > 0)
        return tidemark;
    tidemark_free(tidemark);
    return NULL;
}

uint64_t tidemark_find(const struct tidemark *tidemark, uint64_t position, uint64_t *ret_digest)
{
    size_t pieces = (size_t)(position / TIDEMARK_PIECE);
    *ret_digest = 0;
    if (!tidemark)
        return 0;
    if (pieces > tidemark->count)
        pieces = tidemark->count;
    if (pieces > 0)
        *ret_digest = tidemark->digests[pieces - 1];
    return (uint64_t)pieces * TIDEMARK_PIECE;
}
