/* remembered.h - which uploads of a store were done last, so that those before them can be forgotten.
 *
 * A ring of ids, with memory only where an upload has been done. What has been forgotten by other ways stays in it: its
 * turn comes, and nothing is there.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_REMEMBERED_H
#define CAIRN_REMEMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: none. */
struct remembered {
    uint64_t *ids;
    size_t first;
    size_t count;
};

/* One more is done. True, and *ret_first, when there are `most` without it: the first of them is to be forgotten.
 * `most` is at least one, and never changes. Without memory it is not among them, and stays until it expires. */
bool remembered_add(struct remembered *remembered, size_t most, uint64_t id, uint64_t *ret_first);

void remembered_free(struct remembered *remembered);

#endif
