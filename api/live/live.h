/* live.h - what the server does, second by second, and who looks on.
 *
 * Each second an I/O thread makes a row of figures of all stores, and one of each that has a seat (traffic.h), and
 * keeps those of the last 15 minutes. Who looks on waits without a thread, and is told when there is a row more. When
 * nobody does it is no more than that one look at the counters.
 *
 * Thread: any, unless said otherwise.
 */
#ifndef CAIRN_API_LIVE_H
#define CAIRN_API_LIVE_H

#include "api/request/traffic.h"
#include "api/text/jsontext.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct live;

/* What is looked at: a store, by its seat and the seat's number, or all of them together. */
struct live_view {
    size_t seat;
    uint64_t number;
};

enum { LIVE_ALL = TRAFFIC_ELSEWHERE /* in the place of a seat; its number is 0 */ };

/* Who waits for the next row: what it is told by, and the rest live.c's. */
struct live_watcher {
    void (*told)(void *arg); /* must not block */
    void *arg;
    struct live_watcher *next;
};

/* NULL when memory is out. */
struct live *live_new(struct api *api);

/* A second is over. Does not block. Thread: one. */
void live_tick(struct live *live);

/* From here on nobody waits: who does is told now. */
void live_end(struct live *live);

/* Waits until no tick is under way: it looks at the depot, which is to stay open meanwhile. */
void live_rest(struct live *live);

/* When no tick is under way and nobody waits. NULL is allowed. */
void live_free(struct live *live);

/* Has `watcher` told once, when there are rows from `since` on, or nothing is to come any more; perhaps at once. It is
 * borrowed until then. */
void live_wait(struct live *live, const struct live_view *view, uint64_t since, struct live_watcher *watcher);

/* Writes the rows from *since on, as an array, until the text has so many bytes; *since is then the next one. Whether
 * those are all. */
bool live_write(struct live *live, const struct live_view *view, struct jsontext *json, uint64_t *since, size_t bytes);

/* Writes the names of their columns. */
void live_write_columns(const struct live_view *view, struct jsontext *json);

/* Whether nothing is to come any more. */
bool live_is_over(struct live *live);

#endif
