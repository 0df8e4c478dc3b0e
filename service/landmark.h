/* landmark.h - the last change that was read of a server's log: by it the log is known again.
 *
 * A store that was brought back from an older copy has the log that it had, and may have gone on differently since.
 * What was read up to a place is of another history then, although that place may be one of the log's still.
 *
 * Thread: one.
 */
#ifndef CAIRN_LANDMARK_H
#define CAIRN_LANDMARK_H

#include "service/remote.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The last of a page's changes at which the feed can be asked to begin: it does not begin within a transaction.
 * *ret_landmark: a new reference; NULL: none is told any more. The status of an answer that says nothing of it (0: none
 * has come); 200: it is known. Blocking. */
int landmark_choose(struct remote *remote, const char *store, const json_t *changes, json_t **ret_landmark);

enum landmark_found {
    LANDMARK_THERE, /* or it cannot be known: none is remembered, or deletions are not told any more from there on */
    LANDMARK_MOVED, /* compaction has moved it: its object has to be told of behind `next`, in this place or another */
    LANDMARK_LOST,  /* the log has gone on differently */
};

/* What has become of a log that was read up to `next`; a status as that of landmark_choose(). Blocking. */
int landmark_find(struct remote *remote, const char *store, const char *log, uint64_t next, const json_t *change,
                  enum landmark_found *ret_found);

#endif
