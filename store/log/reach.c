/* reach.c - how far a store's log is known to have reached. reach.h tells why. */
#include "store/log/reach.h"

#include "store/base/xxh3.h"
#include "store/disk/note.h"
#include "store/log/record.h"
#include "store/log/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char reach_name[] = "reach";

static size_t reach_format(const struct reach *reach, uint64_t salt, char ret_text[NOTE_MAX])
{
    int length = snprintf(ret_text, NOTE_MAX,
                          "cairn reach\noffset %" PRIu64 "\nsegment %" PRIu64 "\noldest %" PRIu64 "\nblob %" PRIu64
                          "\n",
                          reach->offset, reach->segment, reach->oldest, reach->blob);
    uint64_t check = XXH3_64bits_withSeed(ret_text, (size_t)length, salt);
    length += snprintf(ret_text + length, NOTE_MAX - (size_t)length, "check %016" PRIx64 "\n", check);
    return (size_t)length;
}

bool reach_parse(const char *text, uint64_t salt, struct reach *ret_reach)
{
    struct reach reach;
    char expected[NOTE_MAX];
    if (sscanf(text, "cairn reach\noffset %" SCNu64 "\nsegment %" SCNu64 "\noldest %" SCNu64 "\nblob %" SCNu64,
               &reach.offset, &reach.segment, &reach.oldest, &reach.blob) != 4)
        return false;
    reach_format(&reach, salt, expected);
    if (strcmp(text, expected) != 0 || reach.offset % RECORD_ALIGNMENT != 0)
        return false;
    if (reach.offset > SEGMENT_OFFSET_MAX || reach.segment > SEGMENT_OFFSET_MAX || reach.segment == 0)
        return false;
    if (reach.oldest > reach.segment || reach.blob > SEGMENT_OFFSET_MAX)
        return false;
    *ret_reach = reach;
    return true;
}

struct failure reach_read(const struct io *io, int log, uint64_t salt, struct reach *ret_reach)
{
    char text[NOTE_MAX];
    int folder = io_open_above(io, log);
    *ret_reach = (struct reach){0};
    if (folder < 0)
        return failure_io(errno);
    size_t length;
    int os_error = note_read(io, folder, reach_name, 0, text, &length);
    io->close(io->self, folder);
    if (os_error == ENOENT || os_error == EISDIR) /* a folder that somebody has put there tells nothing */
        return failure_none();
    if (os_error)
        return failure_io(os_error);
    return failure_of(reach_parse(text, salt, ret_reach) ? STORE_OK : STORE_DAMAGED);
}

int reach_write(const struct io *io, int log, uint64_t salt, const struct reach *reach)
{
    char text[NOTE_MAX];
    struct reach read;
    size_t length = reach_format(reach, salt, text);
    assert(reach_parse(text, salt, &read)); /* which compares it with what this is written as */
    (void)read;
    int folder = io_open_above(io, log);
    if (folder < 0)
        return errno;
    int error = note_write(io, folder, reach_name, text, length);
    if (!error && io->fsync(io->self, folder) < 0)
        error = errno;
    io->close(io->self, folder);
    return error;
}
