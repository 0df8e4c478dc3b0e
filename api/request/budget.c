/* budget.c - one counter for all; a quarter of it is kept for small shares. See budget.h. */
#include "api/request/budget.h"

enum {
    SMALL = 1024, /* a share of at most the limit by this is small */
    KEPT = 4      /* the limit by this is kept for small ones */
};

/* How much all may have together, so that this share may be `bytes` large; `others` is what the others have. */
static size_t ceiling(const struct budget *budget, size_t bytes, size_t others)
{
    bool small = bytes <= budget->limit / SMALL;
    return small || others == 0 ? budget->limit : budget->limit - budget->limit / KEPT;
}

bool budget_has(const struct budget *budget, size_t bytes)
{
    size_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    size_t most = ceiling(budget, bytes, used);
    return used <= most && bytes <= most - used;
}

void budget_add(struct budget *budget, struct budget_share *share, size_t bytes)
{
    if (bytes <= share->bytes)
        return;
    atomic_fetch_add(&budget->used, bytes - share->bytes);
    share->budget = budget;
    share->bytes = bytes;
}

bool budget_take(struct budget *budget, struct budget_share *share, size_t bytes)
{
    if (bytes <= share->bytes)
        return true;
    size_t used = atomic_load(&budget->used);
    do {
        size_t others = used - share->bytes;
        size_t most = ceiling(budget, bytes, others);
        if (others > most || bytes > most - others)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->used, &used, used + bytes - share->bytes));
    share->budget = budget;
    share->bytes = bytes;
    return true;
}

void budget_keep(struct budget_share *share, size_t bytes)
{
    if (bytes >= share->bytes)
        return;
    atomic_fetch_sub(&share->budget->used, share->bytes - bytes);
    share->bytes = bytes;
}
