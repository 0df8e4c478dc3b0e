/* destination.h - where MOVE and COPY go: a store and a key, from the Destination field or from JSON.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_DESTINATION_H
#define CAIRN_API_DESTINATION_H

#include "store/store.h"

#include <stdbool.h>

struct destination {
    char *text;           /* owned: what the other two point into */
    const char *store;    /* a name, not checked */
    struct store_key key; /* its bytes are within the limits */
};

enum destination_error {
    DESTINATION_OK,
    DESTINATION_BAD_URI,   /* neither an absolute path nor an http URI, or a query, fragment or bad escape is in it */
    DESTINATION_ELSEWHERE, /* not the path of an object */
    DESTINATION_BAD_STORE, /* its name is escaped */
    DESTINATION_BAD_KEY,
    DESTINATION_NO_MEMORY
};

/* Reads the value of a Destination field: an absolute path or an http URI, of which only the path counts. That has to
 * stand below the base path. */
enum destination_error destination_read(struct destination *destination, const char *value, const char *base_path);

/* A sentence about an error, without a full stop. */
const char *destination_error_text(enum destination_error error);

void destination_free(struct destination *destination);

#endif
