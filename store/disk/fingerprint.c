/* fingerprint.c - by what a file or a folder is known again. */
#include "store/disk/fingerprint.h"

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool fingerprint_take(struct fingerprint *ret_fingerprint, const struct io *io, int file)
{
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0)
        return false;
    *ret_fingerprint = (struct fingerprint){.device = status.st_dev,
                                            .number = status.st_ino,
                                            .size = status.st_size,
                                            .written = status.st_mtim,
                                            .changed = status.st_ctim};
    return true;
}

bool fingerprint_fits(const struct fingerprint *fingerprint, const struct io *io, int file)
{
    struct fingerprint now;
    return fingerprint_take(&now, io, file) && now.device == fingerprint->device && now.number == fingerprint->number &&
           now.size == fingerprint->size && same_time(&now.written, &fingerprint->written) &&
           same_time(&now.changed, &fingerprint->changed);
}
