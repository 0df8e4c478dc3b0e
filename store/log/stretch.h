/* stretch.h - what there is to read of a segment at a moment, for whoever reads the log beside its writer.
 *
 * The log grows meanwhile: who reads all of it takes down where it ends, and asks for each stretch by that.
 */
#ifndef CAIRN_STRETCH_H
#define CAIRN_STRETCH_H

#include "store/log/log.h"

struct stretch {
    struct segment *segment; /* a reference */
    uint64_t next;           /* the number from which on to look for the next stretch */
    uint64_t records;        /* position where its records end, as far as is known */
    uint64_t limit;          /* position where what comes behind begins: nothing may be missing up to there */
    bool sealed;
};

/* The first stretch, of a segment with this number or a higher one, of a log that ends at an offset, although more of
 * it may have been written since. False when it had not come so far. Thread: the index's lock held. */
bool stretch_pin(const struct log *log, uint64_t number, uint64_t end, struct stretch *ret_stretch);

/* Gives the reference back. Thread: any. */
void stretch_release(const struct stretch *stretch);

#endif
