/* permit.c - shows the token or the link to the rules, and asks what the endpoint's line demands. See permit.h. */
#include "api/request/permit.h"

#include "api/request/core.h"
#include "api/request/reply.h"

#include <assert.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- the answers ----------------------------------------------------------------------------- */

static void refuse_unknown(struct request *request)
{
    reply_problem(request, PROBLEM_UNAUTHORIZED,
                  "This needs a token that is valid here: send Authorization: Bearer TOKEN, or the token as the "
                  "password of Basic.");
    reply_field(request, "WWW-Authenticate", "Bearer");
}

static void refuse_link(struct request *request)
{
    reply_problem(request, PROBLEM_UNAUTHORIZED,
                  "The link is not valid for this request, or has ended: ask for another one where it came from.");
    reply_field(request, "WWW-Authenticate", "Bearer");
}

static void refuse_known(struct request *request, unsigned lacking, bool any, const char *store, size_t entry)
{
    char rights[RIGHTS_TEXT_SIZE];
    const char *name = visitor_name(&request->visitor);
    rights_write(rights, lacking, any ? " or " : " and ");
    reply_entry_problem(request, PROBLEM_FORBIDDEN, entry, "The token \"%s\" lacks the right %s %s%s.", name, rights,
                        store ? "here, in the store " : "on every store", store ? store : "");
}

static void refuse(struct request *request, unsigned lacking, bool any, const char *store, size_t entry)
{
    if (visitor_name(&request->visitor))
        refuse_known(request, lacking, any, store, entry);
    else
        refuse_unknown(request);
}

void permit_refuse(struct request *request, unsigned lacking, const char *store, size_t entry)
{
    refuse(request, lacking, false, store, entry);
}

/* ---- the head -------------------------------------------------------------------------------- */

static bool show_token(struct request *request)
{
    const char *authorization = request_field(request, FIELD_AUTHORIZATION);
    return !authorization || visitor_show(&request->visitor, authorization, time(NULL));
}

/* How a link calls the method; NULL where none is for it. */
static const char *link_method(enum method method)
{
    if (method == METHOD_GET || method == METHOD_HEAD)
        return "GET";
    return method == METHOD_PUT ? "PUT" : NULL;
}

/* A link is for one object, which it names by its key. Where the path names none its parameters are like any others. */
static bool show_link(struct request *request)
{
    struct link link;
    if (!request->has_key || !link_in_query(request->query))
        return true;
    struct link_target target = {.method = link_method(request->method),
                                 .store = request->store_name,
                                 .object = request->key.bytes,
                                 .object_length = request->key.length};
    return target.method && target.object && link_read(&link, request->query) &&
           visitor_show_link(&request->visitor, &link, &target, time(NULL));
}

/* Whether an upload is what the link is for. How long it may be is for the endpoint to say, which counts. */
static bool fits_link(struct request *request)
{
    struct link link;
    if (request->method != METHOD_PUT || !visitor_link_name(&request->visitor) || !link_read(&link, request->query) ||
        *link.type == '\0')
        return true;
    const char *type = request_field(request, FIELD_CONTENT_TYPE);
    if (type && strcasecmp(type, link.type) == 0)
        return true;
    reply_problem(request, PROBLEM_FORBIDDEN, "The link is for an upload with Content-Type: %s; this one has %s.",
                  link.type, type ? type : "none");
    return false;
}

/* What the visitor may do in the place that the demand is about. */
static unsigned rights_given(const struct request *request)
{
    const struct visitor *visitor = &request->visitor;
    switch (request->demand->scope) {
    case SCOPE_METRICS:
        return visitor_rights_everywhere(visitor);
    case SCOPE_STORE:
        return visitor_rights(visitor, request->store_name, NULL);
    case SCOPE_WITHIN:
        return visitor_rights_within(visitor, request->store_name);
    case SCOPE_OBJECT:
        return visitor_rights(visitor, request->store_name, &request->key);
    case SCOPE_NONE:
    case SCOPE_PUBLIC:
    case SCOPE_KNOWN:
        break;
    }
    return 0;
}

/* Whether an object may be had, or put, without a token. */
static bool anybody_may(const struct request *request)
{
    const struct visitor anybody = {.rules = request->visitor.rules};
    return request->demand->scope == SCOPE_OBJECT &&
           demand_lacks(request->demand, visitor_rights(&anybody, request->store_name, &request->key)) == 0;
}

/* A browser that was told a password once shows it by itself, with all that is asked of that server. */
static bool is_by_password(const struct request *request)
{
    const struct visitor *visitor = &request->visitor;
    return visitor_name(visitor) && !visitor->bearer && !visitor_link_name(visitor) && !anybody_may(request);
}

static bool is_public(const struct request *request)
{
    enum scope scope = request->demand->scope;
    return scope == SCOPE_PUBLIC || (scope == SCOPE_METRICS && request->api->options.metrics_open);
}

bool permit_arrival(struct request *request)
{
    const struct demand *demand = request->demand;
    assert(demand->scope != SCOPE_NONE);
    const char *authorization = request_field(request, FIELD_AUTHORIZATION);
    request->visitor.bearer = authorization && token_is_bearer(authorization);
    request->visitor.rules = api_rules(request->api);
    if (!request->visitor.rules)
        return true;
    bool shown = show_token(request), valid = shown && show_link(request);
    if (is_public(request))
        return true;
    request->visitor.by_password = is_by_password(request);
    unsigned lacking = visitor_link_name(&request->visitor) ? 0 : demand_lacks(demand, rights_given(request));
    bool known = valid && visitor_is_known(&request->visitor);
    if (shown && !valid)
        refuse_link(request);
    else if (!known)
        refuse_unknown(request);
    else if (lacking != 0)
        refuse(request, lacking, demand->any, request->store_name, SIZE_MAX);
    return known && lacking == 0 && fits_link(request);
}

/* ---- later ----------------------------------------------------------------------------------- */

unsigned permit_lacks(const struct request *request, unsigned rights, const char *store, const struct store_key *key)
{
    return rights & ~visitor_rights(&request->visitor, store, key);
}

bool permit_may(struct request *request, unsigned rights, const char *store, const struct store_key *key)
{
    unsigned lacking = permit_lacks(request, rights, store, key);
    if (lacking != 0)
        permit_refuse(request, lacking, store, SIZE_MAX);
    return lacking == 0;
}

bool permit_holds(const struct request *request)
{
    const struct visitor *visitor = &request->visitor;
    return atomic_load(&request->api->rules) == visitor->rules && !visitor_has_expired(visitor, time(NULL));
}
