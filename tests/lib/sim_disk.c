/* sim_disk.c - the calls. Each one takes the lock, is counted, and asks begin() whether it is to fail; then it works
 * on the tree (sim_tree.h) and on the bytes of a file (sim_file.h); finish() lets the lock go and sets errno. */
#include "tests/lib/sim_disk.h"

#include "tests/lib/prng.h"
#include "tests/lib/sim_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_DESCRIPTOR = 1 << 20, DIRECT_ALIGNMENT = 512, BLOCK = 4096, SECOND = 1000000000 };

#define UNLIMITED UINT64_MAX
#define PLENTY    ((uint64_t)1 << 40) /* what an unlimited disk says is free */

struct descriptor {
    int number;
    int flags;
    struct sim_node *node;
    bool holds_lock;
};

struct fault {
    enum sim_call call;
    uint64_t countdown; /* calls until it is met; 0 means not set */
    bool forever;
    int error;
};

struct sim_disk {
    struct io io;
    pthread_mutex_t lock;
    pthread_cond_t sync_released;
    struct prng prng;
    struct sim_tree tree;

    struct descriptor *open;
    size_t open_count;
    size_t open_capacity;
    int numbers; /* descriptors given out so far */

    bool dark;
    uint64_t calls_left; /* until the cut; UNLIMITED: none is planned */
    struct fault faults[SIM_FAULTS];
    bool faulted; /* the call under way fails by a fault */
    uint64_t short_in;
    uint64_t interrupt_in;
    bool hold_syncs;
    unsigned held;
    uint64_t space; /* bytes the disk holds; UNLIMITED */
    bool refuse_direct;
    bool read_only;
    bool cold;
    bool keep_times;
    uint64_t time; /* of the last change of a file */

    uint64_t calls[SIM_CALLS];
    uint64_t faults_met;
    uint64_t bad_uses;
};

static const char *const call_names[SIM_CALLS + 1] = {
    "openat",     "close",      "dup",        "pread",       "pread_nowait", "pwrite",  "fdatasync",  "fsync",
    "write_back", "await_back", "ftruncate",  "allocate",    "fstat",        "mkdirat", "unlinkat",   "renameat",
    "linkat",     "exchange",   "copy_range", "set_written", "lock",         "list",    "free_bytes", "any",
};

const char *sim_call_name(enum sim_call call)
{
    return call_names[call];
}

/* ---- the frame of a call --------------------------------------------------------------------- */

static void lights_out(struct sim_disk *disk)
{
    disk->dark = true;
    pthread_cond_broadcast(&disk->sync_released);
}

static bool fault_meets(struct fault *fault, enum sim_call call)
{
    if (fault->countdown == 0 || (fault->call != SIM_ANY && fault->call != call))
        return false;
    if (fault->countdown > 1) {
        fault->countdown--;
        return false;
    }
    fault->countdown = fault->forever ? 1 : 0;
    return true;
}

/* Every fault counts every call; the first that is met decides. */
static int meet_faults(struct sim_disk *disk, enum sim_call call)
{
    int error = 0;
    for (size_t i = 0; i < SIM_FAULTS; i++)
        if (fault_meets(&disk->faults[i], call) && !error)
            error = disk->faults[i].error;
    disk->faulted = error != 0;
    disk->faults_met += error != 0;
    return error;
}

/* Takes the lock. Returns 0 or the errno the call is to fail with. */
static int begin(struct sim_disk *disk, enum sim_call call)
{
    pthread_mutex_lock(&disk->lock);
    disk->faulted = false;
    if (disk->calls_left == 0)
        lights_out(disk);
    if (disk->dark)
        return EIO;
    if (disk->calls_left != UNLIMITED)
        disk->calls_left--;
    disk->calls[call]++;
    return meet_faults(disk, call);
}

