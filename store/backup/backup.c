/* backup.c - copies a data folder that a server may have open, store by store.
 *
 *     TO/backup/     says that TO is a backup, and holds stores in the making
 *     TO/restore/    the same of a folder that is being restored, until it is; then it goes
 *
 * What is copied are the stores, and the file of the access control. The lock, the reserve and the trash are each
 * folder's own.
 */
#include "store/backup/replica.h"
#include "store/backup/tree.h"
#include "store/base/error.h"
#include "store/depot/folder.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct backup {
    const struct backup_options *options;
    const struct io *io;
    struct io reading; /* the same, for the source */
    const char *from_path;
    const char *to_path;
    struct folder from;
    struct folder to;
    int drafts; /* TO/backup; -1: not opened yet */
    struct stage_meter meter;
    struct replica_places places;
    struct store_detail *detail;
};

static struct failure fail(const struct backup *backup, int os_error, const char *what, const char *path)
{
    return failure_detail(backup->detail, failure_of_errno(os_error), "%s %s: %s", what, path, strerror(os_error));
}

/* ---- the folders ----------------------------------------------------------------------------- */

static struct failure open_from(struct backup *backup)
{
    enum folder_use use = backup->options->restore ? FOLDER_READ : FOLDER_WATCH;
    struct failure failure = folder_open(&backup->from, &backup->reading, backup->from_path, use, backup->detail);
    if (!failure.error)
        trash_learn(&backup->from.trash);
    return failure;
}

/* Whether the folder has stores, of whoever; true also where that cannot be told. */
static bool has_stores(struct folder *folder)
{
    char **names;
    size_t count;
    if (folder_names(folder, &names, &count))
        return true;
    free(names);
    return count > 0;
}

