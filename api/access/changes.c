/* changes.c - both sides are sorted by name and walked side by side. See changes.h. */
#include "api/access/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SHOWN = 20 /* of each kind; of more there is the number */ };

/* Something with a name, that is the same as another one or not. */
struct entry {
    const char *name;
    const void *item;
};

struct entries {
    struct entry *items;
    size_t count;
};

typedef bool entry_same(const void *a, const void *b);

enum change { CHANGE_NONE, CHANGE_ADDED, CHANGE_REMOVED, CHANGE_CHANGED };

static int compare_names(const void *a, const void *b)
{
    const struct entry *one = a, *other = b;
    return strcmp(one->name, other->name);
}

static void sort(struct entries *entries)
{
    if (entries->count > 0)
        qsort(entries->items, entries->count, sizeof *entries->items, compare_names);
}

/* What became of the next name, in the order of names. */
static enum change next(const struct entries *before, const struct entries *after, size_t at[2], entry_same *same,
                        const char **ret_name)
{
    const struct entry *old = at[0] < before->count ? &before->items[at[0]] : NULL;
    const struct entry *new = at[1] < after->count ? &after->items[at[1]] : NULL;
    int order = !old ? 1 : !new ? -1 : compare_names(old, new);
    *ret_name = order > 0 ? new->name : old->name;
    at[0] += order <= 0;
    at[1] += order >= 0;
    if (order != 0)
        return order > 0 ? CHANGE_ADDED : CHANGE_REMOVED;
    return same(old->item, new->item) ? CHANGE_NONE : CHANGE_CHANGED;
}

static void tell(FILE *text, const char *what, const struct entries *before, const struct entries *after,
                 entry_same *same)
{
    static const char *const words[] = {
        [CHANGE_ADDED] = "added", [CHANGE_REMOVED] = "removed", [CHANGE_CHANGED] = "changed"};
    for (enum change change = CHANGE_ADDED; change <= CHANGE_CHANGED; change++) {
        size_t at[2] = {0, 0}, told = 0;
        while (at[0] < before->count || at[1] < after->count) {
            const char *name;
            if (next(before, after, at, same, &name) != change || told++ >= NAMES_SHOWN)
                continue;
            if (told == 1)
                fprintf(text, "; %s %s: %s", what, words[change], name);
            else
                fprintf(text, ", %s", name);
        }
        if (told > NAMES_SHOWN)
            fprintf(text, " and %zu more", told - NAMES_SHOWN);
    }
}

static bool token_same(const void *a, const void *b)
{
    const struct token *one = a, *other = b;
    return token_sum_equal(&one->sum, &other->sum) && one->expires == other->expires &&
           grants_same(&one->grants, &other->grants);
}

static bool link_key_same(const void *a, const void *b)
{
    const struct link_key *one = a, *other = b;
    return strcmp(one->secret, other->secret) == 0;
}

/* Nothing for items where memory is out. */
static struct entries tokens_of(const struct rules *rules)
{
    struct entries tokens = {.items = malloc(rules->token_count * sizeof *tokens.items)};
    for (size_t i = 0; tokens.items && i < rules->token_count; i++)
        tokens.items[tokens.count++] = (struct entry){rules->tokens[i].name, &rules->tokens[i]};
    sort(&tokens);
    return tokens;
}

static struct entries link_keys_of(const struct rules *rules)
{
    struct entries keys = {.items = malloc(rules->link_key_count * sizeof *keys.items)};
    for (size_t i = 0; keys.items && i < rules->link_key_count; i++)
        keys.items[keys.count++] = (struct entry){rules->link_keys[i].name, &rules->link_keys[i]};
    sort(&keys);
    return keys;
}

/* Frees what it is given. */
static void tell_all(FILE *text, const char *what, struct entries before, struct entries after, entry_same *same)
{
    tell(text, what, &before, &after, same);
    free(before.items);
    free(after.items);
}

char *changes_told(const struct rules *before, const struct rules *after)
{
    char *told = NULL;
    size_t length;
    FILE *text = open_memstream(&told, &length);
    if (!text)
        return NULL;
    tell_all(text, "token", tokens_of(before), tokens_of(after), token_same);
    tell_all(text, "link key", link_keys_of(before), link_keys_of(after), link_key_same);
    if (!grants_same(&before->anonymous, &after->anonymous))
        fputs("; what is allowed without a token changed", text);
    if (fclose(text) == 0)
        return told;
    free(told);
    return NULL;
}
