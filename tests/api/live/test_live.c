/* live.c: ticks that take long, who waits for one, and whose rows are seen. */
#include "api/live/live.h"
#include "api/request/core.h"
#include "tests/lib/fixture.h"
#include "tests/lib/quiet.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct fixture fixture;
static struct api api;

/* The service tells its figures when it may. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held, asked;

static void figures(void *arg, struct api_service_figures *ret_figures)
{
    (void)arg;
    ret_figures->disk_bytes = 7;
    pthread_mutex_lock(&lock);
    asked = true;
    pthread_cond_broadcast(&changed);
    while (held)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void set_held(bool now)
{
    pthread_mutex_lock(&lock);
    held = now;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void setup(void)
{
    fixture_start(&fixture, 1);
    api.options = (struct api_options){.depot = fixture.depot, .figures = figures};
    traffic_init(&api.traffic);
    api.live = live_new(&api);
    ck_assert_ptr_nonnull(api.live);
}

static void teardown(void)
{
    live_rest(api.live);
    fixture_end(&fixture);
    live_free(api.live);
    traffic_free(&api.traffic);
}

/* One that asks for the figures, and gets them when they are not held any more. */
static void begin_tick(void)
{
    live_tick(api.live);
    pthread_mutex_lock(&lock);
    while (!asked)
        pthread_cond_wait(&changed, &lock);
    asked = false;
    pthread_mutex_unlock(&lock);
}

static void tick(void)
{
    begin_tick();
    live_rest(api.live);
}

/* How many rows there are of it. */
static size_t rows_of(const struct live_view *view)
{
    struct jsontext text = {0};
    uint64_t since = 0;
    size_t count = 0;
    ck_assert(live_write(api.live, view, &text, &since, SIZE_MAX));
    for (size_t i = 1; i < text.length; i++)
        count += text.bytes[i] == '[';
    jsontext_free(&text);
    return count;
}

static const struct live_view all = {.seat = LIVE_ALL};

/* ---- ticks --------------------------------------------------------------------------------------- */

static atomic_bool stopped;

static void *stop(void *arg)
{
    (void)arg;
    live_rest(api.live);
    atomic_store(&stopped, true);
    return NULL;
}

/* It may have a store, and the depot may not be closed meanwhile. */
START_TEST(a_tick_that_is_under_way_is_waited_for)
{
    pthread_t stopper;
    set_held(true);
    begin_tick();
    ck_assert_int_eq(pthread_create(&stopper, NULL, stop, NULL), 0);
    ck_assert(quiet_comes());
    ck_assert(!atomic_load(&stopped));
    set_held(false);
    pthread_join(stopper, NULL);
    ck_assert_uint_eq(rows_of(&all), 1);
}
END_TEST

START_TEST(a_tick_that_takes_long_costs_those_behind_it)
{
    set_held(true);
    begin_tick();
    live_tick(api.live);
    live_tick(api.live);
    set_held(false);
    live_rest(api.live);
    ck_assert_uint_eq(rows_of(&all), 1);
    asked = false;
    tick();
    ck_assert_uint_eq(rows_of(&all), 2);
}
END_TEST

/* ---- who looks on -------------------------------------------------------------------------------- */

static void count(void *arg)
{
    atomic_fetch_add((atomic_uint *)arg, 1);
}

START_TEST(who_waits_is_told_once)
{
    atomic_uint told = 0;
    struct live_watcher watcher = {.told = count, .arg = &told};
    live_wait(api.live, &all, 0, &watcher);
    ck_assert_uint_eq(told, 0);
    tick();
    ck_assert(quiet_comes());
    tick();
    ck_assert(quiet_comes());
    ck_assert_uint_eq(told, 1);
    live_wait(api.live, &all, 1, &watcher); /* there is one more already */
    ck_assert_uint_eq(told, 2);
    live_wait(api.live, &all, 2, &watcher);
    ck_assert_uint_eq(told, 2);
    live_end(api.live);
    ck_assert_uint_eq(told, 3);
    ck_assert(live_is_over(api.live));
    live_wait(api.live, &all, 2, &watcher);
    ck_assert_uint_eq(told, 4);
}
END_TEST

/* Who gets the seat of another store does not see what that one did. */
START_TEST(rows_are_those_of_the_store_that_has_the_seat)
{
    struct traffic_store one = {1, "one"}, other = {2, "other"};
    struct live_view view = {traffic_watch(&api.traffic, &one), 1};
    tick();
    tick();
    ck_assert_uint_eq(rows_of(&view), 2);
    traffic_leave(&api.traffic, view.seat);
    for (size_t i = 0; i < TRAFFIC_SEATS - 1; i++)
        traffic_watch(&api.traffic, &(struct traffic_store){10 + i, "more"});
    ck_assert_uint_eq(traffic_watch(&api.traffic, &other), view.seat);
    view.number = 2;
    ck_assert_uint_eq(rows_of(&view), 0);
    tick();
    ck_assert_uint_eq(rows_of(&view), 1);
    view.number = 1;
    ck_assert_uint_eq(rows_of(&view), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_tick_that_is_under_way_is_waited_for, a_tick_that_takes_long_costs_those_behind_it,
                            who_waits_is_told_once, rows_are_those_of_the_store_that_has_the_seat};
    return UNIT_RUN_WITH("live", setup, teardown, tests);
}
