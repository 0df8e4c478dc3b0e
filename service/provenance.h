/* provenance.h - which server it is that a backup is made of: the one that has a store, by its log, that was copied.
 *
 *     provenance_begin(&provenance, stores, chosen);            // what is known, and whether it is the server
 *     provenance_is_same(&provenance);                          // later: whether it is the server still
 *
 * A server may become another one at any moment: what is behind an address changes, or a volume is not mounted when it
 * starts again. So it is asked again before anything gives way to what it has.
 *
 * Thread: one.
 */
#ifndef CAIRN_PROVENANCE_H
#define CAIRN_PROVENANCE_H

#include "service/follower.h"

struct provenance {
    struct follower *follower; /* borrowed, like all of these */
    struct backup_site *site;
    const char *from;
    const char *to;
    bool any;                         /* whichever server it is */
    bool empty;                       /* nothing was copied before, of whomever */
    json_t *known;                    /* store -> the log by which its copy was known at the beginning */
    char witness[STORE_NAME_MAX + 1]; /* the store by which the server was known last, or "" */
    char error[FOLLOWER_SENTENCE];
};

/* Learns what is known of the server's stores, which are those of its list, of which the chosen are copied;
 * provenance_end() is called in any case. False: it is not the server that was copied, or that cannot be known, and
 * `error` says so. With `any` it is, and what is left of another one does not tell any more. Blocking. */
bool provenance_begin(struct provenance *provenance, const json_t *stores, const json_t *chosen);
void provenance_end(struct provenance *provenance);

/* Whether the server still is the one of the beginning, by a store that is known. Where none is, or whichever it is,
 * it is. False: `error` says why not. Blocking. */
bool provenance_is_same(struct provenance *provenance);

/* The log by which the copy of a store was known at the beginning; "": by none. Borrowed. */
const char *provenance_log(const struct provenance *provenance, const char *name);

/* Whether a list of stores has one of that name. */
bool provenance_lists(const json_t *stores, const char *name);

#endif
