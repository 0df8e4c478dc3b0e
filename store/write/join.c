/* join.c - holds the parts, makes the upload, and copies. join.h tells the story. */
#include "store/write/join.h"

#include <stdlib.h>

struct join {
    struct uploads *uploads;
    struct upload **parts; /* those that are held */
    size_t count;
    uint64_t length; /* their bytes */
};

static void release(struct join *join)
{
    for (size_t i = 0; i < join->count; i++)
        upload_release(join->parts[i]);
    free(join->parts);
}

/* One that is a part, and has all its bytes. */
static struct failure hold(struct join *join, uint64_t id)
{
    struct upload *part;
    struct failure failure = uploads_hold(join->uploads, id, &part);
    if (failure.error)
        return failure;
    join->parts[join->count++] = part;
    const struct upload_slot *slot = &part->file.slot;
    if (!part->file.partial || slot->offset != slot->length || slot->length > STORE_SIZE_UNKNOWN - 1 - join->length)
        return failure_of(STORE_UPLOAD_PARTS);
    join->length += slot->length;
    return failure_none();
}

static struct failure hold_all(struct join *join, const uint64_t *ids, size_t count)
{
    struct failure failure = failure_none();
    join->parts = calloc(count, sizeof *join->parts);
    if (!join->parts)
        return failure_of(STORE_NO_MEMORY);
    for (size_t i = 0; i < count && !failure.error; i++)
        failure = hold(join, ids[i]);
    return failure;
}

static int copy_all(const struct join *join, struct blob_file *to)
{
    uint64_t position = 0;
    int error = 0;
    for (size_t i = 0; i < join->count && !error; i++) {
        error = upload_copy(join->parts[i], to, position);
        position += join->parts[i]->file.slot.length;
    }
    return error;
}

static int copy_into(const struct join *join, struct upload *whole)
{
    struct blob_file file = blob_file_none();
    int error = upload_open(whole, false, &file);
    if (!error)
        error = copy_all(join, &file);
    if (!error)
        error = upload_rest(whole, &file, join->length);
    blob_file_close(&file);
    return error;
}

/* Nobody knows the new one yet, so it is not found to be held. Once it has its bytes it takes the parts. */
static struct failure fill(struct join *join, uint64_t id)
{
    struct upload *whole;
    struct failure failure = uploads_hold(join->uploads, id, &whole);
    if (failure.error)
        return failure;
    int error = copy_into(join, whole);
    if (error) {
        upload_release(whole);
        return failure_of_errno(error);
    }
    whole->parts = join->parts;
    whole->part_count = join->count;
    join->parts = NULL;
    join->count = 0;
    upload_park(whole);
    return failure;
}

struct failure join_create(struct uploads *uploads, const struct upload_order *order, struct store_overrun *ret_overrun,
                           uint64_t *ret_id)
{
    struct join join = {.uploads = uploads};
    struct failure failure = hold_all(&join, order->parts, order->part_count);
    if (!failure.error) {
        struct upload_order sized = *order;
        sized.length = join.length;
        failure = uploads_create(uploads, &sized, ret_overrun, ret_id);
    }
    if (!failure.error)
        failure = fill(&join, *ret_id);
    release(&join);
    return failure;
}
