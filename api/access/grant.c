/* grant.c - lists of grants, and whether a pattern or a prefix covers what is asked for. See grant.h. */
#include "api/access/grant.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum { PATTERN_MAX = STORE_NAME_MAX + 1 /* a whole name, and a star */ };

struct grant *grants_add(struct grants *grants)
{
    struct grant *items = realloc(grants->items, (grants->count + 1) * sizeof *items);
    if (!items)
        return NULL;
    grants->items = items;
    items[grants->count] = (struct grant){0};
    return &items[grants->count++];
}

bool grant_add_store(struct grant *grant, const char *pattern, size_t length)
{
    char **stores = realloc(grant->stores, (grant->store_count + 1) * sizeof *stores);
    if (!stores)
        return false;
    grant->stores = stores;
    stores[grant->store_count] = strndup(pattern, length);
    return stores[grant->store_count] && ++grant->store_count;
}

bool grant_pattern_valid(const char *pattern, size_t length)
{
    static const char allowed[] = STORE_NAME_ALPHABET "*";
    for (size_t i = 0; i < length; i++)
        if (!memchr(allowed, pattern[i], sizeof allowed - 1))
            return false;
    return length >= 1 && length <= PATTERN_MAX;
}

/* A star first takes no characters, and one more each time that what follows it does not fit. Only the last star is
 * taken up again: what an earlier one could still take, the later one can take too. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *taken = NULL;
    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            taken = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star;
            name = ++taken;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool covers_store(const struct grant *grant, const char *store)
{
    for (size_t i = 0; i < grant->store_count; i++)
        if (matches(grant->stores[i], store))
            return true;
    return false;
}

static bool covers_key(const struct grant *grant, const void *key, size_t length)
{
    return grant->prefix_length == 0 ||
           (grant->prefix_length <= length && memcmp(grant->prefix, key, grant->prefix_length) == 0);
}

unsigned grants_rights(const struct grants *grants, const char *store, const void *key, size_t length)
{
    unsigned rights = 0;
    for (size_t i = 0; i < grants->count; i++)
        if (covers_key(&grants->items[i], key, length) && covers_store(&grants->items[i], store))
            rights |= grants->items[i].rights;
    return rights;
}

unsigned grants_rights_within(const struct grants *grants, const char *store)
{
    unsigned rights = 0;
    for (size_t i = 0; i < grants->count; i++)
        if (covers_store(&grants->items[i], store))
            rights |= grants->items[i].rights;
    return rights;
}

static bool grant_same(const struct grant *a, const struct grant *b)
{
    if (a->rights != b->rights || a->store_count != b->store_count || a->prefix_length != b->prefix_length ||
        (a->prefix_length > 0 && memcmp(a->prefix, b->prefix, a->prefix_length) != 0))
        return false;
    for (size_t i = 0; i < a->store_count; i++)
        if (strcmp(a->stores[i], b->stores[i]) != 0)
            return false;
    return true;
}

bool grants_same(const struct grants *a, const struct grants *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!grant_same(&a->items[i], &b->items[i]))
            return false;
    return true;
}

void grants_free(struct grants *grants)
{
    for (size_t i = 0; i < grants->count; i++) {
        struct grant *grant = &grants->items[i];
        for (size_t k = 0; k < grant->store_count; k++)
            free(grant->stores[k]);
        free(grant->stores);
        free(grant->prefix);
    }
    free(grants->items);
    *grants = (struct grants){0};
}
