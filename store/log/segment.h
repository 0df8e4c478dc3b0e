/* segment.h - one file of a store's log.
 *
 * A segment's file begins with a header of 64 bytes, integers little-endian:
 *
 *      0  "cairnseg"
 *      8  version      3
 *     16  number       counts the store's segments; never used twice
 *     24  base         offset in the log of the first record behind the header
 *     32  kind         0: records follow; 1: a husk
 *     36  skipped      numbers left out between this segment and the one in front of it when it was begun
 *     40  front        offset where the log in front of it ended then: the base, unless its end had been lost
 *     48  end          of a husk: offset where the records ended for which it stands; else the bytes that the file was
 *                      given when it was begun, less than which it never has; 0: not told
 *     56  check        XXH3-64 of bytes 0 to 55, seeded with the store's salt
 *
 * then records, then zeros up to the prepared end: blocks that are already written make a sync cheaper, and
 * a disk that is full is met while preparing, not while committing. The file is named after the number
 * and gets its name when its header is on disk; that of a log's first segment comes to the disk with its first group
 * (log.h). A husk is a file of nothing but a header: its records are elsewhere
 * now (husk.h). A segment ends where the next one's front says: whatever
 * stands behind that, the rest of a failed or torn write, does not count.
 *
 * Version 1 had zeros from 32 on: what follows follows closely, and a file of 64 bytes is taken for a husk. Up to
 * version 2 no two objects had one key hash, and a record ends all that had its hash; from version 3 on it speaks of
 * its own key only. Who only knows the older ones would take two keys with one hash for one, so no record comes to
 * stand in an older segment.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_SEGMENT_H
#define CAIRN_SEGMENT_H

#include "store/base/error.h"
#include "store/disk/handle.h"
#include "store/disk/io.h"
#include "store/disk/numbered.h"
#include "store/store.h"

#include <stdatomic.h>

enum {
    SEGMENT_HEADER = 64,
    SEGMENT_VERSION = 3,
    SEGMENT_VERSION_NAMESAKES = 3, /* from it on a record speaks of its key; before, of all that has its hash */
    SEGMENT_VERSION_FULL = 2,      /* from it on the header tells what stands behind the base */
    SEGMENT_NAME_MAX = NUMBERED_NAME_MAX,
};

/* Where the fields of the header stand. */
enum {
    SEGMENT_AT_MAGIC = 0,
    SEGMENT_AT_VERSION = 8,
    SEGMENT_AT_NUMBER = 16,
    SEGMENT_AT_BASE = 24,
    SEGMENT_AT_KIND = 32,
    SEGMENT_AT_SKIPPED = 36,
    SEGMENT_AT_FRONT = 40,
    SEGMENT_AT_END = 48,
    SEGMENT_AT_CHECK = 56,
};

enum { SEGMENT_KIND_HUSK = 1 };

enum { SEGMENT_FIRST = 1 }; /* the number of a log's first */

/* No log reaches so far: what says that it does is damaged, and must not make sums overflow. */
#define SEGMENT_OFFSET_MAX ((uint64_t)1 << 62)

struct segment_header {
    uint64_t version;
    uint64_t number;
    uint64_t base;
    uint32_t skipped;
    uint64_t front;
    bool husk;
    uint64_t end;   /* a husk's */
    uint64_t given; /* another one's: the least size of its file */
};

struct tidemark;

struct segment {
    atomic_uint references;    /* the log's own and each reader's */
    struct handle *file;       /* kept while it is written to, and when its name is about to lead elsewhere */
    struct tidemark *tidemark; /* owned; of the last segment when the log was opened; else NULL */
    uint32_t slot;             /* in the log's chain */
    uint64_t version;          /* where its header is damaged: what its neighbours tell */
    uint64_t number;
    uint64_t base;     /* offset of the first record */
    uint32_t skipped;  /* see above */
    uint64_t front;    /* see above */
    bool husk;         /* it only stands for records that are elsewhere now */
    bool headless;     /* its header is damaged: one of its records told the base */
    bool joined;       /* nothing is missing in front of it, although the log there may end before its base */
    uint64_t prepared; /* bytes of the file */
    uint64_t given;    /* bytes that it had at the beginning; 0: not known */
    int64_t deleted;   /* no tombstone in it is newer; not of a segment that is written to, except for the writer */
    uint64_t used;     /* position behind the last record; the writer's. Of a husk: where that was before */

    /* Guarded by the index's lock, and booked by it. */
    uint64_t puts;       /* puts in it, and ... */
    uint64_t live;       /* ... keys that lead to one */
    uint64_t dead;       /* bytes of records of no use: replaced ones and marks */
    uint64_t tombstones; /* bytes of tombstones: of use while an older segment may hold their keys */
    bool ends_others;    /* of an older version: a record in it has ended an object of another key */
    bool keep;           /* it could not be compacted, and is left alone until the store is opened again */
    bool summarised;     /* it has its summary, or cannot have one until the store is opened again */
};

/* What the names of the files end in, behind their numbers. */
extern const char segment_ending[];

/* "0000000000000001.seg", or false when a name is not of that form. */
void segment_name(uint64_t number, char ret_name[SEGMENT_NAME_MAX]);
bool segment_number(const char *name, uint64_t *ret_number);

/* Takes the descriptor, of a file in the folder, which the segment keeps open. NULL when memory is out (the descriptor
 * is then closed). One reference. */
struct segment *segment_new(const struct handle_folder *folder, int file, const struct segment_header *header,
                            uint64_t prepared);
void segment_retain(struct segment *segment);
void segment_release(struct segment *segment); /* the last one closes the file; NULL is allowed */

/* Reads all `length` bytes at a position of the file; an errno, as of io_read_all(). Who has the file by its handle
 * need not wait for it to be opened. Blocking. */
int segment_read(const struct segment *segment, void *ret_bytes, size_t length, uint64_t position);

/* The header of one that is no husk. */
struct segment_header segment_header_of(const struct segment *segment);

/* Opens the file of a segment by its number; a descriptor, or -1 and errno. */
int segment_open(const struct io *io, int folder, uint64_t number, int flags);

/* The bytes of the header, in this version. */
void segment_encode_header(const struct segment_header *header, uint64_t salt, unsigned char ret_bytes[SEGMENT_HEADER]);

/* Writes them, and syncs them; an errno. */
int segment_write_header(const struct io *io, int file, const struct segment_header *header, uint64_t salt);

/* STORE_DAMAGED when the header is not valid or not whole, STORE_TOO_NEW, STORE_IO. */
struct failure segment_read_header(const struct io *io, int file, uint64_t salt, struct segment_header *ret_header);

/* When its file was written to last, in nanoseconds: of a sealed segment that never changes. Two histories of one log,
 * as a copy of the folder begins them, have files with the same names, lengths and ends, but not with this. An
 * errno. */
int segment_stamp(const struct segment *segment, uint64_t *ret_stamp);

/* Whether each of its puts and tombstones speaks of one object only. */
static inline bool segment_knows_namesakes(const struct segment *segment)
{
    return segment->version >= SEGMENT_VERSION_NAMESAKES;
}

/* What compaction leaves of a segment: the header, which says where the one before it ends. */
static inline bool segment_is_husk(const struct segment *segment)
{
    return segment->husk;
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

/* Where its records end in the log. Not of a segment that is being written to, except for the writer. */
static inline uint64_t segment_end(const struct segment *segment)
{
    return segment_offset(segment, segment->used);
}

#endif
