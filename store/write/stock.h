/* stock.h - what the uploads of a store hold: bytes in its quota, files on the disk, and how many they are.
 *
 * What an upload has in the quota counts as at rest while nobody works on it, and as its worker's meanwhile. Of one
 * that is made of parts it is the parts that count. Whoever holds an upload has an entry of what it is counted as, so
 * that whatever becomes of it is taken away as it was added.
 *
 * Thread: any, unless it says otherwise. Nothing here waits for the disk.
 */
#ifndef CAIRN_STOCK_H
#define CAIRN_STOCK_H

#include "store/base/lock.h"
#include "store/commit/quota.h"
#include "store/write/remembered.h"
#include "store/write/unfinished.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What one upload that is held is counted as. */
struct stock_entry {
    uint64_t resting;    /* bytes in the quota, as those of uploads at rest */
    uint64_t disk_bytes; /* of its files; 0: it has none */
    bool open;           /* it is among those that are not done */
    uint64_t mark;       /* what it adds to that of the stock */
};

struct stock {
    struct quota *quota; /* the store's */
    size_t most;         /* so many may be unfinished, and so many that are done are remembered */

    struct lock lock;         /* guards what follows */
    struct quota_share share; /* what those that nobody works on have in the quota */
    size_t open;              /* how many there are that are not done */
    uint64_t mark;            /* of all that are not done: another one where one of them is another one, or has grown */
    uint64_t disk_bytes;      /* of all files of all of them */
    struct remembered remembered;
};

void stock_init(struct stock *stock, struct quota *quota, size_t most);
void stock_free(struct stock *stock);

/* ---- the quota --------------------------------------------------------------------------------- */

/* What one has in it while nobody works on it. */
uint64_t stock_resting(const struct unfinished *file);

/* So many bytes more, or less, are with uploads that nobody works on. */
void stock_rest_more(struct stock *stock, int64_t bytes);

/* So many bytes, which count as at rest until then, count as the share's. */
void stock_lend(struct stock *stock, uint64_t bytes, struct quota_share *share);

/* So many bytes count as at rest again, and nothing as the share's. */
void stock_reclaim(struct stock *stock, uint64_t bytes, struct quota_share *share);

/* ---- how many, and how large ------------------------------------------------------------------- */

/* How many are not done, their mark, and the bytes of all files of all of them, as far as they have been told. */
void stock_tell(struct stock *stock, uint64_t *ret_open, uint64_t *ret_mark, uint64_t *ret_disk_bytes);

/* One that was found there is among them from now on. */
void stock_find(struct stock *stock, const struct unfinished *file);

/* One that is about to be made is among them; false: there are enough. What is made of parts takes the place of
 * these. */
bool stock_admit(struct stock *stock, const struct unfinished *file);

/* It could not be made. */
void stock_strike(struct stock *stock, const struct unfinished *file);

/* One that is among them is counted as it is; NULL: there is none. Thread: its holder's. */
void stock_know(struct stock_entry *entry, const struct unfinished *file);

/* It has other files than before, or none any more (NULL). Thread: its holder's. */
void stock_weigh(struct stock *stock, struct stock_entry *entry, const struct unfinished *file);

/* One that is done is the next to be forgotten behind all that have been done before. True, and *ret_first, when the
 * first of these is to be forgotten now. */
bool stock_remember(struct stock *stock, uint64_t id, uint64_t *ret_first);

#endif
