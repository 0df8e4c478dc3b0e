/* medium.c - the table of file calls on a pool. Each call asks whether the lease still holds, does its work, and asks
 * again: what is done may be told of only then. */
#include "store/rados/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 64,
    SECTOR = 512,
    AHEAD = 16, /* pieces that are read ahead, for all readers together */
    SHARE = 64, /* of a piece: who reads as much at once is read ahead for */
};

static struct medium *of(void *self)
{
    return self;
}

/* Returns `result`, or -1 with errno set when there is an error, or the lease does not hold any more. */
static ssize_t tell(struct medium *medium, int error, ssize_t result)
{
    error = lease_look(&medium->lease, error);
    if (!error)
        return result;
    errno = error;
    return -1;
}

static int tell_error(struct medium *medium, int error)
{
    return (int)tell(medium, error, 0);
}

/* ---- descriptors and paths ------------------------------------------------------------------- */

/* The file that is open under a number; an errno. */
static int find_descriptor(struct medium *medium, int file, struct descriptor *ret_descriptor)
{
    int lost = lease_check(&medium->lease);
    if (lost)
        return lost;
    if (!descriptors_find(&medium->descriptors, file, ret_descriptor))
        return EBADF;
    return ret_descriptor->inode ? 0 : EISDIR;
}

static int find_file(struct medium *medium, int file, bool to_write, struct inode **ret_inode)
{
    struct descriptor descriptor;
    int error = find_descriptor(medium, file, &descriptor);
    if (error)
        return error;
    *ret_inode = descriptor.inode;
    return to_write && !descriptor.may_write ? EBADF : 0;
}

/* The folder that is open under a number, or from which paths begin without one; an errno. */
static int find_folder(struct medium *medium, int folder, struct path *ret_path)
{
    struct descriptor descriptor;
    *ret_path = path_root();
    if (folder == AT_FDCWD)
        return 0;
    if (!descriptors_find(&medium->descriptors, folder, &descriptor))
        return EBADF;
    *ret_path = descriptor.path;
    return descriptor.inode ? ENOTDIR : 0;
}

/* An errno. */
static int find_end(struct medium *medium, int folder, const char *path, struct path_end *ret_end)
{
    struct path from;
    int error = lease_check(&medium->lease);
    if (!error)
        error = find_folder(medium, folder, &from);
    if (error)
        return error;
    if (folder == AT_FDCWD && path_begins_at(path, medium->name))
        path += strlen(medium->name);
    return path_find(&from, path, &medium->cluster, ret_end);
}

/* The same of what is to be changed there: the process has to own the tree, but that of the root, which is everybody's.
 * What was found before it did may be another one's last word. An errno. */
static int find_end_to_change(struct medium *medium, int folder, const char *path, struct path_end *ret_end)
{
    int error = find_end(medium, folder, path, ret_end);
    uint64_t tree = error ? 0 : path_folder(&ret_end->folder)->tree;
    if (tree == 0 || lease_has(&medium->lease, tree))
        return error;
    error = lease_own(&medium->lease, tree);
    return error ? error : find_end(medium, folder, path, ret_end);
}

static struct tree_name name_of(const struct path_end *end)
{
    return (struct tree_name){path_folder(&end->folder), end->name};
}

/* Has what a name led to removed. */
static void remove_taken(struct medium *medium, const struct tree_name *name, const struct layout_entry *taken)
{
    char object[CLUSTER_OBJECT_MAX];
    layout_name_object(name->folder, name->name, object);
    removals_take(&medium->removals, object, taken);
}

/* ---- opening and closing --------------------------------------------------------------------- */

/* Whether what was found may be opened so; an errno. */
static int check_open(const struct path_end *end, int flags)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (!end->found)
        return flags & O_CREAT ? 0 : ENOENT;
    if ((flags & O_CREAT) && (flags & O_EXCL))
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
static int make_file(struct medium *medium, const struct path_end *end, struct inode **ret_inode)
{
    uint64_t number = layout_number();
    const struct layout_entry entry = {.inode = number, .link = number};
    const struct tree_name name = name_of(end);
    int error = tree_add(&medium->cluster, &name, &entry);
    if (error)
        return error == EEXIST ? EAGAIN : error;
    return inode_open(&medium->inodes, number, true, ret_inode);
}

static int open_folder(const struct path_end *end, struct descriptor *ret_descriptor)
{
    *ret_descriptor = (struct descriptor){.path = end->folder};
    return end->name[0] ? path_enter(&ret_descriptor->path, &end->entry) : 0;
}

