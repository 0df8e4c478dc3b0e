/* rules.h - who may do what.
 *
 * Rules do not change once they are shared. They are counted: each request holds them from its head to its end, so
 * that new ones may take their place at any time.
 *
 * Thread: any; while they are made, one.
 */
#ifndef CAIRN_API_RULES_H
#define CAIRN_API_RULES_H

#include "api/access/token.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Signs links to single objects. */
struct link_key {
    char *name;   /* owned */
    char *secret; /* owned */
};

struct rules {
    atomic_size_t references;
    struct token *tokens; /* owned; in the order of their sums once rules_sort() has been called */
    size_t token_count;
    struct grants anonymous; /* what is allowed without a token */
    struct link_key *link_keys;
    size_t link_key_count;
};

/* Rules that allow nothing, with one reference, the caller's. NULL when memory is out. */
struct rules *rules_new(void);

/* One more reference to what is returned. */
struct rules *rules_keep(struct rules *rules);

/* NULL is allowed. */
void rules_release(struct rules *rules);

/* Once all tokens are there. */
void rules_sort(struct rules *rules);

/* The token that the operator gives beside the file: it may do everything. Those in the file that have its
 * name or its sum give way. */
#define RULES_ROOT "root"

/* Gives RULES_ROOT that sum. False when memory is out; the rules are then of no use. */
bool rules_set_root(struct rules *rules, const struct token_sum *sum);

/* The token of that sum, expired or not; NULL: there is none. */
const struct token *rules_token(const struct rules *rules, const struct token_sum *sum);

/* The key of links of that name, or NULL. */
const struct link_key *rules_link_key(const struct rules *rules, const char *name, size_t length);

#endif
