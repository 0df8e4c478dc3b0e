/* join.c - holds the whole, then the parts, makes the upload, and copies. join.h tells the story. */
#include "store/write/join.h"

#include "store/base/xxh3.h"
#include "store/write/creation.h"
#include "store/write/leg.h"
#include "store/write/survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct join {
    struct uploads *uploads;
    const struct upload_union *united;
    struct upload *whole; /* held */
    uint64_t length;      /* bytes of the parts that it holds */
};

/* ---- which it is ------------------------------------------------------------------------------ */

/* The salt keeps it from being guessed. */
static uint64_t id_of(const struct join *join)
{
    const struct upload_union *united = join->united;
    const struct store_key *key = &united->order.key;
    uint64_t key_hash = XXH3_64bits_withSeed(key->bytes, key->length, join->uploads->salt);
    return XXH3_64bits_withSeed(united->parts, united->part_count * sizeof *united->parts, key_hash);
}

/* Whether it is what was found under its id, and no other one by chance. */
static bool is_same(const struct unfinished *file, const struct upload_union *united)
{
    const struct store_key *key = &united->order.key;
    bool same = file->joined && file->key_length == key->length && file->part_count == united->part_count &&
                memcmp(file->text, key->bytes, key->length) == 0;
    for (size_t i = 0; same && i < united->part_count; i++)
        same = unfinished_part(file, i) == united->parts[i];
    return same;
}

/* ---- making it -------------------------------------------------------------------------------- */

static bool is_held(const struct upload *whole, uint64_t id)
{
    for (size_t i = 0; i < whole->part_count; i++)
        if (whole->parts[i]->id == id)
            return true;
    return false;
}

/* One that is a part, and has all its bytes. */
static struct failure hold(struct join *join, uint64_t id)
{
    struct upload *part, *whole = join->whole;
    if (is_held(whole, id))
        return failure_of(STORE_UPLOAD_PARTS);
    struct failure failure = uploads_hold(join->uploads, id, &part);
    if (failure.error)
        return failure;
    whole->parts[whole->part_count++] = part;
    const struct upload_slot *slot = &part->file.slot;
    if (!part->file.partial || slot->offset != slot->length || slot->length > STORE_SIZE_UNKNOWN - 1 - join->length)
        return failure_of(STORE_UPLOAD_PARTS);
    join->length += slot->length;
    return failure_none();
}

static struct failure hold_all(struct join *join)
{
    const struct upload_union *united = join->united;
    struct failure failure = failure_none();
    join->whole->parts = calloc(united->part_count, sizeof *join->whole->parts);
    if (!join->whole->parts)
        return failure_of(STORE_NO_MEMORY);
    for (size_t i = 0; i < united->part_count && !failure.error; i++)
        failure = hold(join, united->parts[i]);
    return failure;
}

static int copy_all(const struct upload *whole, struct blob_file *to)
{
    uint64_t position = 0;
    int error = 0;
    for (size_t i = 0; i < whole->part_count && !error; i++) {
        error = upload_copy(whole->parts[i], to, position);
        position += whole->parts[i]->file.slot.length;
    }
    return error;
}

static int fill(const struct join *join)
{
    struct blob_file file = blob_file_none();
    int error = upload_open(join->whole, BLOB_CACHED_ALL, &file);
    if (!error)
        error = copy_all(join->whole, &file);
    if (!error)
        error = upload_rest(join->whole, &file, join->length);
    blob_file_close(&file);
    return error;
}

/* What is there under its id is worth nothing: it did not come to its end. */
static struct failure make(struct join *join, struct store_overrun *ret_overrun)
{
    const struct upload_union *united = join->united;
    struct failure failure = hold_all(join);
    if (!failure.error && united->condition)
        failure = object_check(join->uploads->intake->reader, &united->order.key, united->condition);
    if (failure.error)
        return failure;
    (void)upload_erase(join->whole);
    unfinished_free(&join->whole->file);
    join->whole->file = (struct unfinished){0};
    failure = creation_of_union(join->uploads, join->whole, united, join->length, ret_overrun);
    return failure.error ? failure : failure_of_errno(fill(join));
}

/* ---- all of it -------------------------------------------------------------------------------- */

static struct failure begin(struct join *join, struct store_overrun *ret_overrun, struct stream **ret_stream)
{
    struct upload_resumption asked = {.id = join->whole->id, .length = STORE_SIZE_UNKNOWN};
    const struct unfinished *file = &join->whole->file;
    if (file->text && !is_same(file, join->united))
        return failure_of_errno(EEXIST);
    if (file->text && file->slot.stage == UPLOAD_DONE)
        return failure_none();
    struct failure failure = make(join, ret_overrun);
    asked.offset = join->length;
    return failure.error ? failure : leg_go_on(join->whole, &asked, NULL, ret_stream);
}

struct failure join_begin(struct uploads *uploads, const struct upload_union *united, struct store_overrun *ret_overrun,
                          struct stream **ret_stream, struct upload_info *ret_info)
{
    struct join join = {.uploads = uploads, .united = united};
    *ret_stream = NULL;
    if (united->part_count > STORE_UPLOAD_PARTS_MAX)
        return failure_of(STORE_TOO_LARGE);
    uint64_t id = id_of(&join);
    *ret_info = (struct upload_info){.id = id};
    struct failure failure = uploads_reserve(uploads, id, &join.whole);
    if (failure.error)
        return failure.error == STORE_UPLOAD_HELD ? failure_of(STORE_AGAIN) : failure;
    failure = begin(&join, ret_overrun, ret_stream);
    if (!failure.error) {
        survey_describe(join.whole, ret_info);
        ret_info->key = ret_info->label = NULL;
    }
    if (!*ret_stream)
        upload_release(join.whole);
    return failure;
}
