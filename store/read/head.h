/* head.h - where a merge stands in one run.
 *
 * It goes forward only. Entries that the run knows to lead to nothing are passed over, and the run learns of such.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_HEAD_H
#define CAIRN_HEAD_H

#include "store/read/entry.h"
#include "store/read/run.h"

struct head {
    struct run *run;       /* a reference */
    unsigned char *buffer; /* for a block of a file */
    const unsigned char *bytes;
    size_t length; /* of the block */
    size_t taken;  /* of that, up to and with the entry */
    size_t block;
    size_t number; /* of the entry in its block */
    bool ended;
    bool all;           /* it passes nothing over */
    bool front;         /* what stands in front of it in its block leads to nothing */
    struct entry entry; /* unless ended */
};

/* Stands in front of the run's first entry, and has to go on from there; `all`: it passes nothing over. Takes a
 * reference. False: no memory. */
bool head_init(struct head *head, struct run *run, bool all);
void head_free(struct head *head);

/* It is about to go to a place: where the block is far that it begins in, that one and the next are asked for, and not
 * waited for. */
void head_expect(const struct head *head, const struct place *place);

/* Goes to the first entry that is not before a place; where it is there already it stays. When the run is not as it was
 * made: STORE_DAMAGED, STORE_IO. Blocking. */
struct failure head_seek(struct head *head, const struct place *place);

/* Goes to the beginning of a block, which is not in front of where it stands. The same errors. Blocking. */
struct failure head_enter(struct head *head, size_t block);

/* Goes to the next entry. The same errors. Blocking. */
struct failure head_next(struct head *head);

/* The same from one that leads to nothing, and never will again. */
struct failure head_gone(struct head *head);

#endif
