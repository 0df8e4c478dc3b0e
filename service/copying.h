/* copying.h - copying a data folder, and telling of it: what `cairnd backup` and `cairnd restore` have in common. */
#ifndef CAIRN_COPYING_H
#define CAIRN_COPYING_H

#include "service/account.h"
#include "service/check.h"
#include "service/venue.h"

struct copying {
    const char *command; /* for whom it is done, in front of sentences on stderr */
    const char *from;    /* a folder, or a URL */
    const char *to;
    const char *store; /* NULL: all */
    bool prune;        /* of all: copies of stores that are not there any more go */
    bool link;
    bool replace; /* the source is taken as it is, whatever the copy has */
    bool compare; /* the copy is damaged: what it has not as the source has it is copied anew */
    bool restore;
    bool beside; /* stores that are there stay */
    bool json;
    const char *ca_file; /* of a server by https: whose certificates count; NULL: those that the machine trusts */
    struct venue venue;
};

/* Where what is copied is only what was made of a server. */
struct copying_part {
    const char *from;                                 /* the folder, ... */
    struct backup_site *site;                         /* ... below that one, which is open */
    const char *where;                                /* what is damaged when the folder is, in a sentence, ... */
    const char *remedy;                               /* ... and why a store is not copied then, ... */
    const char *remedy_gone;                          /* ... or where the copy has more */
    bool (*wanted)(void *arg, const char *store);     /* whether it is copied */
    bool (*gone)(void *arg, const char *store);       /* struct backup_options */
    void (*tell_flaws)(void *arg, const char *store); /* what is damaged there goes into the account */
    /* The point of the server's log, and what came of it: objects in the place of files. */
    void (*tell_sums)(void *arg, const char *store, struct backup_store *told);
    void *arg;
};

/* Whether that is a URL, which no folder is meant to be called. */
bool copying_is_url(const char *place);

/* Copies the folder, and tells what has become of each store on stdout, and how far it is on stderr (progress.h).
 * *ret_ended, which may be NULL: it came to its end, and what could not be copied are single stores. */
enum check_status copying_run(const struct copying *copying, bool *ret_ended);

/* The same within an account; `part` NULL: it is the whole. False: *ret_sentence, which has room for COPYING_SENTENCE
 * bytes, says why not all could be done. */
enum { COPYING_SENTENCE = 1664 };
bool copying_make(const struct copying *copying, const struct copying_part *part, struct account *account,
                  char ret_sentence[COPYING_SENTENCE]);

#endif
