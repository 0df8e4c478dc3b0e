/* precondition.h - If-Match, If-None-Match and If-Unmodified-Since as a condition of the engine (RFC 9110, section 13).
 *
 * An entity tag that this server cannot have made matches nothing. A weak tag (W/"...") never matches
 * in If-Match, which compares strongly, and matches by its digest in If-None-Match.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_PRECONDITION_H
#define CAIRN_API_PRECONDITION_H

#include "store/store.h"

#include <stdbool.h>

struct precondition {
    struct store_condition condition; /* borrows the lists below */
    struct store_digest *match;       /* owned */
    struct store_digest *none_match;  /* owned */
};

enum precondition_error { PRECONDITION_OK, PRECONDITION_MALFORMED, PRECONDITION_NO_MEMORY };

/* Reads the value of If-Match, or of If-None-Match, into an all-zero or half-filled struct. */
enum precondition_error precondition_match(struct precondition *precondition, const char *value);
enum precondition_error precondition_none_match(struct precondition *precondition, const char *value);

/* Reads the value of If-Unmodified-Since; what is no date asks nothing, as the RFC wants. */
void precondition_unmodified_since(struct precondition *precondition, const char *value);

/* Whether anything has to hold at all. */
bool precondition_any(const struct precondition *precondition);

void precondition_free(struct precondition *precondition);

#endif