/* EAGAIN: something has changed meanwhile. */
static int try_open(struct medium *medium, int folder, const char *path, int flags, struct descriptor *ret_descriptor)
{
    struct path_end end;
    uint64_t removed = inodes_removed(&medium->inodes);
    bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    int error = changes ? find_end_to_change(medium, folder, path, &end) : find_end(medium, folder, path, &end);
    if (!error)
        error = check_open(&end, flags);
    if (error)
        return error;
    if (end.found && end.entry.is_folder)
        return open_folder(&end, ret_descriptor);
    *ret_descriptor = (struct descriptor){.may_write = (flags & O_ACCMODE) != O_RDONLY};
    error = end.found ? open_found(medium, &end, removed, &ret_descriptor->inode)
                      : make_file(medium, &end, &ret_descriptor->inode);
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

static int medium_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    struct medium *medium = of(self);
    struct descriptor descriptor;
    int error = EAGAIN, number = -1;
    (void)mode;
    for (unsigned i = 0; i < TRIES && error == EAGAIN; i++)
        error = try_open(medium, folder, path, flags, &descriptor);
    if (!error)
        error = give_number(medium, &descriptor, &number);
    return (int)tell(medium, error, number);
}

static int medium_close_file(void *self, int file)
{
    struct medium *medium = of(self);
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
    struct medium *medium = of(self);
    struct descriptor descriptor;
    int error = descriptors_find(&medium->descriptors, file, &descriptor) ? 0 : EBADF, number = -1;
    if (!error) {
        if (descriptor.inode)
            inode_hold(descriptor.inode);
        error = give_number(medium, &descriptor, &number);
    }
    return (int)tell(medium, error, number);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static ssize_t medium_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct medium *medium = of(self);
    struct descriptor descriptor;
    size_t got = 0;
    int error = find_descriptor(medium, file, &descriptor);
    if (!error && length > medium->inodes.piece / SHARE)
        error = ahead_read(descriptor.ahead, bytes, length, (uint64_t)position, &got);
    else if (!error)
        error = inode_read(descriptor.inode, bytes, length, (uint64_t)position, &got);
    return tell(medium, error, (ssize_t)got);
}

static ssize_t medium_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct medium *medium = of(self);
    struct descriptor descriptor;
    size_t got = length;
    int error = find_descriptor(medium, file, &descriptor);
    bool there = !error && length > medium->inodes.piece / SHARE &&
                 !ahead_read_nowait(descriptor.ahead, bytes, length, (uint64_t)position);
    if (!error && !there)
        error = inode_read_nowait(descriptor.inode, bytes, length, (uint64_t)position, &got);
    return tell(medium, error, (ssize_t)got);
}

static void medium_expect(void *self, int file, off_t position, size_t length)
{
    struct inode *inode;
    if (!find_file(of(self), file, false, &inode))
        inode_expect(inode, length, (uint64_t)position);
}

static ssize_t medium_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    struct medium *medium = of(self);
    struct inode *inode;
    int error = find_file(medium, file, true, &inode);
    if (!error)
        error = inode_write(inode, bytes, length, (uint64_t)position);
    return tell(medium, error, (ssize_t)length);
}

static int medium_fdatasync(void *self, int file)
{
    struct medium *medium = of(self);
    struct inode *inode;
    int error = find_file(medium, file, false, &inode);
    if (!error)
        error = inode_sync(inode);
    return tell_error(medium, error);
}

/* Of a folder all is durable already. */
static int medium_fsync(void *self, int file)
{
    struct medium *medium = of(self);
    struct inode *inode;
    int error = find_file(medium, file, false, &inode);
    if (!error)
        error = inode_sync(inode);
    return tell_error(medium, error == EISDIR ? 0 : error);
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
    struct medium *medium = of(self);
    struct inode *inode;
    int error = find_file(medium, file, true, &inode);
    if (!error)
        error = inode_truncate(inode, (uint64_t)length);
    return tell_error(medium, error);
}

static int medium_allocate(void *self, int file, off_t position, off_t length)
{
    (void)file, (void)position, (void)length;
    return tell_error(of(self), EOPNOTSUPP);
}

static ssize_t medium_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    (void)from, (void)from_position, (void)to, (void)to_position, (void)length;
    return tell(of(self), EOPNOTSUPP, 0);
}

/* ---- what is known of files ------------------------------------------------------------------ */

static int medium_fstat(void *self, int file, struct stat *ret_stat)
{
    struct medium *medium = of(self);
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
    return tell_error(medium, error);
}

