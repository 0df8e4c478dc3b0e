/* concat.h - the field Upload-Concat (tus 1.0.0): that an upload is a part of others, or made of such parts.
 *
 *     partial
 *     final;/v1/stores/photos/uploads/1f0f… /v1/stores/photos/uploads/2e1a…
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_CONCAT_H
#define CAIRN_API_CONCAT_H

#include "api/request/request.h"

struct concat {
    bool partial;
    uint64_t *parts; /* owned: the ids of what it is made of; NULL: it is not */
    size_t part_count;
};

/* Reads the field of the request into an all-zero struct; false when it has answered. */
bool concat_read(struct request *request, struct concat *concat);

/* Whether a value of the field is that of an upload made of parts. */
bool concat_is_final(const char *value);

void concat_free(struct concat *concat);

#endif
