/* folder.c - the data folder on disk. folder.h shows what is in it. */
#include "store/depot/folder.h"

#include "store/base/error.h"
#include "store/disk/settings.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDER_WORD_MAX = 500 }; /* a sentence has two of them, and not much more than 500 bytes beside */

static const char marker[] = FOLDER_MARKER;

/* What to do about it. */
static const char *hint_for(int os_error)
{
    switch (os_error) {
    case ENOTDIR:
        return " (a part of the path is a file)";
    case EACCES:
    case EPERM:
        return " (the user that cairnd runs as must be able to write there)";
    case EROFS:
        return " (the file system is mounted read-only)";
    default:
        return "";
    }
}

static struct failure fail(struct store_detail *detail, int os_error, const char *what, const char *path)
{
    return failure_detail(detail, failure_of_errno(os_error), "%s %s: %s%s", what, path, strerror(os_error),
                          hint_for(os_error));
}

const char *folder_word(const char *path)
{
    return strlen(path) <= FOLDER_WORD_MAX ? path : "DIR";
}

/* ---- making it ------------------------------------------------------------------------------- */

/* Makes the entry of the folder in its parent durable. At every start, not only after making it: the start
 * that made it may have died before this. An errno. */
static int sync_parent(const struct io *io, const char *path)
{
    size_t length = strlen(path) + sizeof "/..";
    char *parent = malloc(length);
    if (!parent)
        return ENOMEM;
    (void)snprintf(parent, length, "%s/..", path);
    int folder = io->openat(io->self, AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);
    free(parent);
    if (folder < 0)
        return errno == EACCES ? 0 : errno; /* not ours to open: whoever made the folder answers for it */
    int error = io->fsync(io->self, folder) < 0 ? errno : 0;
    io->close(io->self, folder);
    return error;
}

/* Makes the folders that it is to lie in, as far as they are missing, each durable in its own. An errno. */
static int make_parents(const struct io *io, const char *path)
{
    char *part = strdup(path);
    int error = part ? 0 : ENOMEM;
    for (char *slash = part ? strchr(part + 1, '/') : NULL; slash && !error; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (io->mkdirat(io->self, AT_FDCWD, part, 0755) == 0)
            error = sync_parent(io, part);
        else if (errno != EEXIST)
            error = errno;
        *slash = '/';
    }
    free(part);
    return error;
}

/* An errno. */
static int make_root(const struct io *io, const char *path)
{
    int error = io->mkdirat(io->self, AT_FDCWD, path, 0700) < 0 ? errno : 0;
    if (error == ENOENT) {
        error = make_parents(io, path);
        if (!error && io->mkdirat(io->self, AT_FDCWD, path, 0700) < 0)
            error = errno;
    }
    return error && error != EEXIST ? error : sync_parent(io, path);
}

/* ---- whose it is ----------------------------------------------------------------------------- */

/* The text of the marker. */
static const struct settings ours = {.kind = "data folder"};