static int medium_set_written(void *self, int file, const struct timespec *time)
{
    struct medium *medium = of(self);
    struct inode *inode;
    int error = find_file(medium, file, false, &inode);
    if (!error)
        inode_set_time(inode, time);
    return tell_error(medium, error);
}

static void finish_next(void *arg, const char *object, const struct layout_entry *entry)
{
    struct medium *medium = arg;
    removals_take(&medium->removals, object, entry);
}

/* Finishes what was under way in a tree. In that of the root others may be at it: what is removed twice is gone. */
static int recover(void *arg, uint64_t tree)
{
    struct medium *medium = arg;
    return tree_each_under_way(&medium->cluster, tree, finish_next, medium);
}

/* A folder is locked until the tenure gives it back; a file has none of its own. */
static int medium_lock(void *self, int file)
{
    struct medium *medium = of(self);
    struct descriptor descriptor;
    int error = descriptors_find(&medium->descriptors, file, &descriptor) ? 0 : EBADF;
    uint64_t tree = error || descriptor.inode ? 0 : path_folder(&descriptor.path)->tree;
    if (!error && !descriptor.inode)
        error = lease_own(&medium->lease, tree);
    if (!error && !descriptor.inode && tree == 0)
        error = recover(medium, 0);
    return tell_error(medium, error);
}

static int medium_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    struct medium *medium = of(self);
    (void)file;
    return tell_error(medium, lease_free_bytes(&medium->lease, ret_bytes));
}

/* ---- names ----------------------------------------------------------------------------------- */

static int make_folder(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = name_of(end);
    if (end->found)
        return EEXIST;
    const struct layout_entry entry = {.is_folder = true,
                                       .folder = layout_new_folder(name.folder, end->folder.depth, name.name)};
    return tree_add(&medium->cluster, &name, &entry);
}

static int medium_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    struct medium *medium = of(self);
    struct path_end end;
    (void)mode;
    int error = find_end_to_change(medium, folder, path, &end);
    if (!error)
        error = make_folder(medium, &end);
    return tell_error(medium, error);
}

static int remove_file(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = name_of(end);
    if (end->entry.is_folder)
        return EISDIR;
    int error = tree_take(&medium->cluster, &name, &end->entry);
    if (!error)
        remove_taken(medium, &name, &end->entry);
    return error;
}

/* Nobody makes anything in a folder that somebody removes: the engine sees to that. */
static int remove_folder(struct medium *medium, const struct path_end *end)
{
    const struct tree_name name = name_of(end);
    const struct layout_folder *folder = &end->entry.folder;
    if (!end->entry.is_folder)
        return ENOTDIR;
    int error = folder->tree == name.folder->tree ? 0 : lease_own(&medium->lease, folder->tree);
    removals_wait(&medium->removals);
    if (!error)
        error = tree_check_empty(&medium->cluster, folder);
    if (!error)
        error = tree_take(&medium->cluster, &name, &end->entry);
    if (error)
        return error;
    if (folder->tree != name.folder->tree)
        lease_disown(&medium->lease, folder->tree); /* its lock goes with its object */
    remove_taken(medium, &name, &end->entry);
    return 0;
}

static int medium_unlinkat(void *self, int folder, const char *path, int flags)
{
    struct medium *medium = of(self);
    int error = EAGAIN;
    for (unsigned i = 0; i < TRIES && error == EAGAIN; i++) {
        struct path_end end;
        error = find_end_to_change(medium, folder, path, &end);
        if (!error && !end.found)
            error = ENOENT;
        if (!error && !end.name[0])
            error = EBUSY;
        if (!error)
            error = flags & AT_REMOVEDIR ? remove_folder(medium, &end) : remove_file(medium, &end);
    }
    return tell_error(medium, error);
}

/* The two ends of a rename or a link. An errno. */
static int find_both(struct medium *medium, int from_folder, const char *from, int to_folder, const char *to,
                     struct path_end ret_ends[2])
{
    int error = find_end_to_change(medium, from_folder, from, &ret_ends[0]);
    if (!error && !ret_ends[0].found)
        error = ENOENT;
    if (!error)
        error = find_end_to_change(medium, to_folder, to, &ret_ends[1]);
    if (!error && (!ret_ends[0].name[0] || !ret_ends[1].name[0]))
        error = EBUSY;
    return error;
}

static int move(struct medium *medium, const struct path_end ends[2])
{
    const struct tree_name from = name_of(&ends[0]), to = name_of(&ends[1]);
    const struct layout_entry *taken = ends[1].found ? &ends[1].entry : NULL;
    if (taken && (taken->is_folder || ends[0].entry.is_folder))
        return EEXIST;
    int error = tree_move(&medium->cluster, &from, &ends[0].entry, &to, taken);
    if (!error && taken)
        remove_taken(medium, &to, taken);
    return error;
}

