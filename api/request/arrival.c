/* arrival.c - fields, framing, route and names, one after the other; the first fault answers. See arrival.h. */
#include "api/request/arrival.h"

#include "api/http/base_path.h"
#include "api/http/octet.h"
#include "api/request/address.h"
#include "api/request/core.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/request/site.h"
#include "api/request/sums.h"
#include "api/text/decimal.h"
#include "api/text/utf8.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- the fields ------------------------------------------------------------------------------ */

enum { NAME_SHOWN = 80 /* bytes of a parameter's name that a refusal quotes */ };

struct walk {
    struct request *request;
    enum fields_error error;
    enum field twice;
};

static enum MHD_Result add_field(void *closure, enum MHD_ValueKind kind, const char *name, size_t name_length,
                                 const char *value, size_t value_length)
{
    struct walk *walk = closure;
    (void)kind;
    enum field twice;
    enum fields_error error = fields_add(&walk->request->fields, name, name_length, (char *)(uintptr_t)value,
                                         value_length, &twice);
    if (walk->error == FIELDS_OK && error != FIELDS_OK) { /* the first is told */
        walk->error = error;
        walk->twice = twice;
    }
    return MHD_YES;
}

/* A message that two readers may take for two different ones: 400, and the connection closes. */
static bool reject_twice(struct request *request, enum field field)
{
    request->reject = true;
    reply_problem(request, PROBLEM_BAD_REQUEST, "The header field %s may come only once.", field_name(field));
    return false;
}

static bool read_fields(struct request *request)
{
    struct walk walk = {.request = request};
    MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, add_field, &walk);
    if (walk.error == FIELDS_TWICE)
        return reject_twice(request, walk.twice);
    if (walk.error == FIELDS_NO_MEMORY)
        reply_error(request, STORE_NO_MEMORY);
    return walk.error == FIELDS_OK;
}

/* That Content-Length is a number that fits was seen before (hygiene.h). */
static uint64_t announced_length(const struct fields *fields)
{
    if (fields->values[FIELD_TRANSFER_ENCODING])
        return STORE_SIZE_UNKNOWN;
    const char *length = fields->values[FIELD_CONTENT_LENGTH];
    return !length ? 0 : decimal_read(length, strlen(length)).number;
}

/* ---- the names in the path ------------------------------------------------------------------- */

static bool refuse_name(struct request *request, const struct captures *captures, enum address_fault fault,
                        size_t key_length)
{
    switch (fault) {
    case ADDRESS_BAD_STORE:
        reply_problem(request, PROBLEM_BAD_STORE_NAME,
                      "The store name \"%.*s\" holds a percent escape or no text: a name stands in a path as it is.",
                      (int)captures->store.length, captures->store.start);
        break;
    case ADDRESS_BAD_ESCAPE:
        reply_problem(request, PROBLEM_BAD_KEY, "The key holds a malformed percent escape; write %% as %%25.");
        break;
    case ADDRESS_BAD_KEY:
        reply_problem(request, PROBLEM_BAD_KEY, "The key has %zu bytes; 1 to %d are allowed.", key_length,
                      STORE_KEY_MAX);
        break;
    case ADDRESS_BAD_HASH:
        reply_problem(request, PROBLEM_BAD_KEY, "A key hash is 16 hexadecimal digits; \"%.*s\" is not.",
                      (int)captures->hash.length, captures->hash.start);
        break;
    case ADDRESS_BAD_UPLOAD:
        reply_problem(request, PROBLEM_NO_UPLOAD,
                      "An upload has an id of 16 hexadecimal digits in lower case; \"%.*s\" is not one.",
                      (int)captures->upload.length, captures->upload.start);
        break;
    case ADDRESS_OK:
        break;
    }
    return false;
}

/* The request has a copy of its target. A key that was read is told also where the store's name is at fault. */
static bool take_names(struct request *request, const struct captures *captures)
{
    struct address address;
    enum address_fault fault = address_read(&address, request->target, captures);
    request->key = address.key;
    request->has_key = address.has_key;
    request->store_name = address.store;
    request->upload = address.upload;
    return fault == ADDRESS_OK || refuse_name(request, captures, fault, address.key_length);
}

/* ---- the route ------------------------------------------------------------------------------- */

static bool reject_target(struct request *request)
{
    request->reject = true;
    reply_problem(request, PROBLEM_BAD_URI,
                  "The target is not a path or an http URI, or holds a user, a blank, a control character or a "
                  "fragment.");
    return false;
}

