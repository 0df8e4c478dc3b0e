/* traffic.c - seats are looked for without a lock, and taken with one. See traffic.h. */
#include "api/request/traffic.h"

#include <string.h>

enum {
    PATIENCE = 60,     /* seconds that a store is idle before it may lose its seat to others */
    OCTAVE_FIRST = 13, /* the lowest one that is told apart */
    OCTAVE_PARTS = 4
};

void traffic_init(struct traffic *traffic)
{
    pthread_mutex_init(&traffic->lock, NULL);
}

void traffic_free(struct traffic *traffic)
{
    pthread_mutex_destroy(&traffic->lock);
}

/* ---- seats --------------------------------------------------------------------------------------- */

/* Zero stands for nobody. */
static uint64_t key_of(const struct traffic_store *store)
{
    return store->salt ? store->salt : 1;
}

static uint64_t key_at(const struct traffic *traffic, size_t seat)
{
    return atomic_load_explicit(&traffic->keys[seat], memory_order_relaxed);
}

/* The seat that has this key; TRAFFIC_ELSEWHERE: none. */
static size_t find(const struct traffic *traffic, uint64_t key)
{
    size_t seat = 0;
    while (seat < TRAFFIC_SEATS && key_at(traffic, seat) != key)
        seat++;
    return seat;
}

/* With the lock. */
static void give(struct traffic *traffic, size_t seat, const struct traffic_store *store)
{
    struct traffic_seat *given = &traffic->seats[seat];
    *given = (struct traffic_seat){.number = given->number + 1};
    stpcpy(given->name, store->name);
    atomic_store_explicit(&traffic->keys[seat], key_of(store), memory_order_relaxed);
}

static size_t take_free(struct traffic *traffic, const struct traffic_store *store)
{
    pthread_mutex_lock(&traffic->lock);
    size_t seat = find(traffic, key_of(store)); /* another thread may have been quicker */
    if (seat == TRAFFIC_ELSEWHERE) {
        seat = find(traffic, 0);
        if (seat != TRAFFIC_ELSEWHERE)
            give(traffic, seat, store);
    }
    pthread_mutex_unlock(&traffic->lock);
    return seat;
}

static size_t seat_of(struct traffic *traffic, const struct traffic_store *store)
{
    if (!store)
        return TRAFFIC_ELSEWHERE;
    size_t seat = find(traffic, key_of(store));
    if (seat != TRAFFIC_ELSEWHERE || find(traffic, 0) == TRAFFIC_ELSEWHERE)
        return seat;
    return take_free(traffic, store);
}

/* Of the seats that nobody looks at, the one that has been idle longest. With the lock. */
static size_t idlest(const struct traffic *traffic)
{
    size_t found = TRAFFIC_ELSEWHERE;
    for (size_t i = 0; i < TRAFFIC_SEATS; i++) {
        const struct traffic_seat *seat = &traffic->seats[i];
        if (seat->watchers == 0 && (found == TRAFFIC_ELSEWHERE || seat->idle > traffic->seats[found].idle))
            found = i;
    }
    return found;
}

bool traffic_seat(struct traffic *traffic, size_t seat, struct traffic_seat *ret_seat)
{
    pthread_mutex_lock(&traffic->lock);
    bool taken = key_at(traffic, seat) != 0;
    *ret_seat = traffic->seats[seat];
    pthread_mutex_unlock(&traffic->lock);
    return taken;
}

size_t traffic_watch(struct traffic *traffic, const struct traffic_store *store)
{
    pthread_mutex_lock(&traffic->lock);
    size_t seat = find(traffic, key_of(store));
    if (seat == TRAFFIC_ELSEWHERE) {
        seat = find(traffic, 0);
        if (seat == TRAFFIC_ELSEWHERE)
            seat = idlest(traffic);
        if (seat != TRAFFIC_ELSEWHERE)
            give(traffic, seat, store);
    }
    if (seat != TRAFFIC_ELSEWHERE)
        traffic->seats[seat].watchers++;
    pthread_mutex_unlock(&traffic->lock);
    return seat;
}

void traffic_leave(struct traffic *traffic, size_t seat)
{
    pthread_mutex_lock(&traffic->lock);
    traffic->seats[seat].watchers--;
    pthread_mutex_unlock(&traffic->lock);
}