static int medium_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct medium *medium = of(self);
    int error = EAGAIN;
    for (unsigned i = 0; i < TRIES && error == EAGAIN; i++) {
        struct path_end ends[2];
        error = find_both(medium, from_folder, from, to_folder, to, ends);
        if (!error)
            error = move(medium, ends);
    }
    return tell_error(medium, error);
}

static int medium_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct medium *medium = of(self);
    struct path_end ends[2];
    int error = find_both(medium, from_folder, from, to_folder, to, ends);
    if (!error && ends[0].entry.is_folder)
        error = EPERM;
    if (!error && ends[1].found)
        error = EEXIST;
    if (!error) {
        const struct tree_name source = name_of(&ends[0]), target = name_of(&ends[1]);
        error = removals_link(&medium->removals, &source, &ends[0].entry, &target);
    }
    return tell_error(medium, error);
}

static int medium_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    (void)from_folder, (void)from, (void)to_folder, (void)to;
    return tell_error(of(self), EINVAL);
}

static char *medium_list(void *self, int folder)
{
    struct medium *medium = of(self);
    struct path path;
    char *names = NULL;
    int error = find_folder(medium, folder, &path);
    if (!error)
        error = tree_list(&medium->cluster, path_folder(&path), &names);
    if (tell_error(medium, error) == 0)
        return names;
    free(error ? NULL : names);
    return NULL;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static const struct io table = {
    .holes = true,
    .own_numbers = true,
    .far = true,
    .openat = medium_openat,
    .close = medium_close_file,
    .dup = medium_dup,
    .pread = medium_pread,
    .pread_nowait = medium_pread_nowait,
    .expect = medium_expect,
    .pwrite = medium_pwrite,
    .fdatasync = medium_fdatasync,
    .fsync = medium_fsync,
    .write_back = medium_write_back,
    .await_back = medium_await_back,
    .ftruncate = medium_ftruncate,
    .allocate = medium_allocate,
    .fstat = medium_fstat,
    .mkdirat = medium_mkdirat,
    .unlinkat = medium_unlinkat,
    .renameat = medium_renameat,
    .linkat = medium_linkat,
    .exchange = medium_exchange,
    .copy_range = medium_copy_range,
    .set_written = medium_set_written,
    .lock = medium_lock,
    .list = medium_list,
    .free_bytes = medium_free_bytes,
};

static void tell_lost(void *arg, const char *sentence)
{
    struct medium *medium = arg;
    medium->lost(medium->lost_arg, sentence);
}

static void free_parts(struct medium *medium)
{
    removals_free(&medium->removals);
    descriptors_free(&medium->descriptors);
    inodes_free(&medium->inodes);
    aheads_free(&medium->aheads);
    cache_free(&medium->cache);
}

int medium_begin(struct medium *medium, const struct cluster *cluster, const struct medium_use *use)
{
    const struct lease_options options = {
        .seconds = use->lease, .address = use->address, .recover = recover, .lost = tell_lost, .arg = medium};
    const uint64_t piece = use->piece ? use->piece : LAYOUT_PIECE;
    *medium = (struct medium){
        .io = table, .cluster = *cluster, .name = use->name, .lost = use->lost, .lost_arg = use->arg};
    medium->io.self = medium;
    medium->tenure = medium_tenure(medium, use->lease);
    medium->io.tenure = &medium->tenure;
    joint_init(&medium->beside[false], &medium->io, medium->name, false);
    joint_init(&medium->beside[true], &medium->io, medium->name, true);
    if (!cache_init(&medium->cache, &medium->cluster, piece, use->cache))
        return ENOMEM;
    if (!aheads_init(&medium->aheads, &medium->cluster, piece, AHEAD)) {
        cache_free(&medium->cache);
        return ENOMEM;
    }
    inodes_init(&medium->inodes, &medium->cluster, piece, &medium->cache);
    descriptors_init(&medium->descriptors);
    int error = removals_init(&medium->removals, &medium->cluster, &medium->inodes) ? 0 : ENOMEM;
    if (!error)
        error = lease_begin(&medium->lease, &medium->cluster, &options);
    if (error)
        free_parts(medium);
    return error;
}

void medium_end(struct medium *medium)
{
    removals_wait(&medium->removals);
    lease_end(&medium->lease);
    free_parts(medium);
    medium->cluster.close(medium->cluster.self);
}
