/* core.h - what `struct api` holds. Those who answer requests see it, here and in the rooms of the endpoints, as
 * request->api; the service knows api.h alone.
 */
#ifndef CAIRN_API_CORE_H
#define CAIRN_API_CORE_H

#include "api/access/rules.h"
#include "api/api.h"
#include "api/request/edition.h"
#include "api/request/metrics.h"
#include "api/request/route.h"
#include "api/request/traffic.h"

#include <pthread.h>
#include <stdatomic.h>

struct live;
struct press;

struct api {
    struct api_options options;
    const struct route *routes;
    pthread_mutex_t rules_lock;    /* held from looking at the one below until it is counted */
    _Atomic(struct rules *) rules; /* a reference; NULL: everything is open to all */
    atomic_bool draining;
    atomic_size_t requests;      /* begun and not completed */
    uint64_t process;            /* a random number: its requests' names are made with it */
    pthread_mutex_t behind_lock; /* guards the next two */
    pthread_cond_t behind_ended;
    size_t behind; /* what goes on behind the end of its request */
    struct metrics metrics;
    struct traffic traffic;
    struct live *live;          /* what is made of both each second (live/live.h) */
    struct budget batches;      /* memory for the bodies and answers of batches */
    struct budget answers;      /* memory for all other answers that may be long */
    struct editions exposition; /* of the metrics */
    struct press *press;        /* of those who follow stores */
};

/* Whether the service is about to end: connections close with their next answer, and /readyz fails. Thread: any. */
bool api_is_draining(const struct api *api);

/* Whether everything is open only because nobody but this machine can connect: there are no rules, and nobody has said
 * that there shall be none. Thread: any. */
bool api_is_private(const struct api *api);

/* One more reference to the rules that hold now, or NULL. Thread: any. */
struct rules *api_rules(struct api *api);

/* Thread: any. */
void api_request_began(struct api *api);
void api_request_ended(struct api *api);

/* Something goes on behind the end of its request, with a reference to a store: api_rest() waits for its end. Thread:
 * any. */
void api_behind_began(struct api *api);
void api_behind_ended(struct api *api);

#endif
