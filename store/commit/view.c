/* view.c - what the writer knows of what a key holds. */
#include "store/commit/view.h"

#include "store/base/error.h"

/* Reads `length` bytes of a stored record into the arena and checks its head. */
static struct failure read_record(const struct log *log, struct arena *arena, struct location location, size_t length,
                                  unsigned char **ret_bytes, struct record *ret_record)
{
    const struct segment *segment = chain_at(&log->chain, location.segment);
    unsigned char *bytes = arena_take(arena, length);
    if (!bytes)
        return failure_of(STORE_NO_MEMORY);
    int os_error = segment_read(segment, bytes, length, location.position);
    if (os_error)
        return failure_io(os_error);
    *ret_bytes = bytes;
    uint64_t offset = segment_offset(segment, location.position);
    bool valid = record_decode(bytes, length, offset, log->salt, ret_record);
    return failure_of(valid ? STORE_OK : STORE_DAMAGED);
}

static struct view view_of_record(const struct record *record, uint64_t location)
{
    return (struct view){
        .exists = true,
        .key = record_key(record),
        .attributes = record->attributes,
        .attributes_length = record->attributes_length,
        .size = record->size,
        .digest = record->digest,
        .blob = record->blob,
        .payload = record->payload,
        .offset = record->offset,
        .time = record->time,
        .location = location,
    };
}

/* What is left of a record whose head is damaged. */
static struct view view_of_damage(const unsigned char *bytes, size_t length, uint64_t hash, uint64_t location)
{
    struct view view = {.exists = true, .key = store_key_of_hash(hash), .location = location};
    view.untold = !record_tells_key(bytes, length, hash, &view.key);
    return view;
}

struct failure view_load(const struct log *log, struct arena *arena, uint64_t packed, uint64_t hash, bool payload,
                         struct view *ret_view)
{
    log_assert_own(log);
    struct location location = location_unpack(packed);
    size_t length = location.length;
    if (!payload && length > RECORD_HEAD_MAX)
        length = RECORD_HEAD_MAX;
    unsigned char *bytes = NULL;
    struct record record;
    struct failure failure = read_record(log, arena, location, length, &bytes, &record);
    if (failure.error == STORE_DAMAGED)
        *ret_view = view_of_damage(bytes, length, hash, packed);
    if (failure.error)
        return failure;
    *ret_view = view_of_record(&record, packed);
    return failure_of(payload && !record_payload_whole(&record) ? STORE_DAMAGED : STORE_OK);
}
