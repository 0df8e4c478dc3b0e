/* io.c - the POSIX table of file calls, and the two loops that want all bytes. */
#include "store/disk/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    PORTION = 128 << 10,         /* bytes that the page cache is given at once */
    ZEROS_UNDER_WAY = 512 << 10, /* bytes of them that the disk has still to take */
    COPY_CHUNK = 1 << 20,        /* bytes, of a copy by hand */
    COPY_RANGE_MAX = 1 << 30,    /* bytes that the file system is asked for at a time */
    NAME_ROOM = 128,
    ASIDE_MAX = 100,
};

/* A pipe that somebody has put there is not waited for; for files nothing changes by that. */
static int posix_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    (void)self;
    return openat(folder, path, flags | O_CLOEXEC | O_NONBLOCK, mode);
}

static int posix_close(void *self, int file)
{
    (void)self;
    return close(file);
}

static int posix_dup(void *self, int file)
{
    (void)self;
    return fcntl(file, F_DUPFD_CLOEXEC, 0);
}

static ssize_t posix_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    (void)self;
    return pread(file, bytes, length, position);
}

static ssize_t posix_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    (void)self;
    struct iovec part = {.iov_base = bytes, .iov_len = length};
    ssize_t got = preadv2(file, &part, 1, position, RWF_NOWAIT);
    if (got < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
        return pread(file, bytes, length, position); /* a file system that cannot tell: wait */
    return got;
}

/* The disk is near. */
static void posix_expect(void *self, int file, off_t position, size_t length)
{
    (void)self;
    (void)file;
    (void)position;
    (void)length;
}

static ssize_t posix_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    (void)self;
    return pwrite(file, bytes, length, position);
}

static int posix_fdatasync(void *self, int file)
{
    (void)self;
    return fdatasync(file);
}

static int posix_fsync(void *self, int file)
{
    (void)self;
    return fsync(file);
}

static void posix_write_back(void *self, int file, off_t position, off_t length)
{
    (void)self;
    (void)sync_file_range(file, position, length, SYNC_FILE_RANGE_WRITE);
}

static int posix_await_back(void *self, int file, off_t position, off_t length)
{
    const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    (void)self;
    int result = sync_file_range(file, position, length, all);
    bool unknown = result < 0 && (errno == ENOSYS || errno == EOPNOTSUPP);
    return unknown ? 0 : result; /* a system that has no such call: the sync at the end waits for all of it */
}

static int posix_ftruncate(void *self, int file, off_t length)
{
    (void)self;
    return ftruncate(file, length);
}

static int posix_allocate(void *self, int file, off_t position, off_t length)
{
    (void)self;
    return fallocate(file, 0, position, length); /* not posix_fallocate(), which pretends where it cannot */
}

static int posix_fstat(void *self, int file, struct stat *ret_stat)
{
    (void)self;
    return fstat(file, ret_stat);
}

/* The kernel gives such a lease to nobody but who has the file to himself, and until it is closed keeps those out who
 * come to it late. It tells who has the lease of them, by a signal, which would end the program if it were not another
 * one than usual. */
static int posix_is_alone(void *self, int file)
{
    struct statfs system;
    (void)self;
    if (fstatfs(file, &system) < 0 || system.f_type == OVERLAYFS_SUPER_MAGIC) /* who maps it is not counted there */
        return -1;
    if (fcntl(file, F_SETSIG, SIGURG) < 0)
        return -1;
    if (fcntl(file, F_SETLEASE, F_WRLCK) < 0)
        return errno == EAGAIN ? 0 : -1;
    return 1;
}

static int posix_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    (void)self;
    return mkdirat(folder, path, mode);
}

static int posix_unlinkat(void *self, int folder, const char *path, int flags)
{
    (void)self;
    return unlinkat(folder, path, flags);
}

static int posix_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)self;
    return renameat(from_folder, from, to_folder, to);
}

static int posix_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)self;
    return linkat(from_folder, from, to_folder, to, 0);
}

static int posix_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)self;
    return renameat2(from_folder, from, to_folder, to, RENAME_EXCHANGE);
}

static ssize_t posix_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    (void)self;
    return copy_file_range(from, &from_position, to, &to_position, length, 0);
}

static int posix_set_written(void *self, int file, const struct timespec *time)
{
    (void)self;
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, *time};
    return futimens(file, times);
}

static int posix_lock(void *self, int file)
{
    (void)self;
    return flock(file, LOCK_EX | LOCK_NB);
}

