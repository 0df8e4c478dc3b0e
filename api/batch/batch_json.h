/* batch_json.h - a batch as JSON:
 *
 *     {"operations": [{"op": "put", "key": "a", "data": "<base64>", "content_type": "text/plain", "meta": {"n": "v"}},
 *                     {"op": "delete", "key_hash": "4da10dd61a0116b0", "if_match": "\"<etag>\""},
 *                     {"op": "rename", "key": "b", "to": "c", "overwrite": false},
 *                     {"op": "copy", "key": "c", "to_base64": "//4="}],
 *      "allow_empty": false, "allow_null_bytes": false}
 *
 * Members that are not known are refused: a condition with a typing error must not get lost. Thread: any.
 */
#ifndef CAIRN_API_BATCH_JSON_H
#define CAIRN_API_BATCH_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct entries;

/* Reads a body, which is used up, as payloads are decoded where they stand. Adds to *flags what the body allows
 * (enum store_batch_flags). False when entries->fault says what is wrong. */
bool batch_json_read(char *body, size_t length, struct entries *entries, unsigned *flags);

#endif
