/* metrics.c: what many threads count adds up, and each status has its place. */
#include "api/request/metrics.h"
#include "tests/lib/unit.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = SHARDS + 5, REQUESTS = 1000 };

static struct metrics *metrics;
static uint64_t numbers[THREADS][REQUESTS];

static void open_metrics(void)
{
    metrics = aligned_alloc(_Alignof(struct metrics), sizeof *metrics);
    ck_assert_ptr_nonnull(metrics);
    memset(metrics, 0, sizeof *metrics);
}

static void close_metrics(void)
{
    free(metrics);
}

static void *ask(void *arg)
{
    uint64_t *numbers_of_thread = arg;
    for (size_t i = 0; i < REQUESTS; i++) {
        struct metrics_request request = {
            .route = i % 2, .status = 200, .nanoseconds = metrics_bounds[3], .received = 2, .sent = 3};
        numbers_of_thread[i] = metrics_begin(metrics);
        metrics_count(metrics, METHOD_PUT, 404, PROBLEM_NO_OBJECT);
        metrics_end(metrics, &request);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t answered(const struct metrics_shard *sum, size_t route, unsigned status)
{
    unsigned found;
    for (size_t place = 0; place < METRICS_STATUSES; place++)
        if (metrics_status(place, &found) && found == status)
            return sum->routes[route].statuses[place];
    ck_abort_msg("%u has no place", status);
}

START_TEST(threads_add_up)
{
    static struct metrics_shard sum;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, numbers[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    metrics_sum(metrics, &sum);
    ck_assert_uint_eq(sum.requests, THREADS * REQUESTS);
    ck_assert_uint_eq(sum.answers[METHOD_PUT][2], THREADS * REQUESTS);
    ck_assert_uint_eq(sum.problems[PROBLEM_NO_OBJECT], THREADS * REQUESTS);
    ck_assert_uint_eq(answered(&sum, 1, 200), THREADS * REQUESTS / 2);
    ck_assert_uint_eq(sum.routes[0].buckets[3], THREADS * REQUESTS / 2);
    ck_assert_uint_eq(sum.routes[0].received + sum.routes[1].sent, THREADS * REQUESTS / 2 * 5);
    qsort(numbers, THREADS * REQUESTS, sizeof numbers[0][0], compare);
    for (size_t i = 1; i < THREADS * REQUESTS; i++)
        ck_assert_uint_lt((&numbers[0][0])[i - 1], (&numbers[0][0])[i]);
}
END_TEST

START_TEST(each_status_has_its_place)
{
    static const unsigned statuses[] = {0, 200, 207, 300, 308, 400, 431, 500, 511};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        static struct metrics_shard sum;
        metrics_end(metrics, &(struct metrics_request){.route = METRICS_ROUTES, .status = statuses[i]});
        metrics_sum(metrics, &sum);
        ck_assert_uint_eq(answered(&sum, METRICS_ROUTES, statuses[i]), 1);
        ck_assert_uint_eq(sum.routes[METRICS_ROUTES].buckets[0], i + 1);
    }
    for (unsigned status = 432; status < 500; status++)
        metrics_end(metrics, &(struct metrics_request){.route = 5, .status = status});
    static struct metrics_shard sum;
    metrics_sum(metrics, &sum);
    ck_assert_uint_eq(answered(&sum, 5, UINT_MAX), 68);
}
END_TEST

START_TEST(what_takes_long_is_in_the_last_bucket)
{
    static struct metrics_shard sum;
    int64_t longest = metrics_bounds[METRICS_BUCKETS - 1];
    metrics_end(metrics, &(struct metrics_request){.nanoseconds = longest});
    metrics_end(metrics, &(struct metrics_request){.nanoseconds = longest + 1});
    metrics_sum(metrics, &sum);
    ck_assert_uint_eq(sum.routes[0].buckets[METRICS_BUCKETS - 1], 1);
    ck_assert_uint_eq(sum.routes[0].buckets[METRICS_BUCKETS], 1);
    for (size_t i = 1; i < METRICS_BUCKETS; i++)
        ck_assert_int_lt(metrics_bounds[i - 1], metrics_bounds[i]);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {threads_add_up, each_status_has_its_place, what_takes_long_is_in_the_last_bucket};
    return UNIT_RUN_WITH("metrics", open_metrics, close_metrics, tests);
}
