/* joint.c - a pool and the files of this machine behind one table: each call goes to the one that it is about. */
#include "store/rados/joint.h"

#include "store/rados/descriptor.h"
#include "store/rados/path.h"

#include <errno.h>
#include <fcntl.h>

static const struct io *of_file(const void *self, int file)
{
    const struct joint *joint = self;
    return file >= DESCRIPTOR_FIRST ? joint->pool : &io_posix;
}

static const struct io *of_path(const void *self, int folder, const char *path)
{
    const struct joint *joint = self;
    if (folder != AT_FDCWD)
        return of_file(self, folder);
    return path_begins_at(path, joint->name) ? joint->pool : &io_posix;
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- what has a path --------------------------------------------------------------------------- */

static int joint_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct io *io = of_path(self, folder, path);
    return io->openat(io->self, folder, path, flags, mode);
}

static int joint_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    const struct io *io = of_path(self, folder, path);
    return io->mkdirat(io->self, folder, path, mode);
}

static int joint_unlinkat(void *self, int folder, const char *path, int flags)
{
    const struct io *io = of_path(self, folder, path);
    return io->unlinkat(io->self, folder, path, flags);
}

static int joint_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *io = of_path(self, from_folder, from);
    return io == of_path(self, to_folder, to) ? io->renameat(io->self, from_folder, from, to_folder, to)
                                              : refuse(EXDEV);
}

static int joint_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *io = of_path(self, from_folder, from);
    return io == of_path(self, to_folder, to) ? io->linkat(io->self, from_folder, from, to_folder, to) : refuse(EXDEV);
}

static int joint_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    const struct io *io = of_path(self, from_folder, from);
    return io == of_path(self, to_folder, to) ? io->exchange(io->self, from_folder, from, to_folder, to)
                                              : refuse(EXDEV);
}

/* ---- what is open ------------------------------------------------------------------------------ */

static int joint_close(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->close(io->self, file);
}

static int joint_dup(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->dup(io->self, file);
}

static ssize_t joint_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    const struct io *io = of_file(self, file);
    return io->pread(io->self, file, bytes, length, position);
}

static ssize_t joint_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    const struct io *io = of_file(self, file);
    return io->pread_nowait(io->self, file, bytes, length, position);
}

static void joint_expect(void *self, int file, off_t position, size_t length)
{
    const struct io *io = of_file(self, file);
    io->expect(io->self, file, position, length);
}

static ssize_t joint_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    const struct io *io = of_file(self, file);
    return io->pwrite(io->self, file, bytes, length, position);
}

static int joint_fdatasync(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->fdatasync(io->self, file);
}

static int joint_fsync(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->fsync(io->self, file);
}

static void joint_write_back(void *self, int file, off_t position, off_t length)
{
    const struct io *io = of_file(self, file);
    io->write_back(io->self, file, position, length);
}

static int joint_ftruncate(void *self, int file, off_t length)
{
    const struct io *io = of_file(self, file);
    return io->ftruncate(io->self, file, length);
}

static int joint_allocate(void *self, int file, off_t position, off_t length)
{
    const struct io *io = of_file(self, file);
    return io->allocate(io->self, file, position, length);
}

static int joint_fstat(void *self, int file, struct stat *ret_stat)
{
    const struct io *io = of_file(self, file);
    return io->fstat(io->self, file, ret_stat);
}

static ssize_t joint_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    const struct io *io = of_file(self, from);
    return io == of_file(self, to) ? io->copy_range(io->self, from, from_position, to, to_position, length)
                                   : refuse(EXDEV);
}

static int joint_is_alone(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->is_alone(io->self, file);
}

static int joint_set_written(void *self, int file, const struct timespec *time)
{
    const struct io *io = of_file(self, file);
    return io->set_written(io->self, file, time);
}

static int joint_lock(void *self, int file)
{
    const struct io *io = of_file(self, file);
    return io->lock(io->self, file);
}

static char *joint_list(void *self, int folder)
{
    const struct io *io = of_file(self, folder);
    return io->list(io->self, folder);
}

static int joint_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    const struct io *io = of_file(self, file);
    return io->free_bytes(io->self, file, ret_bytes);
}

static const struct io table = {
    .own_numbers = true,
    .far = true,
    .openat = joint_openat,
    .close = joint_close,
    .dup = joint_dup,
    .pread = joint_pread,
    .pread_nowait = joint_pread_nowait,
    .expect = joint_expect,
    .pwrite = joint_pwrite,
    .fdatasync = joint_fdatasync,
    .fsync = joint_fsync,
    .write_back = joint_write_back,
    .ftruncate = joint_ftruncate,
    .allocate = joint_allocate,
    .fstat = joint_fstat,
    .mkdirat = joint_mkdirat,
    .unlinkat = joint_unlinkat,
    .renameat = joint_renameat,
    .linkat = joint_linkat,
    .is_alone = joint_is_alone,
    .exchange = joint_exchange,
    .copy_range = joint_copy_range,
    .set_written = joint_set_written,
    .lock = joint_lock,
    .list = joint_list,
    .free_bytes = joint_free_bytes,
};

void joint_init(struct joint *joint, const struct io *pool, const char *name, bool in_pool)
{
    *joint = (struct joint){.io = table, .pool = pool, .name = name};
    joint->io.self = joint;
    joint->io.holes = in_pool && pool->holes;
    joint->io.forced = in_pool && pool->forced;
    joint->io.by_message = in_pool && pool->by_message;
    joint->io.tenure = in_pool ? pool->tenure : NULL;
}
