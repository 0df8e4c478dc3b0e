/* sheaf.h - the rows of all segments side by side, so that those of a hash come together and in the order of the log.
 *
 * Each segment is a source: its rows lie in memory, or are read from its summary, a buffer at a time. All sources are
 * sorted alike, and a tree of losers merges them: of two sources the one whose turn is later stays where they met, and
 * the other goes on towards the root. When the source at the root has given its row, only the way from its leaf to the
 * root is gone again: a comparison for each level, in an order that hangs on no outcome.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_SHEAF_H
#define CAIRN_SHEAF_H

#include "store/log/rows.h"
#include "store/log/summary.h"
#include "store/start/replay.h"

#include <stdatomic.h>

/* The rows of one segment. */
struct sheaf_source {
    struct segment *segment; /* borrowed */
    struct row *rows;        /* all of them, or those that were read last, in a mapping (mapping.h) */
    size_t capacity;         /* of so many rows */
    size_t held;             /* how many those are */
    size_t at;               /* the next of them */
    uint64_t rest;           /* rows that are still to be read from the summary */
    uint64_t check;          /* of those that were read (summary.h) ... */
    uint64_t rows_check;     /* ... and of all of them when they were found to count */
    uint64_t count;          /* all of them */
    struct failure failure;  /* of reading them */
};

struct sheaf {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    struct sheaf_source *sources;
    size_t count;
    size_t capacity;
    uint64_t held;            /* rows of those that lie in memory for good */
    size_t buffer;            /* rows of one */
    unsigned __int128 *turns; /* the tree, the winner in front: the salted hash of the next row, then the source */
    uint64_t unread;          /* number of the segment whose summary could not be read or has changed; 0: none */
};

void sheaf_init(struct sheaf *sheaf, struct index *index, const struct log *log);
void sheaf_free(struct sheaf *sheaf);

/* How many rows more may lie in memory although they are also in a summary. */
size_t sheaf_room(const struct sheaf *sheaf);

/* Adds the rows of a segment, which is behind all others in the log: those in memory, which it takes; or those of its
 * summary, so many of which the check is told. False when memory is out. */
bool sheaf_add(struct sheaf *sheaf, struct segment *segment, struct rows *rows);
bool sheaf_add_summary(struct sheaf *sheaf, struct segment *segment, uint64_t count, uint64_t rows_check);

/* Hands all rows to a replay. STORE_NO_MEMORY; STORE_DRAINING soon after `halt` is set; STORE_DAMAGED where a summary
 * is not any more what it was when it was added, STORE_IO and the like where it cannot be read: then it has gone and
 * the next start reads the segment. Blocking. */
struct failure sheaf_run(struct sheaf *sheaf, struct replay *replay, const atomic_bool *halt);

#endif
