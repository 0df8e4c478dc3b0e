/* io_within.c - a table of file calls by which no name in an open folder leads elsewhere. */
#include "store/disk/io.h"

#include <fcntl.h>

static const struct io *base_of(void *self)
{
    return self;
}

static int within_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct io *base = base_of(self);
    return base->openat(base->self, folder, path, folder == AT_FDCWD ? flags : flags | O_NOFOLLOW, mode);
}

static ssize_t within_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    return base_of(self)->pwrite(base_of(self)->self, file, bytes, length, position);
}

static int within_fdatasync(void *self, int file)
{
    return base_of(self)->fdatasync(base_of(self)->self, file);
}

static int within_fsync(void *self, int file)
{
    return base_of(self)->fsync(base_of(self)->self, file);
}

static void within_write_back(void *self, int file, off_t position, off_t length)
{
    base_of(self)->write_back(base_of(self)->self, file, position, length);
}

static int within_await_back(void *self, int file, off_t position, off_t length)
{
    return base_of(self)->await_back(base_of(self)->self, file, position, length);
}

static int within_ftruncate(void *self, int file, off_t length)
{
    return base_of(self)->ftruncate(base_of(self)->self, file, length);
}

static int within_allocate(void *self, int file, off_t position, off_t length)
{
    return base_of(self)->allocate(base_of(self)->self, file, position, length);
}

static int within_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    return base_of(self)->mkdirat(base_of(self)->self, folder, path, mode);
}

static int within_unlinkat(void *self, int folder, const char *path, int flags)
{
    return base_of(self)->unlinkat(base_of(self)->self, folder, path, flags);
}

static int within_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    return base_of(self)->renameat(base_of(self)->self, from_folder, from, to_folder, to);
}

static int within_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    return base_of(self)->linkat(base_of(self)->self, from_folder, from, to_folder, to);
}

static int within_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    return base_of(self)->exchange(base_of(self)->self, from_folder, from, to_folder, to);
}

static ssize_t within_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    return base_of(self)->copy_range(base_of(self)->self, from, from_position, to, to_position, length);
}

static int within_set_written(void *self, int file, const struct timespec *time)
{
    return base_of(self)->set_written(base_of(self)->self, file, time);
}

/* Reading is that of a table which only does that. */
void io_within(struct io *ret_io, const struct io *base)
{
    io_read_only(ret_io, base);
    ret_io->openat = within_openat;
    ret_io->pwrite = within_pwrite;
    ret_io->fdatasync = within_fdatasync;
    ret_io->fsync = within_fsync;
    ret_io->write_back = within_write_back;
    ret_io->await_back = within_await_back;
    ret_io->ftruncate = within_ftruncate;
    ret_io->allocate = within_allocate;
    ret_io->mkdirat = within_mkdirat;
    ret_io->unlinkat = within_unlinkat;
    ret_io->renameat = within_renameat;
    ret_io->linkat = within_linkat;
    ret_io->exchange = within_exchange;
    ret_io->copy_range = within_copy_range;
    ret_io->set_written = within_set_written;
}
