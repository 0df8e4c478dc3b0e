/* destination.c - decodes a copy of the field, in which store and key then stand. See destination.h. */
#include "api/object/destination.h"

#include "api/http/base_path.h"
#include "api/http/uri.h"
#include "api/request/address.h"

#include <stdlib.h>
#include <string.h>

const char *destination_error_text(enum destination_error error)
{
    switch (error) {
    case DESTINATION_BAD_URI:
        return "Destination is not an absolute path or an http URI, or holds a user, a query, a fragment or a "
               "malformed escape: in a key ? is written %3F, # %23 and % %25";
    case DESTINATION_ELSEWHERE:
        return "Destination does not name an object: /v1/stores/STORE/objects/KEY or /v1/stores/STORE/hashes/HASH";
    case DESTINATION_BAD_STORE:
        return "The store's name in Destination holds a percent escape or no text: a name stands in a path as it is";
    case DESTINATION_BAD_KEY:
        return "The key in Destination has no bytes or more than 1024, or its hash is not 16 hexadecimal digits";
    case DESTINATION_OK:
    case DESTINATION_NO_MEMORY:
        break;
    }
    return "Memory is out";
}

static enum destination_error error_of(enum address_fault fault)
{
    switch (fault) {
    case ADDRESS_BAD_STORE:
        return DESTINATION_BAD_STORE;
    case ADDRESS_BAD_ESCAPE:
        return DESTINATION_BAD_URI;
    case ADDRESS_BAD_KEY:
    case ADDRESS_BAD_HASH:
        return DESTINATION_BAD_KEY;
    case ADDRESS_BAD_UPLOAD: /* route_object() finds no path of one */
    case ADDRESS_OK:
        break;
    }
    return DESTINATION_OK;
}

enum destination_error destination_read(struct destination *destination, const char *value, const char *base_path)
{
    struct uri uri;
    struct captures captures;
    destination->text = strdup(value);
    if (!destination->text)
        return DESTINATION_NO_MEMORY;
    if (!uri_split(destination->text, strlen(destination->text), &uri) || uri.query.start)
        return DESTINATION_BAD_URI;
    if (!base_path_take(base_path, &uri.path) || !route_object(uri.path, &captures))
        return DESTINATION_ELSEWHERE;
    struct address address;
    enum address_fault fault = address_read(&address, destination->text, &captures);
    destination->store = address.store;
    destination->key = address.key;
    return error_of(fault);
}

void destination_free(struct destination *destination)
{
    free(destination->text);
    *destination = (struct destination){0};
}
