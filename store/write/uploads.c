/* uploads.c - the folder of unfinished uploads, and who holds which. uploads.h tells the story. */
#include "store/write/uploads.h"

#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/key.h"
#include "store/disk/space.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    REST_BYTES = 16 << 20, /* a crash costs a client no more than it has sent since so many */
    SWEEP_MIN = 1000,      /* milliseconds */
    SWEEP_MAX = 3600 * 1000,
};

static const char folder_name[] = "uploads";

static int sweep(void *arg);

void uploads_init(struct uploads *uploads, const struct intake *intake, uint64_t salt, char *path)
{
    *uploads = (struct uploads){
        .intake = intake, .io = intake->services->options->io, .salt = salt, .path = path, .folder = -1};
    lock_init(&uploads->lock);
    errand_init(&uploads->sweeper, intake->services->upkeep, sweep, uploads, NULL);
}

void uploads_stop(struct uploads *uploads)
{
    (void)errand_end(&uploads->sweeper);
}

void uploads_free(struct uploads *uploads)
{
    assert(!uploads->held);
    uploads_stop(uploads);
    errand_free(&uploads->sweeper);
    if (uploads->folder >= 0)
        uploads->io->close(uploads->io->self, uploads->folder);
    lock_destroy(&uploads->lock);
    free(uploads->path);
}

/* ---- the folder ------------------------------------------------------------------------------- */

