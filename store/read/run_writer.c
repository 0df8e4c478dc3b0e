/* run_writer.c - writes a run: blocks as they fill up, then what stands behind them, the header last. */
#include "store/read/run_writer.h"

#include "store/base/little.h"
#include "store/base/xxh3.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WRITE = 256 << 10 }; /* bytes at a time, about */

void run_writer_init(struct run_writer *writer, const struct io *io, int file, uint64_t offset, uint64_t salt)
{
    *writer = (struct run_writer){
        .io = io, .file = io ? file : -1, .offset = offset, .salt = salt, .written = io ? RUN_HEADER : 0};
    writer->bytes.length = writer->block = io ? 0 : RUN_HEADER; /* into memory the header comes in front */
}

void run_writer_free(struct run_writer *writer)
{
    free(writer->bytes.bytes);
    free(writer->fences.bytes);
    free(writer->keys.bytes);
}

/* Where so many bytes more find place; NULL: memory is out. */
static unsigned char *bytes_reserve(struct run_bytes *bytes, size_t more)
{
    if (bytes->capacity - bytes->length < more || !bytes->bytes) {
        size_t capacity = bytes->capacity * 2 > bytes->length + more ? bytes->capacity * 2 : bytes->length + more;
        unsigned char *moved = realloc(bytes->bytes, capacity);
        if (!moved)
            return NULL;
        bytes->bytes = moved;
        bytes->capacity = capacity;
    }
    return bytes->bytes + bytes->length;
}

static bool bytes_add(struct run_bytes *bytes, const void *more, size_t length)
{
    unsigned char *at = bytes_reserve(bytes, length);
    if (at && length > 0)
        memcpy(at, more, length);
    bytes->length += at ? length : 0;
    return at != NULL;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Writes what is whole to the file. */
static struct failure writer_flush(struct run_writer *writer, size_t length)
{
    struct run_bytes *bytes = &writer->bytes;
    int os_error = io_write_all(writer->io, writer->file, bytes->bytes, length,
                                (off_t)(writer->offset + writer->written));
    if (os_error)
        return failure_of_errno(os_error);
    memmove(bytes->bytes, bytes->bytes + length, bytes->length - length);
    bytes->length -= length;
    writer->block -= length;
    writer->written += length;
    return failure_none();
}

/* Ends the block in the making, if it has an entry. */
static struct failure writer_end_block(struct run_writer *writer)
{
    unsigned char fence[RUN_FENCE];
    size_t length = writer->bytes.length - writer->block;
    if (length == 0)
        return failure_none();
    writer->header.blocks++;
    writer->header.block_bytes += length;
    little_put64(fence, XXH3_64bits_withSeed(writer->bytes.bytes + writer->block, length, writer->salt));
    little_put64(fence + 8, writer->header.block_bytes);
    little_put64(fence + 16, writer->keys.length);
    if (!bytes_add(&writer->fences, fence, sizeof fence))
        return failure_of(STORE_NO_MEMORY);
    writer->block = writer->bytes.length;
    writer->last.place.length = 0;
    writer->last.attributes_length = 0;
    return writer->io && writer->block >= WRITE ? writer_flush(writer, writer->block) : failure_none();
}

/* Remembers the entry: what comes behind it is told by what it does not have in common. */
static void writer_remember(struct run_writer *writer, const struct entry *entry)
{
    if (entry->attributes_length > 0)
        memcpy(writer->attributes, entry->attributes, entry->attributes_length);
    entry_copy(entry, &writer->last);
    writer->last.attributes = writer->attributes;
}

struct failure run_writer_add(struct run_writer *writer, const struct entry *entry)
{
    unsigned char *at = bytes_reserve(&writer->bytes, ENTRY_MAX);
    if (!at)
        return failure_of(STORE_NO_MEMORY);
    size_t length = entry_encode(entry, &writer->last, at);
    if (writer->bytes.length - writer->block + length > RUN_BLOCK_MAX) {
        struct failure failure = writer_end_block(writer);
        if (failure.error)
            return failure;
        at = writer->bytes.bytes + writer->bytes.length; /* with all the room that there was, at least */
        length = entry_encode(entry, &writer->last, at);
    }
    if (writer->bytes.length == writer->block && !bytes_add(&writer->keys, entry->place.bytes, entry->place.length))
        return failure_of(STORE_NO_MEMORY);
    writer->bytes.length += length;
    writer->header.entries++;
    writer->header.tombstones += entry->tombstone;
    writer_remember(writer, entry);
    return failure_none();
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Puts what stands behind the blocks there. */
static bool writer_add_tail(struct run_writer *writer, const struct run_source *sources, size_t count)
{
    size_t from = writer->bytes.length;
    for (size_t i = 0; i < count; i++) {
        unsigned char source[RUN_SOURCE];
        little_put64(source, sources[i].number);
        little_put64(source + 8, sources[i].covered);
        little_put64(source + 16, sources[i].stamp);
        if (!bytes_add(&writer->bytes, source, sizeof source))
            return false;
    }
    if (!bytes_add(&writer->bytes, writer->fences.bytes, writer->fences.length) ||
        !bytes_add(&writer->bytes, writer->keys.bytes, writer->keys.length))
        return false;
    writer->header.sources = count;
    writer->header.key_bytes = writer->keys.length;
    writer->header.tail_check = XXH3_64bits_withSeed(writer->bytes.bytes + from, writer->bytes.length - from,
                                                     writer->salt);
    return true;
}

struct failure run_writer_end(struct run_writer *writer, const struct run_source *sources, size_t count,
                              uint64_t *ret_length)
{
    assert(count > 0);
    unsigned char header[RUN_HEADER];
    struct failure failure = writer_end_block(writer);
    if (!failure.error && !writer_add_tail(writer, sources, count))
        failure = failure_of(STORE_NO_MEMORY);
    if (failure.error)
        return failure;
    *ret_length = writer->written + writer->bytes.length;
    run_encode_header(&writer->header, writer->salt, header);
    if (!writer->io) {
        memcpy(writer->bytes.bytes, header, sizeof header);
        return failure_none();
    }
    writer->block = writer->bytes.length;
    failure = writer_flush(writer, writer->block);
    if (failure.error)
        return failure;
    return failure_of_errno(io_write_all(writer->io, writer->file, header, sizeof header, (off_t)writer->offset));
}

struct failure run_writer_take(struct run_writer *writer, const struct run_source *source, uint64_t **lacks,
                               size_t lacks_count, struct run **ret_run)
{
    assert(!writer->io);
    uint64_t length;
    struct failure failure = run_writer_end(writer, source, 1, &length);
    if (failure.error)
        return failure;
    *ret_run = run_of_memory(writer->bytes.bytes, length, writer->salt, *lacks, lacks_count);
    if (!*ret_run)
        return failure_of(STORE_NO_MEMORY);
    writer->bytes = (struct run_bytes){0};
    *lacks = NULL;
    return failure_none();
}
