/* io.h - the seam to the disk: every file call of the engine goes through this table.
 *
 * `io_posix` makes the calls; tests put a table of their own in its place that fails the Nth call,
 * writes short, holds a sync or cuts the power. Each function behaves like the system call it is
 * named after: -1 and errno on failure, short reads and writes and EINTR are possible. Callers
 * that want all bytes use io_read_all() and io_write_all().
 *
 * Thread: any. A table is immutable while a depot uses it.
 */
#ifndef CAIRN_IO_H
#define CAIRN_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Bytes: what a file takes of the disk is a multiple of it, and what goes past the page cache is aligned to it. */
enum { IO_BLOCK = 4096 };

struct tenure;

struct io {
    void *self;  /* handed to every call as its first argument */
    bool holes;  /* what was never written reads as zeros at no cost, and zeros that are written ahead keep no space */
    bool forced; /* writes pass although nothing is free, so that deletes do: who writes has to look at what is */
    bool own_numbers;            /* descriptors are the table's own: the kernel cannot send from them */
    bool far;                    /* to open a file takes as long as to read one: who is not to wait does not */
    bool by_message;             /* a write is a copy that is sent: a long one costs less than several short ones */
    const struct tenure *tenure; /* several processes may have the folder open (tenure.h); NULL: one has all of it */
    int (*openat)(void *self, int folder, const char *path, int flags, mode_t mode);
    int (*close)(void *self, int file);
    int (*dup)(void *self, int file); /* another descriptor of the same open file */
    ssize_t (*pread)(void *self, int file, void *bytes, size_t length, off_t position);
    /* Like pread, but fails with EAGAIN instead of waiting for the disk. */
    ssize_t (*pread_nowait)(void *self, int file, void *bytes, size_t length, off_t position);
    /* Those bytes are about to be read: what is far away is asked for, and not waited for. Advice only. */
    void (*expect)(void *self, int file, off_t position, size_t length);
    ssize_t (*pwrite)(void *self, int file, const void *bytes, size_t length, off_t position);
    int (*fdatasync)(void *self, int file);
    int (*fsync)(void *self, int file); /* of a folder: its entries are on disk */
    /* Starts writing the range back without waiting; advice only, the result does not matter. */
    void (*write_back)(void *self, int file, off_t position, off_t length);
    /* Waits until what was written of the range has left the page cache for the disk; there it may still be in a cache.
     * A failure is told here and perhaps by no later sync: what was written is not to be trusted then. */
    int (*await_back)(void *self, int file, off_t position, off_t length);
    int (*ftruncate)(void *self, int file, off_t length);
    /* Gives the range blocks of its own and makes the file as long, like fallocate(). A file system that cannot says
     * EOPNOTSUPP. What a failed call has left is not known. */
    int (*allocate)(void *self, int file, off_t position, off_t length);
    int (*fstat)(void *self, int file, struct stat *ret_stat);
    /* 1 when the file, which has no name any more, is open by this descriptor only, of all programs, and 0 when it is
     * not; -1 where that cannot be told. Who was about to open it, by the name that it had, cannot any more then:
     * EWOULDBLOCK. */
    int (*is_alone)(void *self, int file);
    int (*mkdirat)(void *self, int folder, const char *path, mode_t mode);
    int (*unlinkat)(void *self, int folder, const char *path, int flags);
    int (*renameat)(void *self, int from_folder, const char *from, int to_folder, const char *to);
    int (*linkat)(void *self, int from_folder, const char *from, int to_folder, const char *to);
    /* Two entries change places at once, like renameat2(). A file system that cannot says EINVAL. */
    int (*exchange)(void *self, int from_folder, const char *from, int to_folder, const char *to);
    ssize_t (*copy_range)(void *self, int from, off_t from_position, int to, off_t to_position, size_t length);
    /* Sets when the file was written to last, like futimens(). */
    int (*set_written)(void *self, int file, const struct timespec *time);
    int (*lock)(void *self, int file); /* exclusive, does not wait: EWOULDBLOCK; released by close */
    /* The names in a folder except . and .., each ended by NUL, the list by an empty name.
     * One allocation, the caller frees it. NULL and errno on failure. */
    char *(*list)(void *self, int folder);
    /* Bytes free for this process on the file system of an open file or folder. EOPNOTSUPP: it does not tell. */
    int (*free_bytes)(void *self, int file, uint64_t *ret_bytes);
};

