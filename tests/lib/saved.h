/* saved.h - files of a store's log that are kept aside and put back: what a copy of the folder is.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_SAVED_H
#define CAIRN_TESTS_SAVED_H

#include "tests/lib/fixture.h"

enum { SAVED_MAX = 64 };

struct saved {
    char path[64];
    uint8_t *bytes;
    size_t size;
};

/* The files in log/ whose names have these characters in them; their number. */
size_t saved_take(struct fixture *fixture, const char *part, struct saved ret_files[SAVED_MAX]);

/* Writes those anew that are not as they were, and frees what was saved. */
void saved_put_back(struct fixture *fixture, const struct saved *files, size_t count);

/* Removes all files in log/ but these. */
void saved_remove_others(struct fixture *fixture, const struct saved *files, size_t count);

#endif
