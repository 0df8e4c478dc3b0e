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
    uint64_t location;   /* packed; 0: of the group under way, still in memory */
    struct crowd others; /* what else has the key's hash */
};

/* Reads the record at a packed location, its payload only when asked for: that then has been compared with its digest.
 * STORE_DAMAGED, STORE_NO_MEMORY, STORE_IO. Blocking. */
struct failure view_load(const struct log *log, struct arena *arena, uint64_t packed, bool payload,
                         struct view *ret_view);

#endif
