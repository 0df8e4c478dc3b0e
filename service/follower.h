/* follower.h - brings the stores of a data folder up to those of a server, by its change feed.
 *
 * Each change names a version of an object. What the folder has not is asked for, and what comes then may be newer than
 * the change: the feed tells of that, too, further on. A store is at one point of the server's log when a page of the
 * feed ends with the log, and for each change up to there the folder has just that version.
 *
 * An object that the server cannot give, since it is damaged there, is left out, and what the folder has of it stays.
 *
 * How far each store has come stands in the folder (bookmark.h): a later run goes on from there. A run that ends early
 * begins again at the last such point, and does not ask again for what is there.
 *
 * Nothing expires in the folder by its own clock (depot_options.keep_expired): the feed tells the deletions.
 *
 * Thread: one.
 */
#ifndef CAIRN_FOLLOWER_H
#define CAIRN_FOLLOWER_H

#include "service/change.h"
#include "service/landing.h"
#include "service/remote.h"
#include "store/store.h"

#include <stdatomic.h>

struct follower {
    struct remote *remote;     /* borrowed */
    const char *folder;        /* the data folder, where the bookmarks are */
    struct depot *depot;       /* it, open */
    bool replace;              /* also what is damaged takes the place of what is there */
    atomic_uint_fast64_t done; /* bytes of the store under way, ... */
    atomic_uint_fast64_t goal; /* ... and about how many there are to be had */

    /* Is told of each object that the server cannot give, by its change, when the store has come to its point. */
    void (*damaged)(void *arg, const char *store, json_t *change);
    /* Is told before a store that is there gives way to one that has nothing of it. False: it must not. */
    bool (*anew)(void *arg, const char *store);
    void *arg;
    char error[640];
};

enum follower_end {
    FOLLOWER_ARRIVED, /* the store is at a point of the server's log */
    FOLLOWER_GONE,    /* the server has it not any more */
    FOLLOWER_REFUSED, /* its log is not the one that was followed, gone on: `error` says so */
    FOLLOWER_FAILED,  /* it is at no point: `error` says why */
    FOLLOWER_OVER,    /* and nothing more can be had of any store, or be stored */
};

/* Where a store has arrived, and how. */
struct follower_point {
    uint64_t offset;           /* of the server's log */
    struct landing_sum copied; /* objects that have come, also those that came again */
    struct landing_sum kept;   /* those that were there */
};

/* Brings the store of that name up to date, which is made if need be; `limits` as GET of the server's stores tells
 * them. Blocking, and long. */
enum follower_end follower_follow(struct follower *follower, const char *name, const json_t *limits,
                                  struct follower_point *ret_point);

enum follower_known {
    FOLLOWER_OTHER,  /* it is not, or none of that name was */
    FOLLOWER_SAME,   /* it is */
    FOLLOWER_UNTOLD, /* what would tell is damaged in the folder */
    FOLLOWER_HIDDEN, /* the server does not let it be followed: `error` says why */
};

/* Whether the server's store of that name is the one that was followed before. False: it does not answer, and `error`
 * says why. Blocking. */
bool follower_knows(struct follower *follower, const char *name, enum follower_known *ret_known);

/* Whether the server says that it has no such store. Blocking. */
bool follower_is_gone(struct follower *follower, const char *name);

/* Removes the folder's store. False: `error` says why it could not be. Blocking. */
bool follower_remove(struct follower *follower, const char *name);

#endif
