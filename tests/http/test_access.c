/* Who may do what: every operation with no token, a wrong, an expired, a narrow and the right one; prefixes, hashes,
 * batches; and that a refusal tells nobody anything.
 */
#include "tests/http/access.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define JSON "Content-Type: application/json"
#define NAME "X-Request-Id: test" /* so that equal answers are equal to the letter */

static struct answer *ask(const char *token, const char *method, const char *target, const char *body,
                          const char *header)
{
    const char *bearer = token ? access_bearer(token) : header;
    return client_send(site.client, method, target, body, body ? strlen(body) : 0, NAME, bearer, token ? header : NULL,
                       NULL);
}

static struct answer *get(const char *token, const char *target)
{
    return ask(token, "GET", target, NULL, NULL);
}

static struct answer *put(const char *token, const char *target)
{
    return ask(token, "PUT", target, "text", NULL);
}

static struct answer *post(const char *token, const char *target, const char *json)
{
    return ask(token, "POST", target, json, JSON);
}

static const char *hash_of(const char *key)
{
    return client_text(site.client, "%016llx", (unsigned long long)XXH3_64bits(key, strlen(key)));
}

/* ---- every operation ------------------------------------------------------------------------- */

/* An operation on a store, whose name stands for each @ in what it sends; it needs all of the rights. */
struct operation {
    const char *method, *target, *body, *header;
    const char *rights;
    int status;
};

static const struct operation operations[] = {
    {"GET", "/v1/stores/@/objects/k", NULL, NULL, "read", 200},
    {"HEAD", "/v1/stores/@/objects/k", NULL, NULL, "read", 200},
    {"PUT", "/v1/stores/@/objects/new", "x", NULL, "write", 201},
    {"DELETE", "/v1/stores/@/objects/d1", NULL, NULL, "delete", 200},
    {"MOVE", "/v1/stores/@/objects/m1", NULL, "Destination: /v1/stores/@/objects/m2", "read delete write", 201},
    {"COPY", "/v1/stores/@/objects/k", NULL, "Destination: /v1/stores/@/objects/k2", "read write", 201},
    {"GET", "/v1/stores/@/objects", NULL, NULL, "list", 200},
    {"HEAD", "/v1/stores/@/objects?prefix=k", NULL, NULL, "list", 200},
    {"GET", "/v1/stores/@/hashes/#", NULL, NULL, "read", 200},
    {"HEAD", "/v1/stores/@/hashes/#", NULL, NULL, "read", 200},
    {"PUT", "/v1/stores/@/hashes/0123456789abcdef", "x", NULL, "write", 201},
    {"DELETE", "/v1/stores/@/hashes/0123456789abcdef", NULL, NULL, "delete", 200},
    {"POST", "/v1/stores/@/batch", "{\"operations\":[{\"op\":\"put\",\"key\":\"b1\",\"data\":\"eA==\"}]}", JSON,
     "write", 200},
    {"POST", "/v1/stores/@/batch", "{\"operations\":[{\"op\":\"delete\",\"key\":\"b1\"}]}", JSON, "delete", 200},
    {"POST", "/v1/stores/@/batch", "{\"operations\":[{\"op\":\"rename\",\"key\":\"m2\",\"to\":\"m3\"}]}", JSON,
     "read delete write", 200},
    {"POST", "/v1/stores/@/batch", "{\"operations\":[{\"op\":\"copy\",\"key\":\"k\",\"to\":\"k3\"}]}", JSON,
     "read write", 200},
    {"POST", "/v1/stores/@/batch-get", "{\"keys\":[\"k\",\"none\"]}", JSON, "read", 200},
    {"POST", "/v1/stores/@/batch-get", "{\"objects\":[{\"key_hash\":\"#\"}]}", JSON, "read", 200},
    {"POST", "/v1/stores/@/move", "{\"key\":\"m3\",\"destination\":{\"key\":\"m4\"}}", JSON, "read delete write", 201},
    {"POST", "/v1/stores/@/copy", "{\"key\":\"k\",\"destination\":{\"key\":\"k4\"}}", JSON, "read write", 201},
    {"POST", "/v1/stores/@/verify", NULL, NULL, "admin", 202},
    {"PUT", "/v1/stores/@-2", NULL, NULL, "admin", 201},
    {"PATCH", "/v1/stores/@-2", "{\"limits\":{\"bytes\":1}}", JSON, "admin", 200},
    {"DELETE", "/v1/stores/@-2", NULL, NULL, "admin", 204},
    {"GET", "/metrics", NULL, NULL, "admin", 200},
    {"GET", "/v1/live", NULL, NULL, "admin", 200},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static const char *const rights[] = {"read", "list", "write", "delete", "admin"};

/* A text with the store for each @, and the hash of `k` for each #. */
static const char *fill(const char *text, const char *store)
{
    if (!text)
        return NULL;
    char *filled = client_text(site.client, "%s", "");
    for (; *text; text++)
        filled = *text == '@'   ? client_text(site.client, "%s%s", filled, store)
                 : *text == '#' ? client_text(site.client, "%s%s", filled, hash_of("k"))
                                : client_text(site.client, "%s%c", filled, *text);
    return filled;
}

static struct answer *attempt(const struct operation *operation, const char *token, const char *store)
{
    return ask(token, operation->method, fill(operation->target, store), fill(operation->body, store),
               fill(operation->header, store));
}

/* `no-read` may do all but read, and so on. */
static const char *all_but(const char *right)
{
    const char *left = NULL;
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(rights[i], right) == 0)
            continue;
        const char *quoted = client_text(site.client, "\"%s\"", rights[i]);
        left = left ? access_join(left, quoted, NULL) : quoted;
    }
    return left;
}

