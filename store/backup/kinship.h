/* kinship.h - whether two data folders are of one origin: a store and its copies have one salt (settings.h), and no two
 * stores that were made have.
 *
 * Thread: one.
 */
#ifndef CAIRN_KINSHIP_H
#define CAIRN_KINSHIP_H

#include "store/depot/folder.h"

enum kinship {
    KINSHIP_OPEN, /* the second has no stores, or none that tells: it may come to be a copy of anything */
    KINSHIP_SAME, /* they have a store in common */
    KINSHIP_NONE,
};

/* An errno. Blocking. */
int kinship_of(struct folder *folder, struct folder *copy, enum kinship *ret_kinship);

#endif
