/* vanguard.h - the summaries of sealed segments, read before their turn where they are far: several side by side, so
 * that a start takes the time of their bytes, and not that of a few round trips for each.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_VANGUARD_H
#define CAIRN_VANGUARD_H

#include "store/log/summary.h"

#include <stdatomic.h>

enum { VANGUARD_MAX = 64 };

/* What the summary of a segment has told. */
struct report {
    bool counts;
    bool held; /* its rows lie in memory */
    struct summary summary;
    struct rows rows;
};

struct vanguard {
    const struct log *log;
    size_t first; /* of those that were read: a segment's place in the chain */
    size_t count;
    atomic_size_t allowed; /* rows that may still come to lie in memory */
    struct report reports[VANGUARD_MAX];
};

void vanguard_init(struct vanguard *vanguard, const struct log *log);
void vanguard_free(struct vanguard *vanguard);

/* What the summary of the segment at a place of the chain tells: one that is sealed, and behind those that were asked
 * for before. So many rows may lie in memory; others are told of without. The rows are the caller's, where there are
 * some. Blocking. */
struct report vanguard_ask(struct vanguard *vanguard, size_t at, size_t allowed);

#endif