static void start_with_every_token(void)
{
    site.client = client_new("http://127.0.0.1");
    const char *tokens = access_join(
        access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
        access_token("expired", access_grant("\"*\"", "", ACCESS_ALL), "2020-01-01T00:00:00Z"),
        access_token("elsewhere", access_grant("\"elsewhere\"", "", ACCESS_ALL), NULL),
        access_token("below", access_grant("\"*\"", "below/", ACCESS_ALL), NULL), NULL);
    for (size_t i = 0; i < 5; i++)
        tokens = access_join(tokens,
                             access_token(client_text(site.client, "no-%s", rights[i]),
                                          access_grant("\"*\"", "", all_but(rights[i])), NULL),
                             NULL);
    access_start(tokens, "");
    site_expect(ask("right", "PUT", "/v1/stores/theirs", NULL, NULL), 201);
    site_expect(put("right", "/v1/stores/theirs/objects/k"), 201);
    site_expect(put("right", "/v1/stores/theirs/objects/d1"), 201);
    site_expect(put("right", "/v1/stores/theirs/objects/m1"), 201);
}

/* What refused requests must not change. */
static const char *state(void)
{
    struct answer *figures = get("right", "/v1/stores/theirs"), *stores = get("right", "/v1/stores");
    site_expect(figures, 200);
    return client_text(site.client, "%lld %lld %s", (long long)answer_integer(figures, "end_offset"),
                       (long long)answer_integer(figures, "objects"), (const char *)stores->body);
}

static void expect_unauthorized(const struct operation *operation, const char *token)
{
    struct answer *answer = attempt(operation, token, "theirs");
    bool head = strcmp(operation->method, "HEAD") == 0;
    ck_assert_msg(answer->status == 401, "%s %s: %d", operation->method, operation->target, answer->status);
    ck_assert_str_eq(answer_header(answer, "WWW-Authenticate"), "Bearer");
    if (!head)
        site_expect_kind(answer, 401, "unauthorized");
    struct answer *none = attempt(operation, NULL, "theirs");
    ck_assert_msg(answer_is(none, answer->body, answer->size), "%s and %s", none->body, answer->body);
}

static void expect_forbidden(const struct operation *operation, const char *token, const char *right)
{
    struct answer *answer = attempt(operation, token, "theirs");
    ck_assert_msg(answer->status == 403, "%s %s with %s: %d", operation->method, operation->target, token,
                  answer->status);
    if (strcmp(operation->method, "HEAD") == 0)
        return;
    site_expect_kind(answer, 403, "forbidden");
    ck_assert_msg(strstr(answer_string(answer, "detail"), right), "%s: %s", right, answer->body);
}

