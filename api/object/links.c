/* links.c - POST …/links: signs a link to one object, for backends that have a token and not the secret of a key.
 *
 *     {"method": "PUT", "key": "a.jpg", "expires_in": 600, "size": 1000000, "type": "image/jpeg"}
 *
 * Who asks needs the right that the link grants, and gives no more than that: a link does not outlive the token, and
 * who has none gives it for an hour at most. The store and the object need not be there.
 */
#include "api/access/link.h"
#include "api/access/rights.h"
#include "api/http/uri.h"
#include "api/request/body.h"
#include "api/request/permit.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/jsontext.h"
#include "api/text/naming.h"
#include "api/text/timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BODY_MAX = 8 << 10,
    SECONDS = 3600, /* that a link holds when nobody says how long, and at most when nobody has a token */
    DAYS_MAX = 3660 /* that a link holds: about ten years */
};

/* What the body asks for. */
struct order {
    struct body body;
    json_t *json; /* owned; what keys and names are borrowed from */
    const char *method;
    struct naming naming;
    struct store_key key;
    const char *key_name; /* of the link key; NULL: the first one */
    const char *type;
    int64_t expires, expires_in; /* seconds, since 1970 and from now on; 0: not said */
    int64_t size;                /* -1: not said */
};

/* ---- the head and the body ------------------------------------------------------------------- */

static void begin(struct request *request)
{
    struct order *order = calloc(1, sizeof *order);
    request->state = order;
    if (!order)
        reply_error(request, STORE_NO_MEMORY);
    else
        body_admit_json(request, &order->body, BODY_MAX);
}

static size_t receive(struct request *request, const char *bytes, size_t length)
{
    struct order *order = request->state;
    return body_receive(request, &order->body, bytes, length);
}

/* The functions below return NULL, or a sentence about what is wrong, without a full stop. */

static const char *read_method(const json_t *value, const char **ret_method)
{
    const char *text = json_string_value(value);
    if (!text || (strcmp(text, "GET") != 0 && strcmp(text, "PUT") != 0))
        return "method is \"GET\", which lets HEAD in too, or \"PUT\"";
    *ret_method = text;
    return NULL;
}

static const char *read_text(const json_t *value, const char **ret_text, const char *fault)
{
    *ret_text = json_string_value(value);
    return *ret_text && strlen(*ret_text) == json_string_length(value) ? NULL : fault;
}

static const char *read_type(const json_t *value, const char **ret_type)
{
    const char *fault = "type is a Content-Type of at most 255 printable characters, without blanks around it";
    if (read_text(value, ret_type, fault) || **ret_type == '\0' || !link_type_valid(*ret_type, strlen(*ret_type)))
        return fault;
    return NULL;
}

static const char *read_number(const json_t *value, int64_t least, int64_t *ret_number, const char *fault)
{
    *ret_number = json_integer_value(value);
    return json_is_integer(value) && *ret_number >= least ? NULL : fault;
}

static const char *read_name(struct order *order, const char *name, const json_t *value)
{
    enum naming_kind kind;
    if (!naming_kind_of(name, strlen(name), &kind) || kind == NAMING_HASH)
        return "the body has a method, a key or key_base64, expires_in or expires, size, type, link_key and nothing "
               "else";
    return naming_take(&order->naming, kind, value);
}

static const char *read_member(struct order *order, const char *name, const json_t *value)
{
    if (json_is_null(value))
        return NULL;
    if (strcmp(name, "method") == 0)
        return read_method(value, &order->method);
    if (strcmp(name, "expires_in") == 0)
        return read_number(value, 1, &order->expires_in, "expires_in is a number of seconds from 1 on");
    if (strcmp(name, "expires") == 0)
        return read_number(value, 1, &order->expires, "expires is a time in seconds since 1970");
    if (strcmp(name, "size") == 0)
        return read_number(value, 0, &order->size, "size is a number of bytes from 0 on");
    if (strcmp(name, "type") == 0)
        return read_type(value, &order->type);
    if (strcmp(name, "link_key") == 0)
        return read_text(value, &order->key_name, "link_key is the name of a link key");
    return read_name(order, name, value);
}

/* Sets when it ends, seconds since 1970. */
static const char *read_end(struct order *order)
{
    const int64_t now = time(NULL), longest = (int64_t)DAYS_MAX * 86400;
    if (order->expires != 0 && order->expires_in != 0)
        return "only one of expires and expires_in may be given";
    if (order->expires == 0 && order->expires_in <= longest)
        order->expires = now + (order->expires_in == 0 ? SECONDS : order->expires_in);
    if (order->expires_in > longest || order->expires > now + longest)
        return "a link holds for 316224000 seconds, which are 3660 days, at most";
    return order->expires > now ? NULL : "expires is in the past";
}

