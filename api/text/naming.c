/* naming.c - the three ways to name an object in JSON. See naming.h. */
#include "api/text/naming.h"

#include "api/text/base64.h"
#include "api/text/hex.h"

#include <stdint.h>
#include <string.h>

bool naming_kind_of(const char *name, size_t length, enum naming_kind *ret_kind)
{
    static const char *const names[NAMINGS] = {
        [NAMING_TEXT] = "key", [NAMING_BASE64] = "key_base64", [NAMING_HASH] = "key_hash"};
    unsigned kind = 0;
    while (kind < NAMINGS && !(strlen(names[kind]) == length && memcmp(names[kind], name, length) == 0))
        kind++;
    *ret_kind = kind;
    return kind < NAMINGS;
}

const char *naming_take(struct naming *naming, enum naming_kind kind, const json_t *value)
{
    if (json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        return "a key is a string";
    /* Jansson lends its text as a constant, but the tree is the caller's alone. */
    naming->texts[kind] = (struct text){(char *)(uintptr_t)json_string_value(value), json_string_length(value)};
    return NULL;
}

static const char *by_bytes(const char *bytes, size_t length, struct store_key *ret_key)
{
    if (length == 0 || length > STORE_KEY_MAX)
        return "a key has 1 to 1024 bytes";
    *ret_key = store_key_of(bytes, length);
    return NULL;
}

static const char *by_base64(const struct text *text, struct store_key *ret_key)
{
    size_t length;
    if (!base64_decode(text->bytes, text->length, &length))
        return "the key in base64 is not base64";
    return by_bytes(text->bytes, length, ret_key);
}

static const char *by_hash(const struct text *text, struct store_key *ret_key)
{
    uint64_t hash;
    if (!hex_decode_hash(text->bytes, text->length, &hash))
        return "a key hash is 16 hexadecimal digits";
    *ret_key = store_key_of_hash(hash);
    return NULL;
}

const char *naming_key(const struct naming *naming, struct store_key *ret_key)
{
    const struct text *texts = naming->texts;
    int given = 0;
    for (int i = 0; i < NAMINGS; i++)
        given += texts[i].bytes != NULL;
    if (given != 1)
        return "an object is named by exactly one of a key, a key in base64 and a key hash";
    if (texts[NAMING_TEXT].bytes)
        return by_bytes(texts[NAMING_TEXT].bytes, texts[NAMING_TEXT].length, ret_key);
    if (texts[NAMING_BASE64].bytes)
        return by_base64(&texts[NAMING_BASE64], ret_key);
    return by_hash(&texts[NAMING_HASH], ret_key);
}
