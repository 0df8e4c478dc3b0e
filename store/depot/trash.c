/* trash.c - the way of stores into a data folder and out of it. trash.h tells the story. */
#include "store/depot/trash.h"

#include "store/disk/settings.h"
#include "store/disk/tenure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char mark_suffix[] = ".removed";

void trash_init(struct trash *trash, const struct io *io, int folder, int stores, struct joint_sync *stores_sync)
{
    *trash = (struct trash){.io = io, .folder = folder, .stores = stores, .stores_sync = stores_sync};
}

/* ---- removing -------------------------------------------------------------------------------- */

static void mark_name(const char *store, char ret_mark[TRASH_ENTRY_MAX])
{
    (void)snprintf(ret_mark, TRASH_ENTRY_MAX, "%s%s", store, mark_suffix);
}

/* The store that an entry marks; false when it marks none. */
static bool mark_store(const char *entry, char ret_store[TRASH_ENTRY_MAX])
{
    size_t length = strlen(entry);
    size_t suffix = sizeof mark_suffix - 1;
    if (length <= suffix || length >= TRASH_ENTRY_MAX || strcmp(entry + length - suffix, mark_suffix) != 0)
        return false;
    memcpy(ret_store, entry, length - suffix);
    ret_store[length - suffix] = '\0';
    return true;
}

/* An errno: it may be there. */
static int find(const struct io *io, int folder, const char *name, bool *ret_there)
{
    int file = io->openat(io->self, folder, name, O_RDONLY, 0);
    *ret_there = file >= 0 || errno != ENOENT;
    if (file < 0)
        return *ret_there ? errno : 0;
    io->close(io->self, file);
    return 0;
}

static bool is_there(const struct io *io, int folder, const char *name)
{
    bool there;
    (void)find(io, folder, name, &there);
    return there;
}

/* The files of a marked store have been removed where they were: its mark goes, unless something of it is left. */
static void marked_gone(void *arg, const char *store)
{
    struct trash *trash = arg;
    const struct io *io = trash->io;
    char mark[TRASH_ENTRY_MAX];
    if (is_there(io, trash->stores, store) || io->fsync(io->self, trash->stores) < 0)
        return;
    mark_name(store, mark);
    atomic_fetch_add(&trash->clearing, 1);
    atomic_fetch_add(&trash->cleared, 1); /* before: whoever sees no mark has to know */
    if (io->unlinkat(io->self, trash->folder, mark, 0) == 0)
        atomic_fetch_sub(&trash->marks, 1);
    atomic_fetch_sub(&trash->clearing, 1);
}

void trash_remove(struct trash *trash, const char *entry)
{
    char store[TRASH_ENTRY_MAX];
    if (mark_store(entry, store))
        remover_take(&trash->remover, trash->stores, store, marked_gone, trash);
    else
        remover_take(&trash->remover, trash->folder, entry, NULL, NULL);
}

static void count_mark(struct trash *trash)
{
    atomic_store(&trash->marked, true);
    atomic_fetch_add(&trash->marks, 1);
}

/* Takes down what lies in it, so that no label is used twice and no store is found that is marked. */
static void note_entry(struct trash *trash, const char *entry)
{
    char store[TRASH_ENTRY_MAX];
    unsigned long long label;
    if (mark_store(entry, store))
        count_mark(trash);
    else if (sscanf(entry, "%llu", &label) == 1 && label >= atomic_load(&trash->labels))
        atomic_store(&trash->labels, label + 1);
}

/* The names in it, which all are taken down: free() them. NULL: there are none to be had. */
static char *learn_names(struct trash *trash)
{
    char *names = io_list(trash->io, trash->folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1)
        note_entry(trash, name);
    return names;
}

int trash_learn(struct trash *trash)
{
    char *names = learn_names(trash);
    int error = names ? 0 : errno;
    free(names);
    return error;
}

/* Whether nobody is about to do something with what lies there under that name; then it is this process's. Of its own
 * it has seen to already. What it is removing is not taken again: the folder may be gone by then, and on a pool a lock
 * on what is gone makes it anew. */
static bool is_left(struct trash *trash, const char *name)
{
    const struct tenure *tenure = trash->io->tenure;
    char session[TENURE_SESSION_MAX] = "", path[sizeof TRASH_FOLDER + 1 + TRASH_ENTRY_MAX];
    struct tenant tenant;
    bool lives = true;
    if (!tenure)
        return true;
    if (sscanf(name, "%19[0-9a-f].", session) != 1 || strlen(name) >= TRASH_ENTRY_MAX ||
        strcmp(session, tenure->own->session) == 0 || tenure->lives(tenure->self, session, &lives) || lives ||
        remover_has(&trash->remover, trash->folder, name))
        return false;
    (void)snprintf(path, sizeof path, "%s/%s", TRASH_FOLDER, name);
    int error = tenure->take(tenure->self, path, &tenant);
    return !error || error == ENOTDIR; /* of a file nobody has more than others */
}

static void remove_left(struct trash *trash)
{
    char *names = learn_names(trash);
    for (const char *name = names; name && *name; name += strlen(name) + 1)
        if (is_left(trash, name))
            trash_remove(trash, name);
    free(names);
}

void trash_begin(struct trash *trash, const struct services *services)
{
    remover_init(&trash->remover, trash->io, services);
    remove_left(trash);
}