/* Opens it if it is there; an errno. Lock held, or nobody else knows of it. */
static int open_folder(struct uploads *uploads)
{
    char path[PATH_MAX];
    if (uploads->folder >= 0)
        return 0;
    if (snprintf(path, sizeof path, "%s/%s", uploads->path, folder_name) >= (int)sizeof path)
        return ENAMETOOLONG;
    uploads->folder = uploads->io->openat(uploads->io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    return uploads->folder < 0 ? errno : 0;
}

/* Makes it, with its entry in the store's folder on disk; an errno. */
static int make_folder(const struct uploads *uploads)
{
    const struct io *io = uploads->io;
    int store = io->openat(io->self, AT_FDCWD, uploads->path, O_RDONLY | O_DIRECTORY, 0);
    if (store < 0)
        return errno;
    int error = io->mkdirat(io->self, store, folder_name, 0700) < 0 && errno != EEXIST ? errno : 0;
    if (!error && io->fsync(io->self, store) < 0)
        error = errno;
    io->close(io->self, store);
    return error;
}

static int want_folder(struct uploads *uploads)
{
    lock_take(&uploads->lock);
    int error = open_folder(uploads);
    if (error == ENOENT) {
        error = make_folder(uploads);
        if (!error)
            error = open_folder(uploads);
    }
    lock_release(&uploads->lock);
    return error;
}

/* ---- the quota -------------------------------------------------------------------------------- */

/* So many bytes more, or less, are with uploads that nobody works on. */
static void rest_more(struct uploads *uploads, int64_t bytes)
{
    if (bytes == 0)
        return;
    lock_take(&uploads->lock);
    quota_rest(uploads->intake->quota, &uploads->share, uploads->share.arrived + (uint64_t)bytes);
    lock_release(&uploads->lock);
}

/* What one has in the quota while nobody works on it. */
static uint64_t resting_bytes(const struct unfinished *file)
{
    return file->slot.stage == UPLOAD_DONE ? 0 : file->slot.offset;
}

/* ---- who holds which -------------------------------------------------------------------------- */

static bool is_held(const struct uploads *uploads, uint64_t id)
{
    assert(lock_is_mine(&uploads->lock));
    for (const struct upload *upload = uploads->held; upload; upload = upload->next)
        if (upload->file.id == id)
            return true;
    return false;
}

static bool take(struct uploads *uploads, struct upload *upload)
{
    lock_take(&uploads->lock);
    bool taken = !is_held(uploads, upload->file.id);
    if (taken) {
        upload->next = uploads->held;
        uploads->held = upload;
    }
    lock_release(&uploads->lock);
    return taken;
}

void upload_release(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    rest_more(uploads, (int64_t)resting_bytes(&upload->file));
    lock_take(&uploads->lock);
    struct upload **at = &uploads->held;
    while (*at != upload)
        at = &(*at)->next;
    *at = upload->next;
    lock_release(&uploads->lock);
    unfinished_free(&upload->file);
    free(upload);
}

static bool has_expired(const struct unfinished *file)
{
    return file->slot.expires <= clock_now(CLOCK_REALTIME);
}

void upload_erase(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    unfinished_remove(uploads->io, uploads->folder, upload->file.id);
    upload->file.slot.offset = 0; /* of what counts */
}

/* A commit was under way when the server ended: whether its object is there tells whether it came to its end. One that
 * has the same bytes is as good. */
static int find_out(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    struct upload_slot *slot = &upload->file.slot;
    struct store_key key = store_key_of(upload->file.text, upload->file.key_length);
    struct object *object;
    if (object_get_own(uploads->intake->reader, &key, &object).error)
        return upload_commit_failed(upload);
    const struct object_info *info = object_info(object);
    bool there = info->size == slot->length && store_digest_equal(&info->digest, &slot->digest);
    struct store_receipt receipt = {.offset = info->offset, .digest = info->digest, .existed = true};
    object_release(object);
    if (there)
        upload_done(upload, &receipt);
    return there ? 0 : upload_commit_failed(upload);
}

/* Reads it; one that has expired, or never came to be, is forgotten. */
static struct failure look(struct upload *upload, uint64_t id)
{
    struct uploads *uploads = upload->uploads;
    int error = unfinished_read(uploads->io, uploads->folder, uploads->salt, id, &upload->file);
    if (error == ENOENT || error == EBADMSG)
        return failure_of(STORE_NO_UPLOAD);
    if (error)
        return failure_of_errno(error);
    rest_more(uploads, -(int64_t)resting_bytes(&upload->file));
    if (has_expired(&upload->file)) {
        upload_erase(upload);
        return failure_of(STORE_NO_UPLOAD);
    }
    return failure_of_errno(upload->file.slot.stage == UPLOAD_COMMITTING ? find_out(upload) : 0);
}

struct failure uploads_hold(struct uploads *uploads, uint64_t id, struct upload **ret_upload)
{
    lock_take(&uploads->lock);
    int error = open_folder(uploads);
    lock_release(&uploads->lock);
    if (error)
        return error == ENOENT ? failure_of(STORE_NO_UPLOAD) : failure_of_errno(error);
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        return failure_of(STORE_NO_MEMORY);
    upload->uploads = uploads;
    upload->file.id = id;
    if (!take(uploads, upload)) {
        free(upload);
        return failure_of(STORE_UPLOAD_HELD);
    }
    struct failure failure = look(upload, id);
    if (failure.error)
        upload_release(upload);
    else
        *ret_upload = upload;
    return failure;
}

/* ---- making one ------------------------------------------------------------------------------- */

/* When one expires that somebody works on now. */
static int64_t next_expiry(const struct uploads *uploads)
{
    uint64_t seconds = uploads->intake->services->options->upload_expiry;
    return clock_now(CLOCK_REALTIME) + (int64_t)seconds * CLOCK_SECOND;
}

static struct failure may_create(const struct uploads *uploads, const struct upload_order *order,
                                 struct store_overrun *ret_overrun)
{
    const struct intake *intake = uploads->intake;
    uint64_t size = order->length == STORE_SIZE_UNKNOWN ? 0 : order->length;
    if (!order->partial && !key_valid(&order->key))
        return failure_of(STORE_BAD_KEY);
    if (order->label_length > STORE_UPLOAD_LABEL_MAX)
        return failure_of(STORE_BAD_ATTRIBUTES);
    if (size > intake->services->options->object_limit)
        return failure_of(STORE_TOO_LARGE);
    if (!space_has(intake->services->space, size))
        return failure_of(STORE_FULL);
    struct quota_growth growth = {.bytes = (int64_t)size};
    return failure_of(quota_foresees(intake->quota, &growth, ret_overrun) ? STORE_OK : STORE_QUOTA);
}

static bool copy_text(struct unfinished *file, const struct upload_order *order)
{
    file->key_length = order->partial ? 0 : order->key.length;
    file->label_length = order->label_length;
    file->text = malloc(file->key_length + file->label_length + 1);
    if (!file->text)
        return false;
    if (file->key_length > 0)
        memcpy(file->text, order->key.bytes, file->key_length);
    if (file->label_length > 0)
        memcpy(file->text + file->key_length, order->label, file->label_length);
    return true;
}

static int make(struct uploads *uploads, struct unfinished *file)
{
    const struct io *io = uploads->io;
    int error = getrandom(&file->id, sizeof file->id, 0) == sizeof file->id ? want_folder(uploads) : errno;
    if (!error)
        error = unfinished_make(io, uploads->folder, uploads->salt, file);
    if (!error && io->fsync(io->self, uploads->folder) < 0) {
        error = errno;
        unfinished_remove(io, uploads->folder, file->id);
    }
    return error;
}

struct failure uploads_create(struct uploads *uploads, const struct upload_order *order,
                              struct store_overrun *ret_overrun, uint64_t *ret_id)
{
    struct failure failure = may_create(uploads, order, ret_overrun);
    if (failure.error)
        return failure;
    struct unfinished file = {
        .made = clock_now(CLOCK_REALTIME),
        .partial = order->partial,
        .slot = {.number = 1, .length = order->length, .expires = next_expiry(uploads)},
    };
    failure.error = gate_enter(uploads->intake->gate, 0);
    if (failure.error)
        return failure;
    failure = copy_text(&file, order) ? failure_of_errno(make(uploads, &file)) : failure_of(STORE_NO_MEMORY);
    unfinished_free(&file);
    gate_leave(uploads->intake->gate, 0);
    if (!failure.error) {
        *ret_id = file.id;
        (void)errand_ask(&uploads->sweeper);
    }
    return failure;
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Calls `see(arg, file)` for each that there is; an errno. */
static int visit(struct uploads *uploads, void (*see)(void *arg, const struct unfinished *file), void *arg)
{
    const struct io *io = uploads->io;
    char *names = uploads->folder < 0 ? NULL : io->list(io->self, uploads->folder);
    if (!names)
        return uploads->folder < 0 ? 0 : errno;
    for (const char *name = names; *name; name += strlen(name) + 1) {
        struct unfinished file;
        uint64_t id;
        if (!numbered_read(name, UNFINISHED_ENDING, &id) ||
            unfinished_read(io, uploads->folder, uploads->salt, id, &file))
            continue;
        see(arg, &file);
        unfinished_free(&file);
    }
    free(names);
    return 0;
}

static void describe(const struct unfinished *file, struct upload_info *ret_info)
{
    *ret_info = (struct upload_info){.id = file->id,
                                     .key = file->key_length > 0 ? file->text : NULL,
                                     .key_length = file->key_length,
                                     .label = file->text + file->key_length,
                                     .label_length = file->label_length,
                                     .partial = file->partial,
                                     .done = file->slot.stage == UPLOAD_DONE,
                                     .offset = file->slot.offset,
                                     .length = file->slot.length,
                                     .expires = file->slot.expires,
                                     .record = file->slot.record,
                                     .digest = file->slot.digest,
                                     .existed = file->slot.existed};
}

void upload_describe(const struct upload *upload, struct upload_info *ret_info)
{
    describe(&upload->file, ret_info);
}

struct failure uploads_look(struct uploads *uploads, uint64_t id,
                            void (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct upload_info info;
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure;
    describe(&upload->file, &info);
    tell(arg, &info);
    upload_release(upload);
    return failure;
}

struct listing {
    void (*tell)(void *arg, const struct upload_info *info);
    void *arg;
};

static void list_one(void *arg, const struct unfinished *file)
{
    const struct listing *listing = arg;
    struct upload_info info;
    if (file->slot.stage == UPLOAD_DONE || has_expired(file))
        return;
    describe(file, &info);
    listing->tell(listing->arg, &info);
}

struct failure uploads_list(struct uploads *uploads, void (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct listing listing = {tell, arg};
    return failure_io(visit(uploads, list_one, &listing));
}

struct failure uploads_forget(struct uploads *uploads, uint64_t id)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure;
    upload_erase(upload);
    upload_release(upload);
    return failure;
}

/* ---- those that have expired ------------------------------------------------------------------ */

struct round {
    struct uploads *uploads;
    int64_t next; /* when the next one expires */
};

/* Holding one forgets it when it has expired. */
static void sweep_one(void *arg, const struct unfinished *file)
{
    struct round *round = arg;
    struct upload *upload;
    if (!has_expired(file)) {
        round->next = file->slot.expires < round->next ? file->slot.expires : round->next;
        return;
    }
    if (!uploads_hold(round->uploads, file->id, &upload).error)
        upload_release(upload); /* somebody has gone on with it meanwhile */
}

/* Thread: the upkeep's. */
static int sweep(void *arg)
{
    struct round round = {.uploads = arg, .next = INT64_MAX};
    if (gate_is_removed(round.uploads->intake->gate) || visit(round.uploads, sweep_one, &round) ||
        round.next == INT64_MAX)
        return ERRAND_DONE;
    int64_t wait = (round.next - clock_now(CLOCK_REALTIME)) / CLOCK_MILLISECOND + 1;
    return (int)(wait < SWEEP_MIN ? SWEEP_MIN : wait < SWEEP_MAX ? wait : SWEEP_MAX);
}

/* ---- when the store is opened ----------------------------------------------------------------- */

static void count_one(void *arg, const struct unfinished *file)
{
    uint64_t *bytes = arg;
    *bytes += resting_bytes(file);
}

static void clear_wreck(const struct uploads *uploads, uint64_t id)
{
    notice_tell(uploads->intake->notice, STORE_LOG_INFO,
                "the upload %016" PRIx64 " never came to be, or its description is damaged: it is removed", id);
    unfinished_remove(uploads->io, uploads->folder, id);
}

/* What never came to be an upload, for the server ended while it was made, has been told to nobody: its files go. */
static void clear_wrecks(struct uploads *uploads)
{
    const struct io *io = uploads->io;
    char *names = io->list(io->self, uploads->folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        struct unfinished file;
        uint64_t id;
        bool named = numbered_read(name, UNFINISHED_ENDING, &id) || numbered_read(name, UNFINISHED_BYTES, &id);
        int error = named ? unfinished_read(io, uploads->folder, uploads->salt, id, &file) : ENOTSUP;
        if (!error)
            unfinished_free(&file);
        else if (error == EBADMSG || error == ENOENT)
            clear_wreck(uploads, id);
    }
    free(names);
}

int uploads_begin(struct uploads *uploads)
{
    uint64_t bytes = 0;
    int error = open_folder(uploads);
    if (error)
        return error == ENOENT ? 0 : error;
    error = visit(uploads, count_one, &bytes);
    if (error)
        return error;
    rest_more(uploads, (int64_t)bytes);
    if (uploads->intake->services->options->read_only)
        return 0;
    clear_wrecks(uploads);
    (void)errand_ask(&uploads->sweeper);
    return 0;
}

/* ---- the bytes of one ------------------------------------------------------------------------- */

static int note(struct upload *upload, struct upload_slot *slot)
{
    struct uploads *uploads = upload->uploads;
    slot->expires = next_expiry(uploads);
    return unfinished_note(uploads->io, uploads->folder, uploads->salt, &upload->file, slot);
}

int upload_open(struct upload *upload, struct blob_file *ret_file)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->file.id, UNFINISHED_BYTES, name);
    return blob_file_go_on(ret_file, upload->uploads->io, upload->uploads->folder, name, upload->file.slot.offset);
}

int upload_rest(struct upload *upload, struct blob_file *file, uint64_t offset)
{
    struct upload_slot slot = upload->file.slot;
    int error = blob_file_is_open(file) ? blob_file_sync(file, offset) : 0;
    if (error || offset == slot.offset)
        return error;
    slot.offset = offset;
    return note(upload, &slot);
}

bool upload_is_due(const struct upload *upload, uint64_t position)
{
    return !upload->whole && position - upload->file.slot.offset >= REST_BYTES;
}

int upload_set_length(struct upload *upload, uint64_t length)
{
    struct upload_slot slot = upload->file.slot;
    slot.length = length;
    return note(upload, &slot);
}

static int open_bytes(const struct upload *upload)
{
    const struct uploads *uploads = upload->uploads;
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->file.id, UNFINISHED_BYTES, name);
    return uploads->io->openat(uploads->io->self, uploads->folder, name, O_RDONLY, 0);
}

