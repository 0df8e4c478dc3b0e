/* receipt.h - what became of a write, kept beyond the engine's callback and told as JSON:
 * {"store","key","key_hash","offset","size","etag","created"}. `etag` is the value of the ETag field,
 * null where no object is left. Thread: one at a time per struct.
 */
#ifndef CAIRN_API_RECEIPT_H
#define CAIRN_API_RECEIPT_H

#include "api/text/jsontext.h"
#include "store/store.h"

#include <stdbool.h>

struct receipt {
    struct store_receipt values; /* values.key is borrowed from the request, or from key below */
    char *key;                   /* owned */
};

/* Copies a receipt; its key is borrowed from `known` when that is the same key. False: no memory. */
bool receipt_keep(struct receipt *receipt, const struct store_receipt *values, const struct store_key *known);

void receipt_free(struct receipt *receipt);

/* Writes one as a value. `exists`: the step left an object behind, as all but a delete do. */
void receipt_write(struct jsontext *json, const char *store, const struct store_receipt *values, bool exists);

#endif
