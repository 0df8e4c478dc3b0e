/* copying.h - copying a data folder, and telling of it: what `cairnd backup` and `cairnd restore` have in common. */
#ifndef CAIRN_COPYING_H
#define CAIRN_COPYING_H

#include "service/check.h"

struct copying {
    const char *command; /* for whom it is done, in front of sentences on stderr */
    const char *from;
    const char *to;
    const char *store; /* NULL: all */
    bool prune;        /* of all: copies of stores that are not there any more go */
    bool link;
    bool restore;
    bool json;

    /* Where `from` is only what was made of a server: its URL, and the points of its logs. NULL: it is the source. */
    const char *url;
    uint64_t (*offset_of)(void *arg, const char *store);
    void *arg;
};

/* Whether that is a URL, which no folder is meant to be called. */
bool copying_is_url(const char *place);

/* Copies the folder, and tells what has become of each store on stdout, and how far it is on stderr (progress.h). */
enum check_status copying_run(const struct copying *copying);

#endif
