/* replay.h - from the records of a log to the index: what each transaction did, once all of its records have been seen.
 *
 * A record says what it puts or ends, and not what was there before: that the index tells, and the record that its key
 * led to (recall.h). Of a transaction that is not whole nothing counts.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_REPLAY_H
#define CAIRN_REPLAY_H

#include "store/base/arena.h"
#include "store/index/index.h"
#include "store/start/recall.h"

struct replay {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    struct recall recall;
    uint64_t dropped; /* bytes of records that damage has left without others of their transaction */

    struct index_change *effects; /* of the transaction under way: what its records will do when all have been seen */
    size_t effect_count;
    size_t effect_capacity;
    struct arena keys; /* theirs */
    uint32_t steps;
    uint64_t began; /* position of its first record */
};

void replay_init(struct replay *replay, struct index *index, const struct log *log, const char *store,
                 struct store_detail *detail);
void replay_free(struct replay *replay);

/* Takes in a valid record at a position of a segment: applies its transaction when it is the last of it. Blocking. */
struct failure replay_take(struct replay *replay, const struct segment *segment, uint64_t position,
                           const struct record *record);

/* Whether a transaction is under way: it began at `began`. */
bool replay_is_under_way(const struct replay *replay);

/* Forgets it: it never was whole. */
void replay_forget(struct replay *replay);

/* The same where it is damage that has left it incomplete. */
void replay_drop(struct replay *replay);

#endif
