/* cursor.c - reading the records of one segment in order, and finding the next one behind a hole. */
#include "store/log/cursor.h"

#include "store/base/little.h"
#include "store/base/mapping.h"

#include <assert.h>
#include <string.h>

enum {
    WINDOW = 4 << 20,
    HEADS = 512 << 10,      /* read at a time where only heads are wanted: what a processor keeps near */
    STRIDE_LONG = 64 << 10, /* records from this length on are stepped over where only their heads are wanted */
};
static_assert((size_t)WINDOW > RECORD_MAX, "a record fits into the window");
static_assert((size_t)HEADS > RECORD_HEAD_MAX && HEADS < WINDOW, "so does a head into what is read for it");
static_assert(RECORD_ALIGNMENT == sizeof(uint64_t) && RECORD_HEADER % RECORD_ALIGNMENT == 0,
              "a header has whole words");

bool cursor_init(struct cursor *cursor, const struct io *io, uint64_t salt)
{
    *cursor = (struct cursor){.io = io, .salt = salt};
    cursor->window = mapping_new(WINDOW);
    return cursor->window != NULL;
}

void cursor_free(struct cursor *cursor)
{
    mapping_free(cursor->window, WINDOW);
}

void cursor_begin(struct cursor *cursor, const struct segment *segment, uint64_t limit)
{
    cursor->segment = segment;
    cursor->limit = limit;
    cursor->window_position = 0;
    cursor->window_length = 0;
    cursor->stride = 0;
    cursor->tidemark = NULL;
}

/* Makes the window hold the `reach` bytes that follow `position`, as far as the limit allows. */
static int window_move(struct cursor *cursor, uint64_t position, size_t reach)
{
    uint64_t rest = cursor->limit - position;
    size_t length = rest < reach ? (size_t)rest : reach;
    int error = segment_read(cursor->segment, cursor->window, length, position);
    if (error)
        return error;
    cursor->window_position = position;
    cursor->window_length = length;
    if (cursor->tidemark)
        tidemark_see(cursor->tidemark, cursor->window, length, position);
    return 0;
}

/* At least `need` bytes at `position`, or as many as there are before the limit; `reach` are read if any have to be. */
static int window_at(struct cursor *cursor, uint64_t position, size_t need, size_t reach,
                     const unsigned char **ret_bytes, size_t *ret_length)
{
    uint64_t end = cursor->window_position + cursor->window_length;
    bool inside = position >= cursor->window_position && position <= end;
    if (!inside || (end - position < need && end < cursor->limit)) {
        int error = window_move(cursor, position, reach);
        if (error)
            return error;
    }
    *ret_bytes = cursor->window + (position - cursor->window_position);
    *ret_length = cursor->window_length - (size_t)(position - cursor->window_position);
    return 0;
}

int cursor_look(struct cursor *cursor, uint64_t position, bool payloads, struct record *ret_record,
                enum cursor_found *ret_found)
{
    const unsigned char *bytes;
    size_t length;
    uint64_t offset = segment_offset(cursor->segment, position);
    size_t heads = cursor->stride < STRIDE_LONG ? HEADS : RECORD_HEAD_MAX;
    *ret_found = CURSOR_NOTHING;
    int error = payloads ? window_at(cursor, position, RECORD_MAX, WINDOW, &bytes, &length)
                         : window_at(cursor, position, RECORD_HEAD_MAX, heads, &bytes, &length);
    if (error)
        return error;
    if (!record_decode(bytes, length, offset, cursor->salt, ret_record) ||
        record_length(ret_record) > cursor->limit - position)
        return 0;
    cursor->stride = record_length(ret_record);
    bool whole = !payloads || record_payload_whole(ret_record);
    *ret_found = whole ? CURSOR_WHOLE : CURSOR_HEAD;
    return 0;
}

/* How far behind a position the next record may stand, of which nothing is known yet: none has a header that is all
 * zeros, as is what a segment is prepared with. */
static size_t step_of(const unsigned char *bytes, size_t length)
{
    size_t zeros = 0;
    while (zeros + RECORD_ALIGNMENT <= length && little_get64(bytes + zeros) == 0)
        zeros += RECORD_ALIGNMENT;
    return zeros > RECORD_HEADER ? zeros - RECORD_HEADER + RECORD_ALIGNMENT : RECORD_ALIGNMENT;
}

int cursor_find(struct cursor *cursor, uint64_t from, uint64_t *ret_position, struct record *ret_record)
{
    const unsigned char *bytes;
    size_t length;
    for (uint64_t at = from; at + RECORD_HEADER <= cursor->limit; at += step_of(bytes, length)) {
        int error = window_at(cursor, at, RECORD_HEAD_MAX, WINDOW, &bytes, &length);
        if (error)
            return error;
        if (record_decode(bytes, length, segment_offset(cursor->segment, at), cursor->salt, ret_record)) {
            *ret_position = at;
            return 0;
        }
    }
    *ret_position = cursor->limit;
    return 0;
}

/* What the record at a position tells of the base of its segment, if there is one. */
static bool tells_base(const struct cursor *cursor, const unsigned char *bytes, size_t length, uint64_t position,
                       uint64_t *ret_base)
{
    struct record record;
    uint64_t offset = little_get64(bytes + 8);
    if (offset % RECORD_ALIGNMENT != 0 || offset < position - SEGMENT_HEADER)
        return false;
    *ret_base = offset - (position - SEGMENT_HEADER);
    return record_decode(bytes, length, offset, cursor->salt, &record) &&
           record_length(&record) <= cursor->limit - position;
}

int cursor_find_base(struct cursor *cursor, uint64_t least, uint64_t most, uint64_t *ret_base, bool *ret_found)
{
    const unsigned char *bytes;
    size_t length;
    uint64_t base;
    *ret_found = false;
    *ret_base = least;
    for (uint64_t at = SEGMENT_HEADER; at + RECORD_HEADER <= cursor->limit; at += step_of(bytes, length)) {
        int error = window_at(cursor, at, RECORD_HEAD_MAX, WINDOW, &bytes, &length);
        if (error)
            return error;
        if (!tells_base(cursor, bytes, length, at, &base) || base < *ret_base || base > most)
            continue;
        *ret_base = base;
        *ret_found = true;
    }
    return 0;
}

int cursor_zeros(struct cursor *cursor, uint64_t from, bool *ret_zeros)
{
    *ret_zeros = true;
    while (from < cursor->limit && *ret_zeros) {
        int error = window_move(cursor, from, WINDOW);
        if (error)
            return error;
        const unsigned char *bytes = cursor->window;
        *ret_zeros = bytes[0] == 0 && memcmp(bytes, bytes + 1, cursor->window_length - 1) == 0;
        from += cursor->window_length;
    }
    return 0;
}
