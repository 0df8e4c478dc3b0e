/* medium_files.c - the calls of a medium that open files, read and write them, and know what they are. */
#include "store/rados/medium_call.h"

#include <errno.h>
#include <fcntl.h>

enum {
    SECTOR = 512,
    SHARE = 64, /* of a piece: who reads as much at once is read ahead for */
};

/* ---- opening and closing --------------------------------------------------------------------- */

/* Whether a file is to be made that is not there: adding its name tells whether it is. */
static bool is_made_anew(int flags)
{
    return (flags & O_CREAT) && (flags & O_EXCL);
}

/* Whether what was found may be opened so; an errno. */
static int check_open(const struct path_end *end, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (!end->found)
        return flags & O_CREAT ? 0 : ENOENT;
    if (is_made_anew(flags))
        return EEXIST;
    if (end->entry.is_folder)
        return writes || (flags & O_CREAT) ? EISDIR : 0;
    return flags & O_DIRECTORY ? ENOTDIR : 0;
}

/* Opens the file that was found. EAGAIN: its name has gone meanwhile, and perhaps its bytes. */
static int open_found(struct medium *medium, struct path_end *end, uint64_t removed, struct inode **ret_inode)
{
    struct inode *inode;
    uint64_t number = end->entry.inode;
    int error = inode_open(&medium->inodes, number, false, &inode);
    if (error)
        return error;
    if (inodes_removed(&medium->inodes) != removed) {
        error = path_find_again(end, &medium->cluster);
        if (!error && (!end->found || end->entry.is_folder || end->entry.inode != number))
            error = EAGAIN;
    }
    if (error)
        removals_go_on(&medium->removals, inode_release(inode));
    else
        *ret_inode = inode;
    return error;
}

/* Makes the file. EAGAIN: somebody else has, meanwhile. */
static int make_file(struct medium *medium, const struct path_end *end, int flags, struct inode **ret_inode)
{
    uint64_t number = layout_number();
    const struct layout_entry entry = {.inode = number, .link = number};
    const struct tree_name name = medium_name(end);
    int error = tree_add(&medium->cluster, &name, &entry);
    if (error)
        return error == EEXIST && !is_made_anew(flags) ? EAGAIN : error;
    return inode_open(&medium->inodes, number, true, ret_inode);
}

static int open_folder(const struct path_end *end, struct descriptor *ret_descriptor)
{
    *ret_descriptor = (struct descriptor){.path = end->folder};
    return end->name[0] ? path_enter(&ret_descriptor->path, &end->entry) : 0;
}

/* Where the path leads, as far as it has to be known for that. An errno. */
static int find_to_open(struct medium *medium, int folder, const char *path, int flags, struct path_end *ret_end)
{
    if (is_made_anew(flags))
        return medium_find_place(medium, folder, path, ret_end);
    bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    return changes ? medium_find_end_to_change(medium, folder, path, ret_end)
                   : medium_find_end(medium, folder, path, ret_end);
}

/* EAGAIN: something has changed meanwhile. */
static int try_open(struct medium *medium, int folder, const char *path, int flags, struct descriptor *ret_descriptor)
{
    struct path_end end;
    uint64_t removed = inodes_removed(&medium->inodes);
    int error = find_to_open(medium, folder, path, flags, &end);
    if (!error)
        error = check_open(&end, flags);
    if (error)
        return error;
    if (end.found && end.entry.is_folder)
        return open_folder(&end, ret_descriptor);
    *ret_descriptor = (struct descriptor){.may_write = (flags & O_ACCMODE) != O_RDONLY};
    error = end.found ? open_found(medium, &end, removed, &ret_descriptor->inode)
                      : make_file(medium, &end, flags, &ret_descriptor->inode);
    if (!error && end.found && (flags & O_TRUNC))
        error = inode_truncate(ret_descriptor->inode, 0);
    return error;
}

/* Lets go of what is open. */
static void let_go(struct medium *medium, const struct descriptor *descriptor)
{
    if (!descriptor->inode)
        return;
    ahead_free(descriptor->ahead);
    removals_go_on(&medium->removals, inode_release(descriptor->inode));
}

/* Gives what is open a number; an errno, and then it has been let go of. */
static int give_number(struct medium *medium, struct descriptor *descriptor, int *ret_number)
{
    descriptor->ahead = descriptor->inode ? ahead_new(&medium->aheads, descriptor->inode) : NULL;
    bool good = !descriptor->inode || descriptor->ahead;
    int number = good ? descriptors_add(&medium->descriptors, descriptor) : -1;
    if (number < 0) {
        let_go(medium, descriptor);
        return ENOMEM;
    }
    *ret_number = number;
    return 0;
}

/* Answers with a number for what is open, if there was no error and the lease still holds. Behind that it is the
 * caller's to close, so that nothing is asked any more. */
static int tell_number(struct medium *medium, int error, struct descriptor *descriptor)
{
    int number = -1, lost = lease_look(&medium->lease, error);
    if (!error && lost)
        let_go(medium, descriptor);
    error = lost ? lost : give_number(medium, descriptor, &number);
    if (error)
        errno = error;
    return number;
}

static int medium_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    int error = EAGAIN;
    (void)mode;
    for (unsigned i = 0; i < MEDIUM_TRIES && error == EAGAIN; i++)
        error = try_open(medium, folder, path, flags, &descriptor);
    return tell_number(medium, error, &descriptor);
}

static int medium_close_file(void *self, int file)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    if (!descriptors_take(&medium->descriptors, file, &descriptor)) {
        errno = EBADF;
        return -1;
    }
    let_go(medium, &descriptor);
    return 0;
}

