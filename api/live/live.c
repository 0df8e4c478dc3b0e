/* live.c - a history for all stores, and one for each seat that was ever taken. See live.h. */
#include "api/live/live.h"

#include "api/live/history.h"
#include "api/live/measure.h"
#include "api/request/core.h"

#include <stdlib.h>
#include <string.h>

struct live {
    struct api *api;
    struct measure measure; /* the tick's that is under way, like the next */
    struct measure_rows rows;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t measured;
    bool measuring; /* a tick is under way */
    bool over;
    struct live_watcher *watchers;
    uint64_t numbers[TRAFFIC_SEATS + 1];          /* whose histories they are */
    struct history *histories[TRAFFIC_SEATS + 1]; /* owned; NULL: nobody has had that seat yet */
};

struct live *live_new(struct api *api)
{
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        return NULL;
    live->api = api;
    pthread_mutex_init(&live->lock, NULL);
    pthread_cond_init(&live->measured, NULL);
    live->histories[LIVE_ALL] = calloc(1, sizeof *live->histories[LIVE_ALL]);
    measure_init(&live->measure, api);
    if (live->histories[LIVE_ALL])
        return live;
    live_free(live);
    return NULL;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    for (size_t i = 0; i <= TRAFFIC_SEATS; i++)
        free(live->histories[i]);
    pthread_cond_destroy(&live->measured);
    pthread_mutex_destroy(&live->lock);
    free(live);
}

/* ---- a second ------------------------------------------------------------------------------------ */

/* The history of a seat, begun anew for whoever has got it; NULL when memory is out. With the lock. */
static struct history *history_of(struct live *live, size_t seat, uint64_t number)
{
    struct history *history = live->histories[seat];
    if (!history)
        history = live->histories[seat] = calloc(1, sizeof *history);
    if (history && live->numbers[seat] != number)
        history_clear(history); /* what is in it is another store's */
    if (history)
        live->numbers[seat] = number;
    return history;
}

/* With the lock. */
static void add_rows(struct live *live, const struct measure_rows *rows)
{
    history_add(live->histories[LIVE_ALL], &rows->all);
    for (size_t i = 0; i < TRAFFIC_SEATS; i++) {
        struct history *history = rows->taken[i] ? history_of(live, i, rows->seats[i].number) : NULL;
        if (history)
            history_add(history, &rows->stores[i]);
    }
}

/* The last that is done with a watcher is to tell it. */
static void tell(struct live_watcher *watcher)
{
    while (watcher) {
        struct live_watcher *next = watcher->next;
        watcher->told(watcher->arg);
        watcher = next;
    }
}

/* With the lock. */
static struct live_watcher *take_watchers(struct live *live)
{
    struct live_watcher *watchers = live->watchers;
    live->watchers = NULL;
    return watchers;
}

/* What it was before. */
static bool set_measuring(struct live *live, bool measuring)
{
    pthread_mutex_lock(&live->lock);
    bool before = live->measuring;
    live->measuring = measuring;
    if (!measuring)
        pthread_cond_broadcast(&live->measured); /* with the lock, as who waits may free it next */
    pthread_mutex_unlock(&live->lock);
    return before;
}

/* Thread: one of the engine's. */
static void measure(void *arg)
{
    struct live *live = arg;
    measure_take(&live->measure, &live->rows);
    pthread_mutex_lock(&live->lock);
    add_rows(live, &live->rows);
    struct live_watcher *watchers = take_watchers(live);
    pthread_mutex_unlock(&live->lock);
    tell(watchers);
    set_measuring(live, false);
}

/* When the disk is slow to tell what it has free, there is a row less. */
void live_tick(struct live *live)
{
    if (!set_measuring(live, true) && depot_go_on(live->api->options.depot, measure, live) != STORE_OK)
        set_measuring(live, false);
}

void live_rest(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    while (live->measuring)
        pthread_cond_wait(&live->measured, &live->lock);
    pthread_mutex_unlock(&live->lock);
}

void live_end(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    live->over = true;
    struct live_watcher *watchers = take_watchers(live);
    pthread_mutex_unlock(&live->lock);
    tell(watchers);
}

/* ---- who looks on -------------------------------------------------------------------------------- */

/* Of a store that has just got its seat there is nothing: what stands there is another one's. With the lock. */
static const struct history *history_seen(const struct live *live, const struct live_view *view)
{
    static const struct history none;
    const struct history *history = live->histories[view->seat];
    return history && live->numbers[view->seat] == view->number ? history : &none;
}

void live_wait(struct live *live, const struct live_view *view, uint64_t since, struct live_watcher *watcher)
{
    pthread_mutex_lock(&live->lock);
    bool waits = !live->over && history_seen(live, view)->end <= since;
    if (waits) {
        watcher->next = live->watchers;
        live->watchers = watcher;
    }
    pthread_mutex_unlock(&live->lock);
    if (!waits)
        watcher->told(watcher->arg);
}

bool live_write(struct live *live, const struct live_view *view, struct jsontext *json, uint64_t *since, size_t bytes)
{
    pthread_mutex_lock(&live->lock);
    const struct history *history = history_seen(live, view);
    history_write(json, history, view->seat != LIVE_ALL, since, bytes);
    bool all = *since >= history->end;
    pthread_mutex_unlock(&live->lock);
    return all;
}

void live_write_columns(const struct live_view *view, struct jsontext *json)
{
    history_write_columns(json, view->seat != LIVE_ALL);
}

bool live_is_over(struct live *live)
{
    pthread_mutex_lock(&live->lock);
    bool over = live->over;
    pthread_mutex_unlock(&live->lock);
    return over;
}
