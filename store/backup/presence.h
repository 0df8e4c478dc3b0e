/* presence.h - which stores the source of a backup has, also where it is a backup itself, and is being renewed: where
 * two folders cannot change places (places.h), a store that is exchanged is in no place for a moment.
 *
 * A copy goes out of its place into the drafts, and the entry there stays until the new one is in its place. So a store
 * is gone only when it was not in its place, then neither put aside nor noted, then still not in its place, and when
 * nothing came to the stores, or went, all the while. Who has looked in any other order may have looked past it.
 *
 * Thread: one.
 */
#ifndef CAIRN_PRESENCE_H
#define CAIRN_PRESENCE_H

#include "store/backup/places.h"
#include "store/depot/folder.h"

enum presence {
    PRESENCE_THERE,   /* in its place, and not being removed */
    PRESENCE_AWAY,    /* put aside, or that cannot be told: the source is written to */
    PRESENCE_LACKING, /* noted as missing (pending.h) */
    PRESENCE_GONE,    /* there is none */
};

/* Whether there is a store of that name in its place now, which is not being removed; an errno. Blocking. */
int presence_is_there(struct folder *source, const char *name, bool *ret_there);

/* The same, and why there is none; an errno. Blocking. */
int presence_of(struct folder *source, const char *name, enum presence *ret_presence);

/* The names of all stores that are there, are put aside, or are noted, sorted: none is left out that is there all the
 * time. An errno. Blocking. Freed as a whole. */
int presence_names(struct folder *source, char ***ret_names, size_t *ret_count);

/* Opens the folder of drafts of a source, where there is one; an errno. `drafts` of *ret_places is -1 where there is
 * none. The caller closes it. Blocking. */
int presence_open(const struct folder *source, struct places *ret_places);

#endif
