/* address.c - decodes names from the last one to the first, since each ends where the next began. See address.h. */
#include "api/request/address.h"

#include "api/text/hex.h"
#include "api/text/utf8.h"

#include <string.h>

/* A captured part of the text. */
static char *place_of(char *text, struct slice part)
{
    return text + (part.start - text);
}

static enum address_fault take_key(struct address *address, char *text, struct slice part)
{
    char *bytes = place_of(text, part); /* decoding makes it shorter */
    if (!uri_decode(part, bytes, &address->key_length))
        return ADDRESS_BAD_ESCAPE;
    if (address->key_length == 0 || address->key_length > STORE_KEY_MAX)
        return ADDRESS_BAD_KEY;
    address->key = store_key_of(bytes, address->key_length);
    address->has_key = true;
    return ADDRESS_OK;
}

static enum address_fault take_hash(struct address *address, struct slice part)
{
    uint64_t hash;
    if (!hex_decode_hash(part.start, part.length, &hash))
        return ADDRESS_BAD_HASH;
    address->key = store_key_of_hash(hash);
    address->has_key = true;
    return ADDRESS_OK;
}

/* A name needs no escapes, and a proxy that keeps stores apart by their paths may not see through them. */
static enum address_fault take_store(struct address *address, char *text, struct slice part)
{
    char *name = place_of(text, part);
    if (memchr(name, '%', part.length) || !utf8_valid(name, part.length))
        return ADDRESS_BAD_STORE;
    name[part.length] = '\0'; /* over the slash or the end that follows it */
    address->store = name;
    return ADDRESS_OK;
}

/* What comes first in the path is read last: it ends where the next part began. */
enum address_fault address_read(struct address *address, char *text, const struct captures *captures)
{
    enum address_fault fault = ADDRESS_OK;
    *address = (struct address){0};
    if (captures->key.start)
        fault = take_key(address, text, captures->key);
    if (fault == ADDRESS_OK && captures->hash.start)
        fault = take_hash(address, captures->hash);
    if (captures->upload.start && !hex_decode_id(captures->upload.start, captures->upload.length, &address->upload))
        fault = ADDRESS_BAD_UPLOAD;
    if (fault == ADDRESS_OK && captures->store.start)
        fault = take_store(address, text, captures->store);
    return fault;
}
