/* view.h - what the writer knows of what a key holds.
 *
 * Thread: the writer's.
 */
#ifndef CAIRN_VIEW_H
#define CAIRN_VIEW_H

#include "store/base/arena.h"
#include "store/base/error.h"
#include "store/index/namesakes.h"
#include "store/log/log.h"
#include "store/store.h"

/* Points into ops, or into the arena it was loaded into. */
struct view {
    bool exists;
    struct store_key key; /* bytes NULL when it is known by its hash only */
    const void *attributes;
    size_t attributes_length;
    uint64_t size;
    struct store_digest digest;
    uint64_t blob;
    const void *payload; /* inline and loaded, else NULL */
    uint64_t offset;
    int64_t time;
    bool sweep;          /* it does not exist: a sweep ends it, and what else may have the hash */
    bool untold;         /* it is damaged and does not tell its key */
    uint64_t location;   /* packed; 0: of the group under way, still in memory */
    struct crowd others; /* what else has the key's hash */
};

/* Reads the record at a packed location, to which a key hash leads; its payload only when asked for: that then has been
 * compared with its digest. STORE_DAMAGED: of the view only its location and key are to be relied on, and on that only
 * unless it is `untold`. STORE_NO_MEMORY, STORE_IO. Blocking. */
struct failure view_load(const struct log *log, struct arena *arena, uint64_t packed, uint64_t hash, bool payload,
                         struct view *ret_view);

#endif