int upload_digest(const struct upload *upload, unsigned char *buffer, size_t capacity, struct store_digest *ret_digest)
{
    const struct io *io = upload->uploads->io;
    uint64_t size = upload->file.slot.offset;
    XXH3_state_t *state = XXH3_createState();
    int file = open_bytes(upload);
    int error = file < 0 ? errno : state ? 0 : ENOMEM;
    if (state)
        XXH3_128bits_reset(state);
    for (uint64_t position = 0; !error && position < size;) {
        size_t length = size - position < capacity ? (size_t)(size - position) : capacity;
        error = io_read_all(io, file, buffer, length, (off_t)position);
        if (!error)
            XXH3_128bits_update(state, buffer, length);
        position += length;
    }
    if (!error)
        *ret_digest = digest_of_hash(XXH3_128bits_digest(state));
    XXH3_freeState(state);
    if (file >= 0)
        io->close(io->self, file);
    return error;
}

int upload_read(const struct upload *upload, unsigned char *bytes)
{
    const struct io *io = upload->uploads->io;
    int file = open_bytes(upload);
    if (file < 0)
        return errno;
    int error = io_read_all(io, file, bytes, (size_t)upload->file.slot.offset, 0);
    io->close(io->self, file);
    return error;
}

/* ---- its end ---------------------------------------------------------------------------------- */