/* Whether both paths lead to one folder: then it would be locked before it is seen to be no backup. */
static bool is_same(const struct backup *backup)
{
    const struct io *io = &backup->reading;
    struct imprint from, to;
    int folder = io->openat(io->self, AT_FDCWD, backup->to_path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return false;
    bool same = !imprint_of(io, folder, &to) && !imprint_of(io, backup->from.root, &from) &&
                imprint_same_file(&from, &to);
    io->close(io->self, folder);
    return same;
}

/* The name of the folder in which stores are made. */
static const char *drafts_name(const struct backup *backup)
{
    return backup->options->restore ? FOLDER_RESTORE : BACKUP_DRAFTS;
}

/* A data folder with stores in it that is no backup is somebody's, and stays as it is. */
static struct failure open_drafts(struct backup *backup)
{
    struct folder *to = &backup->to;
    const struct io *io = backup->io;
    const char *name = drafts_name(backup);
    backup->drafts = io->openat(io->self, to->root, name, O_RDONLY | O_DIRECTORY, 0);
    if (backup->drafts < 0 && errno == ENOENT && has_stores(to))
        return failure_detail(backup->detail, failure_of(STORE_FOREIGN),
                              "%s holds data%s: it was left untouched, name another folder", backup->to_path,
                              backup->options->restore ? "" : ", and is no backup");
    if (backup->drafts < 0 && io->mkdirat(io->self, to->root, name, 0700) < 0 && errno != EEXIST)
        return fail(backup, errno, "cannot make the parts of", backup->to_path);
    if (backup->drafts < 0)
        backup->drafts = io->openat(io->self, to->root, name, O_RDONLY | O_DIRECTORY, 0);
    if (backup->drafts < 0 || io->fsync(io->self, to->root) < 0)
        return fail(backup, errno, "cannot make the parts of", backup->to_path);
    return failure_none();
}

static void close_to(struct backup *backup)
{
    if (backup->drafts >= 0)
        backup->io->close(backup->io->self, backup->drafts);
    folder_close(&backup->to);
}

static struct failure open_to(struct backup *backup)
{
    struct failure failure = folder_open(&backup->to, backup->io, backup->to_path, FOLDER_SERVE, backup->detail);
    if (failure.error)
        return failure;
    trash_learn(&backup->to.trash);
    failure = open_drafts(backup);
    if (failure.error)
        close_to(backup);
    return failure;
}

/* ---- the file of the access control ---------------------------------------------------------------- */

/* Copies the open file by way of its draft; an errno. */
static int copy_access(struct backup *backup, int from)
{
    const struct io *io = backup->io;
    int root = backup->to.root;
    struct imprint imprint;
    int error = imprint_of(&backup->reading, from, &imprint);
    int to = error ? -1 : io->openat(io->self, root, DEPOT_ACCESS_DRAFT, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (to < 0)
        return error ? error : errno;
    error = io_copy_all(io, from, 0, to, 0, imprint.size);
    if (!error && io->fdatasync(io->self, to) < 0)
        error = errno;
    io->close(io->self, to);
    if (!error && io->renameat(io->self, root, DEPOT_ACCESS_DRAFT, root, DEPOT_ACCESS) < 0)
        error = errno;
    return error;
}

/* One that is there before a folder is restored has been put there to be kept. */
static struct failure take_access(struct backup *backup)
{
    const struct io *io = &backup->reading;
    int kept = backup->options->restore ? io->openat(io->self, backup->to.root, DEPOT_ACCESS, O_RDONLY, 0) : -1;
    int from = kept >= 0 ? -1 : io->openat(io->self, backup->from.root, DEPOT_ACCESS, O_RDONLY, 0);
    int error = kept >= 0 || from >= 0 || errno == ENOENT ? 0 : errno;
    if (kept >= 0)
        io->close(io->self, kept);
    if (from >= 0) {
        error = copy_access(backup, from);
        io->close(io->self, from);
    }
    return error ? fail(backup, error, "cannot copy the access file to", backup->to_path) : failure_none();
}

/* ---- the stores ------------------------------------------------------------------------------ */

static struct failure names_of(struct backup *backup, char ***ret_names, size_t *ret_count)
{
    const char *wanted = backup->options->store;
    int error = folder_names(&backup->from, ret_names, ret_count);
    if (error)
        return fail(backup, error, "cannot list the stores of", backup->from_path);
    char **names = *ret_names;
    for (size_t i = 0; wanted && i < *ret_count; i++)
        if (strcmp(names[i], wanted) == 0) {
            names[0] = names[i];
            *ret_count = 1;
            return failure_none();
        }
    if (!wanted)
        return failure_none();
    free(names);
    return failure_detail(backup->detail, failure_of(STORE_NO_STORE), "there is no store '%.80s' in %s", wanted,
                          backup->from_path);
}

/* Why a store could not be copied, as a sentence. */
static const char *why_of(struct failure failure)
{
    if (failure.error == STORE_BUSY)
        return "it changes faster than it can be copied: try again when less is written";
    return failure_text(failure);
}

static struct failure copy_store(struct backup *backup, const char *name)
{
    struct backup_store told;
    struct failure failure = replica_make(&backup->places, name, &told);
    if (failure.error == STORE_NO_STORE) /* it was removed meanwhile */
        return failure_none();
    told.error = failure.error;
    told.why = failure.error ? why_of(failure) : "";
    if (backup->options->told)
        backup->options->told(backup->options->arg, &told);
    if (failure.error != STORE_FULL && !store_error_is_shortage(failure.error, failure.os_error))
        return failure_none();
    return failure_detail(backup->detail, failure, "store %s cannot be copied to %s: %s", name, backup->to_path,
                          failure_text(failure));
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Removes the copies of stores that the source has not any more. It is asked anew: some were removed meanwhile. */
static struct failure remove_others(struct backup *backup)
{
    char **names, **copies;
    size_t count, copies_count;
    int error = folder_names(&backup->from, &names, &count);
    if (error)
        return fail(backup, error, "cannot list the stores of", backup->from_path);
    error = folder_names(&backup->to, &copies, &copies_count);
    if (error) {
        free(names);
        return fail(backup, error, "cannot list the stores of", backup->to_path);
    }
    for (size_t i = 0; i < copies_count && !error; i++)
        if (!bsearch(&copies[i], names, count, sizeof *names, compare_names))
            error = replica_remove(&backup->places, copies[i]);
    free(names);
    free(copies);
    return error ? fail(backup, error, "cannot remove copies of stores from", backup->to_path) : failure_none();
}

static struct failure copy_stores(struct backup *backup)
{
    char **names;
    size_t count;
    struct failure failure = names_of(backup, &names, &count);
    if (failure.error)
        return failure;
    for (size_t i = 0; i < count; i++)
        replica_measure(&backup->places, names[i]);
    for (size_t i = 0; i < count && !failure.error; i++)
        failure = copy_store(backup, names[i]);
    free(names);
    if (!failure.error && backup->options->prune && !backup->options->store)
        failure = remove_others(backup);
    return failure;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct failure copy_folder(struct backup *backup)
{
    backup->places = (struct replica_places){.source = &backup->from,
                                             .io = backup->io,
                                             .copies = backup->to.stores,
                                             .drafts = backup->drafts,
                                             .link = backup->options->link,
                                             .roomy = backup->options->restore,
                                             .meter = &backup->meter};
    struct failure failure = take_access(backup);
    if (!failure.error)
        failure = copy_stores(backup);
    if (failure.error || !backup->options->restore)
        return failure;
    int error = tree_remove(backup->io, backup->to.root, drafts_name(backup));
    if (!error && backup->io->fsync(backup->io->self, backup->to.root) < 0)
        error = errno;
    return error ? fail(backup, error, "cannot finish", backup->to_path) : failure_none();
}

static struct failure run(struct backup *backup)
{
    struct failure failure = open_from(backup);
    if (failure.error)
        return failure;
    if (is_same(backup))
        failure = failure_detail(backup->detail, failure_of(STORE_FOREIGN), "%s is the folder that is to be copied",
                                 backup->to_path);
    else
        failure = open_to(backup);
    if (!failure.error) {
        failure = copy_folder(backup);
        close_to(backup);
    }
    folder_close(&backup->from);
    return failure;
}

enum store_error backup_prepare(const char *to, const struct io *io, struct store_detail *ret_detail)
{
    static const struct backup_options options;
    struct backup backup = {
        .options = &options, .io = io ? io : &io_posix, .to_path = to, .drafts = -1, .detail = ret_detail};
    struct failure failure = open_to(&backup);
    if (!failure.error)
        close_to(&backup);
    return failure_tell(failure);
}

enum store_error backup_make(const char *from, const char *to, const struct backup_options *options,
                             struct store_detail *ret_detail)
{
    struct backup backup = {.options = options,
                            .io = options->io ? options->io : &io_posix,
                            .from_path = from,
                            .to_path = to,
                            .drafts = -1,
                            .meter = {.advanced = options->advanced, .arg = options->arg},
                            .detail = ret_detail};
    failure_detail(ret_detail, failure_none(), "%s", "");
    io_read_only(&backup.reading, backup.io);
    return failure_tell(run(&backup));
}
