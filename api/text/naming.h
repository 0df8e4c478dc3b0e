/* naming.h - how JSON names an object: by exactly one of `key` (text), `key_base64` (bytes) and `key_hash`
 * (16 hex digits). A rename's target is named the same way by `to`, `to_base64`, `to_hash`.
 *
 * A reader puts the strings it meets into the struct; naming_key() makes the key of them.
 * Thread: any.
 */
#ifndef CAIRN_API_NAMING_H
#define CAIRN_API_NAMING_H

#include "api/text/text.h"
#include "store/store.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum naming_kind { NAMING_TEXT, NAMING_BASE64, NAMING_HASH, NAMINGS };

struct naming {
    struct text texts[NAMINGS]; /* bytes is NULL where none was given */
};

/* Which way a member of that name is. False: none. */
bool naming_kind_of(const char *name, size_t length, enum naming_kind *ret_kind);

/* Takes the value of a member; null is as good as absent. Returns NULL, or a sentence about what is wrong, without a
 * full stop. The text is borrowed from the tree, which has to be the caller's alone: see naming_key(). */
const char *naming_take(struct naming *naming, enum naming_kind kind, const json_t *value);

/* The key, whose bytes are borrowed from the texts; base64 is decoded where it stands, so ask once. Returns
 * NULL, or a sentence about what is wrong, without a full stop. */
const char *naming_key(const struct naming *naming, struct store_key *ret_key);

#endif
