/* site.c - compares Host, Origin and Sec-Fetch-Site with what this server is called. See site.h. */
#include "api/request/site.h"

#include "api/http/authority.h"
#include "api/http/octet.h"
#include "api/http/origin.h"
#include "api/request/core.h"
#include "api/request/reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- names of this server -------------------------------------------------------------------- */

/* Those who look after servers call them by their addresses, or not at all, and there is nothing to be had. */
static bool is_for_anybody(const struct request *request)
{
    return slice_is(request->resource, "/healthz") || slice_is(request->resource, "/readyz");
}

static bool is_named(const struct api_options *options, struct slice name)
{
    for (size_t i = 0; i < options->host_name_count; i++)
        if (strlen(options->host_names[i]) == name.length &&
            strncasecmp(options->host_names[i], name.start, name.length) == 0)
            return true;
    return false;
}

/* A page of a name that was pointed to this machine could do here whatever its visitor can. No page reaches a unix
 * socket; what asks there is a proxy, which has names of its own. */
static bool is_trustworthy(const struct request *request, struct slice name)
{
    return authority_is_fixed(name) || request_peer(request->connection).unix_socket;
}

static bool refuse_name(struct request *request, struct slice name, const char *why)
{
    reply_problem(request, PROBLEM_MISDIRECTED, "\"%.*s\" %s.", (int)name.length, name.start, why);
    return false;
}

bool site_is_ours(struct request *request)
{
    const struct api_options *options = &request->api->options;
    struct slice name = authority_name(request->authority);
    if (options->host_name_count > 0)
        return is_named(options, name) || is_for_anybody(request) ||
               refuse_name(request, name, "is no name of this server; --host-names has those it answers to");
    return !api_is_private(request->api) || is_trustworthy(request, name) || is_for_anybody(request) ||
           refuse_name(request, name,
                       "may be a name that somebody else has given this machine, and everything is open here: "
                       "--host-names with this name lets it in, --open lets in any");
}

/* ---- origins ---------------------------------------------------------------------------------- */

static bool any_origin(const struct api_options *options)
{
    for (size_t i = 0; i < options->cors_origin_count; i++)
        if (strcmp(options->cors_origins[i], "*") == 0)
            return true;
    return false;
}

/* Whether the page is of an origin that is allowed. Browsers write an origin in one way only. */
static bool is_allowed(const struct request *request)
{
    const struct api_options *options = &request->api->options;
    const char *origin = request_field(request, FIELD_ORIGIN);
    for (size_t i = 0; origin && i < options->cors_origin_count; i++)
        if (strcasecmp(options->cors_origins[i], origin) == 0)
            return true;
    return origin && any_origin(options);
}

/* ---- changes ---------------------------------------------------------------------------------- */

static bool changes_nothing(const struct request *request)
{
    return request->method == METHOD_GET || request->method == METHOD_HEAD || request->method == METHOD_OPTIONS;
}

/* Whether a page of this server, or no page at all, made the request. Sec-Fetch-Site knows it best, since a proxy may
 * have changed Host; but browsers send it only where the connection is safe, to servers of this machine included.
 * Another port is the same site for it, and may well be somebody else: that is not `same-origin`. */
static bool is_at_home(const struct request *request)
{
    const char *site = request_field(request, FIELD_SEC_FETCH_SITE), *origin = request_field(request, FIELD_ORIGIN);
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return !origin || origin_is_of(origin, request->authority);
}

/* Basic proves nothing: a browser that was told a password once sends it with all that is asked of that server. */
static bool is_proven(const struct request *request)
{
    return request->visitor.bearer || visitor_link_name(&request->visitor);
}

static bool refuse_page(struct request *request)
{
    const char *origin = request_field(request, FIELD_ORIGIN);
    const char *page = origin ? origin : "one that its browser does not name";
    if (request->visitor.by_password)
        reply_problem(request, PROBLEM_CROSS_SITE,
                      "A page of another site (%s) may not change anything here for a password, which its browser may "
                      "have sent by itself: let it show the token as Authorization: Bearer, or a signed link.",
                      page);
    else
        reply_problem(request, PROBLEM_CROSS_SITE,
                      "A page of another site (%s) may not change anything here, unless --cors-origins allows it, or "
                      "the request carries a token as Authorization: Bearer, or a signed link.",
                      page);
    return false;
}

