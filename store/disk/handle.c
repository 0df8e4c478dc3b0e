/* handle.c - files that are opened when they are needed. See handle.h. */
#include "store/disk/handle.h"

#include "store/disk/numbered.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { ROUNDS = 2 /* in the first one each may have been taken again and again */ };

/* ---- the circle; the lock is held ------------------------------------------------------------- */

static void enter(struct handles *handles, struct handle *handle)
{
    assert(lock_is_mine(&handles->lock) && !handle->next);
    struct handle *next = handles->next;
    handle->next = next ? next : handle;
    handle->before = next ? next->before : handle;
    handle->before->next = handle;
    handle->next->before = handle;
    if (!next)
        handles->next = handle;
    handles->count++;
}

static void leave(struct handles *handles, struct handle *handle)
{
    assert(lock_is_mine(&handles->lock));
    if (!handle->next)
        return;
    handle->before->next = handle->next;
    handle->next->before = handle->before;
    if (handles->next == handle)
        handles->next = handle->next == handle ? NULL : handle->next;
    handle->next = handle->before = NULL;
    handles->count--;
}

/* Takes the descriptor of the one that nobody has, and nobody had for longest; -1: there is none. */
static int evict(struct handles *handles)
{
    for (size_t looks = ROUNDS * handles->count; looks > 0; looks--) {
        struct handle *handle = handles->next;
        unsigned unused = HANDLE_OPEN;
        handles->next = handle->next;
        if (atomic_exchange_explicit(&handle->recent, false, memory_order_relaxed) ||
            !atomic_compare_exchange_strong(&handle->takers, &unused, 0))
            continue;
        int file = handle->file;
        handle->file = -1;
        leave(handles, handle);
        return file;
    }
    return -1;
}

/* ---- all of them ------------------------------------------------------------------------------ */

void handles_init(struct handles *handles, const struct io *io, size_t limit)
{
    *handles = (struct handles){.io = io, .limit = io->own_numbers ? SIZE_MAX : limit};
    lock_init(&handles->lock);
}

void handles_free(struct handles *handles)
{
    assert(handles->count == 0);
    lock_destroy(&handles->lock);
}

/* Closes one where there are more than may be; false: there are not, or all of them are taken. */
static bool close_beyond(struct handles *handles, size_t limit)
{
    lock_take(&handles->lock);
    int file = handles->count > limit ? evict(handles) : -1;
    lock_release(&handles->lock);
    if (file >= 0)
        handles->io->close(handles->io->self, file);
    return file >= 0;
}

size_t handles_close(struct handles *handles, size_t most)
{
    size_t closed = 0;
    while (closed < most && close_beyond(handles, 0))
        closed++;
    return closed;
}

/* What has come into the circle may be one too many. */
static void tidy(struct handles *handles)
{
    while (close_beyond(handles, handles->limit))
        continue;
}

/* ---- one of them ------------------------------------------------------------------------------ */

/* Kept: so nobody comes to its lock. */
void handle_alone_init(struct handle_alone *alone, const struct io *io, int file)
{
    *alone = (struct handle_alone){.all = {.io = io}, .folder = {.handles = &alone->all, .open = -1}};
    alone->file = (struct handle){.folder = &alone->folder, .file = file, .keepers = 1};
    atomic_init(&alone->file.takers, HANDLE_OPEN + 1);
}

struct handle *handle_new(const struct handle_folder *folder, uint64_t number, const char *ending, int flags, int file)
{
    const struct io *io = folder->handles->io;
    struct handle *handle = malloc(sizeof *handle);
    if (!handle) {
        io->close(io->self, file);
        return NULL;
    }
    *handle = (struct handle){
        .folder = folder, .ending = ending, .number = number, .flags = flags, .file = file, .keepers = 1};
    atomic_init(&handle->takers, HANDLE_OPEN + 1);
    return handle;
}

void handle_free(struct handle *handle)
{
    if (!handle)
        return;
    struct handles *handles = handle->folder->handles;
    lock_take(&handles->lock);
    leave(handles, handle);
    lock_release(&handles->lock);
    if (handle->file >= 0)
        handles->io->close(handles->io->self, handle->file);
    free(handle);
}

/* Of one that was just opened for this thread, which has taken it; false: another one was quicker. */
static bool settle(struct handle *handle, int file)
{
    struct handles *handles = handle->folder->handles;
    lock_take(&handles->lock);
    bool first = !(atomic_load(&handle->takers) & HANDLE_OPEN);
    if (first) {
        handle->file = file;
        (void)atomic_fetch_or(&handle->takers, HANDLE_OPEN);
        enter(handles, handle);
    }
    lock_release(&handles->lock);
    return first;
}

/* Without the lock: whoever finds no descriptor has others closed. */
int handle_open(struct handle *handle, int *ret_file)
{
    char name[NUMBERED_NAME_MAX];
    struct handles *handles = handle->folder->handles;
    const struct io *io = handles->io;
    numbered_name(handle->number, handle->ending, name);
    int file = io->openat(io->self, handle->folder->open, name, handle->flags, 0);
    int error = file < 0 ? errno : 0;
    if (error && atomic_load(&handle->takers) & HANDLE_OPEN) { /* another one was quicker: its name may be gone */
        *ret_file = handle->file;
        return 0;
    }
    if (error) {
        handle_give(handle);
        return error;
    }
    if (settle(handle, file))
        tidy(handles);
    else
        io->close(io->self, file);
    *ret_file = handle->file;
    return 0;
}

int handle_keep(struct handle *handle)
{
    struct handles *handles = handle->folder->handles;
    int file, error = handle_take(handle, &file);
    if (error)
        return error;
    lock_take(&handles->lock);
    handle->keepers++;
    leave(handles, handle);
    lock_release(&handles->lock);
    return 0;
}

/* Lets go of one keeper; of the last one the handle rests. Lock held. */
static bool rest(struct handle *handle)
{
    assert(lock_is_mine(&handle->folder->handles->lock) && handle->keepers > 0);
    return --handle->keepers == 0;
}

void handle_rest(struct handle *handle)
{
    struct handles *handles = handle->folder->handles;
    lock_take(&handles->lock);
    if (rest(handle))
        enter(handles, handle);
    lock_release(&handles->lock);
    handle_give(handle);
    tidy(handles);
}

void handle_shut(struct handle *handle)
{
    struct handles *handles = handle->folder->handles;
    unsigned mine = HANDLE_OPEN + 1;
    int file = -1;
    lock_take(&handles->lock);
    bool rests = rest(handle), closes = rests && atomic_compare_exchange_strong(&handle->takers, &mine, 0);
    if (closes) {
        file = handle->file;
        handle->file = -1;
    } else if (rests) {
        enter(handles, handle);
    }
    lock_release(&handles->lock);
    if (closes)
        handles->io->close(handles->io->self, file);
    else
        handle_give(handle);
}
