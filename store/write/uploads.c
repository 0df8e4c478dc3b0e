/* uploads.c - the folder of unfinished uploads, and who holds which. uploads.h tells the story. */
#include "store/write/uploads.h"

#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/key.h"
#include "store/base/little.h"
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
    SWEEP_MIN = 1000, /* milliseconds */
    SWEEP_MAX = 3600 * 1000,
    UPLOAD_FILES = 16 << 10, /* bytes of a disk that a description, and two entries of the folder, may take */
    SWEEP_SHARE = 64,        /* of the time after which they expire: no more often is looked at all of them */
};

static int sweep(void *arg);

void uploads_init(struct uploads *uploads, const struct intake *intake, uint64_t salt, char *path)
{
    *uploads = (struct uploads){
        .intake = intake, .io = intake->services->options->io, .salt = salt, .path = path, .folder = -1};
    lock_init(&uploads->making);
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
    remembered_free(&uploads->remembered);
    lock_destroy(&uploads->lock);
    lock_destroy(&uploads->making);
    free(uploads->path);
}

/* ---- the folder ------------------------------------------------------------------------------- */

/* Opens it if it is there; an errno. The lock of making held, or nobody else knows of it. */
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

static int want_folder(struct uploads *uploads)
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

/* ---- the quota -------------------------------------------------------------------------------- */

void uploads_rest_more(struct uploads *uploads, int64_t bytes)
{
    if (bytes == 0)
        return;
    lock_take(&uploads->lock);
    quota_rest(uploads->intake->quota, &uploads->share, uploads->share.arrived + (uint64_t)bytes);
    lock_release(&uploads->lock);
}

uint64_t uploads_resting(const struct unfinished *file)
{
    return file->slot.stage == UPLOAD_DONE || unfinished_is_private(file) ? 0 : file->slot.offset;
}

/* Where `keeps` they go on counting as what they have on disk, else not at all. Lock held. */
static int64_t recount(struct upload *upload, bool keeps)
{
    uint64_t counts = keeps ? uploads_resting(&upload->file) : 0;
    int64_t more = (int64_t)(counts - upload->counted);
    upload->counted = counts;
    for (size_t i = 0; i < upload->part_count; i++)
        more += recount(upload->parts[i], keeps);
    return more;
}

void upload_lend(struct upload *upload, struct quota_share *share)
{
    struct uploads *uploads = upload->uploads;
    lock_take(&uploads->lock);
    uint64_t less = (uint64_t)-recount(upload, false);
    share->kept = less;
    quota_pass(uploads->intake->quota, &uploads->share, uploads->share.arrived - less, share, less);
    lock_release(&uploads->lock);
}

void upload_reclaim(struct upload *upload, struct quota_share *share)
{
    struct uploads *uploads = upload->uploads;
    lock_take(&uploads->lock);
    uint64_t more = (uint64_t)recount(upload, true);
    share->kept = 0;
    quota_pass(uploads->intake->quota, &uploads->share, uploads->share.arrived + more, share, 0);
    lock_release(&uploads->lock);
}

/* ---- how many, and how large ------------------------------------------------------------------ */

void uploads_tell(struct uploads *uploads, uint64_t *ret_open, uint64_t *ret_disk_bytes)
{
    lock_take(&uploads->lock);
    *ret_open = uploads->open;
    *ret_disk_bytes = uploads->disk_bytes;
    lock_release(&uploads->lock);
}

static bool is_open(const struct unfinished *file)
{
    return file->slot.stage != UPLOAD_DONE;
}

void uploads_count(struct uploads *uploads, const struct unfinished *file)
{
    lock_take(&uploads->lock);
    uploads->open += is_open(file);
    uploads->disk_bytes += unfinished_disk_bytes(file);
    lock_release(&uploads->lock);
}

/* It is counted as it is. */
static void learn_weight(struct upload *upload, bool there)
{
    upload->open = there && is_open(&upload->file);
    upload->weight = there ? unfinished_disk_bytes(&upload->file) : 0;
}

