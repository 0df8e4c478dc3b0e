#include "api/request/budget.h"

bool budget_take(struct budget *budget, struct budget_share *share, size_t bytes)
{
    if (bytes <= share->bytes)
        return true;
    size_t more = bytes - share->bytes;
    size_t used = atomic_load(&budget->used);
    do {
        if (more > budget->limit - used)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->used, &used, used + more));
    share->bytes = bytes;
    return true;
}

void budget_give_back(struct budget *budget, struct budget_share *share)
{
    atomic_fetch_sub(&budget->used, share->bytes);
    share->bytes = 0;
}
