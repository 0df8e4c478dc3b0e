/* key_json.h - how JSON names an object: by exactly one of `key` (text), `key_base64` (bytes) and
 * `key_hash` (16 hex digits). A rename's target is named the same way by `to`, `to_base64`, `to_hash`.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_KEY_JSON_H
#define CAIRN_API_KEY_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "store/store.h"

/* The members of an object whose names begin with `prefix`: "key" or "to". The key borrows its bytes
 * from the JSON, or from *ret_owned, which the caller free()s after use; it is NULL otherwise. Returns NULL, or a
 * sentence about what is wrong, without a full stop. */
const char *key_json_read(const json_t *object, const char *prefix, struct store_key *ret_key, void **ret_owned);

#endif
