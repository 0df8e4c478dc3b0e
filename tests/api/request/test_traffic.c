/* traffic.c: what is counted adds up, and who has a seat. */
#include "api/request/traffic.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = SHARDS + 5, REQUESTS = 1000, PATIENCE = 60 };

static struct traffic *traffic;

static void open_traffic(void)
{
    traffic = aligned_alloc(_Alignof(struct traffic), sizeof *traffic);
    ck_assert_ptr_nonnull(traffic);
    memset(traffic, 0, sizeof *traffic);
    traffic_init(traffic);
}

static void close_traffic(void)
{
    traffic_free(traffic);
    free(traffic);
}

/* The store of that number; valid until the next call. */
static const struct traffic_store *store(unsigned number)
{
    static char name[16];
    static struct traffic_store store;
    snprintf(name, sizeof name, "s%u", number);
    store = (struct traffic_store){number, name};
    return &store;
}

static void ask(const struct traffic_store *of)
{
    struct traffic_request request = {.method = METHOD_GET, .status = 200, .sent = 3, .nanoseconds = 100000};
    traffic_count(traffic, of, &request);
}

static uint64_t asked_at(size_t seat)
{
    struct traffic_sum sum;
    traffic_read(traffic, seat, &sum);
    return sum.kinds[TRAFFIC_READS];
}

/* The seat of the store of that number, or TRAFFIC_ELSEWHERE. */
static size_t seat_of(unsigned number)
{
    struct traffic_seat seat;
    for (size_t i = 0; i < TRAFFIC_SEATS; i++)
        if (traffic_seat(traffic, i, &seat) && strcmp(seat.name, store(number)->name) == 0)
            return i;
    return TRAFFIC_ELSEWHERE;
}

/* So many seconds in which only this seat, if any, is busy. */
static void pass(unsigned seconds, size_t busy_seat)
{
    bool busy[TRAFFIC_SEATS] = {false};
    if (busy_seat != TRAFFIC_ELSEWHERE)
        busy[busy_seat] = true;
    while (seconds-- > 0)
        traffic_pass(traffic, busy);
}

/* ---- counting ------------------------------------------------------------------------------------ */

START_TEST(each_method_and_status_counts_where_it_belongs)
{
    static const struct traffic_request requests[] = {
        {METHOD_GET, 200, 0, 10, 1}, {METHOD_HEAD, 404, 0, 0, 1},    {METHOD_PUT, 201, 7, 1, 1},
        {METHOD_POST, 503, 3, 2, 1}, {METHOD_PATCH, 204, 0, 0, 1},   {METHOD_MOVE, 201, 0, 0, 1},
        {METHOD_COPY, 412, 0, 0, 1}, {METHOD_DELETE, 200, 0, 0, -1}, {METHOD_OPTIONS, 204, 0, 0, 1},
        {METHODS, 501, 0, 0, 1},     {METHOD_GET, 0, 0, 0, 1},
    };
    static const uint64_t kinds[TRAFFIC_KINDS] = {3, 5, 1, 2};
    struct traffic_sum sum;
    uint32_t took = 0;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        traffic_count(traffic, NULL, &requests[i]);
    traffic_read(traffic, TRAFFIC_ELSEWHERE, &sum);
    ck_assert_mem_eq(sum.kinds, kinds, sizeof kinds);
    ck_assert_uint_eq(sum.refused, 2);
    ck_assert_uint_eq(sum.failed, 2);
    ck_assert_uint_eq(sum.received, 10);
    ck_assert_uint_eq(sum.sent, 13);
    for (size_t i = 0; i < TRAFFIC_BUCKETS; i++)
        took += sum.took[i];
    ck_assert_uint_eq(took, 10); /* without the one that was held back */
}
END_TEST

/* The bucket of a time lies around it. */
START_TEST(times_are_counted_between_the_bounds_of_their_bucket)
{
    size_t behind = 0;
    for (uint64_t time = 1; time < UINT64_C(100000000000); time += time / 7 + 1) {
        struct traffic_sum before, after;
        size_t bucket = 0;
        traffic_read(traffic, TRAFFIC_ELSEWHERE, &before);
        traffic_count(traffic, NULL, &(struct traffic_request){.nanoseconds = (int64_t)time});
        traffic_read(traffic, TRAFFIC_ELSEWHERE, &after);
        while (after.took[bucket] == before.took[bucket])
            bucket++;
        ck_assert_uint_ge(bucket, behind);
        behind = bucket;
        ck_assert_uint_ge(time, bucket == 0 ? 0 : traffic_bound(bucket - 1));
        if (bucket < TRAFFIC_BUCKETS - 1)
            ck_assert_uint_lt(time, traffic_bound(bucket));
    }
    ck_assert_uint_eq(behind, TRAFFIC_BUCKETS - 1);
}
END_TEST