/* Lets the lock go. Returns `result`, or -1 with errno set when there is an error. */
static ssize_t finish(struct sim_disk *disk, int error, ssize_t result)
{
    pthread_mutex_unlock(&disk->lock);
    if (error) {
        errno = error;
        return -1;
    }
    return result;
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static struct descriptor *find_open(struct sim_disk *disk, int number)
{
    for (size_t i = 0; i < disk->open_count; i++)
        if (disk->open[i].number == number)
            return &disk->open[i];
    return NULL;
}

static int find_descriptor(struct sim_disk *disk, int number, struct descriptor **ret_descriptor)
{
    struct descriptor *found = find_open(disk, number);
    if (!found) {
        disk->bad_uses++;
        return EBADF;
    }
    *ret_descriptor = found;
    return 0;
}

static int find_file(struct sim_disk *disk, int number, struct descriptor **ret_descriptor)
{
    int error = find_descriptor(disk, number, ret_descriptor);
    if (error)
        return error;
    return (*ret_descriptor)->node->folder ? EISDIR : 0;
}

static int find_place(struct sim_disk *disk, int folder, const char *path, struct sim_place *ret_place)
{
    struct sim_node *start = disk->tree.root;
    if (folder != AT_FDCWD && *path != '/') {
        struct descriptor *descriptor;
        int error = find_descriptor(disk, folder, &descriptor);
        if (error)
            return error;
        start = descriptor->node;
    }
    return sim_tree_find(&disk->tree, start, path, ret_place);
}

static int descriptor_add(struct sim_disk *disk, struct sim_node *node, int flags)
{
    if (disk->open_count == disk->open_capacity) {
        disk->open_capacity = disk->open_capacity ? disk->open_capacity * 2 : 16;
        disk->open = realloc(disk->open, disk->open_capacity * sizeof *disk->open);
        if (!disk->open)
            abort();
    }
    int number = FIRST_DESCRIPTOR + disk->numbers++;
    disk->open[disk->open_count++] = (struct descriptor){.number = number, .flags = flags, .node = node};
    sim_tree_pin(node);
    return number;
}

static void descriptor_remove(struct sim_disk *disk, struct descriptor *descriptor)
{
    struct sim_node *node = descriptor->node;
    if (descriptor->holds_lock)
        node->locked = false;
    *descriptor = disk->open[--disk->open_count];
    sim_tree_unpin(&disk->tree, node);
}

static bool may_write(const struct descriptor *descriptor)
{
    return (descriptor->flags & O_ACCMODE) != O_RDONLY;
}

static bool may_read(const struct descriptor *descriptor)
{
    return (descriptor->flags & O_ACCMODE) != O_WRONLY;
}

/* ---- space and short transfers --------------------------------------------------------------- */

static uint64_t space_left(const struct sim_disk *disk)
{
    if (disk->space == UNLIMITED)
        return PLENTY;
    uint64_t used = sim_tree_used(&disk->tree);
    return used < disk->space ? disk->space - used : 0;
}

/* How much of a write at `position` finds room. */
static size_t fitting(const struct sim_disk *disk, const struct sim_file *file, size_t length, size_t position)
{
    if (disk->space == UNLIMITED || position + length <= file->charged)
        return length;
    uint64_t end = file->charged + space_left(disk);
    if (end <= position)
        return 0;
    return end - position < length ? (size_t)(end - position) : length;
}

static size_t maybe_short(struct sim_disk *disk, const struct descriptor *descriptor, size_t length)
{
    if (length < 2 || !prng_one_in(&disk->prng, disk->short_in))
        return length;
    size_t part = 1 + (size_t)prng_below(&disk->prng, length - 1);
    if (descriptor->flags & O_DIRECT) {
        part -= part % DIRECT_ALIGNMENT;
        return part ? part : length;
    }
    return part;
}

static int direct_allows(const struct descriptor *descriptor, const void *bytes, size_t length, off_t position)
{
    if (!(descriptor->flags & O_DIRECT))
        return 0;
    uint64_t all = (uint64_t)(uintptr_t)bytes | length | (uint64_t)position;
    return all % DIRECT_ALIGNMENT ? EINVAL : 0;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int check_open(const struct sim_disk *disk, const struct sim_place *place, int flags)
{
    if ((flags & O_APPEND) || (flags & O_TMPFILE) == O_TMPFILE || ((flags & O_DIRECT) && disk->refuse_direct))
        return EINVAL;
    if (disk->read_only && (flags & (O_ACCMODE | O_CREAT | O_TRUNC)))
        return EROFS;
    if (!place->node)
        return flags & O_CREAT ? 0 : ENOENT;
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return EEXIST;
    if (place->node->folder)
        return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) ? EISDIR : 0;
    return flags & O_DIRECTORY ? ENOTDIR : 0;
}

/* The bytes of a file change now, or the entries of a folder. */
static void touch(struct sim_disk *disk, struct sim_node *node)
{
    if (!disk->keep_times)
        node->written = ++disk->time;
}

static int make(struct sim_disk *disk, const struct sim_place *place, bool folder, mode_t mode,
                struct sim_node **ret_node)
{
    int error = sim_tree_create(&disk->tree, place, folder, mode & 0777, ret_node);
    if (!error)
        touch(disk, place->folder);
    return error;
}

static int open_place(struct sim_disk *disk, struct sim_place *place, int flags, mode_t mode, int *ret_number)
{
    int error = check_open(disk, place, flags);
    struct sim_node *node = place->node;
    if (!error && !node)
        error = make(disk, place, false, mode, &node);
    if (error)
        return error;
    if ((flags & O_TRUNC) && !node->folder && node->file.now.size > 0) {
        touch(disk, node);
        sim_file_resize(&node->file, 0);
    }
    *ret_number = descriptor_add(disk, node, flags);
    return 0;
}

static int sim_openat(void *self, int folder, const char *path, int flags, mode_t mode)
{
    struct sim_disk *disk = self;
    int number = -1;
    struct sim_place place;
    int error = begin(disk, SIM_OPENAT);
    if (!error)
        error = find_place(disk, folder, path, &place);
    if (!error)
        error = open_place(disk, &place, flags, mode, &number);
    return (int)finish(disk, error, number);
}

static int sim_close(void *self, int file)
{
    struct sim_disk *disk = self;
    int error = begin(disk, SIM_CLOSE);
    struct descriptor *descriptor;
    if (!error || disk->faulted) {
        int bad = find_descriptor(disk, file, &descriptor);
        if (bad)
            return (int)finish(disk, bad, 0);
        descriptor_remove(disk, descriptor);
    }
    return (int)finish(disk, error, 0);
}

static int sim_dup(void *self, int file)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int number = -1;
    int error = begin(disk, SIM_DUP);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    if (!error)
        number = descriptor_add(disk, descriptor->node, descriptor->flags);
    return (int)finish(disk, error, number);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static int read_some(struct sim_disk *disk, int file, void *bytes, size_t length, off_t position, ssize_t *ret_taken)
{
    struct descriptor *descriptor;
    int error = find_file(disk, file, &descriptor);
    if (error)
        return error;
    if (!may_read(descriptor))
        return EBADF;
    if (position < 0 || direct_allows(descriptor, bytes, length, position))
        return EINVAL;
    if (prng_one_in(&disk->prng, disk->interrupt_in))
        return EINTR;
    size_t wanted = maybe_short(disk, descriptor, length);
    *ret_taken = (ssize_t)sim_file_read(&descriptor->node->file, bytes, wanted, (size_t)position);
    return 0;
}

static ssize_t sim_pread(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct sim_disk *disk = self;
    ssize_t taken = 0;
    int error = begin(disk, SIM_PREAD);
    if (!error)
        error = read_some(disk, file, bytes, length, position, &taken);
    return finish(disk, error, taken);
}

static ssize_t sim_pread_nowait(void *self, int file, void *bytes, size_t length, off_t position)
{
    struct sim_disk *disk = self;
    ssize_t taken = 0;
    int error = begin(disk, SIM_PREAD_NOWAIT);
    if (!error && disk->cold)
        error = EAGAIN;
    if (!error)
        error = read_some(disk, file, bytes, length, position, &taken);
    return finish(disk, error, taken);
}

/* Nothing is far away. */
static void sim_expect(void *self, int file, off_t position, size_t length)
{
    (void)self;
    (void)file;
    (void)position;
    (void)length;
}

static int check_write(struct sim_disk *disk, int file, const void *bytes, size_t length, off_t position,
                       struct descriptor **ret_descriptor)
{
    int error = find_file(disk, file, ret_descriptor);
    if (error)
        return error;
    if (!may_write(*ret_descriptor))
        return EBADF;
    return position < 0 ? EINVAL : direct_allows(*ret_descriptor, bytes, length, position);
}

static int write_some(struct sim_disk *disk, struct descriptor *descriptor, const void *bytes, size_t length,
                      off_t position, ssize_t *ret_written)
{
    if (prng_one_in(&disk->prng, disk->interrupt_in))
        return EINTR;
    struct sim_file *file = &descriptor->node->file;
    size_t wanted = maybe_short(disk, descriptor, length);
    size_t fits = fitting(disk, file, wanted, (size_t)position);
    if (fits == 0 && length > 0)
        return ENOSPC;
    if (fits > 0) {
        touch(disk, descriptor->node);
        sim_file_write(file, bytes, fits, (size_t)position);
    }
    *ret_written = (ssize_t)fits;
    return 0;
}

/* A write the disk refuses has often got a part of the bytes there. */
static void leave_part(struct sim_disk *disk, struct descriptor *descriptor, const void *bytes, size_t length,
                       off_t position)
{
    size_t part = (size_t)prng_below(&disk->prng, length + 1);
    part = fitting(disk, &descriptor->node->file, part, (size_t)position);
    if (part > 0 && prng_one_in(&disk->prng, 2)) {
        touch(disk, descriptor->node);
        sim_file_write(&descriptor->node->file, bytes, part, (size_t)position);
    }
}

static ssize_t sim_pwrite(void *self, int file, const void *bytes, size_t length, off_t position)
{
    struct sim_disk *disk = self;
    ssize_t written = 0;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_PWRITE);
    if (disk->faulted && check_write(disk, file, bytes, length, position, &descriptor) == 0)
        leave_part(disk, descriptor, bytes, length, position);
    if (!error)
        error = check_write(disk, file, bytes, length, position, &descriptor);
    if (!error)
        error = write_some(disk, descriptor, bytes, length, position, &written);
    return finish(disk, error, written);
}

