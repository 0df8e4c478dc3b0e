/* merge.h - the entries of several runs in one order.
 *
 * The heads of all runs are in a heap, the one with the least place on top. Of several entries at one place the one
 * from the latest run comes first: mostly that is the one that counts.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_MERGE_H
#define CAIRN_MERGE_H

#include "store/read/head.h"

struct merge {
    struct head *heads; /* in the order of their runs */
    size_t count;
    struct head **heap;
    size_t heaped; /* those that have not ended */
};

/* Takes references of the runs, the oldest first, and stands in front of them: merge_seek() comes next. `all`: nothing
 * is passed over. STORE_NO_MEMORY. */
struct failure merge_init(struct merge *merge, struct run *const *runs, size_t count, bool all);
void merge_free(struct merge *merge);

/* Goes to the first entry that is not before a place. The errors of head_seek(). Blocking. */
struct failure merge_seek(struct merge *merge, const struct place *place);

/* The entry where it stands; NULL at the end. Borrowed, until it moves. */
static inline const struct entry *merge_entry(const struct merge *merge)
{
    return merge->heaped > 0 ? &merge->heap[0]->entry : NULL;
}

/* Whether the entry behind it stands at the same place. */
bool merge_has_twin(const struct merge *merge);

/* Goes to the next entry; `gone`: this one leads to nothing and never will again. The same errors. Blocking. */
struct failure merge_next(struct merge *merge, bool gone);

#endif