extern const struct io io_posix;

/* How many calls that wait are worth to be made at once: what is far takes them side by side. */
static inline size_t io_at_once(const struct io *io)
{
    return io->far ? 16 : 1;
}

/* What is true of the files of a table is so of one that calls it: sets what is said of them as a whole, but for
 * `forced`, which is about who writes. */
void io_take_after(struct io *io, const struct io *base);

/* A table that reads through `base`, which must outlive it, and pretends to write: files are opened for
 * reading only, and calls that would change something succeed and do nothing, but opening a file anew (O_EXCL,
 * O_TRUNC) is EROFS. For looking at a data folder. */
void io_read_only(struct io *ret_io, const struct io *base);

/* The same, and no name in a folder that is open leads through a symbolic link: for who may read more than those who
 * write there. */
void io_read_only_within(struct io *ret_io, const struct io *base);

/* A table that does all that `base` does, which must outlive it, but that no name in a folder that is open leads
 * through a symbolic link (ELOOP, or ENOTDIR of a folder): for who may write where those who write there may not. */
void io_within(struct io *ret_io, const struct io *base);

/* All `length` bytes or an errno (0 is success); a read that meets the end of the file is EIO. */
int io_read_all(const struct io *io, int file, void *bytes, size_t length, off_t position);
int io_write_all(const struct io *io, int file, const void *bytes, size_t length, off_t position);

/* The same by way of the page cache, in portions: its memory is taken in pieces as large as what is written at once,
 * and large pieces are dear (docs/performance.md). For all that is not written past it. */
int io_write_cached(const struct io *io, int file, const void *bytes, size_t length, off_t position);

/* The same, but the disk begins with it at once, and who is far ahead of it waits: behind it no more than `under_way`
 * bytes are between *awaited, up to where the disk has what was written so, and the end. All of it at the end, or as
 * much as comes, would stand in front of what others sync. A failure of the disk is told here, and perhaps by no later
 * sync. */
int io_write_paced(const struct io *io, int file, const void *bytes, size_t length, off_t position, size_t under_way,
                   uint64_t *awaited);

/* Copies `length` bytes from a position of a file to one of another, by the file system where it can; an errno. */
int io_copy_all(const struct io *io, int from, uint64_t from_position, int to, uint64_t to_position, uint64_t length);

/* The folder that a folder is in; -1 and errno. For who asks for it when it is needed, so that an open store holds one
 * descriptor less. */
int io_open_above(const struct io *io, int folder);

/* Whether the path leads from the folder to the file or folder that is open. True also where that cannot be found out:
 * only what is not there, or is another one, has gone. */
bool io_leads_to(const struct io *io, int folder, const char *path, int file);

/* The same as list() without the names that file systems, file servers and people's tools put into any folder:
 * lost+found, @eaDir, and whatever begins with a dot. They are nobody's. */
char *io_list(const struct io *io, int folder);

/* Opens a file of the program's own anew, empty, by open()'s `flags`, and gives one its name. What others have put
 * there under that name is not to keep it from that: a file goes, and a folder gets another name beside it,
 * "NAME.aside-1". As openat() and renameat() they return -1 and errno. */
int io_open_anew(const struct io *io, int folder, const char *name, int flags);
int io_name(const struct io *io, int folder, const char *from, const char *name);

/* Fills the file with zeros from `from` to `to`, its end then; an errno. In the pace of io_write_paced(). */
int io_write_zeros(const struct io *io, int file, uint64_t from, uint64_t to);

#endif