static int sim_ftruncate(void *self, int file, off_t length)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_FTRUNCATE);
    if (!error)
        error = find_file(disk, file, &descriptor);
    if (!error && (!may_write(descriptor) || length < 0))
        error = EINVAL;
    if (!error) {
        touch(disk, descriptor->node);
        sim_file_resize(&descriptor->node->file, (size_t)length);
    }
    return (int)finish(disk, error, 0);
}

/* As much of the range as there is room for; a call that fails has often got a part of it. */
static int allocate_some(struct sim_disk *disk, struct descriptor *descriptor, size_t length, size_t position)
{
    size_t fits = fitting(disk, &descriptor->node->file, length, position);
    if (fits > 0) {
        touch(disk, descriptor->node);
        sim_file_allocate(&descriptor->node->file, position + fits);
    }
    return fits < length ? ENOSPC : 0;
}

static int sim_allocate(void *self, int file, off_t position, off_t length)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_ALLOCATE);
    if (disk->faulted && check_write(disk, file, NULL, 0, position, &descriptor) == 0)
        allocate_some(disk, descriptor, (size_t)prng_below(&disk->prng, (uint64_t)length + 1), (size_t)position);
    if (!error)
        error = check_write(disk, file, NULL, 0, position, &descriptor);
    if (!error)
        error = length > 0 ? allocate_some(disk, descriptor, (size_t)length, (size_t)position) : EINVAL;
    return (int)finish(disk, error, 0);
}

