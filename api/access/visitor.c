#include "api/access/visitor.h"

#include "api/access/rights.h"

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
    return !visitor->rules || visitor->token || visitor->rules->anonymous.count > 0;
}

const char *visitor_name(const struct visitor *visitor)
{
    return !visitor->token ? NULL : visitor->token->name;
}

void visitor_leave(struct visitor *visitor)
{
    rules_release(visitor->rules);
    *visitor = (struct visitor){0};
}