/* Who has no right on a store is told the same whether it is there or not, but for its name. */
static void expect_nothing_told(const struct operation *operation, const char *token)
{
    struct answer *theirs = attempt(operation, token, "theirs"), *absent = attempt(operation, token, "absent");
    ck_assert_int_eq(theirs->status, absent->status);
    for (char *name; (name = strstr((char *)absent->body, "absent"));)
        memcpy(name, "theirs", strlen("theirs"));
    ck_assert_msg(answer_is(theirs, absent->body, absent->size), "%s and %s", theirs->body, absent->body);
}

static void expect_each_refusal(const struct operation *operation)
{
    const char *before = state();
    expect_unauthorized(operation, "wrong");
    expect_unauthorized(operation, "expired");
    expect_forbidden(operation, "elsewhere", "");
    expect_nothing_told(operation, "elsewhere");
    expect_nothing_told(operation, "wrong");
    expect_forbidden(operation, "below", "");
    for (size_t i = 0; i < 5; i++)
        if (strstr(operation->rights, rights[i]))
            expect_forbidden(operation, client_text(site.client, "no-%s", rights[i]), rights[i]);
    ck_assert_str_eq(state(), before);
}

START_TEST(every_operation_with_every_kind_of_token)
{
    start_with_every_token();
    for (size_t i = 0; i < OPERATIONS; i++) {
        expect_each_refusal(&operations[i]);
        struct answer *answer = attempt(&operations[i], "right", "theirs");
        ck_assert_msg(answer->status == operations[i].status, "%s %s: %d %s", operations[i].method,
                      operations[i].target, answer->status, answer->body);
    }
}
END_TEST

/* A right that an operation does not need is not asked for. */
START_TEST(other_rights_are_not_needed)
{
    start_with_every_token();
    for (size_t i = 0; i < 5; i++) {
        const char *token = client_text(site.client, "no-%s", rights[i]);
        bool admin = strcmp(rights[i], "admin") == 0, list = strcmp(rights[i], "list") == 0;
        site_expect(get(token, "/v1/stores/theirs/objects/k"), strcmp(rights[i], "read") == 0 ? 403 : 200);
        site_expect(get(token, "/v1/stores/theirs/objects"), list ? 403 : 200);
        site_expect(get(token, "/metrics"), admin ? 403 : 200);
        site_expect(get(token, "/v1/stores/theirs"), 200);
    }
}
END_TEST

START_TEST(what_is_public)
{
    const char *paths[] = {"/", "/healthz", "/readyz", "/openapi.yaml", "/console/"};
    start_with_every_token();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        site_expect(get(NULL, paths[i]), 200);
        site_expect(get("wrong", paths[i]), 200);
        site_expect(ask(NULL, "HEAD", paths[i], NULL, NULL), 200);
    }
    site_expect(ask(NULL, "OPTIONS", "/v1/stores/theirs/objects/k", NULL, NULL), 204);
    site_expect(get(NULL, "/nowhere"), 404);
    site_expect(ask(NULL, "DELETE", "/v1/stores", NULL, NULL), 405);
}
END_TEST

START_TEST(metrics_may_be_opened)
{
    server_add(site.server, "--metrics-open");
    start_with_every_token();
    site_expect(get(NULL, "/metrics"), 200);
    site_expect(get("elsewhere", "/metrics"), 200);
    site_expect(get(NULL, "/v1/live"), 200);
}
END_TEST

/* ---- what one may ---------------------------------------------------------------------------- */

/* The body is this, with apostrophes for the quotes. */
static void expect_told(const char *token, const char *text)
{
    struct answer *answer = get(token, "/v1/access");
    char *expected = client_text(site.client, "%s\n", text);
    for (char *at; (at = strchr(expected, '\''));)
        *at = '"';
    site_expect(answer, 200);
    ck_assert_str_eq((char *)answer->body, expected);
    ck_assert_str_eq(answer_header(answer, "Cache-Control"), "no-store");
}

START_TEST(each_is_told_what_they_may)
{
    const char *grants = access_join(access_grant("\"a\",\"b-*\"", "x/\\u0000", "\"delete\",\"read\""),
                                     access_grant("\"c\"", "", ACCESS_ALL), NULL);
    access_start(access_join(access_token("two", grants, "2100-01-01T00:00:00Z"),
                             access_token("none", access_grant("\"d\"", "", "\"list\""), NULL), NULL),
                 "");
    site_expect_kind(get(NULL, "/v1/access"), 401, "unauthorized");
    site_expect_kind(get("wrong", "/v1/access"), 401, "unauthorized");
    expect_told("two", "{'name':'two','expires':'2100-01-01T00:00:00.000Z','open':false,'signs_links':false,'grants':["
                       "{'stores':['a','b-*'],'prefix':'x/\\u0000','rights':['read','delete']},"
                       "{'stores':['c'],'prefix':'','rights':['read','list','write','delete','admin']}]}");
    expect_told("none", "{'name':'none','expires':null,'open':false,'signs_links':false,'grants':["
                        "{'stores':['d'],'prefix':'','rights':['list']}]}");
}
END_TEST