void trash_adopt(struct trash *trash)
{
    if (trash->io->tenure)
        remove_left(trash);
}

void trash_end(struct trash *trash)
{
    remover_free(&trash->remover);
}

bool trash_holds(struct trash *trash, const char *name)
{
    char mark[TRASH_ENTRY_MAX];
    if (atomic_load(&trash->marks) == 0)
        return false;
    mark_name(name, mark);
    return is_there(trash->io, trash->folder, mark);
}

int trash_has_held(struct trash *trash, const char *name, bool *ret_held)
{
    char mark[TRASH_ENTRY_MAX];
    bool marked = false, there = true;
    int error = 0;
    *ret_held = false;
    if (!atomic_load(&trash->marked))
        return 0;
    mark_name(name, mark);
    if (atomic_load(&trash->marks) > 0)
        error = find(trash->io, trash->folder, mark, &marked);
    if (!error && !marked)
        error = find(trash->io, trash->stores, name, &there);
    *ret_held = !error && (marked || !there);
    return error;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void new_label(struct trash *trash, char ret_label[TRASH_ENTRY_MAX])
{
    const struct tenure *tenure = trash->io->tenure;
    (void)snprintf(ret_label, TRASH_ENTRY_MAX, "%s%s%llu", tenure ? tenure->own->session : "", tenure ? "." : "",
                   (unsigned long long)atomic_fetch_add(&trash->labels, 1));
}

static int sync_folder(const struct io *io, int folder)
{
    return io->fsync(io->self, folder) < 0 ? errno : 0;
}

/* Fills a store's new folder and makes it durable; an errno. */
static int fill_store(const struct io *io, int store, uint64_t salt)
{
    struct settings settings = {.kind = "store", .salt = salt};
    if (io->mkdirat(io->self, store, "log", 0700) < 0 || io->mkdirat(io->self, store, "blobs", 0700) < 0)
        return errno;
    int error = settings_write(io, store, SETTINGS_OF_STORE, &settings);
    return error ? error : sync_folder(io, store);
}

/* Makes a whole store in the trash; an errno. */
static int make_in_trash(struct trash *trash, const char *label, uint64_t salt)
{
    const struct io *io = trash->io;
    if (io->mkdirat(io->self, trash->folder, label, 0700) < 0)
        return errno;
    int store = io->openat(io->self, trash->folder, label, O_RDONLY | O_DIRECTORY, 0);
    if (store < 0)
        return errno;
    int error = fill_store(io, store, salt);
    io->close(io->self, store);
    return error;
}

/* A mark that came back after a crash would remove the next store of its name. Several may come here at once. */
static int forget_marks(struct trash *trash)
{
    uint64_t cleared = atomic_load(&trash->cleared);
    bool all_gone = atomic_load(&trash->clearing) == 0;
    if (cleared == atomic_load(&trash->forgotten))
        return 0;
    int error = sync_folder(trash->io, trash->folder);
    if (!error && all_gone)
        atomic_store(&trash->forgotten, cleared);
    return error;
}

int trash_make_store(struct trash *trash, const char *name, uint64_t salt)
{
    const struct io *io = trash->io;
    char label[TRASH_ENTRY_MAX];
    if (trash_holds(trash, name))
        return EBUSY;
    new_label(trash, label);
    int error = make_in_trash(trash, label, salt);
    if (!error)
        error = forget_marks(trash);
    if (!error && io->renameat(io->self, trash->folder, label, trash->stores, name) < 0)
        error = errno;
    if (error) {
        trash_remove(trash, label);
        return error;
    }
    error = joint_sync(trash->stores_sync);
    if (error) /* whether the store is there after a crash is open: it must not look as if it were */
        io->renameat(io->self, trash->stores, name, trash->folder, label);
    return error;
}

/* ---- taking away ----------------------------------------------------------------------------- */

static int move_away(struct trash *trash, const char *name, const char *label, bool *ret_doubtful)
{
    const struct io *io = trash->io;
    if (io->renameat(io->self, trash->stores, name, trash->folder, label) < 0)
        return errno;
    int error = joint_sync(trash->stores_sync);
    if (!error)
        return 0;
    bool back = io->renameat(io->self, trash->folder, label, trash->stores, name) == 0;
    *ret_doubtful = !back || joint_sync(trash->stores_sync) != 0;
    return error;
}

static int mark_removed(struct trash *trash, const char *mark, bool *ret_doubtful)
{
    const struct io *io = trash->io;
    int file = io->openat(io->self, trash->folder, mark, O_WRONLY | O_CREAT, 0600);
    if (file < 0)
        return errno;
    io->close(io->self, file);
    int error = sync_folder(io, trash->folder);
    if (!error) {
        count_mark(trash);
        return 0;
    }
    bool back = io->unlinkat(io->self, trash->folder, mark, 0) == 0;
    *ret_doubtful = !back || sync_folder(io, trash->folder) != 0;
    return error;
}

int trash_take_store(struct trash *trash, const char *name, char ret_entry[TRASH_ENTRY_MAX], bool *ret_doubtful)
{
    *ret_doubtful = false;
    new_label(trash, ret_entry);
    int error = move_away(trash, name, ret_entry, ret_doubtful);
    if (error != EXDEV)
        return error;
    mark_name(name, ret_entry);
    return mark_removed(trash, ret_entry, ret_doubtful);
}
