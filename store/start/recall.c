/* recall.c - what a record tells that was taken in before. */
#include "store/start/recall.h"

#include <inttypes.h>
#include <string.h>

static struct failure unreadable(const struct recall *recall, const struct segment *segment, uint64_t position,
                                 int os_error)
{
    return failure_detail(recall->detail, failure_io(os_error),
                          "store %s: segment %016" PRIx64 " cannot be read at position %" PRIu64 ": %s", recall->store,
                          segment->number, position, strerror(os_error));
}

struct failure recall_record(struct recall *recall, uint64_t packed)
{
    const struct io *io = recall->log->io;
    log_assert_unowned(recall->log);
    struct record *record = &recall->record;
    struct location location = location_unpack(packed);
    const struct segment *segment = chain_at(&recall->log->chain, location.segment);
    size_t length = location.length < RECALL_LENGTH ? location.length : RECALL_LENGTH;
    int os_error = io_read_all(io, segment->file, recall->head, length, location.position);
    if (os_error)
        return unreadable(recall, segment, location.position, os_error);
    if (!record_peek(recall->head, segment_offset(segment, location.position), record) ||
        RECORD_HEADER + record->key_length > length)
        return failure_detail(recall->detail, failure_of(STORE_DAMAGED), "store %s: a record changed while it was read",
                              recall->store);
    record->key = record->key_length ? recall->head + RECORD_HEADER : NULL;
    return failure_none();
}