START_TEST(what_anybody_may_is_told_to_all)
{
    site.client = client_new("http://127.0.0.1");
    const char *more = client_text(site.client, "%s,\"link_keys\":[{\"name\":\"web\",\"secret\":\"%032d\"}]",
                                   access_anonymous(access_grant("\"pub\"", "", "\"read\"")), 0);
    access_start(access_token("one", access_grant("\"d\"", "", "\"list\""), NULL), more);
    expect_told(NULL, "{'name':null,'expires':null,'open':false,'signs_links':true,'grants':["
                      "{'stores':['pub'],'prefix':'','rights':['read']}]}");
    expect_told("one", "{'name':'one','expires':null,'open':false,'signs_links':true,'grants':["
                       "{'stores':['d'],'prefix':'','rights':['list']},"
                       "{'stores':['pub'],'prefix':'','rights':['read']}]}");
    site_expect_kind(get("wrong", "/v1/access"), 401, "unauthorized");
}
END_TEST

START_TEST(where_all_is_open_everything_is_told)
{
    site_start();
    expect_told(NULL, "{'name':null,'expires':null,'open':true,'signs_links':false,'grants':["
                      "{'stores':['*'],'prefix':'','rights':['read','list','write','delete','admin']}]}");
}
END_TEST

/* ---- stores ---------------------------------------------------------------------------------- */

/* The stores in the list, a blank before each. */
static const char *names_shown(const char *token)
{
    json_t *store;
    size_t i;
    const char *names = "";
    json_array_foreach (json_object_get(answer_json(get(token, "/v1/stores")), "stores"), i, store)
        names = client_text(site.client, "%s %s", names, json_string_value(json_object_get(store, "name")));
    return names;
}

START_TEST(the_list_shows_stores_in_which_something_is_allowed)
{
    access_start(access_join(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("tenant", access_grant("\"tenant-1*\"", "in/", "\"write\""), NULL),
                             access_token("nothing", "", NULL), NULL),
                 "");
    const char *names[] = {"other", "tenant-1", "tenant-12", "tenant-2"};
    for (size_t i = 0; i < 4; i++)
        site_expect(ask("right", "PUT", client_text(site.client, "/v1/stores/%s", names[i]), NULL, NULL), 201);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(get("right", "/v1/stores")), "stores")), 4);
    ck_assert_str_eq(names_shown("tenant"), " tenant-1 tenant-12");
    ck_assert_str_eq((char *)get("nothing", "/v1/stores")->body, "{\"stores\":[]}\n");
    /* Nor do pages and their cursors tell that there are others, behind the last one or between. */
    ck_assert_ptr_nonnull(strstr((char *)get("tenant", "/v1/stores?limit=1")->body, "\"cursor\":\"dGVuYW50LTE=\"}"));
    ck_assert_ptr_nonnull(strstr((char *)get("tenant", "/v1/stores?limit=2")->body, "\"cursor\":null}"));
    struct answer *page = get("tenant", "/v1/stores?limit=1&cursor=dGVuYW50LTE%3D");
    ck_assert_ptr_nonnull(strstr((char *)page->body, "{\"stores\":[{\"name\":\"tenant-12\""));
    ck_assert_ptr_nonnull(strstr((char *)page->body, "\"cursor\":null}"));
    ck_assert_str_eq((char *)get("nothing", "/v1/stores?limit=1")->body, "{\"stores\":[],\"cursor\":null}\n");
    site_expect(get("tenant", "/v1/stores/tenant-1"), 403);
    site_expect(get(NULL, "/v1/stores"), 401);
}
END_TEST

