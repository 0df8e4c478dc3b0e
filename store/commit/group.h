/* group.h - one group commit: the transactions that share a sync.
 *
 * Two phases. group_add() has a transaction decided (plan.h) against what is stored and what earlier transactions of
 * the group will have changed (changes.h), and appends its records; a refused one leaves nothing behind.
 * group_commit() makes the records durable, publishes every change under one lock, and calls each `done`.
 *
 * A group is the memory that a commit works in, too: buckets, a buffer for the log. So not every store has one, but
 * every thread that commits: it enters a store, and is empty when it leaves.
 *
 * Thread: that of the writer whose store it has entered.
 */
#ifndef CAIRN_GROUP_H
#define CAIRN_GROUP_H

#include "store/base/errand.h"
#include "store/base/notice.h"
#include "store/commit/effort.h"
#include "store/commit/gate.h"
#include "store/commit/quota.h"
#include "store/commit/txn.h"
#include "store/commit/watch.h"
#include "store/index/arrears.h"
#include "store/index/deadlines.h"
#include "store/index/index.h"

struct group;

/* What a group works on: parts of a store, and what one group leaves to the next. */
struct group_parts {
    struct index *index;
    struct log *log;
    struct blobs *blobs;
    struct quota *quota;
    struct gate *gate;
    const struct notice *notice;
    struct watch *watch;         /* told what there is now */
    struct arrears *arrears;     /* looked at when a segment has been sealed */
    struct errand *compaction;   /* asked when a segment has become worth it */
    struct errand *summaries;    /* asked when one has been sealed, and as the log grows */
    struct deadlines *deadlines; /* told of objects that expire */
    struct effort *effort;       /* the depot's */
    uint64_t number;             /* of the active segment, when compaction was last thought of */
};

/* An empty group. NULL when memory is out. Thread: any, like the next. */
struct group *group_new(void);
void group_free(struct group *group);

/* From here on it is a group of that store, and the calling thread the writer's; until it leaves, empty. */
void group_enter(struct group *group, struct group_parts *parts);
void group_leave(struct group *group);

/* STORE_AGAIN: the transaction fits only into the next group. Everything else is its outcome: the
 * transaction now belongs to the group. */
enum store_error group_add(struct group *group, struct txn *txn);

/* Whether the group is large enough to be committed before more is taken in. */
bool group_full(const struct group *group);

/* Commits, publishes, completes; the group is empty afterwards. */
void group_commit(struct group *group);

/* Appends a mark if the log does not end with one, so that damage to the last records can be told from a
 * torn tail. Failure does not matter. */
void group_mark(struct group *group);

#endif
