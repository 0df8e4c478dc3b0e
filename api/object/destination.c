#include "api/object/destination.h"

#include <stdlib.h>
#include <string.h>

#include "api/http/uri.h"
#include "api/request/route.h"
#include "api/text/hex.h"

const char *destination_error_text(enum destination_error error)
{
    switch (error) {
    case DESTINATION_BAD_URI:
        return "Destination is not an absolute path or an http URI, or holds a query, a fragment or a malformed "
               "escape: "
               "in a key ? is written %3F, # %23 and % %25";
    case DESTINATION_ELSEWHERE:
        return "Destination does not name an object: /v1/stores/STORE/objects/KEY or /v1/stores/STORE/hashes/HASH";
    case DESTINATION_BAD_STORE:
        return "The store's name in Destination holds a percent escape: a name stands in a path as it is";
    case DESTINATION_BAD_KEY:
        return "The key in Destination has no bytes or more than 1024, or its hash is not 16 hexadecimal digits";
    case DESTINATION_OK:
    case DESTINATION_NO_MEMORY:
        break;
    }
    return "Memory is out";
}

/* Ends it with a NUL, over the slash that follows it. As in a request's path, it has no escapes. */
static enum destination_error take_store(struct destination *destination, struct slice part)
{
    char *name = destination->text + (part.start - destination->text);
    if (memchr(name, '%', part.length) != NULL)
        return DESTINATION_BAD_STORE;
    name[part.length] = '\0';
    destination->store = name;
    return DESTINATION_OK;
}

static enum destination_error take_key(struct destination *destination, struct slice part)
{
    size_t length;
    char *bytes = destination->text + (part.start - destination->text);
    if (!uri_decode(part, bytes, &length))
        return DESTINATION_BAD_URI;
    if (length == 0 || length > STORE_KEY_MAX)
        return DESTINATION_BAD_KEY;
    destination->key = store_key_of(bytes, length);
    return DESTINATION_OK;
}

static enum destination_error take_hash(struct destination *destination, struct slice part)
{
    uint64_t hash;
    if (!hex_decode_hash(part.start, part.length, &hash))
        return DESTINATION_BAD_KEY;
    destination->key = store_key_of_hash(hash);
    return DESTINATION_OK;
}

enum destination_error destination_read(struct destination *destination, const char *value)
{
    struct uri uri;
    struct captures captures;
    destination->text = strdup(value);
    if (destination->text == NULL)
        return DESTINATION_NO_MEMORY;
    if (!uri_split(destination->text, strlen(destination->text), &uri) || uri.query.start != NULL)
        return DESTINATION_BAD_URI;
    if (!route_object(uri.path, &captures))
        return DESTINATION_ELSEWHERE;
    enum destination_error error = captures.key.start != NULL ? take_key(destination, captures.key)
                                                              : take_hash(destination, captures.hash);
    return error == DESTINATION_OK ? take_store(destination, captures.store) : error;
}

void destination_free(struct destination *destination)
{
    free(destination->text);
    *destination = (struct destination){0};
}