static bool is_empty_folder(const struct io *io, int parent, const char *name)
{
    int folder = io->openat(io->self, parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (folder < 0)
        return false;
    char *names = io_list(io, folder);
    io->close(io->self, folder);
    bool empty = names && !*names;
    free(names);
    return empty;
}

static bool is_empty_file(const struct io *io, int parent, const char *name)
{
    struct stat status;
    int file = io->openat(io->self, parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (file < 0)
        return false;
    bool empty = io->fstat(io->self, file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
    io->close(io->self, file);
    return empty;
}

/* Whether an entry of a folder without a marker is nobody's, or its operator's: the first start makes lock, stores,
 * trash, and last the marker by way of its draft, and puts nothing into them before the marker is there. */
static bool is_nobodys(struct folder *folder, const char *name)
{
    if (strcmp(name, "lock") == 0)
        return is_empty_file(folder->io, folder->root, name);
    if (strcmp(name, DEPOT_ACCESS) == 0 || strcmp(name, DEPOT_ACCESS_DRAFT) == 0)
        return true;
    if (strcmp(name, STORES_FOLDER) == 0 || strcmp(name, TRASH_FOLDER) == 0)
        return is_empty_folder(folder->io, folder->root, name);
    return settings_is_draft(folder->io, folder->root, name, marker, &ours);
}

/* A folder without a marker: either nothing is in it, or it is somebody's. */
static struct failure check_empty(struct folder *folder, const char *path, struct store_detail *detail)
{
    char *names = io_list(folder->io, folder->root);
    if (!names)
        return fail(detail, errno, "cannot list data folder", path);
    const char *name = names;
    while (*name && is_nobodys(folder, name))
        name += strlen(name) + 1;
    struct failure failure = failure_none();
    if (*name)
        failure = failure_detail(
            detail, failure_of(STORE_FOREIGN),
            "%s is not a data folder of cairn: it holds '%.80s' but no file '%s'. It was left untouched: "
            "if it is one, bring that file back from a backup; else name another folder, or an empty one",
            path, name, marker);
    free(names);
    return failure;
}

/* Whether the folder is cairn's, or empty enough to become it. Nothing is written. */
static struct failure check_owner(struct folder *folder, const char *path, bool *ret_fresh, struct store_detail *detail)
{
    struct settings settings;
    struct failure failure = settings_read(folder->io, folder->root, marker, ours.kind, &settings);
    *ret_fresh = failure.error == STORE_FOREIGN && failure.os_error == ENOENT;
    if (!failure.error)
        return failure_none();
    if (*ret_fresh)
        return check_empty(folder, path, detail);
    if (failure.error == STORE_FOREIGN || failure.error == STORE_DAMAGED)
        return failure_detail(detail, failure,
                              "%s is not a data folder of cairn: its file '%s' is not as cairn writes it. It was left "
                              "untouched: if it is one, bring that file back from a backup; else name another folder",
                              path, marker);
    return failure_detail(detail, failure, "file %s/%s: %s", path, marker, failure_text(failure));
}

/* ---- opening --------------------------------------------------------------------------------- */

/* The folder is locked as well, where the file system can do that: people remove lock files. */
static struct failure take_lock(struct folder *folder, const char *path, int flags, struct store_detail *detail)
{
    const struct io *io = folder->io;
    if (folder->lock < 0)
        folder->lock = io->openat(io->self, folder->root, "lock", O_RDWR | flags, 0600);
    if (folder->lock < 0)
        return fail(detail, errno, "cannot open the lock file of data folder", path);
    bool alone = io->lock(io->self, folder->root) == 0 || errno != EWOULDBLOCK;
    if (alone && io->lock(io->self, folder->lock) == 0)
        return failure_none();
    if (errno == EWOULDBLOCK)
        return failure_detail(detail, (struct failure){STORE_LOCKED, errno}, "another process %s %s%s",
                              io->tenure ? "has been opening" : "has the data folder", path,
                              io->tenure ? " all the while, which takes a moment: try again" : " open: stop it first");
    return fail(detail, errno, "cannot lock data folder", path);
}

static int open_part(struct folder *folder, const char *name)
{
    const struct io *io = folder->io;
    if (io->mkdirat(io->self, folder->root, name, 0700) < 0 && errno != EEXIST)
        return -1;
    return io->openat(io->self, folder->root, name, O_RDONLY | O_DIRECTORY, 0);
}

/* What keeps files only leaves out a folder in which there are none, as the trash mostly is. */
static struct failure fail_part(const char *name, int os_error, const char *path, struct store_detail *detail)
{
    return failure_detail(detail, failure_of_errno(os_error), "cannot open folder %s of data folder %s: %s%s", name,
                          path, strerror(os_error),
                          os_error == ENOENT ? " (it may be left out by what copies files only: make it, empty)"
                                             : hint_for(os_error));
}

static struct failure open_parts(struct folder *folder, bool fresh, const char *path, struct store_detail *detail)
{
    const struct io *io = folder->io;
    folder->stores = open_part(folder, STORES_FOLDER);
    folder->trash_folder = folder->stores < 0 ? -1 : open_part(folder, TRASH_FOLDER);
    if (folder->trash_folder < 0)
        return fail_part(folder->stores < 0 ? STORES_FOLDER : TRASH_FOLDER, errno, path, detail);
    int error = fresh ? settings_write(io, folder->root, marker, &ours) : 0;
    if (!error && io->fsync(io->self, folder->stores) < 0)
        error = errno;
    if (!error && io->fsync(io->self, folder->root) < 0)
        error = errno;
    return error ? fail(detail, error, "cannot set up data folder", path) : failure_none();
}

/* What is somebody's by what is in it may be what another process is making a data folder right now: that one has the
 * lock. Who gets it looks once more. Nothing is written. */
static struct failure check_locked(struct folder *folder, const char *path, struct failure failure, bool *ret_fresh,
                                   struct store_detail *detail)
{
    struct store_detail other;
    struct failure locked = take_lock(folder, path, O_NOFOLLOW | O_NONBLOCK, &other);
    if (locked.error == STORE_LOCKED)
        return failure_detail(detail, locked, "%s", other.text);
    return locked.error ? failure : check_owner(folder, path, ret_fresh, detail);
}

/* Everything behind the opening of the folder itself. */
static struct failure take_over(struct folder *folder, const char *path, enum folder_use use,
                                struct store_detail *detail)
{
    bool fresh;
    struct failure failure = check_owner(folder, path, &fresh, detail);
    if (failure.error == STORE_FOREIGN && use == FOLDER_SERVE)
        failure = check_locked(folder, path, failure, &fresh, detail);
    if (!failure.error && fresh && use != FOLDER_SERVE)
        failure = failure_detail(detail, failure_of(STORE_FOREIGN),
                                 "%s holds no data: it is not a data folder of cairn, or not yet", path);
    if (!failure.error && use != FOLDER_WATCH)
        failure = take_lock(folder, path, O_CREAT, detail);
    return failure.error ? failure : open_parts(folder, fresh, path, detail);
}

struct failure folder_open(struct folder *folder, const struct io *io, const char *path, enum folder_use use,
                           struct store_detail *detail)
{
    *folder = (struct folder){.io = io, .root = -1, .lock = -1, .stores = -1, .trash_folder = -1};
    int os_error = use == FOLDER_SERVE ? make_root(io, path) : 0;
    if (os_error)
        return fail(detail, os_error, "cannot make data folder", path);
    folder->root = io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder->root < 0)
        return fail(detail, errno, "cannot open data folder", path);
    folder->home = (struct home){.open = folder->root, .path = strdup(path)};
    if (!folder->home.path) {
        folder_close(folder);
        return failure_of(STORE_NO_MEMORY);
    }
    struct failure failure = take_over(folder, path, use, detail);
    if (io->tenure && use != FOLDER_WATCH)
        io->tenure->leave(io->tenure->self, "");
    if (failure.error) {
        folder_close(folder);
        return failure;
    }
    joint_sync_init(&folder->stores_sync, io, folder->stores);
    trash_init(&folder->trash, io, folder->trash_folder, folder->stores, &folder->stores_sync);
    return failure_none();
}

void folder_close(struct folder *folder)
{
    int files[] = {folder->trash_folder, folder->stores, folder->root, folder->lock};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i] >= 0)
            folder->io->close(folder->io->self, files[i]);
    free(folder->home.path);
    if (folder->stores_sync.io)
        joint_sync_free(&folder->stores_sync);
}

