/* follower.h - brings the stores of a data folder up to those of a server, by its change feed.
 *
 * Each change names a version of an object. What the folder has not is asked for, and what comes then may be newer than
 * the change: the feed tells of that, too, further on. A store is at one point of the server's log when a page of the
 * feed ends with the log, and for each change up to there the folder has just that version.
 *
 * How far each store has come stands in the folder, in follow/NAME: a later run goes on from there. A run that ends
 * early begins again at the last such point, and does not ask again for what is there.
 *
 * Thread: one.
 */
#ifndef CAIRN_FOLLOWER_H
#define CAIRN_FOLLOWER_H

#include "service/remote.h"
#include "store/store.h"

#include <stdatomic.h>

struct follower {
    struct remote *remote;     /* borrowed */
    const char *folder;        /* the data folder, where the notes are */
    struct depot *depot;       /* it, open */
    atomic_uint_fast64_t done; /* offsets of the store under way */
    atomic_uint_fast64_t goal;
    char error[640];
};

/* Brings the store of that name up to date, which is made if need be; `limits` as GET of the server's stores tells
 * them. *ret_offset: the point of the server's log. False: `error` says why, and the store is at no point. Blocking,
 * and long. */
bool follower_follow(struct follower *follower, const char *name, const json_t *limits, uint64_t *ret_offset);

/* Removes the stores that the server has not: those that `stores`, an array of objects with a `name`, does not name. */
bool follower_remove_others(struct follower *follower, const json_t *stores);

#endif