START_TEST(anybody_may_what_the_anonymous_grants_say)
{
    const char *tokens = access_join(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                                     access_token("writer", access_grant("\"public\"", "", "\"write\""), NULL), NULL);
    access_start(tokens, access_anonymous(access_grant("\"public\"", "", "\"read\",\"list\"")));
    site_expect(ask("right", "PUT", "/v1/stores/public", NULL, NULL), 201);
    site_expect(ask("right", "PUT", "/v1/stores/private", NULL, NULL), 201);
    site_expect(put("writer", "/v1/stores/public/objects/k"), 201);
    site_expect(get(NULL, "/v1/stores/public/objects/k"), 200);
    site_expect(get("writer", "/v1/stores/public/objects/k"), 200);
    site_expect_kind(get("wrong", "/v1/stores/public/objects/k"), 401, "unauthorized");
    site_expect_kind(put(NULL, "/v1/stores/public/objects/k"), 401, "unauthorized");
    site_expect_kind(get(NULL, "/v1/stores/private/objects/k"), 401, "unauthorized");
    ck_assert_str_eq(names_shown(NULL), " public");
}
END_TEST

/* ---- below a prefix -------------------------------------------------------------------------- */

static void start_below(void)
{
    access_start(access_join(access_token("right", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("a", access_grant("\"s\"", "a", ACCESS_ALL), NULL),
                             access_token("folder", access_grant("\"s\"", "a/", ACCESS_ALL), NULL),
                             access_token("reader", access_grant("\"s\"", "a/", "\"read\",\"list\""), NULL), NULL),
                 "");
    site_expect(ask("right", "PUT", "/v1/stores/s", NULL, NULL), 201);
    site_expect(ask("right", "PUT", "/v1/stores/other", NULL, NULL), 201);
    const char *keys[] = {"a", "ab", "a/x", "a/y", "b"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        site_expect(put("right", client_text(site.client, "/v1/stores/s/objects/%s", keys[i])), 201);
}

START_TEST(a_prefix_is_compared_with_the_bytes_of_the_key)
{
    start_below();
    site_expect(get("a", "/v1/stores/s/objects/ab"), 200);
    site_expect(get("a", "/v1/stores/s/objects/b"), 403);
    site_expect(get("folder", "/v1/stores/s/objects/ab"), 403);
    site_expect(get("folder", "/v1/stores/s/objects/a"), 403);
    site_expect(get("folder", "/v1/stores/s/objects/a/x"), 200);
    site_expect(get("folder", "/v1/stores/s/objects/a%2Fx"), 200);
    site_expect(get("folder", "/v1/stores/s/objects/%61%2fx"), 200);
    site_expect(get("folder", "/v1/stores/s/objects/a%252Fx"), 403); /* the key is a%2Fx */
    site_expect(get("folder", "/v1/stores/s/objects/a%00/x"), 403);
    site_expect(get("folder", "/v1/stores/s/objects/A/x"), 403);
    site_expect(get("folder", "/v1/stores/s/objects//a/x"), 403);
    site_expect(get("folder", "/v1/stores/%73/objects/a/x"), 400);
    site_expect(get("folder", "/v1/stores/s/objects/a/../b"), 404); /* a key of its own, and none that is there */
    site_expect(put("folder", "/v1/stores/s/objects/a/../b"), 201);
    site_expect(get("right", "/v1/stores/s/objects/b"), 200);
    site_expect(put("reader", "/v1/stores/s/objects/a/z"), 403);
}
END_TEST

START_TEST(a_listing_asks_below_the_prefix)
{
    start_below();
    struct answer *page = get("right", "/v1/stores/s/objects?limit=1");
    const char *cursor = answer_string(page, "cursor");
    site_expect(get("folder", "/v1/stores/s/objects"), 403);
    site_expect(get("folder", "/v1/stores/s/objects?prefix="), 403);
    site_expect(get("folder", "/v1/stores/s/objects?prefix=a"), 403);
    site_expect(get("folder", "/v1/stores/s/objects?prefix=a%2F"), 200);
    site_expect(get("folder", "/v1/stores/s/objects?prefix=a/x&prefix=b"), 400);
    page = get("folder", client_text(site.client, "/v1/stores/s/objects?prefix=a/&cursor=%s", cursor));
    site_expect(page, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(page), "objects")), 2);
    /* A cursor that stands behind the prefix leads nowhere. */
    page = get("right", "/v1/stores/s/objects?limit=4");
    cursor = answer_string(page, "cursor");
    page = get("folder", client_text(site.client, "/v1/stores/s/objects?prefix=a/&cursor=%s", cursor));
    ck_assert_uint_eq(json_array_size(json_object_get(answer_json(page), "objects")), 0);
}
END_TEST

