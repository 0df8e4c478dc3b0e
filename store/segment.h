/* segment.h - one file of a store's log.
 *
 * A segment's file begins with a header of 64 bytes, integers little-endian:
 *
 *      0  "cairnseg"
 *      8  version      1
 *     16  number       counts the store's segments; never used twice
 *     24  base         offset in the log of the first record behind the header
 *     32  zeros
 *     56  check        XXH3-64 of bytes 0 to 55, seeded with the store's salt
 *
 * then records, then zeros up to the prepared end: blocks that are already written make a sync cheaper, and
 * a disk that is full is met while preparing, not while committing. The file is named after the number
 * and gets its name when its header is on disk. A file of nothing but a header is a husk: its records are elsewhere
 * now (compact.h). A segment ends where the next one's base says: whatever
 * stands behind that, the rest of a failed or torn write, does not count.
 */
#ifndef CAIRN_SEGMENT_H
#define CAIRN_SEGMENT_H

#include "store/io.h"
#include "store/store.h"

#include <stdatomic.h>

enum { SEGMENT_HEADER = 64, SEGMENT_VERSION = 1, SEGMENT_NAME_MAX = 32 };

struct segment {
    atomic_uint references; /* the log's own and each reader's */
    const struct io *io;
    int file;      /* -1: of a husk, which nobody reads */
    uint32_t slot; /* in the log's table */
    uint64_t number;
    uint64_t base;     /* offset of the first record */
    uint64_t prepared; /* bytes of the file */
    uint64_t used;     /* bytes of the file up to the end of the last record; the writer's */

    /* Guarded by the store's lock. */
    uint64_t live;       /* keys that lead into the segment */
    uint64_t dead;       /* bytes of records of no use: replaced ones and marks */
    uint64_t tombstones; /* bytes of tombstones: of use while an older segment may hold their keys */
    bool keep;           /* it could not be compacted */
};

/* "0000000000000001.seg", or false when a name is not of that form. */
void segment_name(uint64_t number, char ret_name[SEGMENT_NAME_MAX]);
bool segment_number(const char *name, uint64_t *ret_number);

/* Takes the descriptor. NULL when memory is out (the descriptor is then closed). One reference. */
struct segment *segment_new(const struct io *io, int file, uint64_t number, uint64_t base, uint64_t prepared);
void segment_retain(struct segment *segment);
void segment_release(struct segment *segment); /* the last one closes the file; NULL is allowed */

/* Closes the file of a husk: there may be very many of them. Thread: before others know the segment. */
void segment_close_file(struct segment *segment);

/* Opens the file of a segment by its number; a descriptor, or -1 and errno. */
int segment_open(const struct io *io, int folder, uint64_t number, int flags);

/* Fills the file with zeros from `from` to `to` and syncs it; an errno, 0 is success. */
int segment_prepare(const struct io *io, int file, uint64_t from, uint64_t to);

/* Writes the header and syncs it; an errno. */
int segment_write_header(const struct io *io, int file, uint64_t number, uint64_t base, uint64_t salt);

/* STORE_DAMAGED when the header is not valid, STORE_TOO_NEW, STORE_IO with *ret_errno set. */
enum store_error segment_read_header(const struct io *io, int file, uint64_t salt, uint64_t *ret_number,
                                     uint64_t *ret_base, int *ret_errno);

/* What compaction leaves of a segment: the header, which says where the one before it ends. */
static inline bool segment_is_husk(const struct segment *segment)
{
    return segment->prepared == SEGMENT_HEADER;
}

/* The log offset of a file position, and back. */
static inline uint64_t segment_offset(const struct segment *segment, uint64_t position)
{
    return segment->base + position - SEGMENT_HEADER;
}

static inline uint64_t segment_position(const struct segment *segment, uint64_t offset)
{
    return offset - segment->base + SEGMENT_HEADER;
}

#endif
