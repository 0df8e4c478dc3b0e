/* census.h - how many stores there are, and whether there may be one more.
 *
 * They are counted once, and again when there seem to be too many: somebody may have removed a folder by hand.
 *
 * Thread: any.
 */
#ifndef CAIRN_CENSUS_H
#define CAIRN_CENSUS_H

#include "store/base/lock.h"

#include <stdbool.h>
#include <stddef.h>

struct folder;

struct census {
    struct folder *folder;
    size_t limit;
    struct lock lock;
    bool counted;
    size_t count; /* those that are being made among them */
    size_t making;
};

void census_init(struct census *census, struct folder *folder, size_t limit);
void census_free(struct census *census);

/* Whether there are as many stores as there may be; else one more is being made from here on, until census_end() tells
 * whether it was. An errno: then none is. May block. */
int census_begin(struct census *census, bool *ret_too_many);
void census_end(struct census *census, bool made);

/* One is gone. */
void census_forget(struct census *census);

#endif
