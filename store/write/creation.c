/* creation.c - writes the files that tell of a new upload. See creation.h. */
#include "store/write/creation.h"

#include "store/base/clock.h"
#include "store/base/key.h"
#include "store/base/little.h"
#include "store/disk/space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { UPLOAD_FILES = 16 << 10 /* bytes of a disk that a description, and two entries of the folder, may take */ };

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
    int error = uploads_want_folder(uploads);
    if (!error)
        error = unfinished_make(io, uploads->folder, uploads->salt, file);
    if (!error && io->fsync(io->self, uploads->folder) < 0) {
        error = errno;
        (void)unfinished_remove(uploads->leftovers, uploads->folder, file->id);
    }
    return error;
}

static struct failure make_counted(struct uploads *uploads, const struct upload_order *order, const uint64_t *parts,
                                   struct unfinished *file)
{
    if (!write_text(file, order, parts))
        return failure_of(STORE_NO_MEMORY);
    if (!stock_admit(&uploads->stock, file))
        return failure_of(STORE_MANY_UPLOADS);
    int error = make_files(uploads, file);
    if (error)
        stock_strike(&uploads->stock, file);
    if (error == ENOENT && gate_is_shut(uploads->intake->gate)) /* it is being removed */
        return failure_of(STORE_NO_STORE);
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

struct failure creation_new(struct uploads *uploads, const struct upload_order *order,
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

struct failure creation_of_union(struct uploads *uploads, struct upload *upload, const struct upload_union *united,
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
        stock_know(&upload->entry, &upload->file);
    }
    return failure;
}