static const char *read_order(struct order *order)
{
    const char *name;
    json_t *value;
    order->size = -1;
    json_object_foreach (order->json, name, value) {
        const char *fault = read_member(order, name, value);
        if (fault)
            return fault;
    }
    if (!order->method)
        return "method is missing";
    if (strcmp(order->method, "GET") == 0 && (order->size >= 0 || order->type))
        return "size and type are for uploads, method \"PUT\"";
    const char *fault = naming_key(&order->naming, &order->key);
    return fault ? fault : read_end(order);
}

/* ---- the link -------------------------------------------------------------------------------- */

static const struct link_key *find_key(struct request *request, const struct order *order)
{
    const struct rules *rules = request->visitor.rules;
    if (!rules || rules->link_key_count == 0) {
        reply_problem(request, PROBLEM_NO_LINK_KEY,
                      "The access file has no link key: `cairnd link-key add NAME` makes one.");
        return NULL;
    }
    const struct link_key *key = &rules->link_keys[0];
    if (order->key_name)
        key = rules_link_key(rules, order->key_name, strlen(order->key_name));
    if (!key)
        reply_problem(request, PROBLEM_NO_LINK_KEY, "There is no link key \"%s\".", order->key_name);
    return key;
}

/* The token ends before a link can that read_end() lets pass, so its time is one that a clock shows. */
static void refuse_to_outlive(struct request *request, const struct token *token)
{
    char end[TIMESTAMP_SIZE];
    timestamp_write(end, token->expires * 1000000000);
    reply_problem(request, PROBLEM_FORBIDDEN, "The link would outlive the token \"%s\", which expires at %s.",
                  token->name, end);
}

static bool may_give(struct request *request, const struct order *order)
{
    const struct token *token = request->visitor.token;
    int64_t end = token ? token->expires : time(NULL) + SECONDS;
    bool reads = strcmp(order->method, "GET") == 0;
    if (!permit_may(request, reads ? RIGHT_READ : RIGHT_WRITE, request->store_name, &order->key))
        return false;
    if (order->expires <= end)
        return true;
    if (token)
        refuse_to_outlive(request, token);
    else
        reply_problem(request, PROBLEM_FORBIDDEN, "Without a token a link holds for %d seconds at most.", SECONDS);
    return false;
}

static void sign(struct link *link, const struct order *order, const struct link_key *key, const char *store)
{
    struct link_target target = {
        .method = order->method, .store = store, .object = order->key.bytes, .object_length = order->key.length};
    *link = (struct link){0};
    stpcpy(link->key, key->name);
    snprintf(link->expires, sizeof link->expires, "%" PRId64, order->expires);
    if (order->size >= 0)
        snprintf(link->size, sizeof link->size, "%" PRId64, order->size);
    if (order->type)
        stpcpy(link->type, order->type);
    link_sign(link, key, &target);
}

/* The target without scheme and host, which only the client knows for sure. */
static void write_target(struct jsontext *json, const struct request *request, const struct store_key *key,
                         const struct link *link)
{
    char encoded[3 * STORE_KEY_MAX], query[LINK_QUERY_SIZE], *target;
    size_t length = uri_encode(encoded, key->bytes, key->length);
    link_write(link, query);
    if (asprintf(&target, "%s/v1/stores/%s/objects/%.*s?%s", request_base_path(request), request->store_name,
                 (int)length, encoded, query) < 0) {
        json->failed = true;
        return;
    }
    jsontext_field(json, "target", target);
    free(target);
}

static void answer(struct request *request, const struct order *order, const struct link_key *key)
{
    struct link link;
    struct jsontext json = {0};
    sign(&link, order, key, request->store_name);
    jsontext_open(&json, '{');
    jsontext_field(&json, "method", order->method);
    write_target(&json, request, &order->key, &link);
    jsontext_figure(&json, "expires", (uint64_t)order->expires);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
    reply_field(request, "Cache-Control", "no-store"); /* it lets in whoever has it */
}

static void finish(struct request *request)
{
    struct order *order = request->state;
    order->json = body_json(request, &order->body);
    if (!order->json)
        return;
    const char *fault = read_order(order);
    if (fault) {
        reply_problem(request, PROBLEM_BAD_BODY, "The body does not fit: %s.", fault);
        return;
    }
    const struct link_key *key = may_give(request, order) ? find_key(request, order) : NULL;
    if (key)
        answer(request, order, key);
}

static void end(struct request *request)
{
    struct order *order = request->state;
    if (!order)
        return;
    json_decref(order->json);
    body_free(&order->body);
    free(order);
}

const struct endpoint endpoint_links = {
    .begin = begin, .receive = receive, .finish = finish, .end = end, .unconditional = true};