int folder_sync_stores(struct folder *folder)
{
    return joint_sync(&folder->stores_sync);
}

/* ---- the stores in it --------------------------------------------------------------------------- */

bool store_name_valid(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= STORE_NAME_MAX && strspn(name, STORE_NAME_ALPHABET) == length &&
           !strchr("._-", name[0]);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes those out of a list that are stores; an errno. */
static int take_names(struct folder *folder, char *list, char **names, size_t *ret_count)
{
    *ret_count = 0;
    for (char *name = list; *name; name += strlen(name) + 1) {
        bool held = true;
        int error = store_name_valid(name) ? trash_has_held(&folder->trash, name, &held) : 0;
        if (error)
            return error;
        if (!held)
            names[(*ret_count)++] = name;
    }
    return 0;
}

int folder_names(struct folder *folder, char ***ret_names, size_t *ret_count)
{
    char *list = io_list(folder->io, folder->stores);
    if (!list)
        return errno;
    size_t count = 0;
    char *end = list;
    for (; *end; end += strlen(end) + 1)
        count++;
    size_t text = (size_t)(end - list) + 1;
    char **names = malloc((count + 1) * sizeof *names + text);
    if (!names) {
        free(list);
        return ENOMEM;
    }
    char *copy = memcpy(names + count + 1, list, text);
    free(list);
    int error = take_names(folder, copy, names, &count);
    if (error) {
        free(names);
        return error;
    }
    names[count] = NULL;
    qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return 0;
}

bool folder_is_used(struct folder *folder)
{
    char **names;
    size_t count;
    if (folder_names(folder, &names, &count))
        return true;
    free(names);
    return count > 0;
}

bool folder_has_stores(const struct folder *folder)
{
    return home_leads_to(&folder->home, folder->io, STORES_FOLDER, folder->stores);
}

/* ---- one of several processes ------------------------------------------------------------------- */

enum { PATH_MAX_STORE = sizeof STORES_FOLDER + 1 + STORE_NAME_MAX };

static void path_of(const char *name, char ret_path[PATH_MAX_STORE])
{
    (void)snprintf(ret_path, PATH_MAX_STORE, "%s/%s", STORES_FOLDER, name);
}

int folder_take_store(const struct io *io, const char *name, struct tenant *ret_tenant)
{
    const struct tenure *tenure = io->tenure;
    char path[PATH_MAX_STORE];
    path_of(name, path);
    return tenure ? tenure->take(tenure->self, path, ret_tenant) : 0;
}

void folder_leave_store(const struct io *io, const char *name)
{
    const struct tenure *tenure = io->tenure;
    char path[PATH_MAX_STORE];
    path_of(name, path);
    if (tenure)
        tenure->leave(tenure->self, path);
}
