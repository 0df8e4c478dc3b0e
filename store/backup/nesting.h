/* nesting.h - whether one folder lies in another: a copy within what it is a copy of would be copied with it, and the
 * other way round it would be overwritten. Judged by what the folders are, whatever they are called.
 *
 * Thread: any.
 */
#ifndef CAIRN_NESTING_H
#define CAIRN_NESTING_H

#include "store/disk/io.h"

enum nesting {
    NESTING_NONE,   /* they lie apart */
    NESTING_SAME,   /* the path leads to the folder */
    NESTING_WITHIN, /* to one in it */
    NESTING_AROUND, /* to one in which it lies */
};

/* How a path lies to an open folder; for one that is not there yet the nearest of those in which it is to be made
 * counts, and one that may not be opened tells nothing. `but` is the name of a folder below the path by way of which
 * the open one may lie in it; NULL: there is none. *ret_fresh: nothing is at the path. An errno. Blocking. */
int nesting_of(const struct io *io, int folder, const char *path, const char *but, enum nesting *ret_nesting,
               bool *ret_fresh);

#endif
