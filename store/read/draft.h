/* draft.h - a run in the making: the entries of one segment.
 *
 * Whoever walks the records of a segment hands them in, one by one; or the draft reads them itself. What it is made of
 * follows from the bytes of the segment alone: of each place the last put or tombstone. Whether a key still leads there
 * is for whoever reads the run.
 *
 * Of what cannot be read the draft asks the index, so that the run tells which records it lacks.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_DRAFT_H
#define CAIRN_DRAFT_H

#include "store/base/error.h"
#include "store/index/index.h"
#include "store/read/run_writer.h"

/* Positions between which nothing can be read. */
struct draft_hole {
    uint64_t from;
    uint64_t to;
};

/* Where an entry stands among the bytes of a draft, and what of its place is compared first. */
struct draft_item {
    size_t at;
    uint64_t sign;
};

struct draft {
    struct draft_item *items;
    size_t count;
    size_t capacity;
    unsigned char *bytes;
    size_t length;
    size_t bytes_capacity;

    struct draft_hole *holes; /* in order */
    size_t hole_count;
    size_t hole_capacity;
    uint64_t *lacks; /* packed locations of the records in them to which keys lead */
    size_t lacks_count;
    size_t lacks_capacity;
};

void draft_init(struct draft *draft);
void draft_free(struct draft *draft);

/* Takes a record, if it is a put or a tombstone. Borrows nothing. False: memory is out. */
bool draft_take(struct draft *draft, const struct record *record);

/* Takes the records of a segment between two positions. STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure draft_read(struct draft *draft, struct index *index, const struct log *log,
                          const struct segment *segment, uint64_t from, uint64_t to);

/* Writes all that it has taken, in order. The errors of run_writer_add(). Blocking. */
struct failure draft_write(struct draft *draft, struct run_writer *writer);

/* Makes of it a run in memory, which takes what it lacks. STORE_NO_MEMORY. */
struct failure draft_run(struct draft *draft, const struct run_source *source, uint64_t salt, struct run **ret_run);

#endif
