/* places.h - where the copies of stores are, and where they are made: the copy that there was stays in its place until
 * the new one is on disk; then they change places.
 *
 *     DRAFTS/NAME.new      a copy in the making, and one that has given its place away
 *     DRAFTS/NAME.old      one that makes room, where the file system cannot exchange two folders
 *     DRAFTS/NAME.own      says that the copy of that name was made here, where others are beside it
 *
 * Thread: one.
 */
#ifndef CAIRN_PLACES_H
#define CAIRN_PLACES_H

#include "store/disk/io.h"
#include "store/store.h"

enum { PLACES_DRAFT_MAX = STORE_NAME_MAX + 8 };

/* Borrowed. */
struct places {
    const struct io *io;
    int copies; /* the folder in which they are */
    int drafts; /* that of those in the making, on the same disk */
};

/* The name of a store's draft. No two of any stores have one name. */
void places_draft(const char *name, char ret_draft[PLACES_DRAFT_MAX]);

/* The store whose copy that entry among the drafts is, if it is one that made room: whether it is. */
bool places_read_old(const char *entry, char ret_name[STORE_NAME_MAX + 1]);

/* Whether a copy of that name has made room, and is there still; an errno. Blocking. */
int places_has_old(const struct places *places, const char *name, bool *ret_there);

/* Whether that entry is one of the three. */
bool places_is_entry(const char *entry);

/* Brings copies back that made room for what has not come to its place: the run was cut short. An errno. Blocking. */
int places_recover(const struct places *places);

/* Puts the draft of a store, which is on disk, in the place of its copy, for good; an errno. Blocking. */
int places_change(const struct places *places, const char *name);

/* Removes what is left of drafts of a store, and of copies before; an errno. Blocking. */
int places_clear(const struct places *places, const char *name);

/* Takes down that the copy of that name is made here, also when it has come to its place, as long as there is the
 * folder of drafts. Whether it is. An errno of both. Blocking. */
int places_own(const struct places *places, const char *name);
int places_is_own(const struct places *places, const char *name, bool *ret_own);

/* Removes the copy of a store, and what is left of others; an errno. Blocking. */
int places_remove(const struct places *places, const char *name);

#endif
