/* progress.h - how far a store has come, told to the file reach (reach.h) when there is something new to tell.
 *
 * The file says how far the log is known to have reached, so that the loss of its end is noticed. It is brought up to
 * what has been published when the store is closed, and in the background when the log has come to another segment.
 * A store that is closed only to make room, and may soon be open again, leaves what there is to tell in memory instead:
 * the process remembers it, and knows at the next opening that all of it is on disk.
 *
 * Thread: the one that opens or closes the store, and the depot's upkeep in between.
 */
#ifndef CAIRN_PROGRESS_H
#define CAIRN_PROGRESS_H

#include "store/base/notice.h"
#include "store/base/pool.h"
#include "store/index/index.h"
#include "store/log/reach.h"

/* What is remembered of a log that was closed, all of which was on disk. */
struct progress_left {
    uint64_t salt;      /* of its store */
    struct reach reach; /* its segment is 0: nothing is remembered */
    bool told;          /* the file says it */
};

struct progress {
    const struct pool *upkeep; /* the depot's */
    struct index *index;       /* the store's, like the next */
    const struct log *log;
    const struct blobs *blobs;
    const struct notice *notice;
    uint64_t patience; /* milliseconds to wait for descriptors to write it with */

    struct reach told; /* what the file says, ... */
    bool remembered;   /* ... or what this process has left when it closed the store, ... */
    bool unwritten;    /* ... which the file does not say yet */
    bool illegible;    /* the file is there, and damaged */
    bool troubled;     /* it could not be written, and the operator knows */
    uint64_t resumed;  /* where the log went on at the start when its end was lost; 0: it was not */
};

/* Before progress_recall(): what this process has left when it closed the store, in place of what the file says. */
void progress_remember(struct progress *progress, const struct progress_left *left);

/* Learns what the file says, when the store is opened; the errors of reach_read(). Blocking. */
struct failure progress_recall(struct progress *progress);

/* Whether anything was ever told: the log had records on disk then. Thread: the one that opens the store. */
bool progress_was_told(const struct progress *progress);

/* An older log has come back than the one that the file tells of: it says nothing of where that one began. */
void progress_doubt_oldest(struct progress *progress);

/* The end of the log is lost, and it goes on from here. */
void progress_lost_end(struct progress *progress, uint64_t resumed);

/* Brings the file up to what the store has published, if it is not yet; when the store is closed, and its writer has
 * ended. Failing is told to the operator and does no harm. Not of a store whose sync has failed: nobody knows how far
 * it has come. Blocking. */
void progress_conclude(struct progress *progress);

/* The same when the store is closed for now: what is to be remembered of it in place of the file; nothing where a sync
 * has failed. Does not block. */
struct progress_left progress_leave(struct progress *progress);

/* The same in the background, if the log has come to another segment. */
void progress_follow(struct progress *progress);

/* Whether what has failed with this errno is to be tried again, because descriptors are out: they come back in a
 * moment, which has passed then, since others are closing stores, too. `waited`: milliseconds so far, 0 at first, of as
 * many as it may take. The caller holds no descriptor that it could do without. */
bool progress_waits(int error, uint64_t patience, uint64_t *waited);

#endif
