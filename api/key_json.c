#include "api/key_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/base64.h"
#include "api/hex.h"

static const char *by_text(const json_t *text, struct store_key *ret_key)
{
    size_t length = json_string_length(text);
    if (length == 0 || length > STORE_KEY_MAX)
        return "a key has 1 to 1024 bytes";
    *ret_key = store_key_of(json_string_value(text), length);
    return NULL;
}

static const char *by_base64(const json_t *text, struct store_key *ret_key, void **ret_owned)
{
    size_t length;
    void *bytes = base64_decode_new(json_string_value(text), json_string_length(text), &length);
    if (bytes == NULL)
        return "the key in base64 is not base64";
    if (length == 0 || length > STORE_KEY_MAX) {
        free(bytes);
        return "a key has 1 to 1024 bytes";
    }
    *ret_key = store_key_of(bytes, length);
    *ret_owned = bytes;
    return NULL;
}

static const char *by_hash(const json_t *text, struct store_key *ret_key)
{
    uint64_t hash;
    if (!hex_decode_hash(json_string_value(text), json_string_length(text), &hash))
        return "a key hash is 16 hexadecimal digits";
    *ret_key = store_key_of_hash(hash);
    return NULL;
}

static const json_t *member(const json_t *object, const char *prefix, const char *suffix)
{
    char name[32];
    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    return json_object_get(object, name);
}

const char *key_json_read(const json_t *object, const char *prefix, struct store_key *ret_key, void **ret_owned)
{
    const json_t *text = member(object, prefix, ""), *base64 = member(object, prefix, "_base64"),
                 *hash = member(object, prefix, "_hash");
    *ret_owned = NULL;
    if ((text != NULL) + (base64 != NULL) + (hash != NULL) != 1)
        return "an object is named by exactly one of a key, a key in base64 and a key hash";
    if (json_is_string(text))
        return by_text(text, ret_key);
    if (json_is_string(base64))
        return by_base64(base64, ret_key, ret_owned);
    if (json_is_string(hash))
        return by_hash(hash, ret_key);
    return "a key is a string";
}
