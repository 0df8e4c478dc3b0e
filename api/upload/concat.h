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

    /* concat_look()'s */
    bool foreign;              /* one of them is none of the visitor's */
    bool missing;              /* that one is not there */
    struct upload_info misfit; /* the first that it cannot be made of; its id is 0 where there is none */
};

/* Reads the field of the request into an all-zero struct; false when it has answered. */
bool concat_read(struct request *request, struct concat *concat);

/* Looks at the parts, up to one that the visitor may not write. What is not there any more is nobody's, and for the
 * engine to miss: it may be in what it was to be. Thread: the engine's. Blocking. */
enum store_error concat_look(const struct request *request, struct concat *concat);

/* Answers an error that is about a part, with the one that was found; false: it is not, or none was. */
bool concat_refuse(struct request *request, const struct concat *concat);

/* Whether a value of the field is that of an upload made of parts. */
bool concat_is_final(const char *value);

void concat_free(struct concat *concat);

#endif
