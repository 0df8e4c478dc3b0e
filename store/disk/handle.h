/* handle.h - a numbered file of a store that is opened when it is needed, and closed when others need descriptors.
 *
 * A store may have any number of sealed segments and of runs. Were each of them open for good, descriptors would bound
 * how much a store can hold. So each has a handle. Who reads takes the file by it, and gives it back; between that it
 * stays open as long as there is room among the **handles** of the depot, and is closed in its turn: first the one that
 * nobody has taken for longest, as far as a look at each in a circle tells. To take a file that is open costs two
 * steps of a counter and no lock.
 *
 * A handle is *kept* while its file has to stay open: because it is written to, or because its name is about to lead to
 * another file, or to none. For what is closed is found again by its name, and nothing but the store itself gives the
 * names in its folders. A handle is made as one that is kept; one that is not rests.
 *
 * Where descriptors are the table's own, and not the system's, nothing is closed.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_HANDLE_H
#define CAIRN_HANDLE_H

#include "store/base/lock.h"
#include "store/disk/io.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handle;

/* Those of a depot that rest and are open. */
struct handles {
    const struct io *io; /* borrowed */
    size_t limit;        /* so many stay open beside those that are taken */
    struct lock lock;
    struct handle *next; /* of a circle: the one to be looked at next; NULL: there is none */
    size_t count;
};

/* A folder that files are in, by its descriptor. */
struct handle_folder {
    struct handles *handles; /* the depot's */
    int open;
};

struct handle {
    atomic_uint takers;                 /* who has the file, and HANDLE_OPEN while it is open */
    atomic_bool recent;                 /* taken since it was looked at last */
    int file;                           /* while it is open */
    int flags;                          /* to open it with */
    const struct handle_folder *folder; /* borrowed, like the next */
    const char *ending;                 /* the file's name: a number and this (numbered.h) */
    uint64_t number;
    unsigned keepers;    /* guarded by the lock of the handles, like the next two */
    struct handle *next; /* in the circle; NULL: it is not in it */
    struct handle *before;
};

enum { HANDLE_OPEN = 1 << 30 };

/* A file that somebody has open, for who reads by a handle. It must not be moved. */
struct handle_alone {
    struct handles all;
    struct handle_folder folder;
    struct handle file; /* kept */
};

/* ---- all of them ------------------------------------------------------------------------------- */

void handles_init(struct handles *handles, const struct io *io, size_t limit);

/* When no handle is left. */
void handles_free(struct handles *handles);

/* Closes up to so many that nobody has taken: how many. */
size_t handles_close(struct handles *handles, size_t most);

/* ---- one of them ------------------------------------------------------------------------------- */

/* Of a file that is open, whose descriptor it takes, and which is kept. NULL when memory is out: then that is
 * closed. */
struct handle *handle_new(const struct handle_folder *folder, uint64_t number, const char *ending, int flags, int file);

/* The descriptor stays the caller's. There is nothing to be freed. */
void handle_alone_init(struct handle_alone *alone, const struct io *io, int file);

/* Closes it, whoever keeps it. NULL is allowed. Thread: the last one that knows it. */
void handle_free(struct handle *handle);

/* Keeps the file open until handle_rest(); as often as it is called. An errno. Blocking. */
int handle_keep(struct handle *handle);
void handle_rest(struct handle *handle);

/* The same as handle_rest() of one that nobody is expected to need: its file is closed at once. */
void handle_shut(struct handle *handle);

/* The calls for its file. */
static inline const struct io *handle_io(const struct handle *handle)
{
    return handle->folder->handles->io;
}

/* The descriptor of one that is kept. */
static inline int handle_file(const struct handle *handle)
{
    return handle->file;
}

/* Nothing is written to the file any more: it is opened only to be read, also where the file system has become
 * read-only. Thread: the one that keeps it, or the only one that knows it. */
static inline void handle_seal(struct handle *handle)
{
    handle->flags = O_RDONLY;
}

/* For handle_take(): opens the file. */
int handle_open(struct handle *handle, int *ret_file);

/* The descriptor, until handle_give(). An errno. Blocking where it is not open. */
static inline int handle_take(struct handle *handle, int *ret_file)
{
    unsigned before = atomic_fetch_add_explicit(&handle->takers, 1, memory_order_acquire);
    if (!(before & HANDLE_OPEN))
        return handle_open(handle, ret_file);
    if (!atomic_load_explicit(&handle->recent, memory_order_relaxed))
        atomic_store_explicit(&handle->recent, true, memory_order_relaxed);
    *ret_file = handle->file;
    return 0;
}

static inline void handle_give(struct handle *handle)
{
    (void)atomic_fetch_sub_explicit(&handle->takers, 1, memory_order_release);
}

#endif