bool site_may_change(struct request *request)
{
    return changes_nothing(request) || is_at_home(request) || is_proven(request) ||
           (is_allowed(request) && !request->visitor.by_password) || refuse_page(request);
}

/* ---- CORS ------------------------------------------------------------------------------------- */

#define EXPOSED                                                                                                        \
    "Accept-Ranges, Allow, Content-Disposition, Content-Encoding, Content-MD5, Content-Range, ETag, Location, "        \
    "Repr-Digest, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, "      \
    "Upload-Concat, Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset, "              \
    "WWW-Authenticate, X-Request-Id"

static const char own_prefix[] = "Cairn-";

enum { LIST_SIZE = 768 /* bytes of the list of what may be seen: see hygiene.c */ };

struct list {
    char text[LIST_SIZE];
    size_t length;
};

static void list_add(struct list *list, const char *name, size_t length)
{
    if (list->length + length + 3 > sizeof list->text)
        return;
    list->length += (size_t)snprintf(list->text + list->length, sizeof list->text - list->length, "%s%.*s",
                                     list->length == 0 ? "" : ", ", (int)length, name);
}

/* By name, since the star for all of them is not known to every browser; it stands for those that have no room. */
static void expose(struct request *request)
{
    struct list list = {0};
    struct slice name, value;
    size_t position = 0;
    list_add(&list, EXPOSED ", *", sizeof EXPOSED ", *" - 1);
    while (field_lines_next(&request->lines, &position, &name, &value))
        if (name.length >= sizeof own_prefix - 1 && strncasecmp(name.start, own_prefix, sizeof own_prefix - 1) == 0)
            list_add(&list, name.start, name.length);
    reply_field(request, "Access-Control-Expose-Headers", list.text);
}

/* What is not for everybody is not for pages of other sites either, which may embed it without asking: as a script,
 * whose variables they then see, or as an image. */
static bool is_private(const struct request *request)
{
    return request->visitor.by_password || api_is_private(request->api);
}

static void sharing_fields(struct request *request, bool any)
{
    const char *origin = request_field(request, FIELD_ORIGIN);
    bool allowed = any || is_allowed(request);
    if (!allowed && changes_nothing(request) && is_private(request))
        reply_field(request, "Cross-Origin-Resource-Policy", "same-site");
    if (request->api->options.cors_origin_count == 0)
        return;
    if (!any)
        reply_field(request, "Vary", "Origin"); /* also the answers to those who are told nothing */
    if (!allowed)
        return;
    reply_field(request, "Access-Control-Allow-Origin", any ? "*" : origin);
    expose(request);
}

void site_fields(struct request *request)
{
    if (request->response)
        sharing_fields(request, any_origin(&request->api->options));
}

/* Those of the names in a list that begin so. */
static void list_add_own(struct list *list, const char *names)
{
    while (*names != '\0') {
        names += strspn(names, ", \t");
        size_t length = strcspn(names, ", \t");
        if (strncasecmp(names, own_prefix, sizeof own_prefix - 1) == 0 && octet_all(names, length, OCTET_TOKEN))
            list_add(list, names, length);
        names += length;
    }
}

void site_preflight_fields(struct request *request)
{
    static const char headers[] =
        "Accept, Authorization, Cache-Control, Content-Digest, Content-Disposition, Content-Encoding, "
        "Content-Language, Content-MD5, Content-Type, Destination, Expires, If-Match, If-Modified-Since, "
        "If-None-Match, If-Range, If-Unmodified-Since, Last-Event-ID, Overwrite, Range, Repr-Digest, Tus-Resumable, "
        "Upload-Checksum, Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, "
        "Want-Repr-Digest, X-HTTP-Method-Override, X-Request-Id";
    const char *asked = request_field(request, FIELD_ACCESS_CONTROL_REQUEST_HEADERS);
    struct list list = {0};
    if (!request_field(request, FIELD_ACCESS_CONTROL_REQUEST_METHOD) || !is_allowed(request))
        return;
    list_add(&list, headers, sizeof headers - 1);
    list_add_own(&list, !asked ? "" : asked);
    reply_field(request, "Access-Control-Allow-Methods", "GET, HEAD, PUT, PATCH, POST, DELETE, MOVE, COPY, OPTIONS");
    reply_field(request, "Access-Control-Allow-Headers", list.text);
    reply_field(request, "Access-Control-Max-Age", "7200");
}
