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

#include "service/bookmark.h"
#include "service/change.h"
#include "service/landing.h"
#include "service/remote.h"
#include "store/store.h"

#include <stdatomic.h>

enum { FOLLOWER_SENTENCE = 1664 };

struct follower {
    struct remote *remote;     /* borrowed */
    const char *folder;        /* the data folder, to be told */
    int bookmarks;             /* where they are in it: bookmark_open_folder() */
    struct depot *depot;       /* it, open */
    bool replace;              /* also what is damaged takes the place of what is there */
    atomic_uint_fast64_t done; /* bytes of the store under way, ... */
    atomic_uint_fast64_t goal; /* ... and about how many there are to be had */

    /* Is told of each object that the server cannot give, by its change, when the store has come to its point. */
    void (*damaged)(void *arg, const char *store, json_t *change);
    /* Is told before a store that is there gives way to one that has nothing of it. *ret_before: the log by which its
     * copy is known, or "". False: it must not, nor any other, and `error` says why. */
    bool (*anew)(void *arg, const char *store, const char **ret_before);
    /* Is told then, when that log stands in the folder, and nothing has gone yet. False: the same. */
    bool (*renewed)(void *arg, const char *store);
    void *arg;
    char error[FOLLOWER_SENTENCE];
};

enum follower_end {
    FOLLOWER_ARRIVED, /* the store is at a point of the server's log */
    FOLLOWER_LOST,    /* the server says that it has it not (404) */
    FOLLOWER_REFUSED, /* its log is not the one that was followed, gone on: `error` says so */
    FOLLOWER_FAILED,  /* it is at no point: `error` says why */
    FOLLOWER_OVER,    /* and nothing more can be had of any store, or be stored */
};

/* Where a store has arrived, and how. */
struct follower_point {
    uint64_t offset;             /* of the server's log, ... */
    char log[BOOKMARK_LOG_SIZE]; /* ... which is this one */
    struct landing_sum
        copied;              /* objects that have come, since it was begun anew if it was, also those that came again */
    struct landing_sum kept; /* those that were there */
};

/* Brings the store of that name up to date, which is made if need be; `limits` as GET of the server's stores tells
 * them. Blocking, and long. */
enum follower_end follower_follow(struct follower *follower, const char *name, const json_t *limits,
                                  struct follower_point *ret_point);

/* The log of the store of that name that was followed before, "": none was; with `before` of what gives way to it.
 * False: what would tell is damaged in the folder. Blocking. */
bool follower_log(const struct follower *follower, const char *name, bool before, char ret_log[BOOKMARK_LOG_SIZE]);

enum follower_known {
    FOLLOWER_SAME,   /* its log is that one */
    FOLLOWER_OTHER,  /* it is another one */
    FOLLOWER_GONE,   /* there is no such store (404) */
    FOLLOWER_HIDDEN, /* the server does not let it be followed: `error` says why */
    FOLLOWER_MUTE,   /* the server does not answer: `error` says why */
};

/* What has become of the server's store of that name and log. Blocking. */
enum follower_known follower_compare(struct follower *follower, const char *name, const char *log);

/* Whether the server has a store still just as it was followed, or gone on: not another one, nor an older one.
 * Blocking. */
bool follower_stands(struct follower *follower, const char *name, const char *log);

/* Whether the server tells of a store of that name. Blocking. */
bool follower_shows(struct follower *follower, const char *name);

/* Whether the server says that it has no such store. Blocking. */
bool follower_is_gone(struct follower *follower, const char *name);

/* Removes the folder's store. False: `error` says why it could not be. Blocking. */
bool follower_remove(struct follower *follower, const char *name);

#endif
