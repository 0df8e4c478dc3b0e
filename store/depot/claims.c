/* claims.c - names of stores that are being made, removed or changed. */
#include "store/depot/claims.h"

#include <assert.h>
#include <string.h>

void claims_init(struct claims *claims)
{
    *claims = (struct claims){0};
    lock_init(&claims->lock);
    pthread_cond_init(&claims->released, NULL);
}

void claims_free(struct claims *claims)
{
    pthread_cond_destroy(&claims->released);
    lock_destroy(&claims->lock);
}

/* Lock held. */
static bool is_claimed(const struct claims *claims, const char *name)
{
    assert(lock_is_mine(&claims->lock));
    const struct claim *claim = claims->first;
    while (claim && strcmp(claim->name, name) != 0)
        claim = claim->next;
    return claim != NULL;
}

void claims_take(struct claims *claims, struct claim *claim, const char *name)
{
    lock_take(&claims->lock);
    while (is_claimed(claims, name))
        lock_wait(&claims->lock, &claims->released);
    *claim = (struct claim){.next = claims->first, .name = name};
    claims->first = claim;
    lock_release(&claims->lock);
}

void claims_release(struct claims *claims, struct claim *claim)
{
    lock_take(&claims->lock);
    struct claim **at = &claims->first;
    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    pthread_cond_broadcast(&claims->released);
    lock_release(&claims->lock);
}

bool claims_hold(struct claims *claims, const char *name)
{
    lock_take(&claims->lock);
    bool held = is_claimed(claims, name);
    lock_release(&claims->lock);
    return held;
}
