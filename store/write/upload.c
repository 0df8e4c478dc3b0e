/* upload.c - reads and writes the two files of an upload. upload.h tells of them. */
#include "store/write/upload.h"

#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/xxh3.h"
#include "store/disk/numbered.h"
#include "store/write/uploads.h"

#include <errno.h>
#include <fcntl.h>

enum { REST_BYTES = 16 << 20 /* a crash costs a client no more than it has sent since so many */ };

/* It is known to be gone on with, and so lives on. */
static int note(struct upload *upload, struct upload_slot *slot)
{
    struct uploads *uploads = upload->uploads;
    slot->expires = uploads_next_expiry(uploads);
    int error = unfinished_note(uploads->io, uploads->folder, uploads->salt, &upload->file, slot);
    stock_weigh(&uploads->stock, &upload->entry, &upload->file);
    return error;
}

/* ---- its bytes -------------------------------------------------------------------------------- */

int upload_open(struct upload *upload, uint64_t cached, struct blob_file *ret_file)
{
    const struct uploads *uploads = upload->uploads;
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->id, UNFINISHED_BYTES, name);
    return blob_file_go_on(ret_file, uploads->io, uploads->folder, name, upload->file.slot.offset, cached);
}

int upload_rest(struct upload *upload, struct blob_file *file, uint64_t offset)
{
    struct upload_slot slot = upload->file.slot;
    int error = blob_file_is_open(file) ? blob_file_sync(file, offset) : 0;
    slot.offset = offset;
    return error ? error : note(upload, &slot);
}

bool upload_is_due(const struct upload *upload, uint64_t position)
{
    return position - upload->file.slot.offset >= REST_BYTES;
}

int upload_set_length(struct upload *upload, uint64_t length)
{
    struct upload_slot slot = upload->file.slot;
    slot.length = length;
    return note(upload, &slot);
}

int upload_step_back(struct upload *upload)
{
    struct upload_slot slot = upload->file.slot;
    slot.offset--;
    return note(upload, &slot);
}

static int open_bytes(const struct upload *upload)
{
    const struct uploads *uploads = upload->uploads;
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->id, UNFINISHED_BYTES, name);
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

int upload_copy(const struct upload *upload, struct blob_file *to, uint64_t position)
{
    const struct io *io = upload->uploads->io;
    int file = open_bytes(upload);
    if (file < 0)
        return errno;
    int error = io_copy_all(io, file, 0, to->file, position, upload->file.slot.offset);
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

/* ---- the quota -------------------------------------------------------------------------------- */

/* Where `keeps` they go on counting as what they have on disk, else not at all. */
static int64_t recount(struct upload *upload, bool keeps)
{
    uint64_t counts = keeps ? stock_resting(&upload->file) : 0;
    int64_t more = (int64_t)(counts - upload->entry.resting);
    upload->entry.resting = counts;
    for (size_t i = 0; i < upload->part_count; i++)
        more += recount(upload->parts[i], keeps);
    return more;
}

void upload_lend(struct upload *upload, struct quota_share *share)
{
    stock_lend(&upload->uploads->stock, (uint64_t)-recount(upload, false), share);
}

void upload_reclaim(struct upload *upload, struct quota_share *share)
{
    stock_reclaim(&upload->uploads->stock, (uint64_t)recount(upload, true), share);
}

/* ---- its end ---------------------------------------------------------------------------------- */

int upload_adopt(const struct upload *upload, uint64_t *ret_blob)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(upload->id, UNFINISHED_BYTES, name);
    return blobs_adopt_file(upload->uploads->intake->blobs, upload->uploads->folder, name, upload->file.slot.offset,
                            ret_blob);
}

int upload_commit_begins(struct upload *upload, struct txn_step *step)
{
    struct upload_slot slot = upload->file.slot;
    if (step->time == 0)
        step->time = clock_now(CLOCK_REALTIME);
    slot.stage = UPLOAD_COMMITTING;
    slot.digest = step->digest;
    slot.modified = step->time;
    return note(upload, &slot);
}

int upload_commit_failed(struct upload *upload)
{
    struct upload_slot slot = upload->file.slot;
    slot.stage = UPLOAD_OPEN;
    return note(upload, &slot);
}

/* Those that are held with it are let go of with it. Which of them are left at a power cut goes at the start. */
static void erase_parts(struct upload *upload)
{
    for (size_t i = 0; i < upload->part_count; i++)
        (void)upload_erase(upload->parts[i]);
    for (size_t i = 0; upload->part_count == 0 && i < upload->file.part_count; i++)
        (void)uploads_drop(upload->uploads, unfinished_part(&upload->file, i));
}

struct failure upload_end_parts(struct upload *upload)
{
    const struct uploads *uploads = upload->uploads;
    const struct unfinished *file = &upload->file;
    if (file->slot.stage != UPLOAD_DONE || file->part_count == 0)
        return failure_none();
    for (size_t i = 0; i < file->part_count; i++) {
        struct failure failure = uploads_drop(upload->uploads, unfinished_part(file, i));
        if (failure.error && failure.error != STORE_NO_UPLOAD && failure.error != STORE_UPLOAD_HELD)
            return failure;
    }
    return failure_of_errno(uploads->io->fsync(uploads->io->self, uploads->folder) < 0 ? errno : 0);
}

/* Should that not reach the disk, it is found out when somebody comes to it: find_out(). Until then the parts stay, by
 * which its maker asks for it. */
void upload_done(struct upload *upload, const struct store_receipt *receipt)
{
    struct uploads *uploads = upload->uploads;
    struct upload_slot slot = upload->file.slot;
    slot.stage = UPLOAD_DONE;
    slot.record = receipt->offset;
    slot.existed = receipt->existed;
    slot.digest = receipt->digest;
    if (note(upload, &slot))
        return;
    erase_parts(upload);
    unfinished_drop_bytes(uploads->io, uploads->folder, upload->id);
    uploads_remember(uploads, upload->id);
}

int upload_erase(struct upload *upload)
{
    struct uploads *uploads = upload->uploads;
    int error = unfinished_remove(uploads->leftovers, uploads->folder, upload->id);
    if (error)
        return error;
    upload->file.slot.offset = 0; /* of what counts */
    stock_weigh(&uploads->stock, &upload->entry, NULL);
    return 0;
}
