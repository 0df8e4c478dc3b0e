/* fuzz_uri.c - request targets: the split, the escapes, the query's parameters, the routes and Destination. */
#include "api/access/link.h"
#include "api/http/uri.h"
#include "api/object/destination.h"
#include "api/routes.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static bool inside(struct slice part, struct slice whole)
{
    return part.start >= whole.start && part.length <= whole.length &&
           (size_t)(part.start - whole.start) <= whole.length - part.length;
}

/* What decodes must encode to something that decodes to the same bytes, in place as well as not. */
static void decode(struct slice text)
{
    size_t length, again_length;
    char *bytes = fuzz_allocate(text.length), *again = fuzz_copy(text.start, text.length);
    bool good = uri_decode(text, bytes, &length);
    fuzz_assert(uri_decode((struct slice){again, text.length}, again, &again_length) == good);
    if (good) {
        fuzz_assert(length <= text.length && again_length == length && memcmp(bytes, again, length) == 0);
        char *encoded = fuzz_allocate(3 * length);
        size_t encoded_length = uri_encode(encoded, bytes, length);
        fuzz_assert(encoded_length <= 3 * length);
        fuzz_assert(uri_is_dots(bytes, length) || !uri_has_dot_segment((struct slice){encoded, encoded_length}));
        fuzz_assert(uri_decode((struct slice){encoded, encoded_length}, encoded, &again_length));
        fuzz_assert(again_length == length && memcmp(encoded, bytes, length) == 0);
        free(encoded);
    }
    free(again);
    free(bytes);
}

static void look_for(struct slice query, const char *name, size_t size)
{
    char *value = fuzz_allocate(size);
    if (uri_parameter(query, name, value, size) == URI_PARAMETER_FOUND)
        fuzz_assert(strlen(value) < size);
    free(value);
}

/* What is read as a link is written as one that is read alike. */
static void read_link(struct slice query)
{
    struct link link, again;
    char text[LINK_QUERY_SIZE];
    if (!link_read(&link, query))
        return;
    fuzz_assert(link_in_query(query));
    link_write(&link, text);
    fuzz_assert(link_read(&again, (struct slice){text, strlen(text)}));
    fuzz_assert(strcmp(again.key, link.key) == 0 && strcmp(again.expires, link.expires) == 0 &&
                strcmp(again.size, link.size) == 0 && strcmp(again.type, link.type) == 0 &&
                strcmp(again.signature, link.signature) == 0);
}

/* Names and values lie one behind the other in the query, and what is looked for is what is there. */
static void read_query(struct slice query)
{
    struct slice rest = query, name, value;
    while (uri_next_parameter(&rest, &name, &value)) {
        fuzz_assert(inside(name, query) && inside(value, query) && name.start + name.length <= value.start);
        fuzz_assert(!memchr(name.start, '&', name.length) && !memchr(name.start, '=', name.length));
        fuzz_assert(!memchr(value.start, '&', value.length) && inside(rest, query));
    }
    read_link(query);
    look_for(query, "prefix", 1025);
    look_for(query, "limit", 8);
    look_for(query, "force", 1);
}

static void route(struct slice path)
{
    struct captures captures;
    char allow[ROUTE_ALLOW_SIZE];
    bool served = false;
    for (int method = 0; method < METHODS; method++) {
        if (method == METHOD_OPTIONS || !route_find(routes, (enum method)method, path, &captures))
            continue;
        served = true;
        fuzz_assert(!captures.store.start || inside(captures.store, path));
        fuzz_assert(!captures.key.start || inside(captures.key, path));
        fuzz_assert(!captures.hash.start || inside(captures.hash, path));
    }
    fuzz_assert(route_allow(routes, path, allow) == served);
    fuzz_assert(!served || strlen(allow) > strlen("OPTIONS"));
}

static void split(const char *target, size_t length)
{
    struct uri uri;
    if (!uri_split(target, length, &uri))
        return;
    struct slice whole = {target, length};
    fuzz_assert(uri.path.length > 0 && *uri.path.start == '/' && inside(uri.path, whole));
    fuzz_assert(!uri.query.start || inside(uri.query, whole));
    decode(uri.path);
    route(uri.path);
    uri_has_dot_segment(uri.path);
    read_query(uri.query);
}

static void read_destination(const char *value)
{
    struct destination destination = {0};
    enum destination_error error = destination_read(&destination, value, "");
    if (error == DESTINATION_OK) {
        const struct store_key *key = &destination.key;
        fuzz_assert(key->length <= STORE_KEY_MAX && (key->bytes || key->length == 0));
        fuzz_assert(!key->bytes || key->length > 0);
        fuzz_assert(!key->bytes || store_key_of(key->bytes, key->length).hash == key->hash);
        fuzz_assert(strlen(destination.store) <= strlen(value));
    }
    fuzz_assert(destination_error_text(error));
    destination_free(&destination);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *target = fuzz_copy(data, size), *text = fuzz_text(data, size);
    split(target, size);
    decode((struct slice){target, size});
    look_for((struct slice){target, size}, "cursor", 64);
    read_destination(text);
    free(text);
    free(target);
    return 0;
}