/* They are what HEAD tells. */
START_TEST(a_listing_with_attributes_takes_the_right_to_read)
{
    start_with_every_token();
    site_expect(get("no-read", "/v1/stores/theirs/objects"), 200);
    site_expect(get("no-read", "/v1/stores/theirs/objects?attributes=false"), 200);
    struct answer *answer = get("no-read", "/v1/stores/theirs/objects?attributes=true");
    site_expect_kind(answer, 403, "forbidden");
    ck_assert_ptr_nonnull(strstr(answer_string(answer, "detail"), "lacks the right read"));
    site_expect(get("no-list", "/v1/stores/theirs/objects?attributes=true"), 403);
    site_expect(get("right", "/v1/stores/theirs/objects?attributes=true"), 200);
}
END_TEST

START_TEST(a_hash_is_read_where_its_key_stands_below_the_prefix)
{
    start_below();
    const char *inside = client_text(site.client, "/v1/stores/s/hashes/%s", hash_of("a/x"));
    const char *outside = client_text(site.client, "/v1/stores/s/hashes/%s", hash_of("b"));
    const char *nothing = client_text(site.client, "/v1/stores/s/hashes/%s", hash_of("c"));
    site_expect(get("folder", inside), 200);
    site_expect(ask("folder", "HEAD", inside, NULL, NULL), 200);
    site_expect(get("folder", outside), 403);
    site_expect(get("folder", nothing), 403); /* that there is none is not told either */
    site_expect(get("right", nothing), 404);
    site_expect(put("folder", inside), 403); /* writes by hash need the whole store */
    site_expect(ask("folder", "DELETE", inside, NULL, NULL), 403);
    site_expect(
        post("folder", "/v1/stores/s/copy",
             client_text(site.client, "{\"key_hash\":\"%s\",\"destination\":{\"key\":\"a/w\"}}", hash_of("a/x"))),
        403);
}
END_TEST

static void expect_index(struct answer *answer, int index)
{
    site_expect_kind(answer, 403, "forbidden");
    ck_assert_int_eq(answer_integer(answer, "index"), index);
}

START_TEST(a_batch_is_refused_whole)
{
    start_below();
    json_int_t before = answer_integer(get("right", "/v1/stores/s"), "end_offset");
    const char *target = "/v1/stores/s/batch";
    expect_index(post("folder", target,
                      "{\"operations\":[{\"op\":\"put\",\"key\":\"a/1\",\"data\":\"eA==\"},"
                      "{\"op\":\"put\",\"key\":\"b1\",\"data\":\"eA==\"}]}"),
                 1);
    expect_index(post("folder", target, "{\"operations\":[{\"op\":\"rename\",\"key\":\"a/x\",\"to\":\"b2\"}]}"), 0);
    expect_index(post("folder", target, "{\"operations\":[{\"op\":\"copy\",\"key\":\"b\",\"to\":\"a/b\"}]}"), 0);
    expect_index(post("folder", target,
                      client_text(site.client,
                                  "{\"operations\":[{\"op\":\"delete\",\"key\":\"a/x\"},{\"op\":\"delete\","
                                  "\"key_hash\":\"%s\"}]}",
                                  hash_of("a/y"))),
                 1);
    expect_index(client_send(site.client, "POST", target,
                             "--x\r\nContent-Disposition: form-data; name=\"b3\"\r\n\r\nx\r\n--x--\r\n", 60,
                             "Content-Type: multipart/form-data; boundary=x", access_bearer("folder"), NULL),
                 0);
    site_expect(post("reader", target, "{\"operations\":[]}"), 403); /* may neither write nor delete anything */
    ck_assert_int_eq(answer_integer(get("right", "/v1/stores/s"), "end_offset"), before);
    site_expect(post("folder", target, "{\"operations\":[{\"op\":\"rename\",\"key\":\"a/x\",\"to\":\"a/w\"}]}"), 200);
}
END_TEST