static void *ask_often(void *arg)
{
    const struct traffic_store *of = arg;
    for (size_t i = 0; i < REQUESTS; i++)
        ask(of);
    return NULL;
}

START_TEST(what_many_threads_count_adds_up)
{
    pthread_t threads[THREADS];
    struct traffic_store one = {7, "one"};
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often, &one), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(asked_at(0), THREADS * REQUESTS); /* two that come at once have one seat */
}
END_TEST

/* ---- seats --------------------------------------------------------------------------------------- */

static void fill(void)
{
    for (unsigned i = 1; i <= TRAFFIC_SEATS; i++)
        ask(store(i));
}

START_TEST(who_comes_first_has_a_seat)
{
    fill();
    ask(store(100));
    ask(store(1));
    ask(NULL);
    ck_assert_uint_eq(seat_of(100), TRAFFIC_ELSEWHERE);
    ck_assert_uint_eq(asked_at(seat_of(1)), 2);
    ck_assert_uint_eq(asked_at(seat_of(16)), 1);
    ck_assert_uint_eq(asked_at(TRAFFIC_ELSEWHERE), 2);
}
END_TEST

START_TEST(who_is_idle_makes_room_for_others)
{
    fill();
    struct traffic_seat before, after;
    size_t seat = seat_of(1);
    traffic_seat(traffic, seat, &before);
    pass(PATIENCE - 1, TRAFFIC_ELSEWHERE);
    ask(store(100));
    ck_assert_uint_eq(seat_of(100), TRAFFIC_ELSEWHERE);
    pass(1, TRAFFIC_ELSEWHERE);
    ask(store(100));
    ck_assert_uint_ne(seat_of(100), TRAFFIC_ELSEWHERE);
    traffic_seat(traffic, seat_of(100), &after);
    ck_assert_uint_gt(after.number, before.number);
    ck_assert_uint_eq(after.idle, 0);
}
END_TEST

START_TEST(where_there_is_room_idle_stores_keep_their_seats_for_long)
{
    ask(store(1));
    ask(store(2));
    size_t busy = seat_of(2);
    pass(TRAFFIC_IDLE - 1, busy);
    ck_assert_uint_ne(seat_of(1), TRAFFIC_ELSEWHERE);
    pass(1, busy);
    ck_assert_uint_eq(seat_of(1), TRAFFIC_ELSEWHERE);
    ck_assert_uint_eq(seat_of(2), busy);
}
END_TEST

/* Who looks has a seat for it, in the place of the one that has been idle longest; until all are looked at. */
START_TEST(who_is_looked_at_has_a_seat)
{
    fill();
    for (unsigned i = 2; i <= TRAFFIC_SEATS; i++)
        pass(1, seat_of(i)); /* so that 1, then 2 have been idle longest */
    size_t first = seat_of(1);
    ck_assert_uint_eq(traffic_watch(traffic, store(100)), first);
    ck_assert_uint_eq(traffic_watch(traffic, store(100)), first);
    pass(TRAFFIC_IDLE, TRAFFIC_ELSEWHERE);
    ck_assert_uint_eq(seat_of(100), first);
    for (unsigned i = 1; i < TRAFFIC_SEATS; i++)
        ck_assert_uint_ne(traffic_watch(traffic, store(100 + i)), TRAFFIC_ELSEWHERE);
    ck_assert_uint_eq(traffic_watch(traffic, store(200)), TRAFFIC_ELSEWHERE);
    traffic_leave(traffic, first);
    ck_assert_uint_eq(traffic_watch(traffic, store(200)), TRAFFIC_ELSEWHERE);
    traffic_leave(traffic, first);
    ck_assert_uint_eq(traffic_watch(traffic, store(200)), first);
}
END_TEST

/* A store of the same name is another one. */
START_TEST(a_name_is_no_store)
{
    struct traffic_store old = {1, "s"}, new = {2, "s"};
    ask(&old);
    ask(&new);
    ck_assert_uint_eq(asked_at(0), 1);
    ck_assert_uint_eq(asked_at(1), 1);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {each_method_and_status_counts_where_it_belongs,
                            times_are_counted_between_the_bounds_of_their_bucket,
                            what_many_threads_count_adds_up,
                            who_comes_first_has_a_seat,
                            who_is_idle_makes_room_for_others,
                            where_there_is_room_idle_stores_keep_their_seats_for_long,
                            who_is_looked_at_has_a_seat,
                            a_name_is_no_store};
    return UNIT_RUN_WITH("traffic", open_traffic, close_traffic, tests);
}