static int copy_some(struct sim_disk *disk, int from, off_t from_position, int to, off_t to_position, size_t length,
                     ssize_t *ret_copied)
{
    struct descriptor *source, *target;
    int error = find_file(disk, from, &source);
    if (error)
        return error;
    error = check_write(disk, to, NULL, 0, to_position, &target);
    if (error)
        return error;
    const struct sim_bytes *now = &source->node->file.now;
    if (from_position < 0 || source->node == target->node)
        return EINVAL;
    if ((size_t)from_position >= now->size) {
        *ret_copied = 0;
        return 0;
    }
    size_t rest = now->size - (size_t)from_position;
    return write_some(disk, target, now->at + from_position, rest < length ? rest : length, to_position, ret_copied);
}

static ssize_t sim_copy_range(void *self, int from, off_t from_position, int to, off_t to_position, size_t length)
{
    struct sim_disk *disk = self;
    ssize_t copied = 0;
    int error = begin(disk, SIM_COPY_RANGE);
    if (!error)
        error = copy_some(disk, from, from_position, to, to_position, length, &copied);
    return finish(disk, error, copied);
}

/* ---- syncs ----------------------------------------------------------------------------------- */

/* Only what was written when the sync began is sure to be on disk when it ends. */
static int sync_file(struct sim_disk *disk, struct sim_node *node)
{
    uint64_t order = node->file.writes;
    sim_tree_pin(node);
    disk->held++;
    while (disk->hold_syncs && !disk->dark)
        pthread_cond_wait(&disk->sync_released, &disk->lock);
    disk->held--;
    int error = disk->dark ? EIO : 0;
    if (!error)
        sim_file_sync(&node->file, order);
    sim_tree_unpin(&disk->tree, node);
    return error;
}

