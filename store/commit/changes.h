/* changes.h - what a group has decided so far: the change that each of its records makes, in order and by key.
 *
 * A transaction is decided against what is stored and, before that, against what earlier ones of its group will have
 * changed: changes_find() looks at both. What is loaded for that lives until changes_reset().
 *
 * Thread: the writer's.
 */
#ifndef CAIRN_CHANGES_H
#define CAIRN_CHANGES_H

#include "store/base/arena.h"
#include "store/commit/quota.h"
#include "store/commit/txn.h"
#include "store/commit/view.h"
#include "store/index/index.h"
#include "store/log/location.h"
#include "store/log/record.h"

enum { CHANGES_BUCKETS = 4096 };

/* What one record of the group changes. */
struct change {
    struct view before;
    struct view after; /* exists: a put, else a tombstone */
    uint64_t tag;      /* of the key: namesakes.h; of a sweep that ends nothing that is known: no key's */
    struct location location;
    struct txn *txn;
    size_t op;
    int older_of_hash; /* the change before in its bucket, and in the other one */
    int older_of_tag;
    uint64_t orphan; /* the blob that publishing it has left without need, 0: none */
};

struct changes {
    struct index *index; /* the store's, like the next */
    const struct log *log;
    struct arena arena;  /* holds what the views point to */
    struct change *list; /* in the order of their records */
    size_t count;
    size_t capacity;
    int of_hash[CHANGES_BUCKETS]; /* buckets by key hash: the newest change of each, or none */
    int of_tag[CHANGES_BUCKETS];  /* the same by tag */
};

void changes_init(struct changes *changes);
void changes_free(struct changes *changes);

/* What comes is of that store, while there are none. */
void changes_enter(struct changes *changes, struct index *index, const struct log *log);

/* Ends the program where the calling thread is not the writer's. */
void changes_assert_own(const struct changes *changes);

/* What the key holds after all changes so far, its payload only when asked for. A hash alone stands for the one object
 * that has it: STORE_COLLISION when there are several, or when a key has the tag of another one besides. The errors of
 * view_load(), with what that sets of the view, and the others. What is damaged and does not tell its key is taken for
 * what is asked for. Blocking, where the object is stored and not among the changes. */
struct failure changes_find(struct changes *changes, const struct store_key *key, bool payload, struct view *ret_view);

/* The same for just the key's own object: one without a name is one beside those that have one. */
struct failure changes_find_own(struct changes *changes, const struct store_key *key, bool payload,
                                struct view *ret_view);

/* One change more, by an op of the transaction; the views are copied. STORE_NO_MEMORY. */
struct failure changes_push(struct changes *changes, struct txn *txn, size_t op, const struct view *before,
                            const struct view *after);

/* Takes back every change from `count` on. */
void changes_pop(struct changes *changes, size_t count);

/* Takes all back, and what was loaded for them. */
void changes_reset(struct changes *changes);

/* Of which type the record is that makes the change. */
enum record_type change_type(const struct change *change);

/* The record that makes the change, without its place in the log. Borrows from it. */
struct record changes_record(const struct change *change);

/* The bytes that the records of the changes from `first` on will take. */
uint64_t changes_bytes(const struct changes *changes, size_t first);

/* What the changes from `first` on add to the store. */
struct quota_growth changes_growth(const struct changes *changes, size_t first);

/* Whether the changes from `first` on are tombstones all. */
bool changes_only_delete(const struct changes *changes, size_t first);

#endif
