/* metadata.h - the field Upload-Metadata (tus 1.0.0): pairs of a name and a value in base64, separated by commas.
 *
 *     key a2V5,filetype aW1hZ2UvcG5n,meta-colour cmVk,filename eC5wbmc=
 *
 * `key` names the object; `filetype` is its Content-Type; `meta-NAME` its Cairn-Meta-NAME; what is kept with an object
 * besides goes by the names it has in JSON (kept.h), and `cairn_expires` says when it expires. Everything else is the
 * client's own.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_METADATA_H
#define CAIRN_API_METADATA_H

#include "api/http/attributes.h"
#include "api/http/expiry.h"
#include "api/http/uri.h"

#include <stddef.h>

struct metadata {
    char *key; /* owned; NULL: none */
    size_t key_length;
    struct slice culprit; /* the name with the fault, borrowed from what is read; empty: it has none */
    struct attributes attributes;
    struct expiry expiry; /* none of the attributes before the object is there: its seconds count from then on */
};

/* Reads a value into an all-zero struct. NULL, or a sentence about what is wrong with it, without a full stop. */
const char *metadata_read(struct metadata *metadata, const char *value);

void metadata_free(struct metadata *metadata);

#endif
