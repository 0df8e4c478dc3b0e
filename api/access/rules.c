/* rules.c - counted rules, whose tokens are sorted by their sums and found by halving. See rules.h. */
#include "api/access/rules.h"

#include "api/access/rights.h"

#include <stdlib.h>
#include <string.h>

struct rules *rules_new(void)
{
    struct rules *rules = calloc(1, sizeof *rules);
    if (rules)
        atomic_init(&rules->references, 1);
    return rules;
}

struct rules *rules_keep(struct rules *rules)
{
    atomic_fetch_add_explicit(&rules->references, 1, memory_order_relaxed);
    return rules;
}

static void free_link_key(struct link_key *key)
{
    if (key->secret)
        explicit_bzero(key->secret, strlen(key->secret));
    free(key->secret);
    free(key->name);
}

void rules_release(struct rules *rules)
{
    if (!rules || atomic_fetch_sub(&rules->references, 1) != 1)
        return;
    for (size_t i = 0; i < rules->token_count; i++)
        token_free(&rules->tokens[i]);
    for (size_t i = 0; i < rules->link_key_count; i++)
        free_link_key(&rules->link_keys[i]);
    free(rules->tokens);
    free(rules->link_keys);
    grants_free(&rules->anonymous);
    free(rules);
}

static int by_sum(const void *a, const void *b)
{
    return memcmp(&((const struct token *)a)->sum, &((const struct token *)b)->sum, sizeof(struct token_sum));
}

void rules_sort(struct rules *rules)
{
    if (rules->token_count > 1)
        qsort(rules->tokens, rules->token_count, sizeof *rules->tokens, by_sum);
}

/* Takes away the tokens that have this name or this sum. */
static void remove_rivals(struct rules *rules, const char *name, const struct token_sum *sum)
{
    size_t kept = 0;
    for (size_t i = 0; i < rules->token_count; i++) {
        struct token *token = &rules->tokens[i];
        if (strcmp(token->name, name) == 0 || token_sum_equal(&token->sum, sum))
            token_free(token);
        else
            rules->tokens[kept++] = *token;
    }
    rules->token_count = kept;
}

/* A place for a token that is not there yet. */
static struct token *add_token(struct rules *rules, const char *name)
{
    struct token *tokens = realloc(rules->tokens, (rules->token_count + 1) * sizeof *tokens);
    if (!tokens)
        return NULL;
    rules->tokens = tokens;
    tokens[rules->token_count] = (struct token){.name = strdup(name)};
    return &tokens[rules->token_count++];
}

bool rules_set_root(struct rules *rules, const struct token_sum *sum)
{
    remove_rivals(rules, RULES_ROOT, sum);
    struct token *root = add_token(rules, RULES_ROOT);
    if (!root || !root->name)
        return false;
    struct grant *grant = grants_add(&root->grants);
    if (!grant || !grant_add_store(grant, "*", 1))
        return false;
    grant->rights = RIGHTS_ALL;
    root->expires = TOKEN_NEVER;
    root->sum = *sum;
    rules_sort(rules);
    return true;
}

/* How often a search halves the list depends on the sum, which a client cannot steer towards one that is kept. */
const struct token *rules_token(const struct rules *rules, const struct token_sum *sum)
{
    size_t first = 0, end = rules->token_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (memcmp(rules->tokens[middle].sum.bytes, sum->bytes, sizeof(uint64_t)) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    for (; first < rules->token_count; first++) {
        const struct token *token = &rules->tokens[first];
        if (memcmp(token->sum.bytes, sum->bytes, sizeof(uint64_t)) != 0)
            break;
        if (token_sum_equal(&token->sum, sum))
            return token;
    }
    return NULL;
}

const struct link_key *rules_link_key(const struct rules *rules, const char *name, size_t length)
{
    for (size_t i = 0; i < rules->link_key_count; i++) {
        const struct link_key *key = &rules->link_keys[i];
        if (strlen(key->name) == length && memcmp(key->name, name, length) == 0)
            return key;
    }
    return NULL;
}
