/* leftovers.c - files whose names are gone. See leftovers.h. */
#include "store/disk/leftovers.h"

#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    SLICE = 2 << 20, /* bytes that are freed at once; the page cache has no larger pieces */
    PAGE = 4096,
    LOOK = 250, /* milliseconds between two looks whether nobody has a file any more */
    SCARCE = 4, /* with less free than so many files of its size, one goes at once */
};

/* ---- one of them ------------------------------------------------------------------------------ */

/* Whether others may wait for its space. */
static bool is_missed(const struct io *io, int file, uint64_t size)
{
    uint64_t free;
    return io->free_bytes(io->self, file, &free) == 0 && free / SCARCE < size;
}

/* Whether it has no name, and more than one slice, and nobody is in a hurry. */
static bool is_worthwhile(const struct leftovers *leftovers, int file, uint64_t *ret_size)
{
    const struct io *io = leftovers->io;
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink > 0)
        return false;
    *ret_size = (uint64_t)status.st_size;
    return status.st_size > SLICE && !atomic_load(&leftovers->in_haste) && !is_missed(io, file, *ret_size);
}

/* Cuts it to a multiple of so many bytes, which are one of SLICE; false: it cannot be cut. Its last bytes may be on
 * their way out of somebody's socket, from the page cache, and a piece of that which is cut in the middle is cleared
 * from there on. The sync makes a file system with a journal free them now, and not together with the next ones. */
static bool cut_slice(const struct io *io, int file, uint64_t *size, uint64_t slice)
{
    *size = (*size - 1) / slice * slice;
    return io->ftruncate(io->self, file, (off_t)*size) == 0 && io->fdatasync(io->self, file) == 0;
}

/* What is left of it goes when it is closed. Where a larger slice takes about as long, it is the sync that takes the
 * time, and not what is freed: then there are few large ones. */
static void cut(const struct leftovers *leftovers, int file, uint64_t size)
{
    const struct io *io = leftovers->io;
    uint64_t slice = SLICE;
    int64_t least = INT64_MAX;
    while (size > slice && !atomic_load(&leftovers->in_haste)) {
        int64_t began = clock_now(CLOCK_MONOTONIC);
        if (!cut_slice(io, file, &size, slice))
            return;
        int64_t took = clock_now(CLOCK_MONOTONIC) - began;
        least = took < least ? took : least;
        if (took / 5 < least / 4)
            slice *= 2;
        else if (took / 2 > least && slice > SLICE)
            slice /= 2;
    }
}

/* False: somebody else has it, or another one is just being cut. */
static bool cut_in_turn(struct leftovers *leftovers, int file, uint64_t size)
{
    const struct io *io = leftovers->io;
    if (atomic_flag_test_and_set(&leftovers->cutting))
        return false;
    int alone = io->is_alone(io->self, file);
    if (alone > 0)
        cut(leftovers, file, size);
    atomic_flag_clear(&leftovers->cutting);
    return alone != 0;
}

/* Closes it; false: it is to be looked at later. */
static bool finish(struct leftovers *leftovers, int file)
{
    uint64_t size;
    if (is_worthwhile(leftovers, file, &size) && !cut_in_turn(leftovers, file, size))
        return false;
    leftovers->io->close(leftovers->io->self, file);
    return true;
}

/* ---- those that somebody has ------------------------------------------------------------------ */

/* Whether it is kept already, by a descriptor that came by another name it had: neither would ever be alone. Lock
 * held. */
static bool is_kept(const struct leftovers *leftovers, int file)
{
    const struct io *io = leftovers->io;
    struct stat own, kept;
    assert(lock_is_mine(&leftovers->lock));
    if (io->fstat(io->self, file, &own) < 0)
        return false;
    for (size_t i = 0; i < leftovers->count; i++)
        if (io->fstat(io->self, leftovers->files[i], &kept) == 0 && kept.st_dev == own.st_dev &&
            kept.st_ino == own.st_ino)
            return true;
    return false;
}

/* False: who has it closes it. */
static bool keep(struct leftovers *leftovers, int file)
{
    lock_take(&leftovers->lock);
    bool kept = leftovers->count < LEFTOVERS_MAX && !is_kept(leftovers, file) && errand_ask(&leftovers->looker);
    if (kept)
        leftovers->files[leftovers->count++] = file;
    lock_release(&leftovers->lock);
    return kept;
}

/* Takes the one at a place out of the list, where the last one comes; -1: there are not so many. */
static int take_out(struct leftovers *leftovers, size_t at)
{
    lock_take(&leftovers->lock);
    int file = at < leftovers->count ? leftovers->files[at] : -1;
    if (file >= 0)
        leftovers->files[at] = leftovers->files[--leftovers->count];
    lock_release(&leftovers->lock);
    return file;
}

/* Thread: the pool's. From the last one on, as others come to the end of the list. */
static int look(void *arg)
{
    struct leftovers *leftovers = arg;
    bool more = false;
    for (size_t at = LEFTOVERS_MAX; at-- > 0;) {
        int file = take_out(leftovers, at);
        if (file < 0 || finish(leftovers, file))
            continue;
        more = true;
        if (!keep(leftovers, file))
            leftovers->io->close(leftovers->io->self, file);
    }
    return more ? LOOK : ERRAND_DONE;
}

void leftovers_init(struct leftovers *leftovers, const struct io *io, struct pool *pool)
{
    *leftovers = (struct leftovers){.io = io};
    atomic_init(&leftovers->in_haste, false);
    atomic_flag_clear(&leftovers->cutting);
    lock_init(&leftovers->lock);
    errand_init(&leftovers->looker, pool, look, leftovers, NULL);
}

void leftovers_hurry(struct leftovers *leftovers)
{
    atomic_store(&leftovers->in_haste, true);
}

void leftovers_end(struct leftovers *leftovers)
{
    int file;
    leftovers_hurry(leftovers);
    (void)errand_end(&leftovers->looker);
    while ((file = take_out(leftovers, 0)) >= 0)
        leftovers->io->close(leftovers->io->self, file);
}

void leftovers_free(struct leftovers *leftovers)
{
    errand_free(&leftovers->looker);
    lock_destroy(&leftovers->lock);
}

/* ---- removing --------------------------------------------------------------------------------- */

/* What cannot be opened is removed all the same. To open what is far takes as long as to remove it. Where pages have
 * more than 4 KiB, a piece of the page cache may have more than a slice. */
int leftovers_open(const struct leftovers *leftovers, int folder, const char *name)
{
    const struct io *io = leftovers->io;
    bool cuts = !io->far && sysconf(_SC_PAGESIZE) == PAGE;
    return cuts ? io->openat(io->self, folder, name, O_WRONLY | O_NOFOLLOW, 0) : -1;
}

/* Nothing is cut but behind the sync, and what is cut has no name after a crash. */
void leftovers_take(struct leftovers *leftovers, int folder, int file)
{
    const struct io *io = leftovers->io;
    uint64_t size;
    if (file < 0)
        return;
    bool slowly = is_worthwhile(leftovers, file, &size) && io->fsync(io->self, folder) == 0;
    if (!slowly || (!finish(leftovers, file) && !keep(leftovers, file)))
        io->close(io->self, file);
}

int leftovers_remove(struct leftovers *leftovers, int folder, const char *name)
{
    const struct io *io = leftovers->io;
    int file = leftovers_open(leftovers, folder, name);
    int error = io->unlinkat(io->self, folder, name, 0) < 0 ? errno : 0;
    leftovers_take(leftovers, folder, file);
    return error;
}