static int medium_dup(void *self, int file)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    int error = descriptors_find(&medium->descriptors, file, &descriptor) ? 0 : EBADF;
    descriptor.ahead = NULL; /* it gets one of its own */
    if (!error && descriptor.inode)
        inode_hold(descriptor.inode);
    return tell_number(medium, error, &descriptor);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static ssize_t medium_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    size_t got = 0;
    int error = medium_find_descriptor(medium, file, &descriptor);
    if (!error && length > medium->inodes.piece / SHARE)
        error = ahead_read(descriptor.ahead, bytes, length, (uint64_t)position, &got);
    else if (!error)
        error = inode_read(descriptor.inode, bytes, length, (uint64_t)position, &got);
    return medium_tell(medium, error, (ssize_t)got);
}

static ssize_t medium_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    size_t got = length;
    int error = medium_find_descriptor(medium, file, &descriptor);
    bool there = !error && length > medium->inodes.piece / SHARE &&
                 !ahead_read_nowait(descriptor.ahead, bytes, length, (uint64_t)position);
    if (!error && !there)
        error = inode_read_nowait(descriptor.inode, bytes, length, (uint64_t)position, &got);
    return medium_tell(medium, error, (ssize_t)got);
}

static void medium_expect(void *self, int file, off_t position, size_t length)
{
    struct inode *inode;
    if (!medium_find_file(medium_of(self), file, false, &inode))
        inode_expect(inode, length, (uint64_t)position);
}

static ssize_t medium_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    struct medium *medium = medium_of(self);
    struct inode *inode;
    int error = medium_find_file(medium, file, true, &inode);
    if (!error)
        error = inode_write(inode, bytes, length, (uint64_t)position);
    return medium_tell(medium, error, (ssize_t)length);
}

static int medium_fdatasync(void *self, int file)
{
    struct medium *medium = medium_of(self);
    struct inode *inode;
    int error = medium_find_file(medium, file, false, &inode);
    if (!error)
        error = inode_sync(inode);
    return medium_tell_error(medium, error);
}

/* Of a folder all is durable already. */
static int medium_fsync(void *self, int file)
{
    struct medium *medium = medium_of(self);
    struct inode *inode;
    int error = medium_find_file(medium, file, false, &inode);
    if (!error)
        error = inode_sync(inode);
    return medium_tell_error(medium, error == EISDIR ? 0 : error);
}

/* All that was written is on its way. */
static void medium_write_back(void *self, int file, off_t position, off_t length)
{
    (void)self, (void)file, (void)position, (void)length;
}

static int medium_await_back(void *self, int file, off_t position, off_t length)
{
    (void)self, (void)file, (void)position, (void)length;
    return 0;
}

static int medium_ftruncate(void *self, int file, off_t length)
{
    struct medium *medium = medium_of(self);
    struct inode *inode;
    int error = medium_find_file(medium, file, true, &inode);
    if (!error)
        error = inode_truncate(inode, (uint64_t)length);
    return medium_tell_error(medium, error);
}

static int medium_allocate(void *self, int file, off_t position, off_t length)
{
    (void)file, (void)position, (void)length;
    return medium_tell_error(medium_of(self), EOPNOTSUPP);
}

static ssize_t medium_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    (void)from, (void)from_position, (void)to, (void)to_position, (void)length;
    return medium_tell(medium_of(self), EOPNOTSUPP, 0);
}

/* ---- what is known of files ------------------------------------------------------------------ */

static int medium_fstat(void *self, int file, struct stat *ret_stat)
{
    struct medium *medium = medium_of(self);
    struct descriptor descriptor;
    struct stat stat = {.st_nlink = 1, .st_blksize = LAYOUT_PIECE};
    int error = lease_check(&medium->lease);
    if (!error && !descriptors_find(&medium->descriptors, file, &descriptor))
        error = EBADF;
    if (!error && descriptor.inode) {
        struct layout_file known;
        inode_look(descriptor.inode, &known);
        stat.st_mode = S_IFREG | 0600;
        stat.st_ino = descriptor.inode->number;
        stat.st_size = (off_t)known.size;
        stat.st_blocks = (blkcnt_t)((known.size + SECTOR - 1) / SECTOR);
        stat.st_mtim = known.written;
    } else if (!error) {
        const struct layout_folder *folder = path_folder(&descriptor.path);
        stat.st_mode = S_IFDIR | 0700;
        stat.st_ino = folder->folder ? folder->folder : folder->tree;
    }
    if (!error)
        *ret_stat = stat;
    return medium_tell_error(medium, error);
}

/* Nobody asks: pieces of what is removed go one by one in any case. */
static int medium_is_alone(void *self, int file)
{
    (void)file;
    return medium_tell_error(medium_of(self), EOPNOTSUPP);
}

static int medium_set_written(void *self, int file, const struct timespec *time)
{
    struct medium *medium = medium_of(self);
    struct inode *inode;
    int error = medium_find_file(medium, file, false, &inode);
    if (!error)
        inode_set_time(inode, time);
    return medium_tell_error(medium, error);
}

/* ---- the table ------------------------------------------------------------------------------- */

void medium_fill_files(struct io *io)
{
    io->openat = medium_openat;
    io->close = medium_close_file;
    io->dup = medium_dup;
    io->pread = medium_pread;
    io->pread_nowait = medium_pread_nowait;
    io->expect = medium_expect;
    io->pwrite = medium_pwrite;
    io->fdatasync = medium_fdatasync;
    io->fsync = medium_fsync;
    io->write_back = medium_write_back;
    io->await_back = medium_await_back;
    io->ftruncate = medium_ftruncate;
    io->allocate = medium_allocate;
    io->copy_range = medium_copy_range;
    io->fstat = medium_fstat;
    io->is_alone = medium_is_alone;
    io->set_written = medium_set_written;
}