static bool refuse_route(struct request *request)
{
    char allow[ROUTE_ALLOW_SIZE];
    if (request->method == METHODS) {
        reply_problem(
            request, PROBLEM_NOT_IMPLEMENTED,
            "The methods known here are GET, HEAD, PUT, PATCH, POST, DELETE, MOVE, COPY and OPTIONS, in capitals.");
    } else if (uri_has_dot_segment(request->resource)) {
        reply_problem(request, PROBLEM_BAD_URI,
                      "The path holds a dot segment outside of a key, which others may resolve on the way.");
    } else if (!route_allow(request->api->routes, request->resource, allow)) {
        reply_problem(request, PROBLEM_NO_RESOURCE, "There is nothing at %.*s.", (int)request->path.length,
                      request->path.start);
    } else {
        reply_problem(request, PROBLEM_METHOD_NOT_ALLOWED, "%s does not fit here; %s would.",
                      method_name(request->method), allow);
        reply_field(request, "Allow", allow);
    }
    return false;
}

/* Only OPTIONS may be about the server as a whole: `*` (RFC 9112, section 3.2.4). */
static bool read_target(struct request *request)
{
    struct uri uri;
    const char *host = request_field(request, FIELD_HOST);
    request->authority = !host ? (struct slice){"", 0} : (struct slice){host, strlen(host)};
    if (request->method == METHOD_OPTIONS && strcmp(request->target, "*") == 0) {
        request->path = (struct slice){request->target, request->target_length};
        request->resource = request->path;
        return true;
    }
    if (!uri_split(request->target, request->target_length, &uri))
        return reject_target(request);
    if (uri.authority.start)
        request->authority = uri.authority; /* goes before Host: RFC 9112, section 3.2.2 */
    request->path = uri.path;
    request->query = uri.query;
    request->resource = uri.path;
    request->outside = !base_path_take(request_base_path(request), &request->resource);
    return true;
}

/* Outside of the base path others answer, but for those who ask past the proxy how the server is. */
static bool lies_here(struct request *request)
{
    struct captures captures;
    if (!request->outside)
        return true;
    const struct route *route = route_find(request->api->routes, METHOD_GET, request->resource, &captures);
    if (route && route->endpoint->guests)
        return true;
    reply_problem(request, PROBLEM_NO_RESOURCE, "There is nothing at %.*s: paths begin with %s/ here.",
                  (int)request->path.length, request->path.start, request_base_path(request));
    return false;
}

/* Whether uploads are made there, or it is one. */
static bool is_about_uploads(const struct request *request)
{
    struct captures captures;
    const struct route *routes = request->api->routes;
    const struct route *one = route_find(routes, METHOD_PATCH, request->resource, &captures);
    const struct route *all = route_find(routes, METHOD_POST, request->resource, &captures);
    return (one && one->endpoint->tus) || (all && all->endpoint->tus);
}

/* A POST may stand for any method where uploads are, for clients on whose way no other gets through: a field names
 * which one is meant (tus 1.0.0). Elsewhere it means nothing: who lets POST through to an object need not mean DELETE.
 */
static enum method method_meant(const struct request *request)
{
    const char *name = request_field(request, FIELD_X_HTTP_METHOD_OVERRIDE);
    bool other = name && request->method == METHOD_POST && is_about_uploads(request);
    return other ? method_of(name) : request->method;
}

static bool find_endpoint(struct request *request)
{
    struct captures captures;
    if (!lies_here(request))
        return false;
    request->method = method_meant(request);
    request->route = route_find(request->api->routes, request->method, request->resource, &captures);
    if (!request->route)
        return refuse_route(request);
    request->endpoint = request->route->endpoint;
    request->demand = &request->route->demand;
    if (!request->endpoint->receive && request->body_length != STORE_SIZE_UNKNOWN &&
        request->body_length > REQUEST_DRAIN_MAX) {
        reply_problem(request, PROBLEM_TOO_LARGE, "%s takes no body here.", method_name(request->method));
        return false;
    }
    return take_names(request, &captures);
}

static bool is_guest(const struct request *request)
{
    bool (*guest)(struct MHD_Connection * connection) = request->api->options.guest;
    return guest && guest(request->connection);
}

/* Those who found no place get no more than a word, and go: nobody waits for a body of theirs. */
static bool has_place(struct request *request)
{
    if (!request->guest || (request->endpoint->guests && request->body_length == 0))
        return true;
    request->reject = true;
    metrics_count_turned_away(&request->api->metrics);
    reply_problem(request, PROBLEM_BUSY,
                  "There are as many connections as allowed, in all or of your address; only health and metrics are "
                  "told now, to requests without a body: try again.");
    return false;
}

/* ---- what it asks for ------------------------------------------------------------------------ */

/* Who expects what is not known here would wait for it in vain, or take what was done for more than it is. */
static bool meets_expectation(struct request *request)
{
    const char *expect = request_field(request, FIELD_EXPECT);
    if (!expect || field_holds_only(expect, "100-continue"))
        return true;
    reply_problem(request, PROBLEM_EXPECTATION_FAILED, "The only expectation known here is 100-continue.");
    return false;
}

