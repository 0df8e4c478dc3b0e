/* segment.c - one file of a store's log: names, header, preparation. */
#include "store/log/segment.h"

#include "store/base/little.h"
#include "store/base/xxh3.h"
#include "store/log/location.h"
#include "store/log/record.h"
#include "store/log/tidemark.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 's', 'e', 'g'};

const char segment_ending[] = ".seg";

void segment_name(uint64_t number, char ret_name[SEGMENT_NAME_MAX])
{
    numbered_name(number, segment_ending, ret_name);
}

bool segment_number(const char *name, uint64_t *ret_number)
{
    return numbered_read(name, segment_ending, ret_number);
}

struct segment *segment_new(const struct handle_folder *folder, int file, const struct segment_header *header,
                            uint64_t prepared)
{
    struct handle *handle = handle_new(folder, header->number, segment_ending, O_RDWR, file);
    struct segment *segment = handle ? malloc(sizeof *segment) : NULL;
    if (!segment) {
        handle_free(handle);
        return NULL;
    }
    *segment = (struct segment){.file = handle,
                                .version = header->version,
                                .number = header->number,
                                .base = header->base,
                                .skipped = header->skipped,
                                .front = header->front,
                                .husk = header->husk,
                                .prepared = prepared,
                                .given = header->given,
                                .used = SEGMENT_HEADER};
    if (header->husk)
        segment->used = segment_position(segment, header->end);
    atomic_init(&segment->references, 1);
    return segment;
}

void segment_retain(struct segment *segment)
{
    atomic_fetch_add_explicit(&segment->references, 1, memory_order_relaxed);
}

void segment_release(struct segment *segment)
{
    if (!segment || atomic_fetch_sub_explicit(&segment->references, 1, memory_order_acq_rel) != 1)
        return;
    handle_free(segment->file);
    tidemark_free(segment->tidemark);
    free(segment);
}

int segment_read(const struct segment *segment, void *ret_bytes, size_t length, uint64_t position)
{
    int file, error = handle_take(segment->file, &file);
    if (error)
        return error;
    error = io_read_all(handle_io(segment->file), file, ret_bytes, length, (off_t)position);
    handle_give(segment->file);
    return error;
}

struct segment_header segment_header_of(const struct segment *segment)
{
    return (struct segment_header){.version = segment->version,
                                   .number = segment->number,
                                   .base = segment->base,
                                   .skipped = segment->skipped,
                                   .front = segment->front,
                                   .given = segment->given};
}

int segment_open(const struct io *io, int folder, uint64_t number, int flags)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    return io->openat(io->self, folder, name, flags, 0);
}

/* Whether the places that a header tells can be: the check covers them, but the rest of recovery relies on their
 * order. */
static bool plausible(const struct segment_header *header)
{
    uint64_t last = header->husk ? header->end : header->base;
    bool aligned = header->base % RECORD_ALIGNMENT == 0 && last % RECORD_ALIGNMENT == 0 &&
                   header->front % RECORD_ALIGNMENT == 0;
    return aligned && header->number <= SEGMENT_OFFSET_MAX && header->given <= LOCATION_POSITION_MAX &&
           header->front <= header->base && header->base <= last && last <= SEGMENT_OFFSET_MAX;
}