START_TEST(a_batch_get_is_refused_whole)
{
    start_below();
    const char *target = "/v1/stores/s/batch-get";
    site_expect(post("folder", target, "{\"keys\":[\"a/x\",\"a/none\"]}"), 200);
    expect_index(post("folder", target, "{\"keys\":[\"a/x\",\"b\"]}"), 1);
    const char *names[] = {"b", "c"};
    for (size_t i = 0; i < 2; i++)
        expect_index(post("folder", target,
                          client_text(site.client, "{\"objects\":[{\"key_hash\":\"%s\"},{\"key_hash\":\"%s\"}]}",
                                      hash_of("a/x"), hash_of(names[i]))),
                     1);
    site_expect(
        post("folder", target, client_text(site.client, "{\"objects\":[{\"key_hash\":\"%s\"}]}", hash_of("a/x"))), 200);
}
END_TEST

START_TEST(a_target_has_to_be_one_that_may_be_written)
{
    const char *targets[] = {"/v1/stores/other/objects/a/x", "/v1/stores/none/objects/a/x", "/v1/stores/s/objects/b2",
                             "http://host/v1/stores/other/objects/a/x"};
    start_below();
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const char *destination = client_text(site.client, "Destination: %s", targets[i]);
        site_expect_kind(ask("folder", "MOVE", "/v1/stores/s/objects/a/x", NULL, destination), 403, "forbidden");
        site_expect_kind(ask("folder", "COPY", "/v1/stores/s/objects/a/x", NULL, destination), 403, "forbidden");
    }
    site_expect_kind(ask("folder", "MOVE", "/v1/stores/s/objects/b", NULL, "Destination: /v1/stores/s/objects/a/b"),
                     403, "forbidden");
    site_expect_kind(ask("reader", "MOVE", "/v1/stores/s/objects/a/x", NULL, "Destination: /v1/stores/s/objects/a/b"),
                     403, "forbidden");
    site_expect_kind(
        post("folder", "/v1/stores/s/move", "{\"key\":\"a/x\",\"destination\":{\"store\":\"other\",\"key\":\"a/x\"}}"),
        403, "forbidden");
    site_expect_kind(post("folder", "/v1/stores/s/copy", "{\"key\":\"b\",\"destination\":{\"key\":\"a/b\"}}"), 403,
                     "forbidden");
    site_expect(get("right", "/v1/stores/s/objects/a/x"), 200);
    site_expect(get("right", "/v1/stores/other/objects/a/x"), 404);
    site_expect(get("right", "/v1/stores/s/objects/b"), 200);
}
END_TEST

/* ---- the head -------------------------------------------------------------------------------- */

START_TEST(the_token_may_be_the_password_of_basic)
{
    start_with_every_token();
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: Basic YW55Ym9keTpyaWdodA==", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: Basic OnJpZ2h0", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: Basic cmlnaHQ6", NULL), 401);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: bearer right", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: right", NULL), 401);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: Digest right", NULL), 401);
    site_expect(client_get(site.client, "/v1/stores/theirs", "Authorization: Bearer right,right", NULL), 401);
}
END_TEST

static int raw_ask(const char *fields)
{
    const char *request = client_text(
        site.client, "GET /v1/stores/theirs/objects/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n", fields);
    return raw_status(site.server->port, request, strlen(request));
}

START_TEST(a_field_that_two_readers_may_take_for_two)
{
    start_with_every_token();
    ck_assert_int_eq(raw_ask("Authorization: Bearer right\r\n"), 200);
    ck_assert_int_eq(raw_ask("Authorization: Bearer right\r\nAuthorization: Bearer right\r\n"), 400);
    ck_assert_int_eq(raw_ask("Authorization: Bearer wrong\r\nauthorization: Bearer right\r\n"), 400);
    ck_assert_int_eq(raw_ask("Authorization: Bearer\r\n right\r\n"), 400);
    ck_assert_int_eq(raw_ask("Authorization : Bearer right\r\n"), 400);
    ck_assert_int_eq(raw_ask("X: y\r\nAuthorization: Bearer right \t\r\n"), 200);
}
END_TEST

