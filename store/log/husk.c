/* husk.c - what compaction leaves of a segment. husk.h tells of its life. */
#include "store/log/husk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Like a prepared segment it counts as one from its renaming on. */
static const char draft_name[] = "husk";

bool husk_is_draft(const char *name)
{
    return strcmp(name, draft_name) == 0;
}

struct segment_header husk_header(const struct segment *segment)
{
    struct segment_header header = segment_header_of(segment);
    header.version = SEGMENT_VERSION;
    header.given = 0;
    header.husk = true;
    header.end = segment_end(segment);
    return header;
}

int husk_write(struct log *log, const struct segment_header *header, int *ret_file)
{
    const struct io *io = log->io;
    char name[SEGMENT_NAME_MAX];
    segment_name(header->number, name);
    int file = io_open_anew(io, log->folder, draft_name, O_RDWR);
    if (file < 0)
        return errno;
    int error = segment_write_header(io, file, header, log->salt);
    if (!error && io->renameat(io->self, log->folder, draft_name, log->folder, name) < 0)
        error = errno;
    if (error) {
        io->close(io->self, file);
        io->unlinkat(io->self, log->folder, draft_name, 0);
        return error;
    }
    /* Until the rename is on disk what was there before counts: it stays in the chain, and so do tombstones and the
     * husks that this one is to stand for. */
    if (io->fsync(io->self, log->folder) < 0) {
        error = errno;
        atomic_store(&log->names_doubtful, true);
        io->close(io->self, file);
        return error;
    }
    *ret_file = file;
    return 0;
}

bool husk_reaches(const struct segment *front, const struct segment *behind)
{
    return segment_is_husk(front) && segment_is_husk(behind) && behind->base <= segment_end(front);
}

void husk_unlink(const struct log *log, uint64_t number)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    log->io->unlinkat(log->io->self, log->folder, name, 0);
}