static enum store_error header_decode(const unsigned char bytes[SEGMENT_HEADER], uint64_t salt,
                                      struct segment_header *ret_header)
{
    if (memcmp(bytes + SEGMENT_AT_MAGIC, magic, sizeof magic) != 0 ||
        little_get64(bytes + SEGMENT_AT_CHECK) != XXH3_64bits_withSeed(bytes, SEGMENT_AT_CHECK, salt))
        return STORE_DAMAGED;
    struct segment_header header = {.version = little_get64(bytes + SEGMENT_AT_VERSION),
                                    .number = little_get64(bytes + SEGMENT_AT_NUMBER),
                                    .base = little_get64(bytes + SEGMENT_AT_BASE)};
    if (header.version > SEGMENT_VERSION)
        return STORE_TOO_NEW;
    bool old = header.version < SEGMENT_VERSION_FULL;
    header.husk = !old && little_get32(bytes + SEGMENT_AT_KIND) == SEGMENT_KIND_HUSK;
    header.skipped = old ? 0 : little_get32(bytes + SEGMENT_AT_SKIPPED);
    header.front = old ? header.base : little_get64(bytes + SEGMENT_AT_FRONT);
    header.end = old || !header.husk ? header.base : little_get64(bytes + SEGMENT_AT_END);
    header.given = old || header.husk ? 0 : little_get64(bytes + SEGMENT_AT_END);
    *ret_header = header;
    return plausible(&header) ? STORE_OK : STORE_DAMAGED;
}

/* Whether the one that was read tells what was written: of a husk where its records ended, of others their size. */
static bool same_header(const struct segment_header *read, const struct segment_header *written)
{
    bool last = read->husk ? read->end == written->end : read->given == written->given;
    return read->number == written->number && read->base == written->base && read->front == written->front &&
           read->skipped == written->skipped && read->husk == written->husk && last;
}

void segment_encode_header(const struct segment_header *header, uint64_t salt, unsigned char ret_bytes[SEGMENT_HEADER])
{
    unsigned char *bytes = ret_bytes;
    struct segment_header read = {0};
    memset(bytes, 0, SEGMENT_HEADER);
    memcpy(bytes + SEGMENT_AT_MAGIC, magic, sizeof magic);
    little_put64(bytes + SEGMENT_AT_VERSION, SEGMENT_VERSION);
    little_put64(bytes + SEGMENT_AT_NUMBER, header->number);
    little_put64(bytes + SEGMENT_AT_BASE, header->base);
    little_put32(bytes + SEGMENT_AT_KIND, header->husk ? SEGMENT_KIND_HUSK : 0);
    little_put32(bytes + SEGMENT_AT_SKIPPED, header->skipped);
    little_put64(bytes + SEGMENT_AT_FRONT, header->front);
    little_put64(bytes + SEGMENT_AT_END, header->husk ? header->end : header->given);
    little_put64(bytes + SEGMENT_AT_CHECK, XXH3_64bits_withSeed(bytes, SEGMENT_AT_CHECK, salt));
    assert(header_decode(bytes, salt, &read) == STORE_OK && same_header(&read, header));
}

int segment_write_header(const struct io *io, int file, const struct segment_header *header, uint64_t salt)
{
    unsigned char bytes[SEGMENT_HEADER];
    segment_encode_header(header, salt, bytes);
    int error = io_write_all(io, file, bytes, sizeof bytes, 0);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    return error;
}

/* A file that ends within its header is damaged, while a disk that does not give the bytes is not known to be. */
static struct failure read_bytes(const struct io *io, int file, unsigned char bytes[SEGMENT_HEADER])
{
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0)
        return failure_io(errno);
    if (status.st_size < SEGMENT_HEADER)
        return failure_of(STORE_DAMAGED);
    return failure_io(io_read_all(io, file, bytes, SEGMENT_HEADER, 0));
}

struct failure segment_read_header(const struct io *io, int file, uint64_t salt, struct segment_header *ret_header)
{
    unsigned char bytes[SEGMENT_HEADER];
    struct failure failure = read_bytes(io, file, bytes);
    return failure.error ? failure : failure_of(header_decode(bytes, salt, ret_header));
}

int segment_stamp(const struct segment *segment, uint64_t *ret_stamp)
{
    struct stat status;
    const struct io *io = handle_io(segment->file);
    int file, error = handle_take(segment->file, &file);
    if (error)
        return error;
    error = io->fstat(io->self, file, &status) < 0 ? errno : 0;
    handle_give(segment->file);
    if (error)
        return error;
    *ret_stamp = (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;
    return 0;
}