static int sync_any(struct sim_disk *disk, enum sim_call call, int file)
{
    struct descriptor *descriptor;
    int error = begin(disk, call);
    if (error && !disk->faulted)
        return error;
    int bad = find_descriptor(disk, file, &descriptor);
    if (bad)
        return bad;
    struct sim_node *node = descriptor->node;
    if (error) {
        if (!node->folder)
            sim_file_sync_failed(&node->file, &disk->prng);
        return error;
    }
    if (!node->folder)
        return sync_file(disk, node);
    sim_tree_sync(&disk->tree, node);
    return 0;
}

static int sim_fdatasync(void *self, int file)
{
    struct sim_disk *disk = self;
    int error = sync_any(disk, SIM_FDATASYNC, file);
    return (int)finish(disk, error, 0);
}

static int sim_fsync(void *self, int file)
{
    struct sim_disk *disk = self;
    int error = sync_any(disk, SIM_FSYNC, file);
    return (int)finish(disk, error, 0);
}

static void sim_write_back(void *self, int file, off_t position, off_t length)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    (void)position;
    (void)length;
    int error = begin(disk, SIM_WRITE_BACK);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    finish(disk, error, 0);
}

/* Nothing comes to stay by it; but a failure is told once, as by a sync that fails. */
static int sim_await_back(void *self, int file, off_t position, off_t length)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    (void)position;
    (void)length;
    int error = begin(disk, SIM_AWAIT_BACK);
    int bad = error && !disk->faulted ? error : find_file(disk, file, &descriptor);
    if (!bad && error)
        sim_file_sync_failed(&descriptor->node->file, &disk->prng);
    return (int)finish(disk, bad ? bad : error, 0);
}

/* ---- names ----------------------------------------------------------------------------------- */