/* Nobody uploads for nothing: the refusal comes instead of the 100. */
START_TEST(a_refusal_comes_before_100_continue)
{
    struct raw_answer answer;
    start_with_every_token();
    for (int known = 0; known < 2; known++) {
        int socket = raw_connect(site.server->port);
        ck_assert(raw_send(socket,
                           "PUT /v1/stores/theirs/objects/x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n"
                           "Expect: 100-continue\r\n%s\r\n",
                           known ? "Authorization: Bearer no-write\r\n" : ""));
        ck_assert(raw_receive(socket, &answer));
        ck_assert_int_eq(answer.status, known ? 403 : 401);
        ck_assert(raw_closed(socket));
        close(socket);
    }
}
END_TEST

/* A token is in no line of the log, right or wrong. */
START_TEST(no_token_is_logged)
{
    start_with_every_token();
    site_expect(get("right", "/v1/stores/theirs/objects/k"), 200);
    site_expect(get("a-wrong-token", "/v1/stores/theirs/objects/k"), 401);
    site_expect(get("no-read", "/v1/stores/theirs/objects/k"), 403);
    ck_assert_uint_eq(server_logged(site.server, "a-wrong-token"), 0);
    ck_assert_uint_eq(server_logged(site.server, "Bearer"), 0);
}
END_TEST

/* Whether a piece of the server's memory holds the word. What is too large for one buffer is a sanitizer's. */
static bool piece_holds(int memory, off_t from, off_t to, const char *word)
{
    enum { PIECE_MAX = 64 << 20 };
    size_t size = (size_t)(to - from);
    char *bytes = size <= PIECE_MAX ? malloc(size) : NULL;
    ssize_t got = bytes ? pread(memory, bytes, size, from) : 0;
    bool found = got > 0 && memmem(bytes, (size_t)got, word, strlen(word));
    free(bytes);
    return found;
}

static bool memory_holds(const char *word)
{
    char line[512], *end;
    bool found = false;
    int memory = open(client_text(site.client, "/proc/%d/mem", (int)site.server->pid), O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen(client_text(site.client, "/proc/%d/maps", (int)site.server->pid), "re");
    ck_assert_msg(memory >= 0 && maps, "the memory of a child cannot be read: %s", strerror(errno));
    while (fgets(line, sizeof line, maps)) {
        off_t from = (off_t)strtoull(line, &end, 16), to = (off_t)strtoull(end + 1, &end, 16);
        found |= end[2] == 'w' && piece_holds(memory, from, to, word);
    }
    fclose(maps);
    close(memory);
    return found;
}

/* However the request ends. An object of that name shows that it would be found. The word is none that the environment
 * may have, which is in memory, too. */
START_TEST(no_token_stays_in_memory)
{
    start_with_every_token();
    const char *heads[] = {
        "Authorization: Bearer hushed-one\r\n",
        ("Authorization: Bearer hushed-two\r\nAuthorization: Bearer hushed-six\r\nAuthorization: Bearer "
         "hushed-ten\r\n"),
        "Range: a\r\nRange: b\r\nAuthorization: Bearer hushed-one\r\n",
        "Authorization: Bearer hushed-one\r\nRange: a\r\nRange: b\r\n",
        "Authorization: Bearer hushed-one\r\nExpect: nothing\r\n",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        ck_assert_int_ge(raw_ask(heads[i]), 400);
        ck_assert_msg(!memory_holds("hushed-"), "it is left of %s", heads[i]);
    }
    site_expect(ask("right", "PUT", "/v1/stores/theirs/objects/hushed-name", "text", NULL), 201);
    ck_assert(memory_holds("hushed-"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        every_operation_with_every_kind_of_token,
        other_rights_are_not_needed,
        what_is_public,
        metrics_may_be_opened,
        each_is_told_what_they_may,
        what_anybody_may_is_told_to_all,
        where_all_is_open_everything_is_told,
        the_list_shows_stores_in_which_something_is_allowed,
        anybody_may_what_the_anonymous_grants_say,
        a_prefix_is_compared_with_the_bytes_of_the_key,
        a_listing_asks_below_the_prefix,
        a_listing_with_attributes_takes_the_right_to_read,
        a_hash_is_read_where_its_key_stands_below_the_prefix,
        a_batch_is_refused_whole,
        a_batch_get_is_refused_whole,
        a_target_has_to_be_one_that_may_be_written,
        the_token_may_be_the_password_of_basic,
        a_field_that_two_readers_may_take_for_two,
        a_refusal_comes_before_100_continue,
        no_token_is_logged,
        no_token_stays_in_memory,
    };
    return site_run("access", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
