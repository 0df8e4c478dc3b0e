#include "api/text/naming.h"

#include "api/text/base64.h"
#include "api/text/hex.h"

#include <string.h>

bool naming_kind_of(const struct jsonread_text *name, const char *prefix, enum naming_kind *ret_kind)
{
    static const char *const suffixes[NAMINGS] = {
        [NAMING_TEXT] = "", [NAMING_BASE64] = "_base64", [NAMING_HASH] = "_hash"};
    size_t length = strlen(prefix);
    if (name->length < length || memcmp(name->bytes, prefix, length) != 0)
        return false;
    struct jsonread_text suffix = {name->bytes + length, name->length - length};
    unsigned kind = 0;
    while (kind < NAMINGS && !jsonread_is(&suffix, suffixes[kind]))
        kind++;
    *ret_kind = kind;
    return kind < NAMINGS;
}

static const char *by_bytes(const char *bytes, size_t length, struct store_key *ret_key)
{
    if (length == 0 || length > STORE_KEY_MAX)
        return "a key has 1 to 1024 bytes";
    *ret_key = store_key_of(bytes, length);
    return NULL;
}

static const char *by_base64(const struct jsonread_text *text, struct store_key *ret_key)
{
    size_t length;
    if (!base64_decode(text->bytes, text->length, &length))
        return "the key in base64 is not base64";
    return by_bytes(text->bytes, length, ret_key);
}

static const char *by_hash(const struct jsonread_text *text, struct store_key *ret_key)
{
    uint64_t hash;
    if (!hex_decode_hash(text->bytes, text->length, &hash))
        return "a key hash is 16 hexadecimal digits";
    *ret_key = store_key_of_hash(hash);
    return NULL;
}

const char *naming_key(const struct naming *naming, struct store_key *ret_key)
{
    const struct jsonread_text *texts = naming->texts;
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
