/* visitor.c - what the anonymous grants and a token give together, and how much a link lets be put. See visitor.h. */
#include "api/access/visitor.h"

#include "api/access/rights.h"

#include <string.h>

bool visitor_show(struct visitor *visitor, const char *authorization, int64_t now)
{
    struct token_sum sum;
    if (!token_in_field(authorization, &sum))
        return false;
    const struct token *token = rules_token(visitor->rules, &sum);
    if (!token || token->expires <= now)
        return false;
    visitor->token = token;
    return true;
}

bool visitor_show_link(struct visitor *visitor, const struct link *link, const struct link_target *target, int64_t now)
{
    const struct link_key *key = rules_link_key(visitor->rules, link->key, strlen(link->key));
    if (!key || !link_holds(link, key, target, now))
        return false;
    visitor->link_key = key;
    visitor->upload_limit = link_size_limit(link);
    return true;
}

uint64_t visitor_upload_limit(const struct visitor *visitor)
{
    return visitor->link_key ? visitor->upload_limit : UINT64_MAX;
}

unsigned visitor_rights(const struct visitor *visitor, const char *store, const struct store_key *key)
{
    if (!visitor->rules)
        return RIGHTS_ALL;
    const void *bytes = key && key->bytes ? key->bytes : "";
    size_t length = key && key->bytes ? key->length : 0;
    unsigned rights = grants_rights(&visitor->rules->anonymous, store, bytes, length);
    if (visitor->token)
        rights |= grants_rights(&visitor->token->grants, store, bytes, length);
    return rights;
}

unsigned visitor_rights_within(const struct visitor *visitor, const char *store)
{
    if (!visitor->rules)
        return RIGHTS_ALL;
    unsigned rights = grants_rights_within(&visitor->rules->anonymous, store);
    if (visitor->token)
        rights |= grants_rights_within(&visitor->token->grants, store);
    return rights;
}

/* No name of a store is a star: only a pattern that fits every name fits this one. */
unsigned visitor_rights_everywhere(const struct visitor *visitor)
{
    return visitor_rights(visitor, "*", NULL);
}

bool visitor_is_known(const struct visitor *visitor)
{
    return !visitor->rules || visitor->token || visitor->link_key || visitor->rules->anonymous.count > 0;
}

bool visitor_has_expired(const struct visitor *visitor, int64_t now)
{
    return visitor->token && visitor->token->expires <= now;
}

const char *visitor_name(const struct visitor *visitor)
{
    return !visitor->token ? NULL : visitor->token->name;
}

const char *visitor_link_name(const struct visitor *visitor)
{
    return !visitor->link_key ? NULL : visitor->link_key->name;
}

void visitor_leave(struct visitor *visitor)
{
    rules_release(visitor->rules);
    *visitor = (struct visitor){0};
}