static int sim_fstat(void *self, int file, struct stat *ret_stat)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_FSTAT);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    if (!error) {
        const struct sim_node *node = descriptor->node;
        *ret_stat = (struct stat){
            .st_dev = 1,
            .st_ino = node->number,
            .st_mode = (node->folder ? S_IFDIR : S_IFREG) | node->mode,
            .st_nlink = node->links,
            .st_size = (off_t)node->file.now.size,
            .st_blksize = BLOCK,
            .st_mtim = {.tv_sec = (time_t)(node->written / SECOND), .tv_nsec = (long)(node->written % SECOND)},
            .st_blocks = (blkcnt_t)((node->file.charged + BLOCK - 1) / BLOCK * (BLOCK / 512)),
        };
    }
    return (int)finish(disk, error, 0);
}

static int sim_mkdirat(void *self, int folder, const char *path, mode_t mode)
{
    struct sim_disk *disk = self;
    struct sim_place place;
    struct sim_node *node;
    int error = begin(disk, SIM_MKDIRAT);
    if (!error)
        error = find_place(disk, folder, path, &place);
    if (!error)
        error = make(disk, &place, true, mode, &node);
    return (int)finish(disk, error, 0);
}

static int sim_unlinkat(void *self, int folder, const char *path, int flags)
{
    struct sim_disk *disk = self;
    struct sim_place place;
    int error = begin(disk, SIM_UNLINKAT);
    if (!error)
        error = find_place(disk, folder, path, &place);
    if (!error)
        error = sim_tree_unlink(&disk->tree, &place, (flags & AT_REMOVEDIR) != 0);
    if (!error)
        touch(disk, place.folder);
    return (int)finish(disk, error, 0);
}

static int sim_renameat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct sim_disk *disk = self;
    struct sim_place source, target;
    int error = begin(disk, SIM_RENAMEAT);
    if (!error)
        error = find_place(disk, from_folder, from, &source);
    if (!error)
        error = find_place(disk, to_folder, to, &target);
    if (!error)
        error = sim_tree_rename(&disk->tree, &source, &target);
    if (!error) {
        touch(disk, source.folder);
        touch(disk, target.folder);
    }
    return (int)finish(disk, error, 0);
}

static int link_places(struct sim_disk *disk, const struct sim_place *source, const struct sim_place *target)
{
    if (!source->node)
        return ENOENT;
    if (source->node->folder)
        return EPERM;
    return sim_tree_link(&disk->tree, source->node, target);
}

static int sim_linkat(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct sim_disk *disk = self;
    struct sim_place source, target;
    int error = begin(disk, SIM_LINKAT);
    if (!error)
        error = find_place(disk, from_folder, from, &source);
    if (!error)
        error = find_place(disk, to_folder, to, &target);
    if (!error)
        error = link_places(disk, &source, &target);
    if (!error)
        touch(disk, target.folder);
    return (int)finish(disk, error, 0);
}

static int sim_exchange(void *self, int from_folder, const char *from, int to_folder, const char *to)
{
    struct sim_disk *disk = self;
    struct sim_place source, target;
    int error = begin(disk, SIM_EXCHANGE);
    if (!error)
        error = find_place(disk, from_folder, from, &source);
    if (!error)
        error = find_place(disk, to_folder, to, &target);
    if (!error)
        error = sim_tree_exchange(&disk->tree, &source, &target);
    return (int)finish(disk, error, 0);
}

/* No call of its own that could fail. */
static int sim_is_alone(void *self, int file)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    pthread_mutex_lock(&disk->lock);
    bool alone = !find_descriptor(disk, file, &descriptor) && descriptor->node->links == 0 &&
                 descriptor->node->opens == 1;
    pthread_mutex_unlock(&disk->lock);
    return alone;
}

/* On disk at once: nobody relies on when it gets there. */
static int sim_set_written(void *self, int file, const struct timespec *time)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_SET_WRITTEN);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    if (!error)
        descriptor->node->written = (uint64_t)time->tv_sec * SECOND + (uint64_t)time->tv_nsec;
    return (int)finish(disk, error, 0);
}

