/* onset.c - a log whose first segment a crash has met before its first group was on disk. onset.h has the rule. */
#include "store/start/onset.h"

#include <errno.h>

/* Whether anything in the segment tells that it was on disk before. An errno. */
static int tells_of_sync(struct cursor *cursor, const struct segment *segment, bool proven, bool *ret_tells)
{
    struct record record;
    uint64_t at = SEGMENT_HEADER;
    *ret_tells = false;
    cursor_begin(cursor, segment, segment->prepared);
    int error = cursor_find(cursor, at, &at, &record);
    if (!proven && at == SEGMENT_HEADER && at < cursor->limit)
        *ret_tells = true;
    while (!error && !*ret_tells && at < cursor->limit) {
        *ret_tells = record.group > 0;
        error = cursor_find(cursor, at + RECORD_ALIGNMENT, &at, &record);
    }
    return error;
}

int onset_is_cut(struct cursor *cursor, const struct segment *segment, bool proven, bool *ret_cut)
{
    bool whole = proven && (segment->prepared >= segment->given || segment->version < SEGMENT_VERSION);
    bool tells = false;
    int error = 0;
    if (!whole)
        error = tells_of_sync(cursor, segment, proven, &tells);
    *ret_cut = !whole && !tells;
    return error;
}

static int mend_file(const struct log *log, const struct segment *segment, int file, bool proven)
{
    const struct io *io = log->io;
    uint64_t size = proven ? segment->given : log->first_segment;
    if (segment->prepared < size && io->ftruncate(io->self, file, (off_t)size) < 0)
        return errno;
    struct segment_header header = {.number = SEGMENT_FIRST,
                                    .given = segment->prepared < size ? size : segment->prepared};
    return proven ? 0 : segment_write_header(io, file, &header, log->salt);
}

int onset_mend(const struct log *log, const struct segment *segment, bool proven)
{
    int file, error = handle_take(segment->file, &file);
    if (error)
        return error;
    error = mend_file(log, segment, file, proven);
    handle_give(segment->file);
    return error;
}
