/* traffic.h - what passes: requests, their bytes and how long they take, in all and by store. For who looks on (live/).
 *
 * There may be any number of stores, so only those that are in use are told apart: they have a seat. A store gets one
 * with its first request while there are some left; what it does without one is counted with all that has none. Who
 * looks at a store gets it a seat in any case. Counters only grow, whoever has the seat: a second is what has come to
 * them since the one before. What is counted in the moment in which a seat is given to another store may count for
 * that.
 *
 * Thread: any, unless said otherwise.
 */
#ifndef CAIRN_API_TRAFFIC_H
#define CAIRN_API_TRAFFIC_H

#include "api/http/method.h"
#include "api/request/shard.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRAFFIC_SEATS = 16,
    TRAFFIC_ELSEWHERE = TRAFFIC_SEATS, /* what has no seat */
    TRAFFIC_BUCKETS = 93,              /* four to an octave, from 8 microseconds to a minute */
    TRAFFIC_IDLE = 900                 /* seconds after which an idle store gives its seat back */
};

enum traffic_kind { TRAFFIC_READS, TRAFFIC_WRITES, TRAFFIC_DELETES, TRAFFIC_OTHERS, TRAFFIC_KINDS };

/* A store, as it is told apart here. */
struct traffic_store {
    uint64_t salt; /* which no other store has, not even one of its name that comes later */
    const char *name;
};

/* Borrowed from the store. */
static inline struct traffic_store traffic_store_of(struct store *store)
{
    return (struct traffic_store){store_salt(store), store_name(store)};
}

/* A request that is over. */
struct traffic_request {
    enum method method;
    unsigned status; /* 0: it was not answered */
    uint64_t received, sent;
    int64_t nanoseconds; /* -1: it was held back, which says nothing of the server */
};

struct traffic_tally {
    atomic_uint_fast64_t kinds[TRAFFIC_KINDS];
    atomic_uint_fast64_t refused, failed; /* 4xx, 5xx */
    atomic_uint_fast64_t received, sent;
    _Atomic uint32_t took[TRAFFIC_BUCKETS];
};

struct traffic_shard {
    _Alignas(64) struct traffic_tally tallies[TRAFFIC_SEATS + 1];
};

/* Who has it. */
struct traffic_seat {
    char name[STORE_NAME_MAX + 1];
    uint64_t number;   /* grows when the seat changes hands */
    unsigned watchers; /* who look at the store: it keeps its seat */
    unsigned idle;     /* seconds */
};

struct traffic {
    struct traffic_shard shards[SHARDS];
    _Alignas(64) atomic_uint_fast64_t keys[TRAFFIC_SEATS]; /* of the stores that have them; 0: none */
    pthread_mutex_t lock;                                  /* guards what follows, and who has which seat */
    struct traffic_seat seats[TRAFFIC_SEATS];
};

/* What has passed by a seat so far. */
struct traffic_sum {
    uint64_t kinds[TRAFFIC_KINDS];
    uint64_t refused, failed, received, sent;
    uint32_t took[TRAFFIC_BUCKETS]; /* may wrap around */
};

void traffic_init(struct traffic *traffic);
void traffic_free(struct traffic *traffic);

/* Counts a request; `store` NULL: it was about none. */
void traffic_count(struct traffic *traffic, const struct traffic_store *store, const struct traffic_request *request);

/* The upper bound of a bucket in nanoseconds; the last one has none, and this is its lower one. */
uint64_t traffic_bound(size_t bucket);

void traffic_read(const struct traffic *traffic, size_t seat, struct traffic_sum *ret_sum);

/* Whether somebody has that seat, and who. */
bool traffic_seat(struct traffic *traffic, size_t seat, struct traffic_seat *ret_seat);

/* Gets a store its seat for somebody who looks at it until traffic_leave(). TRAFFIC_ELSEWHERE: all seats are those of
 * stores that others look at. */
size_t traffic_watch(struct traffic *traffic, const struct traffic_store *store);
void traffic_leave(struct traffic *traffic, size_t seat);

/* A second is over, in which so much went on at each seat: who was idle for long gives the seat back. */
void traffic_pass(struct traffic *traffic, const bool busy[TRAFFIC_SEATS]);

#endif
