/* naming.h - how JSON names an object: by exactly one of `key` (text), `key_base64` (bytes) and `key_hash`
 * (16 hex digits). A rename's target is named the same way by `to`, `to_base64`, `to_hash`.
 *
 * A reader puts the strings it meets into the struct; naming_key() makes the key of them.
 * Thread: any.
 */
#ifndef CAIRN_API_NAMING_H
#define CAIRN_API_NAMING_H

#include "api/text/jsonread.h"
#include "store/store.h"

#include <stdbool.h>

enum naming_kind { NAMING_TEXT, NAMING_BASE64, NAMING_HASH, NAMINGS };

struct naming {
    struct jsonread_text texts[NAMINGS]; /* bytes is NULL where none was given */
};

/* Which way a member of that name is, where the names begin with `prefix`: "key" or "to". False: none. */
bool naming_kind_of(const struct jsonread_text *name, const char *prefix, enum naming_kind *ret_kind);

/* The key, whose bytes are borrowed from the texts; base64 is decoded where it stands, so ask once. Returns
 * NULL, or a sentence about what is wrong, without a full stop. */
const char *naming_key(const struct naming *naming, struct store_key *ret_key);

#endif
