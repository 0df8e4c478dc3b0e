/* io_roomy.c - a table of file calls that finds a descriptor where there is none left. */
#include "store/disk/io_roomy.h"

#include <errno.h>

/* Whether a call that has failed is worth another try. */
static bool finds_room(const struct io_roomy *roomy)
{
    return (errno == EMFILE || errno == ENFILE) && roomy->make_room(roomy->arg);
}

/* ---- what takes a descriptor ----------------------------------------------------------------- */

static int roomy_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct io_roomy *roomy = self;
    int file;
    do
        file = roomy->base->openat(roomy->base->self, folder, path, flags, mode);
    while (file < 0 && finds_room(roomy));
    return file;
}

static int roomy_dup(void *self, int file)
{
    const struct io_roomy *roomy = self;
    int copy;
    do
        copy = roomy->base->dup(roomy->base->self, file);
    while (copy < 0 && finds_room(roomy));
    return copy;
}

static char *roomy_list(void *self, int folder)
{
    const struct io_roomy *roomy = self;
    char *names;
    do
        names = roomy->base->list(roomy->base->self, folder);
    while (!names && finds_room(roomy));
    return names;
}

/* ---- what takes none ------------------------------------------------------------------------- */

static int roomy_close(void *self, int file)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->close(base->self, file);
}

static ssize_t roomy_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->pread(base->self, file, bytes, length, position);
}

static ssize_t roomy_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->pread_nowait(base->self, file, bytes, length, position);
}

static void roomy_expect(void *self, int file, off_t position, size_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    base->expect(base->self, file, position, length);
}

static ssize_t roomy_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->pwrite(base->self, file, bytes, length, position);
}

static int roomy_fdatasync(void *self, int file)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->fdatasync(base->self, file);
}

static int roomy_fsync(void *self, int file)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->fsync(base->self, file);
}

static void roomy_write_back(void *self, int file, off_t position, off_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    base->write_back(base->self, file, position, length);
}

static int roomy_await_back(void *self, int file, off_t position, off_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->await_back(base->self, file, position, length);
}

static int roomy_ftruncate(void *self, int file, off_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->ftruncate(base->self, file, length);
}

static int roomy_allocate(void *self, int file, off_t position, off_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->allocate(base->self, file, position, length);
}

static int roomy_fstat(void *self, int file, struct stat *ret_stat)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->fstat(base->self, file, ret_stat);
}

static int roomy_is_alone(void *self, int file)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->is_alone(base->self, file);
}

static int roomy_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->mkdirat(base->self, folder, path, mode);
}

static int roomy_unlinkat(void *self, int folder, const char *path, int flags)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->unlinkat(base->self, folder, path, flags);
}

static int roomy_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->renameat(base->self, from_folder, from, to_folder, to);
}

static int roomy_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->linkat(base->self, from_folder, from, to_folder, to);
}

static int roomy_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->exchange(base->self, from_folder, from, to_folder, to);
}

static ssize_t roomy_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->copy_range(base->self, from, from_position, to, to_position, length);
}

static int roomy_set_written(void *self, int file, const struct timespec *time)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->set_written(base->self, file, time);
}

static int roomy_lock(void *self, int file)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->lock(base->self, file);
}

static int roomy_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    const struct io *base = ((const struct io_roomy *)self)->base;
    return base->free_bytes(base->self, file, ret_bytes);
}

static const struct io calls = {
    .openat = roomy_openat,
    .close = roomy_close,
    .dup = roomy_dup,
    .pread = roomy_pread,
    .pread_nowait = roomy_pread_nowait,
    .expect = roomy_expect,
    .pwrite = roomy_pwrite,
    .fdatasync = roomy_fdatasync,
    .fsync = roomy_fsync,
    .write_back = roomy_write_back,
    .await_back = roomy_await_back,
    .ftruncate = roomy_ftruncate,
    .allocate = roomy_allocate,
    .fstat = roomy_fstat,
    .is_alone = roomy_is_alone,
    .mkdirat = roomy_mkdirat,
    .unlinkat = roomy_unlinkat,
    .renameat = roomy_renameat,
    .linkat = roomy_linkat,
    .exchange = roomy_exchange,
    .copy_range = roomy_copy_range,
    .set_written = roomy_set_written,
    .lock = roomy_lock,
    .list = roomy_list,
    .free_bytes = roomy_free_bytes,
};

void io_roomy_init(struct io_roomy *roomy, const struct io *base, bool (*make_room)(void *arg), void *arg)
{
    *roomy = (struct io_roomy){.base = base, .make_room = make_room, .arg = arg};
    roomy->io = calls;
    roomy->io.self = roomy;
    roomy->io.forced = base->forced;
    io_take_after(&roomy->io, base);
}