/* Appends a name and its NUL to a growing list that always ends in an empty name. */
static bool list_append(char **list, size_t *length, size_t *capacity, const char *name)
{
    size_t size = strlen(name) + 1;
    if (*length + size + 1 > *capacity) {
        size_t larger = (*capacity + size + 1) * 2;
        char *moved = realloc(*list, larger);
        if (!moved)
            return false;
        *list = moved;
        *capacity = larger;
    }
    memcpy(*list + *length, name, size);
    *length += size;
    (*list)[*length] = '\0';
    return true;
}

/* Collects the names of an open folder; errno tells the failure. */
static char *list_collect(DIR *entries)
{
    size_t length = 0;
    size_t capacity = 256;
    char *list = calloc(1, capacity);
    struct dirent *entry = NULL;
    errno = list ? 0 : ENOMEM;
    while (list && (errno = 0, entry = readdir(entries))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!list_append(&list, &length, &capacity, entry->d_name)) {
            errno = ENOMEM;
            break;
        }
    }
    if (list && errno) {
        int saved = errno;
        free(list);
        list = NULL;
        errno = saved;
    }
    return list;
}

static char *posix_list(void *self, int folder)
{
    (void)self;
    int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return NULL;
    DIR *entries = fdopendir(own);
    if (!entries) {
        int saved = errno;
        close(own);
        errno = saved;
        return NULL;
    }
    char *list = list_collect(entries);
    int saved = errno;
    closedir(entries);
    errno = saved;
    return list;
}

static int posix_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    (void)self;
    struct statvfs figures;
    if (fstatvfs(file, &figures) < 0)
        return -1;
    if (figures.f_blocks == 0) { /* it has no size to tell, rather than none left */
        errno = EOPNOTSUPP;
        return -1;
    }
    *ret_bytes = (uint64_t)figures.f_bavail * (uint64_t)figures.f_frsize;
    return 0;
}

const struct io io_posix = {
    .openat = posix_openat,
    .close = posix_close,
    .dup = posix_dup,
    .pread = posix_pread,
    .pread_nowait = posix_pread_nowait,
    .expect = posix_expect,
    .pwrite = posix_pwrite,
    .fdatasync = posix_fdatasync,
    .fsync = posix_fsync,
    .write_back = posix_write_back,
    .await_back = posix_await_back,
    .ftruncate = posix_ftruncate,
    .allocate = posix_allocate,
    .fstat = posix_fstat,
    .is_alone = posix_is_alone,
    .mkdirat = posix_mkdirat,
    .unlinkat = posix_unlinkat,
    .renameat = posix_renameat,
    .linkat = posix_linkat,
    .exchange = posix_exchange,
    .copy_range = posix_copy_range,
    .set_written = posix_set_written,
    .lock = posix_lock,
    .list = posix_list,
    .free_bytes = posix_free_bytes,
};

int io_read_all(const struct io *io, int file, void *bytes, size_t length, off_t position)
{
    char *at = bytes;
    while (length > 0) {
        ssize_t got = io->pread(io->self, file, at, length, position);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return EIO;
        at += got;
        length -= (size_t)got;
        position += got;
    }
    return 0;
}

int io_write_all(const struct io *io, int file, const void *bytes, size_t length, off_t position)
{
    const char *at = bytes;
    while (length > 0) {
        ssize_t put = io->pwrite(io->self, file, at, length, position);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        if (put == 0)
            return EIO;
        at += put;
        length -= (size_t)put;
        position += put;
    }
    return 0;
}

void io_take_after(struct io *io, const struct io *base)
{
    io->holes = base->holes;
    io->own_numbers = base->own_numbers;
    io->far = base->far;
    io->by_message = base->by_message;
    io->tenure = base->tenure;
}

int io_write_cached(const struct io *io, int file, const void *bytes, size_t length, off_t position)
{
    const char *at = bytes;
    size_t most = io->by_message || length < PORTION ? length : PORTION;
    int error = 0;
    while (!error && length > 0) {
        size_t part = length < most ? length : most;
        error = io_write_all(io, file, at, part, position);
        at += part;
        length -= part;
        position += (off_t)part;
    }
    return error;
}

int io_write_paced(const struct io *io, int file, const void *bytes, size_t length, off_t position, size_t under_way,
                   uint64_t *awaited)
{
    uint64_t end = (uint64_t)position + length;
    int error = io_write_cached(io, file, bytes, length, position);
    if (error)
        return error;
    io->write_back(io->self, file, position, (off_t)length);
    if (end - *awaited <= under_way)
        return 0;
    if (io->await_back(io->self, file, (off_t)*awaited, (off_t)(end - under_way - *awaited)) < 0)
        return errno;
    *awaited = end - under_way;
    return 0;
}

