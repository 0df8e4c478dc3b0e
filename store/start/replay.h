/* replay.h - from the rows of a log to the index: what all the records of a key together have done.
 *
 * A record says what it puts or ends, and not what was there before. So the rows of a hash are taken in the order of
 * the log, and of what they have left so far is known all that a later one needs: nothing is read again. They come hash
 * by hash, in the order of the salted hashes (sheaf.h), so that only one is under way. The figures are booked row by
 * row; what lives is entered into the index shard by shard.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_REPLAY_H
#define CAIRN_REPLAY_H

#include "store/index/index.h"
#include "store/log/rows.h"

/* An object that lives, as far as the log has been replayed. */
struct survivor {
    uint64_t packed; /* where its record stands; 0: there is none */
    uint64_t tag;
    uint64_t size;
    uint64_t blob;
    bool nameless;
};

/* The hash under way. */
struct seat {
    uint64_t order; /* the salted hash */
    struct survivor single;
    uint32_t first; /* of several that have the hash: the first of the members; 0: there are no more than one */
    uint32_t count; /* and how many */
};

/* One of several that have a hash. */
struct member {
    struct survivor survivor;
    uint32_t behind; /* in their list; 0: none */
    uint32_t front;
};

struct replay {
    struct index *index; /* the store's, like the next */
    const struct log *log;

    struct seat seat;

    struct member *members; /* 0 is nobody */
    size_t member_count;
    size_t member_capacity;
    uint32_t free;       /* the first of those that have gone */
    struct table by_tag; /* tag -> member */

    struct table_entry *entries; /* of the shard under way */
    size_t entry_count;
    size_t entry_capacity;
};

/* Sets up a replay into an empty index. */
void replay_init(struct replay *replay, struct index *index, const struct log *log);
void replay_free(struct replay *replay);

/* Takes in a row: behind those of lower hashes, and those of its own that stand in front of it in the log. False when
 * memory is out. Index's lock exclusive. */
bool replay_row(struct replay *replay, struct segment *segment, const struct row *row);

/* Enters what lives into the index: all rows of this shard have come. False when memory is out. Index's lock
 * exclusive. */
bool replay_end_shard(struct replay *replay, size_t shard);

#endif