void traffic_pass(struct traffic *traffic, const bool busy[TRAFFIC_SEATS])
{
    pthread_mutex_lock(&traffic->lock);
    bool full = find(traffic, 0) == TRAFFIC_ELSEWHERE;
    for (size_t i = 0; i < TRAFFIC_SEATS; i++)
        traffic->seats[i].idle = busy[i] ? 0 : traffic->seats[i].idle + 1;
    for (size_t i = 0; i < TRAFFIC_SEATS; i++)
        if (traffic->seats[i].watchers == 0 && traffic->seats[i].idle >= TRAFFIC_IDLE)
            atomic_store_explicit(&traffic->keys[i], 0, memory_order_relaxed);
    size_t next = full ? idlest(traffic) : TRAFFIC_ELSEWHERE;
    if (next != TRAFFIC_ELSEWHERE && traffic->seats[next].idle >= PATIENCE)
        atomic_store_explicit(&traffic->keys[next], 0, memory_order_relaxed);
    pthread_mutex_unlock(&traffic->lock);
}

/* ---- counting ------------------------------------------------------------------------------------ */

static enum traffic_kind kind_of(enum method method)
{
    switch (method) {
    case METHOD_GET:
    case METHOD_HEAD:
        return TRAFFIC_READS;
    case METHOD_PUT:
    case METHOD_POST:
    case METHOD_PATCH:
    case METHOD_MOVE:
    case METHOD_COPY:
        return TRAFFIC_WRITES;
    case METHOD_DELETE:
        return TRAFFIC_DELETES;
    case METHOD_OPTIONS:
    case METHODS:
        break;
    }
    return TRAFFIC_OTHERS;
}

static size_t bucket_of(uint64_t nanoseconds)
{
    if (nanoseconds >> OCTAVE_FIRST == 0)
        return 0;
    unsigned octave = 63 - (unsigned)__builtin_clzll(nanoseconds);
    size_t bucket = 1 + OCTAVE_PARTS * (size_t)(octave - OCTAVE_FIRST) + (nanoseconds >> (octave - 2)) % OCTAVE_PARTS;
    return bucket < TRAFFIC_BUCKETS ? bucket : TRAFFIC_BUCKETS - 1;
}

uint64_t traffic_bound(size_t bucket)
{
    if (bucket == TRAFFIC_BUCKETS - 1)
        bucket--;
    return (uint64_t)(OCTAVE_PARTS + bucket % OCTAVE_PARTS) << (OCTAVE_FIRST - 2 + bucket / OCTAVE_PARTS);
}

static void add(atomic_uint_fast64_t *counter, uint64_t count)
{
    if (count > 0)
        atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
}

void traffic_count(struct traffic *traffic, const struct traffic_store *store, const struct traffic_request *request)
{
    struct traffic_tally *tally = &traffic->shards[shard_own()].tallies[seat_of(traffic, store)];
    add(&tally->kinds[kind_of(request->method)], 1);
    add(&tally->refused, request->status / 100 == 4);
    add(&tally->failed, request->status / 100 == 5);
    add(&tally->received, request->received);
    add(&tally->sent, request->sent);
    if (request->nanoseconds >= 0)
        atomic_fetch_add_explicit(&tally->took[bucket_of((uint64_t)request->nanoseconds)], 1, memory_order_relaxed);
}

/* ---- reading ------------------------------------------------------------------------------------- */

static uint64_t read_counter(const atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add_tally(const struct traffic_tally *tally, struct traffic_sum *sum)
{
    for (size_t i = 0; i < TRAFFIC_KINDS; i++)
        sum->kinds[i] += read_counter(&tally->kinds[i]);
    sum->refused += read_counter(&tally->refused);
    sum->failed += read_counter(&tally->failed);
    sum->received += read_counter(&tally->received);
    sum->sent += read_counter(&tally->sent);
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        sum->took[i] += atomic_load_explicit(&tally->took[i], memory_order_relaxed);
}

void traffic_read(const struct traffic *traffic, size_t seat, struct traffic_sum *ret_sum)
{
    size_t count = shard_count();
    *ret_sum = (struct traffic_sum){0};
    for (size_t i = 0; i < count; i++)
        add_tally(&traffic->shards[i].tallies[seat], ret_sum);
}