static int sim_lock(void *self, int file)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_LOCK);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    if (!error && descriptor->node->locked && !descriptor->holds_lock)
        error = EWOULDBLOCK;
    if (!error)
        descriptor->node->locked = descriptor->holds_lock = true;
    return (int)finish(disk, error, 0);
}

static int list_names(const struct sim_node *folder, char **ret_names)
{
    size_t length = 1;
    for (size_t i = 0; i < folder->now.count; i++)
        length += strlen(folder->now.at[i].name) + 1;
    char *names = malloc(length);
    if (!names)
        return ENOMEM;
    char *end = names;
    for (size_t i = 0; i < folder->now.count; i++)
        end = stpcpy(end, folder->now.at[i].name) + 1;
    *end = 0;
    *ret_names = names;
    return 0;
}

static char *sim_list(void *self, int folder)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    char *names = NULL;
    int error = begin(disk, SIM_LIST);
    if (!error)
        error = find_descriptor(disk, folder, &descriptor);
    if (!error)
        error = descriptor->node->folder ? list_names(descriptor->node, &names) : ENOTDIR;
    finish(disk, error, 0);
    return names;
}

static int sim_free_bytes(void *self, int file, uint64_t *ret_bytes)
{
    struct sim_disk *disk = self;
    struct descriptor *descriptor;
    int error = begin(disk, SIM_FREE_BYTES);
    if (!error)
        error = find_descriptor(disk, file, &descriptor);
    if (!error)
        *ret_bytes = space_left(disk);
    return (int)finish(disk, error, 0);
}

/* ---- the disk -------------------------------------------------------------------------------- */

static const struct io table = {
    .openat = sim_openat,
    .close = sim_close,
    .dup = sim_dup,
    .pread = sim_pread,
    .pread_nowait = sim_pread_nowait,
    .expect = sim_expect,
    .pwrite = sim_pwrite,
    .fdatasync = sim_fdatasync,
    .fsync = sim_fsync,
    .write_back = sim_write_back,
    .await_back = sim_await_back,
    .ftruncate = sim_ftruncate,
    .allocate = sim_allocate,
    .fstat = sim_fstat,
    .is_alone = sim_is_alone,
    .mkdirat = sim_mkdirat,
    .unlinkat = sim_unlinkat,
    .renameat = sim_renameat,
    .linkat = sim_linkat,
    .exchange = sim_exchange,
    .copy_range = sim_copy_range,
    .set_written = sim_set_written,
    .lock = sim_lock,
    .list = sim_list,
    .free_bytes = sim_free_bytes,
};

static void forget_faults(struct sim_disk *disk)
{
    disk->calls_left = UNLIMITED;
    memset(disk->faults, 0, sizeof disk->faults);
    disk->short_in = disk->interrupt_in = 0;
    disk->hold_syncs = false;
    disk->space = UNLIMITED;
    disk->refuse_direct = disk->read_only = disk->cold = false;
}

struct sim_disk *sim_disk_new(uint64_t seed)
{
    struct sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk)
        abort();
    disk->io = table;
    disk->io.self = disk;
    disk->prng = prng_of(seed);
    pthread_mutex_init(&disk->lock, NULL);
    pthread_cond_init(&disk->sync_released, NULL);
    sim_tree_init(&disk->tree);
    forget_faults(disk);
    return disk;
}

