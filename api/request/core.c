/* core.c - the rules are exchanged under a lock, all else is set once or counted. See core.h. */
#include "api/request/core.h"

bool api_is_draining(const struct api *api)
{
    return atomic_load_explicit(&api->draining, memory_order_relaxed);
}

bool api_is_private(const struct api *api)
{
    return !api->options.open && !atomic_load(&api->rules);
}

struct rules *api_rules(struct api *api)
{
    if (!atomic_load(&api->rules))
        return NULL;
    pthread_mutex_lock(&api->rules_lock);
    struct rules *rules = atomic_load(&api->rules);
    if (rules)
        rules_keep(rules);
    pthread_mutex_unlock(&api->rules_lock);
    return rules;
}

void api_set_rules(struct api *api, struct rules *rules)
{
    pthread_mutex_lock(&api->rules_lock);
    struct rules *old = atomic_exchange(&api->rules, rules);
    pthread_mutex_unlock(&api->rules_lock);
    rules_release(old);
}

size_t api_requests(const struct api *api)
{
    return atomic_load(&api->requests);
}

void api_request_began(struct api *api)
{
    atomic_fetch_add(&api->requests, 1);
}

void api_request_ended(struct api *api)
{
    atomic_fetch_sub(&api->requests, 1);
}

void api_behind_began(struct api *api)
{
    pthread_mutex_lock(&api->behind_lock);
    api->behind++;
    pthread_mutex_unlock(&api->behind_lock);
}

void api_behind_ended(struct api *api)
{
    pthread_mutex_lock(&api->behind_lock);
    if (--api->behind == 0)
        pthread_cond_broadcast(&api->behind_ended);
    pthread_mutex_unlock(&api->behind_lock);
}
