/* label.h - what an unfinished upload carries for this room, and so whose it is. */
#ifndef CAIRN_API_LABEL_H
#define CAIRN_API_LABEL_H

#include "api/request/request.h"
#include "store/store.h"

/* Fields of the request that made it, as they came; and what is kept with the object, of them and Upload-Metadata. */
struct label {
    const char *match, *none_match, *metadata, *unmodified, *concat, *expires; /* "": none */
    const void *attributes;
    size_t attributes_length;
};

/* Writes one; free() it. NULL: no memory. */
char *label_write(const struct label *label, size_t *ret_length);

/* Borrowed from the upload. One that ends too early has empty texts, and no attributes: so does none. Thread: any. */
struct label label_read(const struct upload_info *info);

/* Whether the visitor may see an upload and work on it: that is to write its key, also that of a part. A part without
 * one could be anybody's, so that asks for the whole store. Answers nothing. Thread: any. */
bool label_permits(const struct request *request, const struct upload_info *info);

#endif
