/* progress.h - how far a store has come, told to the file reach (reach.h) when there is something new to tell.
 *
 * The file says how far the log is known to have reached, so that the loss of its end is noticed. It is brought up to
 * what has been published when the store is closed, and in the background when the log has come to another segment.
 *
 * Thread: the one that opens or closes the store, and the depot's upkeep in between.
 */
#ifndef CAIRN_PROGRESS_H
#define CAIRN_PROGRESS_H

#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/index/index.h"
#include "store/log/reach.h"

struct progress {
    const struct pool *upkeep; /* the depot's */
    struct index *index;       /* the store's, like the next */
    const struct log *log;
    const struct blobs *blobs;
    const struct notice *notice;
    uint64_t patience; /* milliseconds to wait for descriptors to write it with */

    struct reach told; /* what the file says */
    bool troubled;     /* it could not be written, and the operator knows */
    uint64_t resumed;  /* where the log went on at the start when its end was lost; 0: it was not */
};

/* Learns what the file says, when the store is opened; the errors of reach_read(). Blocking. */
struct failure progress_recall(struct progress *progress);

/* An older log has come back than the one that the file tells of: it says nothing of where that one began. */
void progress_doubt_oldest(struct progress *progress);

/* The end of the log is lost, and it goes on from here. */
void progress_lost_end(struct progress *progress, uint64_t resumed);

/* Brings the file up to what the store has published, if it is not yet; when the store is closed, and its writer has
 * ended. Failing is told to the operator and does no harm. Not of a store whose sync has failed: nobody knows how far
 * it has come. Blocking. */
void progress_conclude(struct progress *progress);

/* The same in the background, if the log has come to another segment. */
void progress_follow(struct progress *progress);

#endif