void sim_disk_free(struct sim_disk *disk)
{
    if (!disk)
        return;
    sim_tree_free(&disk->tree);
    free(disk->open);
    pthread_cond_destroy(&disk->sync_released);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

const struct io *sim_disk_io(struct sim_disk *disk)
{
    return &disk->io;
}

void sim_disk_cut(struct sim_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    lights_out(disk);
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_cut_after(struct sim_disk *disk, uint64_t calls)
{
    pthread_mutex_lock(&disk->lock);
    disk->calls_left = calls;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_reboot(struct sim_disk *disk, uint64_t seed)
{
    pthread_mutex_lock(&disk->lock);
    disk->prng = prng_of(seed);
    disk->open_count = 0;
    sim_tree_cut(&disk->tree, &disk->prng);
    forget_faults(disk);
    disk->dark = false;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_fail(struct sim_disk *disk, enum sim_call call, uint64_t nth, bool forever, int error)
{
    pthread_mutex_lock(&disk->lock);
    size_t i = 0;
    while (i < SIM_FAULTS && disk->faults[i].countdown > 0)
        i++;
    if (i == SIM_FAULTS || nth == 0)
        abort(); /* a mistake in the test */
    disk->faults[i] = (struct fault){.call = call, .countdown = nth, .forever = forever, .error = error};
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_heal(struct sim_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    memset(disk->faults, 0, sizeof disk->faults);
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_set_short(struct sim_disk *disk, uint64_t times)
{
    pthread_mutex_lock(&disk->lock);
    disk->short_in = times;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_set_interrupts(struct sim_disk *disk, uint64_t times)
{
    pthread_mutex_lock(&disk->lock);
    disk->interrupt_in = times;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_hold_syncs(struct sim_disk *disk, bool hold_them)
{
    pthread_mutex_lock(&disk->lock);
    disk->hold_syncs = hold_them;
    pthread_cond_broadcast(&disk->sync_released);
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_set_free(struct sim_disk *disk, uint64_t bytes)
{
    pthread_mutex_lock(&disk->lock);
    disk->space = bytes == UINT64_MAX ? UNLIMITED : sim_tree_used(&disk->tree) + bytes;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_refuse_direct(struct sim_disk *disk, bool refuse)
{
    pthread_mutex_lock(&disk->lock);
    disk->refuse_direct = refuse;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_set_read_only(struct sim_disk *disk, bool read_only)
{
    pthread_mutex_lock(&disk->lock);
    disk->read_only = read_only;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_keep_times(struct sim_disk *disk, bool keep)
{
    pthread_mutex_lock(&disk->lock);
    disk->keep_times = keep;
    pthread_mutex_unlock(&disk->lock);
}

void sim_disk_set_cold(struct sim_disk *disk, bool cold)
{
    pthread_mutex_lock(&disk->lock);
    disk->cold = cold;
    pthread_mutex_unlock(&disk->lock);
}

/* ---- what has happened ----------------------------------------------------------------------- */

uint64_t sim_disk_calls(struct sim_disk *disk, enum sim_call call)
{
    pthread_mutex_lock(&disk->lock);
    uint64_t sum = 0;
    for (int i = 0; i < SIM_CALLS; i++)
        sum += call == SIM_ANY || (int)call == i ? disk->calls[i] : 0;
    pthread_mutex_unlock(&disk->lock);
    return sum;
}

static uint64_t number_locked(struct sim_disk *disk, const uint64_t *number)
{
    pthread_mutex_lock(&disk->lock);
    uint64_t value = *number;
    pthread_mutex_unlock(&disk->lock);
    return value;
}

uint64_t sim_disk_faults_met(struct sim_disk *disk)
{
    return number_locked(disk, &disk->faults_met);
}

uint64_t sim_disk_bad_uses(struct sim_disk *disk)
{
    return number_locked(disk, &disk->bad_uses);
}

unsigned sim_disk_held(struct sim_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    unsigned held = disk->hold_syncs ? disk->held : 0;
    pthread_mutex_unlock(&disk->lock);
    return held;
}

size_t sim_disk_open_files(struct sim_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    size_t count = disk->dark ? 0 : disk->open_count;
    pthread_mutex_unlock(&disk->lock);
    return count;
}

size_t sim_disk_nodes(struct sim_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    size_t count = 0;
    for (const struct sim_node *node = disk->tree.nodes; node; node = node->next)
        count += node->links > 0 || node->opens > 0;
    pthread_mutex_unlock(&disk->lock);
    return count;
}
