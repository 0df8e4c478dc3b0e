/* uploads.c - opens and makes the folder, and knows who holds which. uploads.h tells the story. */
#include "store/write/uploads.h"

#include "store/base/clock.h"
#include "store/base/digest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

void uploads_init(struct uploads *uploads, const struct intake *intake, uint64_t salt, char *path)
{
    *uploads = (struct uploads){.intake = intake,
                                .io = intake->services->options->io,
                                .leftovers = intake->services->leftovers,
                                .salt = salt,
                                .path = path,
                                .folder = -1};
    lock_init(&uploads->making);
    lock_init(&uploads->lock);
    stock_init(&uploads->stock, intake->quota, intake->services->options->uploads_kept);
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
    stock_free(&uploads->stock);
    lock_destroy(&uploads->lock);
    lock_destroy(&uploads->making);
    free(uploads->path);
}

/* ---- the folder ------------------------------------------------------------------------------- */

/* Opens it if it is there; an errno. The lock of making held, or nobody else knows of it. Where the store has been
 * removed its path may be that of another one by now. */
static int open_folder(struct uploads *uploads)
{
    char path[PATH_MAX];
    if (uploads->folder >= 0)
        return 0;
    if (snprintf(path, sizeof path, "%s/%s", uploads->path, UNFINISHED_FOLDER) >= (int)sizeof path)
        return ENAMETOOLONG;
    int folder = uploads->io->openat(uploads->io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return errno;
    if (gate_is_removed(uploads->intake->gate)) {
        uploads->io->close(uploads->io->self, folder);
        return ENOENT;
    }
    uploads->folder = folder;
    return 0;
}

/* Makes it, with its entry in the store's folder on disk; an errno. */
static int make_folder(const struct uploads *uploads)
{
    const struct io *io = uploads->io;
    int store = io->openat(io->self, AT_FDCWD, uploads->path, O_RDONLY | O_DIRECTORY, 0);
    if (store < 0)
        return errno;
    int error = io->mkdirat(io->self, store, UNFINISHED_FOLDER, 0700) < 0 && errno != EEXIST ? errno : 0;
    if (!error && io->fsync(io->self, store) < 0)
        error = errno;
    io->close(io->self, store);
    return error;
}

int uploads_begin(struct uploads *uploads)
{
    int error = open_folder(uploads);
    return error == ENOENT ? 0 : error;
}

int uploads_want_folder(struct uploads *uploads)
{
    lock_take(&uploads->making);
    int error = open_folder(uploads);
    if (error == ENOENT) {
        error = make_folder(uploads);
        if (!error)
            error = open_folder(uploads);
    }
    lock_release(&uploads->making);
    return error;
}

/* ---- who holds which -------------------------------------------------------------------------- */

static struct upload *find_held(const struct uploads *uploads, uint64_t id)
{
    assert(lock_is_mine(&uploads->lock));
    struct upload *upload = uploads->held;
    while (upload && upload->id != id)
        upload = upload->next;
    return upload;
}

static bool take(struct uploads *uploads, struct upload *upload)
{
    lock_take(&uploads->lock);
    bool taken = !find_held(uploads, upload->id);
    if (taken) {
        upload->next = uploads->held;
        uploads->held = upload;
    }
    lock_release(&uploads->lock);
    return taken;
}

bool uploads_is_held(struct uploads *uploads, uint64_t id)
{
    lock_take(&uploads->lock);
    bool held = find_held(uploads, id);
    lock_release(&uploads->lock);
    return held;
}

/* Tells those who have claims. The lock is not held: they may go on at once. */
static void tell_claims(struct upload_claim *claim)
{
    while (claim) {
        struct upload_claim *next = claim->next; /* it is gone when it has been told */
        claim->ready(claim->arg);
        claim = next;
    }
}

void upload_release(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    if (unfinished_is_private(&upload->file) && upload->file.slot.stage == UPLOAD_OPEN)
        (void)upload_erase(upload);
    for (size_t i = 0; i < upload->part_count; i++)
        upload_release(upload->parts[i]);
    free(upload->parts);
    stock_rest_more(&uploads->stock, (int64_t)(stock_resting(&upload->file) - upload->entry.resting));
    lock_take(&uploads->lock);
    struct upload **at = &uploads->held;
    while (*at != upload)
        at = &(*at)->next;
    *at = upload->next;
    lock_release(&uploads->lock);
    tell_claims(upload->claims);
    unfinished_free(&upload->file);
    free(upload);
}

/* Lock held. */
static struct upload_claim *take_claims(struct upload *upload)
{
    assert(lock_is_mine(&upload->uploads->lock));
    struct upload_claim *claims = upload->claims;
    upload->claims = NULL;
    return claims;
}

void upload_settled(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    lock_take(&uploads->lock);
    struct upload_claim *claims = take_claims(upload);
    lock_release(&uploads->lock);
    tell_claims(claims);
}

/* Whoever has been told to ask again, or anybody else, may get it as soon as the lock is released, and then it may be
 * gone. */
void upload_work_on(struct upload *upload, upload_yield *yield, void *worker)
{
    struct uploads *uploads = upload->uploads;
    lock_take(&uploads->lock);
    upload->yield = yield;
    upload->worker = worker;
    struct upload_claim *claims = take_claims(upload);
    lock_release(&uploads->lock);
    tell_claims(claims);
}

enum store_error uploads_claim(struct uploads *uploads, struct upload_claim *claim)
{
    enum store_error error = STORE_OK;
    lock_take(&uploads->lock);
    struct upload *upload = find_held(uploads, claim->id);
    if (upload && upload->yield)
        error = upload->yield(upload->worker, claim->wish, claim->offset);
    if (upload && !error) {
        claim->next = upload->claims;
        upload->claims = claim;
    }
    lock_release(&uploads->lock);
    if (!upload)
        claim->ready(claim->arg);
    return error;
}

int64_t uploads_next_expiry(const struct uploads *uploads)
{
    uint64_t seconds = uploads->intake->services->options->upload_expiry;
    return clock_now(CLOCK_REALTIME) + (int64_t)seconds * CLOCK_SECOND;
}

/* Whether that is its object, and no other one that has the same bytes. */
static bool is_object_of(const struct object_info *info, const struct upload_slot *slot)
{
    return info->size == slot->length && info->modified == slot->modified &&
           store_digest_equal(&info->digest, &slot->digest);
}

/* A commit was under way when the server ended: whether its object is there tells whether it came to its end. */
static int find_out(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    struct upload_slot *slot = &upload->file.slot;
    struct store_key key = store_key_of(upload->file.text, upload->file.key_length);
    struct object *object;
    if (object_get_own(uploads->intake->reader, &key, &object).error)
        return upload_commit_failed(upload);
    const struct object_info *info = object_info(object);
    bool there = is_object_of(info, slot);
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
    if (error)
        return unfinished_failure(error);
    upload->entry.resting = stock_resting(&upload->file);
    stock_know(&upload->entry, &upload->file);
    if (unfinished_has_expired(&upload->file)) {
        (void)upload_erase(upload);
        return failure_of(STORE_NO_UPLOAD);
    }
    return failure_of_errno(upload->file.slot.stage == UPLOAD_COMMITTING ? find_out(upload) : 0);
}

static enum store_error take_new(struct uploads *uploads, uint64_t id, struct upload **ret_upload)
{
    struct upload *upload = uploads->folder < 0 ? NULL : calloc(1, sizeof *upload);
    if (!upload)
        return uploads->folder < 0 ? STORE_NO_UPLOAD : STORE_NO_MEMORY;
    upload->uploads = uploads;
    upload->id = id;
    if (!take(uploads, upload)) {
        free(upload);
        return STORE_UPLOAD_HELD;
    }
    *ret_upload = upload;
    return STORE_OK;
}

struct failure uploads_reserve(struct uploads *uploads, uint64_t id, struct upload **ret_upload)
{
    struct upload *upload;
    struct failure failure = failure_of(take_new(uploads, id, &upload));
    if (failure.error)
        return failure;
    failure = look(upload, id);
    if (failure.error == STORE_NO_UPLOAD) {
        unfinished_free(&upload->file);
        upload->file = (struct unfinished){0};
        failure = failure_none();
    }
    if (failure.error)
        upload_release(upload);
    else
        *ret_upload = upload;
    return failure;
}

struct failure uploads_hold(struct uploads *uploads, uint64_t id, struct upload **ret_upload)
{
    struct upload *upload;
    struct failure failure = uploads_reserve(uploads, id, &upload);
    if (!failure.error && !upload->file.text) {
        upload_release(upload);
        return failure_of(STORE_NO_UPLOAD);
    }
    if (!failure.error)
        *ret_upload = upload;
    return failure;
}

/* ---- all of them ------------------------------------------------------------------------------ */

int uploads_visit(const struct uploads *uploads, const char *ending, uint64_t from,
                  bool (*see)(void *arg, const struct unfinished *file), void *arg)
{
    return uploads->folder < 0 ? 0
                               : unfinished_each(uploads->io, uploads->folder, uploads->salt, ending, from, see, arg);
}

struct failure uploads_drop(struct uploads *uploads, uint64_t id)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure;
    failure = upload_end_parts(upload);
    if (!failure.error)
        failure = failure_of_errno(upload_erase(upload));
    upload_release(upload);
    return failure;
}

struct failure uploads_forget(struct uploads *uploads, uint64_t id)
{
    const struct io *io = uploads->io;
    struct failure failure = uploads_drop(uploads, id);
    if (!failure.error && io->fsync(io->self, uploads->folder) < 0)
        failure = failure_of_errno(errno);
    return failure;
}

void uploads_remember(struct uploads *uploads, uint64_t id)
{
    uint64_t first;
    if (stock_remember(&uploads->stock, id, &first))
        (void)uploads_drop(uploads, first); /* who is about to be told of it is left alone: then it expires */
}
