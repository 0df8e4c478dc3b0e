/* access_get.c - GET /v1/access: who asks, and what they may: for programs that offer no more than will be allowed.
 *
 * What is told is what decides (visitor.h): the grants of the token that was shown, and those that anybody has.
 */
#include "api/access/rights.h"
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"
#include "api/text/timestamp.h"

static void write_rights(struct jsontext *json, unsigned rights)
{
    jsontext_name(json, "rights");
    jsontext_open(json, '[');
    for (unsigned right = 1; right <= RIGHTS_ALL; right *= 2) {
        char name[RIGHTS_TEXT_SIZE];
        rights_write(name, rights & right, "");
        if (rights & right)
            jsontext_text(json, name);
    }
    jsontext_close(json, ']');
}

static void write_grant(struct jsontext *json, const struct grant *grant)
{
    jsontext_open(json, '{');
    jsontext_name(json, "stores");
    jsontext_open(json, '[');
    for (size_t i = 0; i < grant->store_count; i++)
        jsontext_text(json, grant->stores[i]);
    jsontext_close(json, ']');
    jsontext_bytes(json, "prefix", !grant->prefix ? "" : grant->prefix, grant->prefix_length);
    write_rights(json, grant->rights);
    jsontext_close(json, '}');
}

static void write_all(struct jsontext *json, const struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++)
        write_grant(json, &grants->items[i]);
}

static void write_grants(struct jsontext *json, const struct visitor *visitor)
{
    char *every[] = {"*"};
    const struct grant everything = {.stores = every, .store_count = 1, .rights = RIGHTS_ALL};
    jsontext_name(json, "grants");
    jsontext_open(json, '[');
    if (!visitor->rules)
        write_grant(json, &everything);
    if (visitor->token)
        write_all(json, &visitor->token->grants);
    if (visitor->rules)
        write_all(json, &visitor->rules->anonymous);
    jsontext_close(json, ']');
}

static void write_end(struct jsontext *json, const struct token *token)
{
    char text[TIMESTAMP_SIZE];
    bool ends = token && token->expires != TOKEN_NEVER;
    if (ends)
        (void)timestamp_write_second(text, token->expires);
    jsontext_field(json, "expires", ends ? text : NULL);
}

static void begin(struct request *request)
{
    const struct visitor *visitor = &request->visitor;
    struct jsontext json = {0};
    jsontext_open(&json, '{');
    jsontext_field(&json, "name", visitor_name(visitor));
    write_end(&json, visitor->token);
    jsontext_flag(&json, "open", !visitor->rules);
    jsontext_flag(&json, "signs_links", visitor->rules && visitor->rules->link_key_count > 0);
    write_grants(&json, visitor);
    jsontext_close(&json, '}');
    reply_json(request, 200, &json);
    reply_field(request, "Cache-Control", "no-store"); /* it is about whoever asks */
}

const struct endpoint endpoint_access = {.begin = begin};