int upload_adopt(const struct upload *upload, uint64_t *ret_blob)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->file.id, UNFINISHED_BYTES, name);
    return blobs_adopt_file(upload->uploads->intake->blobs, upload->uploads->folder, name, upload->file.slot.offset,
                            ret_blob);
}

int upload_commit_begins(struct upload *upload, const struct store_digest *digest)
{
    struct upload_slot slot = upload->file.slot;
    slot.stage = UPLOAD_COMMITTING;
    slot.digest = *digest;
    return note(upload, &slot);
}

int upload_commit_failed(struct upload *upload)
{
    struct upload_slot slot = upload->file.slot;
    slot.stage = UPLOAD_OPEN;
    return note(upload, &slot);
}

/* Should that not reach the disk, it is found out when somebody comes to it: find_out(). */
void upload_done(struct upload *upload, const struct store_receipt *receipt)
{
    struct uploads *uploads = upload->uploads;
    struct upload_slot slot = upload->file.slot;
    char name[NUMBERED_NAME_MAX];
    slot.stage = UPLOAD_DONE;
    slot.record = receipt->offset;
    slot.existed = receipt->existed;
    slot.digest = receipt->digest;
    if (note(upload, &slot))
        return;
    numbered_name(upload->file.id, UNFINISHED_BYTES, name);
    uploads->io->unlinkat(uploads->io->self, uploads->folder, name, 0);
}
