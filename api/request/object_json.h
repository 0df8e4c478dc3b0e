/* object_json.h - members that describe an object in JSON, for every answer that tells of objects. Thread: one at a
 * time per text.
 */
#ifndef CAIRN_API_OBJECT_JSON_H
#define CAIRN_API_OBJECT_JSON_H

#include "api/text/jsontext.h"
#include "store/store.h"

/* `key` (and `key_base64`), `key_hash`, `size`, `etag`, `content_type`. */
void object_json_write(struct jsontext *json, const struct object_info *info);

/* `meta`: an object with the Cairn-Meta-* attributes. */
void object_json_write_meta(struct jsontext *json, const struct object_info *info);

/* The fields that are kept with the object beside its content type, as far as it has them: `cache_control` and so on
 * (kept.h); and `cairn_expires`, where it does. */
void object_json_write_kept(struct jsontext *json, const struct object_info *info);

/* `modified`, `offset`. */
void object_json_write_place(struct jsontext *json, const struct object_info *info);

#endif
