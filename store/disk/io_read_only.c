/* io_read_only.c - a table of file calls that reads and only pretends to write. */
#include "store/disk/io.h"

#include <errno.h>
#include <fcntl.h>

static const struct io *base_of(void *self)
{
    return self;
}

static int read_only_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    const struct io *base = base_of(self);
    if (flags & (O_EXCL | O_TRUNC)) { /* its user would go on with an empty file: that cannot be pretended */
        errno = EROFS;
        return -1;
    }
    flags &= ~(O_CREAT | O_WRONLY | O_RDWR);
    return base->openat(base->self, folder, path, flags | O_RDONLY, mode);
}

static int within_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    return read_only_openat(self, folder, path, folder == AT_FDCWD ? flags : flags | O_NOFOLLOW, mode);
}

static int read_only_close(void *self, int file)
{
    return base_of(self)->close(base_of(self)->self, file);
}

static int read_only_dup(void *self, int file)
{
    return base_of(self)->dup(base_of(self)->self, file);
}

static ssize_t read_only_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    return base_of(self)->pread(base_of(self)->self, file, bytes, length, position);
}

static ssize_t read_only_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    return base_of(self)->pread_nowait(base_of(self)->self, file, bytes, length, position);
}

static void read_only_expect(void *self, int file, off_t position, size_t length)
{
    base_of(self)->expect(base_of(self)->self, file, position, length);
}

static ssize_t read_only_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    (void)self;
    (void)file;
    (void)bytes;
    (void)position;
    return (ssize_t)length;
}

static int read_only_sync(void *self, int file)
{
    (void)self;
    (void)file;
    return 0;
}

static void read_only_write_back(void *self, int file, off_t position, off_t length)
{
    (void)self;
    (void)file;
    (void)position;
    (void)length;
}

static int read_only_await_back(void *self, int file, off_t position, off_t length)
{
    (void)self;
    (void)file;
    (void)position;
    (void)length;
    return 0;
}

static int read_only_ftruncate(void *self, int file, off_t length)
{
    (void)self;
    (void)file;
    (void)length;
    return 0;
}

static int read_only_allocate(void *self, int file, off_t position, off_t length)
{
    (void)self;
    (void)file;
    (void)position;
    (void)length;
    return 0;
}

static int read_only_fstat(void *self, int file, struct stat *ret_stat)
{
    return base_of(self)->fstat(base_of(self)->self, file, ret_stat);
}

static int read_only_is_alone(void *self, int file)
{
    return base_of(self)->is_alone(base_of(self)->self, file);
}

static int read_only_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    (void)self;
    (void)folder;
    (void)path;
    (void)mode;
    return 0;
}

static int read_only_unlinkat(void *self, int folder, const char *path, int flags)
{
    (void)self;
    (void)folder;
    (void)path;
    (void)flags;
    return 0;
}

static int read_only_relate(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)self;
    (void)from_folder;
    (void)from;
    (void)to_folder;
    (void)to;
    return 0;
}

static ssize_t read_only_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    (void)self;
    (void)from;
    (void)from_position;
    (void)to;
    (void)to_position;
    return (ssize_t)length;
}

static int read_only_set_written(void *self, int file, const struct timespec *time)
{
    (void)self;
    (void)file;
    (void)time;
    return 0;
}

static int read_only_lock(void *self, int file)
{
    return base_of(self)->lock(base_of(self)->self, file);
}

static char *read_only_list(void *self, int folder)
{
    return base_of(self)->list(base_of(self)->self, folder);
}

static int read_only_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    return base_of(self)->free_bytes(base_of(self)->self, file, ret_bytes);
}

void io_read_only(struct io *ret_io, const struct io *base)
{
    *ret_io = (struct io){
        .self = (void *)(uintptr_t)base, /* read back as const: see base_of() */
        .openat = read_only_openat,
        .close = read_only_close,
        .dup = read_only_dup,
        .pread = read_only_pread,
        .pread_nowait = read_only_pread_nowait,
        .expect = read_only_expect,
        .pwrite = read_only_pwrite,
        .fdatasync = read_only_sync,
        .fsync = read_only_sync,
        .write_back = read_only_write_back,
        .await_back = read_only_await_back,
        .ftruncate = read_only_ftruncate,
        .allocate = read_only_allocate,
        .fstat = read_only_fstat,
        .is_alone = read_only_is_alone,
        .mkdirat = read_only_mkdirat,
        .unlinkat = read_only_unlinkat,
        .renameat = read_only_relate,
        .linkat = read_only_relate,
        .exchange = read_only_relate,
        .copy_range = read_only_copy_range,
        .set_written = read_only_set_written,
        .lock = read_only_lock,
        .list = read_only_list,
        .free_bytes = read_only_free_bytes,
    };
    io_take_after(ret_io, base);
}

void io_read_only_within(struct io *ret_io, const struct io *base)
{
    io_read_only(ret_io, base);
    ret_io->openat = within_openat;
}