void upload_weigh(struct upload *upload, bool there)
{
    struct uploads *uploads = upload->uploads;
    lock_take(&uploads->lock);
    uploads->open -= upload->open;
    uploads->disk_bytes -= upload->weight;
    learn_weight(upload, there);
    uploads->open += upload->open;
    uploads->disk_bytes += upload->weight;
    lock_release(&uploads->lock);
}

/* One that is about to be made; false: there are enough. What is made of parts takes the place of these. */
static bool count_new(struct uploads *uploads, const struct unfinished *file)
{
    lock_take(&uploads->lock);
    bool may = file->joined || uploads->open < uploads->intake->services->options->uploads_kept;
    uploads->open += may;
    uploads->disk_bytes += may ? unfinished_disk_bytes(file) : 0;
    lock_release(&uploads->lock);
    return may;
}

/* It could not be made. */
static void uncount(struct uploads *uploads, const struct unfinished *file)
{
    lock_take(&uploads->lock);
    uploads->open--;
    uploads->disk_bytes -= unfinished_disk_bytes(file);
    lock_release(&uploads->lock);
}

void uploads_remember(struct uploads *uploads, uint64_t id)
{
    uint64_t first;
    lock_take(&uploads->lock);
    bool enough = remembered_add(&uploads->remembered, uploads->intake->services->options->uploads_kept, id, &first);
    lock_release(&uploads->lock);
    if (enough)
        (void)uploads_drop(uploads, first); /* who is about to be told of it is left alone: then it expires */
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
    uploads_rest_more(uploads, (int64_t)(uploads_resting(&upload->file) - upload->counted));
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

/* There is none, or it never came to be, or the disk says something else. */
static struct failure failure_of_reading(int error)
{
    return error == ENOENT || error == EBADMSG ? failure_of(STORE_NO_UPLOAD) : failure_of_errno(error);
}

/* Reads it; one that has expired, or never came to be, is forgotten. */
static struct failure look(struct upload *upload, uint64_t id)
{
    struct uploads *uploads = upload->uploads;
    int error = unfinished_read(uploads->io, uploads->folder, uploads->salt, id, &upload->file);
    if (error)
        return failure_of_reading(error);
    upload->counted = uploads_resting(&upload->file);
    learn_weight(upload, true);
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

/* ---- making one ------------------------------------------------------------------------------- */

/* Its files come on top of its bytes, and leave compaction what it may need, as the log does. */
static bool has_space(struct space *space, uint64_t size)
{
    return space_has(space, size + UPLOAD_FILES) && space_affords_segment(space, UPLOAD_FILES);
}

/* What is made of parts adds nothing to what these have. */
static struct failure may_create(const struct uploads *uploads, const struct upload_order *order, bool joined,
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
    if (!has_space(intake->services->space, size))
        return failure_of(STORE_FULL);
    bool new = !order->partial &&index_now(intake->index, &order->key, NULL) == 0;
    return failure_of(intake_foresees(intake, NULL, new, joined ? 0 : size, ret_overrun) ? STORE_OK : STORE_QUOTA);
}

static struct unfinished new_file(const struct uploads *uploads, uint64_t id, const struct upload_order *order)
{
    return (struct unfinished){
        .id = id,
        .made = clock_now(CLOCK_REALTIME),
        .partial = order->partial,
        .key_length = order->partial ? 0 : order->key.length,
        .label_length = order->label_length,
        .slot = {.number = 1, .length = order->length, .expires = uploads_next_expiry(uploads)},
    };
}

static bool write_text(struct unfinished *file, const struct upload_order *order, const uint64_t *parts)
{
    file->text = malloc(unfinished_text_length(file) + 1);
    if (!file->text)
        return false;
    unsigned char *at = file->text;
    if (file->key_length > 0)
        memcpy(at, order->key.bytes, file->key_length);
    at += file->key_length;
    if (file->label_length > 0)
        memcpy(at, order->label, file->label_length);
    at += file->label_length;
    for (size_t i = 0; i < file->part_count; i++)
        little_put64(at + i * sizeof *parts, parts[i]);
    return true;
}

static int make_files(struct uploads *uploads, const struct unfinished *file)
{
    const struct io *io = uploads->io;
    int error = want_folder(uploads);
    if (!error)
        error = unfinished_make(io, uploads->folder, uploads->salt, file);
    if (!error && io->fsync(io->self, uploads->folder) < 0) {
        error = errno;
        (void)unfinished_remove(io, uploads->folder, file->id);
    }
    return error;
}

static struct failure make_counted(struct uploads *uploads, const struct upload_order *order, const uint64_t *parts,
                                   struct unfinished *file)
{
    if (!write_text(file, order, parts))
        return failure_of(STORE_NO_MEMORY);
    if (!count_new(uploads, file))
        return failure_of(STORE_MANY_UPLOADS);
    int error = make_files(uploads, file);
    if (error)
        uncount(uploads, file);
    return failure_of_errno(error);
}

/* Makes the files that tell of it, unless it may not be. *file is the caller's to free, in any case. */
static struct failure make(struct uploads *uploads, const struct upload_order *order, const uint64_t *parts,
                           struct unfinished *file, struct store_overrun *ret_overrun)
{
    struct failure failure = may_create(uploads, order, file->joined, ret_overrun);
    if (!failure.error)
        failure.error = gate_enter(uploads->intake->gate, 0);
    if (failure.error)
        return failure;
    failure = make_counted(uploads, order, parts, file);
    gate_leave(uploads->intake->gate, 0);
    if (!failure.error)
        (void)errand_ask(&uploads->sweeper);
    return failure;
}

struct failure uploads_create(struct uploads *uploads, const struct upload_order *order,
                              struct store_overrun *ret_overrun, uint64_t *ret_id)
{
    uint64_t id;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        return failure_of_errno(errno);
    struct unfinished file = new_file(uploads, id, order);
    struct failure failure = make(uploads, order, NULL, &file, ret_overrun);
    unfinished_free(&file);
    if (!failure.error)
        *ret_id = id;
    return failure;
}

struct failure uploads_make(struct uploads *uploads, struct upload *upload, const struct upload_union *united,
                            uint64_t length, struct store_overrun *ret_overrun)
{
    struct upload_order order = united->order;
    order.length = length;
    struct unfinished file = new_file(uploads, upload->id, &order);
    file.joined = true;
    file.part_count = united->part_count;
    struct failure failure = make(uploads, &order, united->parts, &file, ret_overrun);
    if (failure.error) {
        unfinished_free(&file);
    } else {
        upload->file = file;
        learn_weight(upload, true);
    }
    return failure;
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Calls `see(arg, file)` for each that has a file that ends so from an id on, until that is false; an errno. */
static int visit(const struct uploads *uploads, const char *ending, uint64_t from,
                 bool (*see)(void *arg, const struct unfinished *file), void *arg)
{
    return uploads->folder < 0 ? 0
                               : unfinished_each(uploads->io, uploads->folder, uploads->salt, ending, from, see, arg);
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

/* Whether nobody can be told of it before it is known what becomes of it: it has expired, or its commit was under way
 * when the server ended. */
static bool is_unsettled(const struct unfinished *file)
{
    return file->slot.stage == UPLOAD_COMMITTING || unfinished_has_expired(file);
}

/* Who holds it finds that out; who does so already is about to. */
static struct failure settle(struct uploads *uploads, uint64_t id, struct unfinished *file)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure.error == STORE_UPLOAD_HELD ? failure_none() : failure;
    unfinished_free(file);
    *file = upload->file;
    upload->file.text = NULL;
    upload_release(upload);
    return failure;
}

static bool is_held(struct uploads *uploads, uint64_t id)
{
    lock_take(&uploads->lock);
    bool held = find_held(uploads, id);
    lock_release(&uploads->lock);
    return held;
}

/* Nobody is kept from working on one by others who look at it. */
struct failure uploads_look(struct uploads *uploads, uint64_t id,
                            void (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct upload_info info;
    struct unfinished file;
    if (uploads->folder < 0)
        return failure_of(STORE_NO_UPLOAD);
    int error = unfinished_read(uploads->io, uploads->folder, uploads->salt, id, &file);
    if (error)
        return failure_of_reading(error);
    struct failure failure = is_unsettled(&file) ? settle(uploads, id, &file) : failure_none();
    if (!failure.error && unfinished_is_private(&file))
        failure = failure_of(STORE_NO_UPLOAD);
    if (!failure.error) {
        describe(&file, &info);
        tell(arg, &info);
        bool ending = !info.partial && !info.done && info.offset == info.length;
        failure.error = ending && is_held(uploads, id) ? STORE_UPLOAD_HELD : STORE_OK;
    }
    unfinished_free(&file);
    return failure;
}

struct listing {
    bool (*tell)(void *arg, const struct upload_info *info);
    void *arg;
};

/* Whether somebody can go on with it. One that is empty comes to be an object at once, or never. */
static bool can_go_on(const struct unfinished *file)
{
    bool empty = file->slot.length == 0 && !file->partial;
    return file->slot.stage != UPLOAD_DONE && !empty && !unfinished_is_private(file) && !unfinished_has_expired(file);
}

static bool list_one(void *arg, const struct unfinished *file)
{
    const struct listing *listing = arg;
    struct upload_info info;
    if (!can_go_on(file))
        return true;
    describe(file, &info);
    return listing->tell(listing->arg, &info);
}

struct failure uploads_list(struct uploads *uploads, uint64_t from,
                            bool (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct listing listing = {tell, arg};
    return failure_io(visit(uploads, UNFINISHED_BYTES, from, list_one, &listing));
}

static bool find_one(void *arg, const struct upload_info *info)
{
    (void)info;
    *(bool *)arg = true;
    return false;
}

bool uploads_are_there(struct uploads *uploads)
{
    bool there = false;
    (void)uploads_list(uploads, 0, find_one, &there);
    return there;
}

struct failure uploads_drop(struct uploads *uploads, uint64_t id)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure;
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

/* ---- those that have expired ------------------------------------------------------------------ */

struct round {
    struct uploads *uploads;
    int64_t next; /* when the next one expires */
};

static void expect(struct round *round, int64_t expires)
{
    if (expires < round->next)
        round->next = expires;
}

/* Holding one forgets it when it has expired. Of one that is held nothing is written down for as long as its bytes
 * come: it is looked at again when it may have been left. */
static bool sweep_one(void *arg, const struct unfinished *file)
{
    struct round *round = arg;
    struct upload *upload;
    if (!unfinished_has_expired(file)) {
        expect(round, file->slot.expires);
        return true;
    }
    enum store_error error = uploads_hold(round->uploads, file->id, &upload).error;
    if (error == STORE_UPLOAD_HELD) {
        expect(round, clock_now(CLOCK_REALTIME));
    } else if (!error) { /* somebody has gone on with it meanwhile */
        expect(round, upload->file.slot.expires);
        upload_release(upload);
    }
    return true;
}

/* Thread: the upkeep's. */
static int sweep(void *arg)
{
    struct round round = {.uploads = arg, .next = INT64_MAX};
    const struct intake *intake = round.uploads->intake;
    if (gate_is_removed(intake->gate) || visit(round.uploads, UNFINISHED_ENDING, 0, sweep_one, &round) ||
        round.next == INT64_MAX)
        return ERRAND_DONE;
    int64_t wait = (round.next - clock_now(CLOCK_REALTIME)) / CLOCK_MILLISECOND + 1;
    int64_t least = (int64_t)(intake->services->options->upload_expiry * 1000 / SWEEP_SHARE);
    if (wait < least)
        wait = least;
    return (int)(wait < SWEEP_MIN ? SWEEP_MIN : wait < SWEEP_MAX ? wait : SWEEP_MAX);
}
