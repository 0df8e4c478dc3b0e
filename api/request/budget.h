/* budget.h - memory that many requests share: each takes its part before it uses it and gives it back at its end.
 * Thread: any.
 */
#ifndef CAIRN_API_BUDGET_H
#define CAIRN_API_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
    atomic_size_t used;
    size_t limit; /* bytes; does not change */
};

/* What one request has taken. All zero: nothing. */
struct budget_share {
    size_t bytes;
};

/* Makes the share at least `bytes` large; false when that is over the limit, and nothing has changed. */
bool budget_take(struct budget *budget, struct budget_share *share, size_t bytes);

void budget_give_back(struct budget *budget, struct budget_share *share);

#endif
