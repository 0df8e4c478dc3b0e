/* budget.h - memory that many requests share: each takes its part before it uses it and gives it back when it can.
 *
 * What a request has not yet brought costs nothing: a share grows with what has come. A quarter of the budget is kept
 * for small shares, so that those who hold much of it, for as long as they may, keep out only others who want much. One
 * who finds nobody else may have it all.
 *
 * Whoever gets no more is refused and gives back what he has: waiting for each other with half a body in the hand, all
 * could wait for ever. Of many who want too much together, each that is refused makes room for those who are left, so
 * some come through.
 *
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
    struct budget *budget;
    size_t bytes;
};

/* Makes the share at least `bytes` large; false when that is more than it may have now, and nothing has changed. */
bool budget_take(struct budget *budget, struct budget_share *share, size_t bytes);

/* Whether such a share could be had by another now. */
bool budget_has(const struct budget *budget, size_t bytes);

/* Makes the share at least so large in any case: for what is in memory already. */
void budget_add(struct budget *budget, struct budget_share *share, size_t bytes);

/* Gives back what the share has beyond `bytes`. */
void budget_keep(struct budget_share *share, size_t bytes);

#endif
