/* crate.h - small members of an archive on their way into the store together: a transaction that is being filled.
 *
 * Keys, attributes and contents lie in one buffer, which grows within the budget of batches.
 *
 * Thread: one at a time per struct.
 */
#ifndef CAIRN_API_CRATE_H
#define CAIRN_API_CRATE_H

#include "api/request/budget.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

struct crate_place;

struct crate {
    size_t bytes_limit, ops_limit;
    struct budget *budget;
    struct budget_share share;
    char *bytes; /* owned */
    size_t length, capacity;
    struct store_op *ops;       /* owned, as many as places */
    struct crate_place *places; /* owned: where in the buffer each stands */
    size_t count, ops_capacity;
    size_t begun; /* where the last one begins in the buffer */
};

enum crate_answer { CRATE_OK, CRATE_FULL /* of its limits */, CRATE_BUSY /* no memory for more in the budget */ };

/* Adds a member whose content of `size` bytes comes by crate_fill(). Nothing has changed when it does not fit. */
enum crate_answer crate_add(struct crate *crate, const struct store_key *key, const void *attributes,
                            size_t attributes_length, size_t size);

/* The next bytes of the last member's content. */
void crate_fill(struct crate *crate, const void *bytes, size_t length);

/* The last member's content. */
const void *crate_content(const struct crate *crate);

/* Takes the last member out again: its content has not come whole. */
void crate_drop(struct crate *crate);

/* The transaction; lives until the crate changes. */
const struct store_op *crate_ops(struct crate *crate);

/* Empties it, and keeps its buffers. */
void crate_empty(struct crate *crate);

void crate_free(struct crate *crate);

#endif
