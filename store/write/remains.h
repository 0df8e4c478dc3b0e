/* remains.h - what is there of unfinished uploads when their store is opened, and what becomes of it.
 *
 * What they hold is counted. What never came to be an upload goes, and so does an empty one that is no object, for
 * nobody can go on with it. Of a commit that was under way it is found out
 * whether it came to its end, before anything can be written that takes the place of its object. Of an upload that is
 * made of others nothing stays but that it is done, and then its parts go: who made it has heard nothing else, and
 * comes with the parts again.
 *
 * Thread: the one that opens the store. Blocking.
 */
#ifndef CAIRN_REMAINS_H
#define CAIRN_REMAINS_H

#include "store/write/uploads.h"

/* Behind uploads_begin(); an errno. */
int remains_settle(struct uploads *uploads);

#endif
