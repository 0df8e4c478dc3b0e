/* contents.h - the bytes of files: whether two have the same, and what they come to.
 *
 * Thread: any.
 */
#ifndef CAIRN_CONTENTS_H
#define CAIRN_CONTENTS_H

#include "store/disk/io.h"
#include "store/store.h"

/* An open file, borrowed. */
struct contents {
    const struct io *io;
    int file;
};

/* Whether two files have the same bytes between two positions: what is not there is the same as what is not there. An
 * errno. Blocking. */
int contents_same(const struct contents *a, const struct contents *b, uint64_t from, uint64_t to, bool *ret_same);

/* Whether a file has nothing but zeros between two positions, or ends in front of them. An errno. Blocking. */
int contents_zero(const struct contents *contents, uint64_t from, uint64_t to, bool *ret_zero);

/* The digest of so many bytes; an errno. Blocking, and long. */
int contents_digest(const struct contents *contents, uint64_t size, struct store_digest *ret_digest);

#endif
