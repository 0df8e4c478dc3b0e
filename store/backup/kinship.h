/* kinship.h - whether two data folders are of one origin: a store and its copies have one salt (settings.h), and no two
 * stores that were made have.
 *
 * Thread: one.
 */
#ifndef CAIRN_KINSHIP_H
#define CAIRN_KINSHIP_H

#include "store/backup/places.h"
#include "store/depot/folder.h"
#include "store/store.h"

enum { KINSHIP_NAME = STORE_NAME_MAX + 1 };

enum kinship {
    KINSHIP_OPEN, /* the second has no stores, or none that tells: it may come to be a copy of anything */
    KINSHIP_SAME, /* they have a store in common */
    KINSHIP_GONE, /* the first has none of the second's, nor others in their places: they may have been removed */
    KINSHIP_NONE, /* a store of that name is another one in each of them */
};

/* By the store of that name alone. KINSHIP_OPEN: one of the two does not tell. Blocking. */
enum kinship kinship_by(const struct folder *folder, const struct folder *copy, const char *name);

/* ret_store: by which it is known, or "". Those of the second say nothing whose place another one is to take, as far as
 * that is noted at `coming` (pending.h; NULL is allowed). An errno. Blocking. */
int kinship_of(struct folder *folder, struct folder *copy, const struct places *coming, enum kinship *ret_kinship,
               char ret_store[KINSHIP_NAME]);

/* Whether each store of the second is one of the first, as far as it tells; of those that were made there where `made`
 * is no NULL. ret_store: one that is not, or "". An errno. Blocking. */
int kinship_of_all(struct folder *folder, struct folder *copy, const struct places *made, char ret_store[KINSHIP_NAME]);

#endif