static int copy_by_hand(const struct io *io, int from, uint64_t from_position, int to, uint64_t to_position,
                        uint64_t length)
{
    unsigned char *chunk = malloc(COPY_CHUNK);
    int error = chunk ? 0 : ENOMEM;
    for (uint64_t done = 0; !error && done < length;) {
        size_t part = length - done < COPY_CHUNK ? (size_t)(length - done) : COPY_CHUNK;
        error = io_read_all(io, from, chunk, part, (off_t)(from_position + done));
        if (!error)
            error = io_write_cached(io, to, chunk, part, (off_t)(to_position + done));
        done += part;
    }
    free(chunk);
    return error;
}

int io_copy_all(const struct io *io, int from, uint64_t from_position, int to, uint64_t to_position, uint64_t length)
{
    while (length > 0) {
        size_t part = length < COPY_RANGE_MAX ? (size_t)length : COPY_RANGE_MAX;
        ssize_t copied = io->copy_range(io->self, from, (off_t)from_position, to, (off_t)to_position, part);
        if (copied < 0 && errno == EINTR)
            continue;
        if (copied <= 0)
            return copy_by_hand(io, from, from_position, to, to_position, length);
        from_position += (uint64_t)copied;
        to_position += (uint64_t)copied;
        length -= (uint64_t)copied;
    }
    return 0;
}

int io_open_above(const struct io *io, int folder)
{
    return io->openat(io->self, folder, "..", O_RDONLY | O_DIRECTORY, 0);
}

bool io_leads_to(const struct io *io, int folder, const char *path, int file)
{
    struct stat opened, found;
    int there = io->openat(io->self, folder, path, O_RDONLY, 0);
    if (there < 0)
        return errno != ENOENT && errno != ENOTDIR;
    bool known = io->fstat(io->self, file, &opened) == 0 && io->fstat(io->self, there, &found) == 0;
    io->close(io->self, there);
    return !known || (opened.st_dev == found.st_dev && opened.st_ino == found.st_ino);
}

static bool is_nobodys(const char *name)
{
    return name[0] == '.' || strcmp(name, "lost+found") == 0 || strcmp(name, "@eaDir") == 0;
}

char *io_list(const struct io *io, int folder)
{
    char *names = io->list(io->self, folder);
    char *kept = names;
    for (const char *name = names; name && *name;) {
        size_t size = strlen(name) + 1;
        const char *next = name + size;
        if (!is_nobodys(name)) {
            memmove(kept, name, size);
            kept += size;
        }
        name = next;
    }
    if (names)
        *kept = '\0';
    return names;
}

/* A name that is taken fails, but for that of an empty folder, which nobody misses. */
static int move_aside(const struct io *io, int folder, const char *name)
{
    char aside[NAME_ROOM];
    int moved = -1;
    errno = EEXIST;
    for (unsigned i = 1; moved < 0 && i <= ASIDE_MAX && (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR);
         i++) {
        (void)snprintf(aside, sizeof aside, "%s.aside-%u", name, i);
        moved = io->renameat(io->self, folder, name, folder, aside);
    }
    return moved;
}

/* Not what stands there already: a pipe would be waited for, and a link followed. */
int io_open_anew(const struct io *io, int folder, const char *name, int flags)
{
    const int anew = flags | O_CREAT | O_EXCL;
    int file = io->openat(io->self, folder, name, anew, 0600);
    if (file >= 0 || errno != EEXIST)
        return file;
    if (io->unlinkat(io->self, folder, name, 0) < 0 && (errno != EISDIR || move_aside(io, folder, name) < 0))
        return -1;
    return io->openat(io->self, folder, name, anew, 0600);
}

int io_name(const struct io *io, int folder, const char *from, const char *name)
{
    int renamed = io->renameat(io->self, folder, from, folder, name);
    if (renamed == 0 || errno != EISDIR || move_aside(io, folder, name) < 0)
        return renamed;
    return io->renameat(io->self, folder, from, folder, name);
}

/* A length that is cut and made again leaves a hole. */
static int make_hole(const struct io *io, int file, uint64_t from, uint64_t to)
{
    if (io->ftruncate(io->self, file, (off_t)from) < 0 || io->ftruncate(io->self, file, (off_t)to) < 0)
        return errno;
    return 0;
}

int io_write_zeros(const struct io *io, int file, uint64_t from, uint64_t to)
{
    if (io->holes)
        return make_hole(io, file, from, to);
    size_t most = from < to && to - from < PORTION ? (size_t)(to - from) : PORTION;
    uint64_t awaited = from;
    unsigned char *zeros = calloc(1, most);
    int error = zeros ? 0 : ENOMEM;
    while (!error && from < to) {
        size_t length = to - from < most ? (size_t)(to - from) : most;
        error = io_write_paced(io, file, zeros, length, (off_t)from, ZEROS_UNDER_WAY, &awaited);
        from += length;
    }
    free(zeros);
    return error;
}
