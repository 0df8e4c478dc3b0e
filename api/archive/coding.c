/* coding.c - zlib and libzstd behind one face; members of gzip, and frames of zstd, follow each other. Zeros behind one
 * fill up a block: gzip itself has it so, and bsdtar with all that it packs. See coding.h. */
#include "api/archive/coding.h"

#include "api/http/fields.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    GZIP_WINDOW = 15 + 16 /* a gzip head is wanted */,
    GZIP_COST = 48 << 10,
    ZSTD_COST = (1 << CODING_WINDOW_LOG) + (512 << 10)
};

struct coding {
    enum coding_kind kind;
    bool whole; /* what has come ends with a member or frame */
    z_stream gzip;
    ZSTD_DStream *zstd; /* owned */
};

bool coding_known(const char *content_encoding)
{
    return field_holds_only(content_encoding, "gzip") || field_holds_only(content_encoding, "x-gzip") ||
           field_holds_only(content_encoding, "zstd");
}

size_t coding_cost(enum coding_kind kind)
{
    if (kind == CODING_NONE)
        return 0;
    return kind == CODING_GZIP ? GZIP_COST : ZSTD_COST;
}

struct coding *coding_new(enum coding_kind kind)
{
    struct coding *coding = calloc(1, sizeof *coding);
    if (!coding)
        return NULL;
    coding->kind = kind;
    bool made;
    if (kind == CODING_GZIP) {
        made = inflateInit2(&coding->gzip, GZIP_WINDOW) == Z_OK;
    } else {
        coding->zstd = ZSTD_createDStream();
        made = coding->zstd &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(coding->zstd, ZSTD_d_windowLogMax, CODING_WINDOW_LOG));
    }
    if (made)
        return coding;
    coding_free(coding);
    return NULL;
}

/* How many bytes fill up a block; else a member or frame goes on, or begins: none begins with a zero. */
static size_t filling(struct coding *coding, const char *bytes, size_t length)
{
    size_t zeros = 0;
    while (coding->whole && zeros < length && bytes[zeros] == '\0')
        zeros++;
    return zeros;
}

static const char *inflate_some(struct coding *coding, const char *bytes, size_t length, size_t *ret_used, char *room,
                                size_t capacity, size_t *ret_made)
{
    z_stream *stream = &coding->gzip;
    size_t zeros = filling(coding, bytes, length);
    if (coding->whole && zeros < length) {
        inflateReset(stream);
        coding->whole = false;
    }
    stream->next_in = (Bytef *)(uintptr_t)(bytes + zeros);
    stream->avail_in = (uInt)(length - zeros);
    stream->next_out = (Bytef *)room;
    stream->avail_out = (uInt)capacity;
    int result = coding->whole ? Z_BUF_ERROR : inflate(stream, Z_NO_FLUSH);
    *ret_used = length - stream->avail_in;
    *ret_made = capacity - stream->avail_out;
    coding->whole = coding->whole || result == Z_STREAM_END;
    if (result == Z_MEM_ERROR)
        return "memory is short";
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? NULL : "its gzip is damaged";
}

static const char *decompress_some(struct coding *coding, const char *bytes, size_t length, size_t *ret_used,
                                   char *room, size_t capacity, size_t *ret_made)
{
    size_t zeros = filling(coding, bytes, length);
    ZSTD_inBuffer in = {.src = bytes, .size = length, .pos = zeros};
    ZSTD_outBuffer out = {.dst = room, .size = capacity};
    bool rests = coding->whole && zeros == length; /* asked then, it would want another frame */
    size_t result = rests ? 0 : ZSTD_decompressStream(coding->zstd, &out, &in);
    *ret_used = in.pos;
    *ret_made = out.pos;
    if (ZSTD_isError(result))
        return ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge
                   ? "its zstd has a window of more than 8 MiB: pack it without --ultra and --long"
                   : "its zstd is damaged";
    if (in.pos > zeros || out.pos > 0)
        coding->whole = result == 0;
    return NULL;
}

const char *coding_decode(struct coding *coding, const char *bytes, size_t length, size_t *ret_used, char *room,
                          size_t capacity, size_t *ret_made)
{
    if (coding->kind == CODING_GZIP)
        return inflate_some(coding, bytes, length, ret_used, room, capacity, ret_made);
    return decompress_some(coding, bytes, length, ret_used, room, capacity, ret_made);
}

bool coding_is_whole(const struct coding *coding)
{
    return coding->whole;
}

void coding_free(struct coding *coding)
{
    if (!coding)
        return;
    if (coding->kind == CODING_GZIP)
        inflateEnd(&coding->gzip);
    ZSTD_freeDStream(coding->zstd);
    free(coding);
}
