/* space.h - the space of a depot's disk: who may have what is left, and what is done when nothing is.
 *
 * Puts leave the disk its reserve (reserve.h). Deletes and compaction may use it, and the last of it, as much as the
 * largest segment can need, is compaction's alone. A tombstone is never longer than the record it ends, so as
 * long as compaction can go on, deletes can.
 *
 * An *episode* begins when a write meets a full disk, or a put a disk that has no room for a small one. A put that is
 * only too large for what there is, is refused, and begins none: others fit. While it lasts, compaction looks for less
 * than it does at leisure (compact.h), deletes that find no place wait for it, and once a second somebody looks whether
 * space has come back. It costs nothing while there is space.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_SPACE_H
#define CAIRN_SPACE_H

#include "store/base/errand.h"
#include "store/base/services.h"
#include "store/disk/reserve.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

/* Bytes of the first segment of a log: with less than two of them a disk is full. */
enum { SPACE_SEGMENT_FIRST = 256 << 10 };

/* What the space has others do. Neither may block. */
struct space_hooks {
    void *arg;
    void (*compact)(void *arg);          /* has every open store look for what it can give back */
    void (*retry)(void *arg, bool last); /* has deletes that wait tried again; the last time, they fail without place */
};

struct space {
    const struct notice *notice;
    struct space_hooks hooks;
    const struct pool *upkeep; /* one thread */
    const struct io *io;
    int folder;      /* borrowed: the data folder */
    uint64_t wanted; /* the reserve that was asked for; 0: none */
    struct reserve reserve;

    /* Free bytes of the disk, asked for not more often than needed. */
    atomic_uint_fast64_t free_bytes;
    atomic_int_fast64_t free_asked; /* milliseconds */

    atomic_uint_fast64_t covered; /* bytes of all segments that were made or found */
    atomic_uint_fast64_t largest; /* bytes of the largest of them */

    atomic_bool full;             /* an episode is under way */
    atomic_int_fast64_t last_met; /* when a full disk was met last, in milliseconds */
    atomic_size_t waiting;        /* deletes that wait for compaction */
    atomic_size_t compacting;     /* stores with a compaction under way: their errands count themselves */

    /* The upkeep's. */
    struct errand watch; /* looks for space that has come back */
    struct errand fill;  /* makes the reserve as large as it should be */
    struct errand rest;  /* once all compactions have come to an end, those who wait have a last try */
    atomic_bool closing;
};

/* `folder` is the data folder, `hooks` is copied. */
void space_init(struct space *space, const struct services *services, int folder, const struct space_hooks *hooks);

/* Nothing more is done in the background. Blocking. */
void space_close(struct space *space);
void space_free(struct space *space);

/* Bytes that the disk has free for this process now, UINT64_MAX when it does not tell; those in the reserve's file. */
uint64_t space_free_bytes(struct space *space);
uint64_t space_reserve_bytes(const struct space *space);

/* Whether the disk has room for `bytes` of a put. */
bool space_has(struct space *space, uint64_t bytes);

/* Whether `bytes` can be taken from the disk and leave what the reserve still lacks. Unknown counts as true. */
bool space_affords(struct space *space, uint64_t bytes);

/* The same for a new segment: without a reserve too, puts leave what compaction of the largest one can need. */
bool space_affords_segment(struct space *space, uint64_t bytes);

/* Bytes that compaction can get hold of. */
uint64_t space_within_reach(struct space *space);

/* The same for deletes, which leave compaction what it may need. */
uint64_t space_for_deletes(struct space *space);

/* Gives the disk back some of the reserve; false when nothing is left of it. */
bool space_give(struct space *space, uint64_t bytes);

/* The largest size of a segment that a reserve of so many bytes lets compaction deal with, up to `size`; 0: no reserve,
 * no limit. */
uint64_t space_segment_size(uint64_t reserve, uint64_t size);

/* The largest size of a segment that the reserve lets compaction deal with, up to `size`. */
uint64_t space_segment_limit(const struct space *space, uint64_t size);

/* A segment of that size is there: the reserve has to be as large as it needs. */
void space_cover(struct space *space, uint64_t bytes);

/* A write has met a full disk. */
void space_met_full(struct space *space);
bool space_is_full(const struct space *space);

/* For the operator; "" while there is space. */
void space_tell(struct space *space, struct store_detail *ret_detail);

/* A compaction has given space back; has found nothing more. Thread: the upkeep's, and only that one. */
void space_came_back(struct space *space);
void space_rest(struct space *space);

/* Has every open store look for what it can give back. With no lock held. */
void space_want(struct space *space);

/* A delete begins, ends to wait for compaction. */
void space_wait_begins(struct space *space);
void space_waits_end(struct space *space, size_t count);
bool space_is_waited_for(const struct space *space);

#endif
