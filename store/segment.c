/* segment.c - one file of a store's log: names, header, preparation. */
#include "store/segment.h"

#include "store/little.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { AT_MAGIC = 0, AT_VERSION = 8, AT_NUMBER = 16, AT_BASE = 24, AT_CHECK = 56, ZEROS = 1 << 20 };

static const char magic[8] = {'c', 'a', 'i', 'r', 'n', 's', 'e', 'g'};

void segment_name(uint64_t number, char ret_name[SEGMENT_NAME_MAX])
{
    (void)snprintf(ret_name, SEGMENT_NAME_MAX, "%016" PRIx64 ".seg", number);
}

bool segment_number(const char *name, uint64_t *ret_number)
{
    char expected[SEGMENT_NAME_MAX];
    uint64_t number = strtoull(name, NULL, 16);
    segment_name(number, expected);
    if (strcmp(name, expected) != 0)
        return false;
    *ret_number = number;
    return true;
}

struct segment *segment_new(const struct io *io, int file, uint64_t number, uint64_t base, uint64_t prepared)
{
    struct segment *segment = malloc(sizeof *segment);
    if (!segment) {
        io->close(io->self, file);
        return NULL;
    }
    *segment = (struct segment){
        .io = io, .file = file, .number = number, .base = base, .prepared = prepared, .used = SEGMENT_HEADER};
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
    segment_close_file(segment);
    free(segment);
}

void segment_close_file(struct segment *segment)
{
    if (segment->file >= 0)
        segment->io->close(segment->io->self, segment->file);
    segment->file = -1;
}

int segment_open(const struct io *io, int folder, uint64_t number, int flags)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    return io->openat(io->self, folder, name, flags, 0);
}

int segment_prepare(const struct io *io, int file, uint64_t from, uint64_t to)
{
    unsigned char *zeros = calloc(1, ZEROS);
    int error = zeros ? 0 : ENOMEM;
    while (!error && from < to) {
        size_t length = to - from < ZEROS ? (size_t)(to - from) : ZEROS;
        error = io_write_all(io, file, zeros, length, (off_t)from);
        io->write_back(io->self, file, (off_t)from, (off_t)length);
        from += length;
    }
    free(zeros);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    return error;
}

int segment_write_header(const struct io *io, int file, uint64_t number, uint64_t base, uint64_t salt)
{
    unsigned char header[SEGMENT_HEADER] = {0};
    memcpy(header + AT_MAGIC, magic, sizeof magic);
    little_put64(header + AT_VERSION, SEGMENT_VERSION);
    little_put64(header + AT_NUMBER, number);
    little_put64(header + AT_BASE, base);
    little_put64(header + AT_CHECK, XXH3_64bits_withSeed(header, AT_CHECK, salt));
    int error = io_write_all(io, file, header, sizeof header, 0);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    return error;
}

enum store_error segment_read_header(const struct io *io, int file, uint64_t salt, uint64_t *ret_number,
                                     uint64_t *ret_base, int *ret_errno)
{
    unsigned char header[SEGMENT_HEADER];
    *ret_errno = io_read_all(io, file, header, sizeof header, 0);
    if (*ret_errno)
        return STORE_IO;
    if (memcmp(header + AT_MAGIC, magic, sizeof magic) != 0 ||
        little_get64(header + AT_CHECK) != XXH3_64bits_withSeed(header, AT_CHECK, salt))
        return STORE_DAMAGED;
    if (little_get64(header + AT_VERSION) > SEGMENT_VERSION)
        return STORE_TOO_NEW;
    *ret_number = little_get64(header + AT_NUMBER);
    *ret_base = little_get64(header + AT_BASE);
    return STORE_OK;
}
