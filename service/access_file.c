/* access_file.c - reads and replaces the access file. See access_file.h. */
#include "service/access_file.h"

#include "service/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool fail(char reason[ACCESS_REASON_MAX], const char *what, const char *path)
{
    (void)snprintf(reason, ACCESS_REASON_MAX, "%s %.300s: %s", what, path, strerror(errno));
    return false;
}

/* ---- looking --------------------------------------------------------------------------------- */

struct access_state access_state_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0)
        return (struct access_state){0, status.st_dev, status.st_ino, status.st_size, status.st_ctim};
    int error = errno;
    bool none = error == ENOENT && lstat(path, &status) != 0 && errno == ENOENT;
    return (struct access_state){.error = none ? 0 : error};
}

bool access_state_same(const struct access_state *a, const struct access_state *b)
{
    return a->error == b->error && a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

bool access_state_is_none(const struct access_state *state)
{
    return state->inode == 0 && state->error == 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

char *access_file_read(const char *path, size_t *ret_length, char reason[ACCESS_REASON_MAX])
{
    char *text = small_file_read(path, ACCESS_FILE_MAX, ret_length);
    if (!text)
        fail(reason, "cannot read the access file", path);
    return text;
}

/* ---- replacing ------------------------------------------------------------------------------- */

static bool name_draft(struct access_edit *edit, const char *path, char reason[ACCESS_REASON_MAX])
{
    if (!realpath(path, edit->path)) {
        if (errno != ENOENT || strlen(path) >= sizeof edit->path)
            return fail(reason, "cannot find the access file", path);
        strcpy(edit->path, path);
    }
    (void)snprintf(edit->draft, sizeof edit->draft, "%s.new", edit->path);
    return true;
}

/* Whether the file that is locked still stands under the name: whoever had the lock before may have renamed it. */
static bool is_draft(const struct access_edit *edit)
{
    struct stat locked, named;
    return fstat(edit->file, &locked) == 0 && lstat(edit->draft, &named) == 0 && locked.st_dev == named.st_dev &&
           locked.st_ino == named.st_ino;
}

/* Makes the draft, or else opens the one that is there, to wait for who made it. */
static int open_draft(const char *draft, bool *ret_made)
{
    int file;
    do {
        file = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        *ret_made = file >= 0;
        if (*ret_made || errno != EEXIST)
            return file;
        file = open(draft, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    } while (file < 0 && errno == ENOENT); /* it has just gone */
    return file;
}

static bool lock_draft(struct access_edit *edit, bool *ret_made, char reason[ACCESS_REASON_MAX])
{
    edit->file = open_draft(edit->draft, ret_made);
    if (edit->file < 0)
        return fail(reason, "cannot write beside the access file:", edit->draft);
    if (flock(edit->file, LOCK_EX) == 0)
        return true;
    fail(reason, "cannot lock", edit->draft);
    close(edit->file);
    return false;
}

/* Nothing is written but into a file that was made here: any other may have a second name, or be held open by who put
 * it there. One that its maker has left behind goes. */
bool access_edit_begin(struct access_edit *edit, const char *path, char reason[ACCESS_REASON_MAX])
{
    bool made;
    if (!name_draft(edit, path, reason))
        return false;
    while (lock_draft(edit, &made, reason)) {
        bool named = is_draft(edit);
        if (named && made)
            return true;
        bool cleared = !named || unlink(edit->draft) == 0 || fail(reason, "cannot take away", edit->draft);
        close(edit->file);
        if (!cleared)
            return false;
    }
    return false;
}

static bool write_whole(int file, const char *text, size_t length)
{
    if (ftruncate(file, 0) != 0 || lseek(file, 0, SEEK_SET) != 0)
        return false;
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

static int open_folder_of(const char *path)
{
    char copy[PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Root may edit the file of a server that runs as somebody else. */
static bool keep_owner(const struct access_edit *edit, int folder)
{
    struct stat owner, draft;
    if ((stat(edit->path, &owner) != 0 && fstat(folder, &owner) != 0) || fstat(edit->file, &draft) != 0)
        return false;
    if (owner.st_uid == draft.st_uid && owner.st_gid == draft.st_gid)
        return true;
    return fchown(edit->file, owner.st_uid, owner.st_gid) == 0 || (errno == EPERM && geteuid() != 0);
}

static bool replace(const struct access_edit *edit, int folder, const char *text, size_t length)
{
    return fchmod(edit->file, 0600) == 0 && write_whole(edit->file, text, length) && keep_owner(edit, folder) &&
           fsync(edit->file) == 0 && rename(edit->draft, edit->path) == 0 && fsync(folder) == 0;
}

bool access_edit_end(struct access_edit *edit, const char *text, size_t length, char reason[ACCESS_REASON_MAX])
{
    int folder = open_folder_of(edit->path);
    bool good = !text || (folder >= 0 && replace(edit, folder, text, length));
    if (!good)
        fail(reason, "cannot write the access file", edit->path);
    if (!text || !good)
        unlink(edit->draft);
    if (folder >= 0)
        close(folder);
    close(edit->file);
    return good;
}