/* A precondition that is not looked at must not let a change happen (RFC 9110, section 13.1). */
static bool takes_preconditions(struct request *request)
{
    static const enum field fields[] = {FIELD_IF_MATCH, FIELD_IF_NONE_MATCH, FIELD_IF_UNMODIFIED_SINCE};
    for (size_t i = 0; request->endpoint->unconditional && i < sizeof fields / sizeof *fields; i++) {
        if (!request_field(request, fields[i]))
            continue;
        reply_problem(request, PROBLEM_BAD_HEADER,
                      "%s is not understood here: it is about one object, and in a batch each step has its own.",
                      field_name(fields[i]));
        return false;
    }
    return true;
}

/* Generic clients send none of these: who does so means them. */
static bool takes_fields(struct request *request)
{
    const char *name = request->fields.meta_count > 0 ? FIELD_META_PREFIX "*" : NULL;
    if (request_field(request, FIELD_CAIRN_EXPIRES))
        name = field_name(FIELD_CAIRN_EXPIRES);
    if (!request->endpoint->carries || !name)
        return true;
    reply_problem(request, PROBLEM_BAD_HEADER,
                  "%s is not understood here: what is copied or moved keeps the fields that it has, and in a batch or "
                  "an archive each object has its own.",
                  name);
    return false;
}

/* Where the bytes of a body are an object's, its coding is kept with them; every other body is read. */
static bool takes_coding(struct request *request)
{
    const char *coding = request_field(request, FIELD_CONTENT_ENCODING);
    const struct endpoint *endpoint = request->endpoint;
    if (!endpoint->receive || endpoint->keeps || !coding || field_holds_only(coding, "identity"))
        return true;
    reply_problem(request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                  "Content-Encoding %s is not understood here: send this body as it is.", coding);
    return false;
}

/* Of a body that is dropped nobody wants to know what it was. */
static bool takes_sums(struct request *request)
{
    return !request->endpoint->receive || sums_expect(request);
}

static unsigned parameter_of(const struct endpoint *endpoint, struct slice name)
{
    unsigned parameter = 0;
    while (endpoint->parameters[parameter] && !slice_is(name, endpoint->parameters[parameter]))
        parameter++;
    return parameter;
}

static bool refuse_parameter(struct request *request, struct slice name)
{
    char known[256] = "";
    size_t used = 0;
    const char *const *parameters = request->endpoint->parameters;
    for (size_t i = 0; parameters[i] && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "; it knows " : ", ",
                                 parameters[i]);
    reply_problem(request, PROBLEM_BAD_PARAMETER, "This request has no parameter \"%.*s\"%s%s.",
                  name.length < NAME_SHOWN ? (int)name.length : NAME_SHOWN, name.start, known,
                  request->has_key ? "; in a key a question mark is written %3F" : "");
    return false;
}

/* A parameter that is not known may be one that is, misspelt, or part of a key: what is done without it is not what was
 * asked for. One that is given twice has two meanings. */
static bool takes_query(struct request *request)
{
    const struct endpoint *endpoint = request->endpoint;
    struct slice rest = request->query, name, value;
    bool given[ENDPOINT_PARAMETERS_MAX] = {false};
    while (!endpoint->any_query && uri_next_parameter(&rest, &name, &value)) {
        unsigned parameter = parameter_of(endpoint, name);
        if (endpoint->links && link_parameter(name))
            continue;
        if (!endpoint->parameters[parameter])
            return refuse_parameter(request, name);
        if (given[parameter]) {
            reply_problem(request, PROBLEM_BAD_PARAMETER, "The parameter %s is given twice.",
                          endpoint->parameters[parameter]);
            return false;
        }
        given[parameter] = true;
    }
    return true;
}

/* Who speaks another version may mean something else by the same fields. */
static bool speaks_tus(struct request *request)
{
    const char *version = request_field(request, FIELD_TUS_RESUMABLE);
    if (!request->endpoint->tus || (version && strcmp(version, TUS_VERSION) == 0))
        return true;
    reply_problem(request, PROBLEM_TUS_VERSION, "Uploads are resumed by Tus-Resumable: %s; the request has %s%s.",
                  TUS_VERSION, version ? "" : "no such field", version ? version : "");
    reply_field(request, "Tus-Version", TUS_VERSION);
    return false;
}

static bool read_head(struct request *request, const char *method)
{
    if (!read_fields(request))
        return false;
    request->body_length = announced_length(&request->fields);
    request->method = method_of(method);
    return read_target(request) && site_is_ours(request) && find_endpoint(request) && has_place(request) &&
           permit_arrival(request) && site_may_change(request) && takes_query(request) && meets_expectation(request) &&
           speaks_tus(request) && takes_preconditions(request) && takes_fields(request) && takes_coding(request) &&
           takes_sums(request);
}

/* Whatever becomes of the request, nothing else of it needs the token. */
bool arrival_read(struct request *request, const char *method)
{
    request->guest = is_guest(request);
    bool arrived = read_head(request, method);
    fields_wipe_token(&request->fields);
    return arrived;
}
