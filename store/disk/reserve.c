/* reserve.c - a file of a data folder that keeps space for the time when the disk is full. */
#include "store/disk/reserve.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

static const char name[] = "reserve";

enum { SECTOR = 512 }; /* the unit of st_blocks */

/* The bytes of an open file that have blocks of their own: a copy of the folder may have come without them. */
static uint64_t bytes_held(const struct io *io, int file)
{
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0 || status.st_size <= 0)
        return 0;
    return (uint64_t)status.st_blocks * SECTOR >= (uint64_t)status.st_size ? (uint64_t)status.st_size : 0;
}

void reserve_init(struct reserve *reserve, const struct io *io, int folder, bool open)
{
    *reserve = (struct reserve){.io = io, .folder = folder};
    lock_init(&reserve->lock);
    reserve->file = open ? io->openat(io->self, folder, name, O_RDWR, 0) : -1;
    atomic_init(&reserve->size, reserve->file < 0 ? 0 : bytes_held(io, reserve->file));
}

void reserve_free(struct reserve *reserve)
{
    if (reserve->file >= 0)
        reserve->io->close(reserve->io->self, reserve->file);
    lock_destroy(&reserve->lock);
}

void reserve_remove(const struct io *io, int folder)
{
    io->unlinkat(io->self, folder, name, 0);
}

uint64_t reserve_size(const struct reserve *reserve)
{
    return atomic_load(&reserve->size);
}

/* Some file systems give blocks back to others only when the change is on disk. Lock held. */
static int cut(struct reserve *reserve, uint64_t size)
{
    assert(lock_is_mine(&reserve->lock));
    const struct io *io = reserve->io;
    if (io->ftruncate(io->self, reserve->file, (off_t)size) < 0)
        return errno;
    atomic_store(&reserve->size, size);
    return io->fsync(io->self, reserve->file) < 0 ? errno : 0;
}

bool reserve_give(struct reserve *reserve, uint64_t bytes)
{
    lock_take(&reserve->lock);
    uint64_t size = reserve_size(reserve);
    bool given = false;
    if (size > 0) {
        (void)cut(reserve, bytes < size ? size - bytes : 0);
        given = reserve_size(reserve) < size;
    }
    lock_release(&reserve->lock);
    return given;
}

/* Makes the file, and its name durable. Lock held. */
static int create(struct reserve *reserve)
{
    assert(lock_is_mine(&reserve->lock));
    const struct io *io = reserve->io;
    reserve->file = io->openat(io->self, reserve->folder, name, O_RDWR | O_CREAT, 0600);
    if (reserve->file < 0)
        return errno;
    return io->fsync(io->self, reserve->folder) < 0 ? errno : 0;
}

/* Lock held. */
static int extend(struct reserve *reserve, uint64_t from, uint64_t to)
{
    assert(lock_is_mine(&reserve->lock));
    const struct io *io = reserve->io;
    int error = io->allocate(io->self, reserve->file, (off_t)from, (off_t)(to - from)) < 0 ? errno : 0;
    if (error == EOPNOTSUPP)
        error = io_write_zeros(io, reserve->file, from, to);
    if (!error && io->fsync(io->self, reserve->file) < 0)
        error = errno;
    return error;
}

int reserve_grow(struct reserve *reserve, uint64_t bytes)
{
    lock_take(&reserve->lock);
    uint64_t size = reserve_size(reserve);
    int error = reserve->file < 0 ? create(reserve) : 0;
    if (!error)
        error = extend(reserve, size, size + bytes);
    if (!error)
        atomic_store(&reserve->size, size + bytes);
    else if (reserve->file >= 0)
        (void)cut(reserve, size); /* what was allocated before it failed is of more use to others */
    lock_release(&reserve->lock);
    return error;
}
