/* tree.h - removing a folder with all it holds, now: the depot's remover does it beside other work.
 *
 * Thread: any.
 */
#ifndef CAIRN_TREE_H
#define CAIRN_TREE_H

#include "store/disk/io.h"

/* Removes a file, or a folder with all it holds; an errno, 0 also where there is none. Blocking, and long. */
int tree_remove(const struct io *io, int parent, const char *name);

#endif
