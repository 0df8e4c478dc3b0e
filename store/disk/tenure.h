/* tenure.h - which process has which store, where several have one data folder open.
 *
 * A disk is one machine's, and a data folder on it one process's. Files that lie elsewhere may be opened by any number
 * of processes: then the table of file calls (io.h) has this one beside it, and each store is had by one process at a
 * time, which alone changes what is in it. The folders in which the stores are belong to all: a name in them changes at
 * once or not at all. Who only looks at a small file that is replaced whole need not have the store.
 *
 * Paths lead from the data folder.
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_TENURE_H
#define CAIRN_TENURE_H

#include "store/store.h"

#include <stdbool.h>

enum { TENURE_SESSION_MAX = 20 }; /* bytes of a session's name, with the NUL */

/* A process that has stores. */
struct tenant {
    char session[TENURE_SESSION_MAX]; /* hexadecimal digits; no two processes ever have the same; "": nobody knows */
    char address[STORE_ADDRESS_MAX];  /* where it serves; "": it does not say */
};

/* Another process asks for the store of that name. Must not block. */
typedef void tenure_asked(void *arg, const char *name, const struct tenant *heir);

struct tenure {
    void *self;               /* handed to every call as its first argument */
    const struct tenant *own; /* this process */
    unsigned patience;        /* milliseconds after which one that has ended is known to have */

    /* 0, or an errno: another process may have by now what this one had, so nothing that it knows may be told. Does not
     * block. */
    int (*check)(void *self);

    /* Takes a folder, unless this process has it; an errno. What one that has ended has left is finished. EWOULDBLOCK:
     * another one has it, and lives as far as is known. ENOENT. Blocking, but waits for nobody. */
    int (*take)(void *self, const char *path, struct tenant *ret_tenant);

    /* Gives it back. Nothing in it may be open. Blocking. */
    void (*leave)(void *self, const char *path);

    /* Asks the one who has the store of that name for it; an errno. What comes of it shows when it is taken. Blocking.
     */
    int (*ask)(void *self, const struct tenant *tenant, const char *name);

    /* Whether a process has not ended yet, as far as is known; an errno. Blocking. */
    int (*lives)(void *self, const char *session, bool *ret_lives);

    /* From here on `asked(arg, ...)` is called, on one thread; NULL: no more. Blocking while it is. */
    void (*attend)(void *self, tenure_asked *asked, void *arg);
};

#endif
