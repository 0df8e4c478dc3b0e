/* imprint.c - what is seen of a file from outside. See imprint.h. */
#include "store/backup/imprint.h"

#include "store/base/clock.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"

#include <errno.h>

int imprint_of(const struct io *io, int file, struct imprint *ret_imprint)
{
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0)
        return errno;
    bool regular = S_ISREG(status.st_mode);
    *ret_imprint = (struct imprint){.device = status.st_dev,
                                    .inode = status.st_ino,
                                    .file = regular,
                                    .size = regular && status.st_size > 0 ? (uint64_t)status.st_size : 0,
                                    .written = status.st_mtim};
    return 0;
}

int imprint_find(const struct io *io, int folder, uint64_t number, const char *ending, struct imprint *ret_imprint)
{
    int file = numbered_open(io, folder, number, ending);
    if (file < 0)
        return errno;
    int error = imprint_of(io, file, ret_imprint);
    io->close(io->self, file);
    return error;
}

bool imprint_same_file(const struct imprint *a, const struct imprint *b)
{
    return a->device == b->device && a->inode == b->inode;
}

bool imprint_same_bytes(const struct imprint *a, const struct imprint *b)
{
    return a->file == b->file && a->size == b->size && a->written.tv_sec == b->written.tv_sec &&
           a->written.tv_nsec == b->written.tv_nsec;
}

uint64_t imprint_token(const struct imprint *imprint)
{
    const uint64_t parts[] = {(uint64_t)imprint->device, (uint64_t)imprint->inode, imprint->size,
                              (uint64_t)imprint->written.tv_sec, (uint64_t)imprint->written.tv_nsec};
    return XXH3_64bits(parts, sizeof parts) | 1;
}

struct timespec imprint_older(const struct imprint *imprint)
{
    const struct timespec *written = &imprint->written;
    return clock_timespec((int64_t)written->tv_sec * CLOCK_SECOND + written->tv_nsec - 1);
}
