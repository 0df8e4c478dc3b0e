/* Sixteen clients at once on a few keys, and a proof that there is one order that explains all answers.
 *
 * A cell is a pair of keys, a and b. Four clients put, get, delete, move and compare-and-swap in it at once and note
 * when each request was sent, when its answer was there and what it said. Afterwards a search looks for an order of
 * these requests that respects time (who was answered before another was sent comes first) and in which each answer is
 * the right one for two plain variables. There is one if and only if the history is linearizable: no stale read, no
 * lost update, no half-done move. The search is Wing and Gong's, with a memory of the places it failed in. */
#include "tests/http/clock.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum { GROUPS = 4, CLIENTS = 4, CELLS = 40, TURNS = 10, EVENTS = CLIENTS * TURNS };

enum kind { EVENT_GET, EVENT_PUT, EVENT_CREATE, EVENT_SWAP, EVENT_DELETE, EVENT_MOVE, KINDS };

struct event {
    double sent, answered;
    enum kind kind;
    int key;      /* 0: a, 1: b; of a move the source */
    int value;    /* put, create, swap: what was written; get: what was read, 0 for nothing */
    int expected; /* swap: what had to be there */
    int status;
};

struct cell {
    struct event events[EVENTS];
};

static struct cell cells[GROUPS][CELLS];

struct actor {
    pthread_t thread;
    pthread_barrier_t *barrier;
    struct cell *cells;
    int group, number;
    unsigned random;
    char store[64];
    int seen[2]; /* the values read or written last, which a swap expects */
};

/* ---- the clients ----------------------------------------------------------------------------- */

static char *key_target(struct actor *actor, struct client *client, int cell, int key)
{
    return client_text(client, "/v1/stores/%s/objects/g%d-c%d-%c", actor->store, actor->group, cell, 'a' + key);
}

/* An ETag is a function of the payload, so a client can tell the one of a value it has not read itself. */
static char *condition_of(struct client *client, int value)
{
    char text[16], hex[33];
    int length = snprintf(text, sizeof text, "%d", value);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(text, (size_t)length));
    for (size_t i = 0; i < sizeof canonical.digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
    return client_text(client, "If-Match: \"%s\"", hex);
}

static struct answer *put(struct actor *actor, struct client *client, int cell, const struct event *event)
{
    char *target = key_target(actor, client, cell, event->key), *text = client_text(client, "%d", event->value);
    const char *condition = event->kind == EVENT_CREATE ? "If-None-Match: *"
                            : event->kind == EVENT_SWAP ? condition_of(client, event->expected)
                                                        : NULL;
    return client_send(client, "PUT", target, text, strlen(text), condition, NULL);
}

static void request(struct actor *actor, struct client *client, int cell, struct event *event)
{
    char *target = key_target(actor, client, cell, event->key);
    struct answer *answer;
    switch (event->kind) {
    case EVENT_GET:
        answer = client_get(client, target, NULL);
        event->value = answer->status == 200 ? atoi((char *)answer->body) : 0;
        break;
    case EVENT_DELETE:
        answer = client_send(client, "DELETE", target, NULL, 0, NULL);
        break;
    case EVENT_MOVE:
        answer = client_send(client, "MOVE", target, NULL, 0,
                             client_text(client, "Destination: %s", key_target(actor, client, cell, !event->key)),
                             NULL);
        break;
    default:
        answer = put(actor, client, cell, event);
        break;
    }
    event->status = answer->status;
}

static void act(struct actor *actor, struct client *client, int cell, int turn)
{
    struct event *event = &actor->cells[cell].events[actor->number * TURNS + turn];
    event->kind = (enum kind)(rand_r(&actor->random) % KINDS);
    event->key = rand_r(&actor->random) % 2;
    event->value = 1 + actor->number * TURNS + turn;
    event->expected = actor->seen[event->key];
    event->sent = clock_now();
    request(actor, client, cell, event);
    event->answered = clock_now();
    if (event->kind != EVENT_MOVE && event->kind != EVENT_DELETE && event->value > 0)
        actor->seen[event->key] = event->value;
    client_forget(client);
}

static void *act_in_all_cells(void *arg)
{
    struct actor *actor = arg;
    struct client *client = client_new(site.server->url);
    for (int cell = 0; cell < CELLS; cell++) {
        pthread_barrier_wait(actor->barrier);
        actor->seen[0] = actor->seen[1] = 1;
        for (int turn = 0; turn < TURNS; turn++)
            act(actor, client, cell, turn);
    }
    client_free(client);
    return NULL;
}

static void run_clients(void)
{
    static struct actor actors[GROUPS][CLIENTS];
    static pthread_barrier_t barriers[GROUPS];
    for (int group = 0; group < GROUPS; group++) {
        pthread_barrier_init(&barriers[group], NULL, CLIENTS);
        for (int i = 0; i < CLIENTS; i++) {
            struct actor *actor = &actors[group][i];
            *actor = (struct actor){.barrier = &barriers[group], .cells = cells[group], .group = group, .number = i};
            actor->random = 1000u * (unsigned)group + (unsigned)i;
            snprintf(actor->store, sizeof actor->store, "%s", site.store);
            ck_assert_int_eq(pthread_create(&actor->thread, NULL, act_in_all_cells, actor), 0);
        }
    }
    for (int group = 0; group < GROUPS; group++) {
        for (int i = 0; i < CLIENTS; i++)
            pthread_join(actors[group][i].thread, NULL);
    }
}

/* ---- the search ------------------------------------------------------------------------------ */

struct search {
    const struct event *events;
    size_t count;
    uint64_t *failed; /* an open hash set of places; 0: free */
    size_t capacity, used;
};

enum { PLACES = 1 << 20 };

/* Where a search stands: which events are done, and what the keys hold. */
struct place {
    uint64_t done;
    int held[2];
};

static uint64_t fingerprint(const struct place *place)
{
    uint64_t hash = XXH3_64bits(place, sizeof *place);
    return hash ? hash : 1;
}

static bool known_to_fail(struct search *search, const struct place *place, bool add)
{
    uint64_t mark = fingerprint(place);
    size_t slot = mark % search->capacity;
    while (search->failed[slot] && search->failed[slot] != mark)
        slot = (slot + 1) % search->capacity;
    if (!search->failed[slot] && add && search->used < search->capacity / 2) {
        search->failed[slot] = mark;
        search->used++;
    }
    return search->failed[slot] == mark;
}

/* Whether the answer of the event is right for these contents; changes them as the event does. */
static bool apply(const struct event *event, int held[2])
{
    int *own = &held[event->key], *other = &held[!event->key];
    int before = *own, present = before != 0;
    switch (event->kind) {
    case EVENT_GET:
        return present ? event->status == 200 && event->value == before : event->status == 404;
    case EVENT_PUT:
        *own = event->value;
        return event->status == (present ? 200 : 201);
    case EVENT_CREATE:
        *own = present ? before : event->value;
        return event->status == (present ? 412 : 201);
    case EVENT_SWAP:
        *own = before == event->expected ? event->value : before;
        return event->status == (before == event->expected ? 200 : 412);
    case EVENT_DELETE:
        *own = 0;
        return event->status == 200;
    case EVENT_MOVE:
        if (!present)
            return event->status == 404;
        bool replaced = *other != 0;
        *other = before;
        *own = 0;
        return event->status == (replaced ? 200 : 201);
    default:
        return false;
    }
}

/* The moment before which the next event must have been sent: the first answer among those not done. */
static double horizon(const struct search *search, uint64_t done)
{
    double first = 1e300;
    for (size_t i = 0; i < search->count; i++)
        if (!(done >> i & 1) && search->events[i].answered < first)
            first = search->events[i].answered;
    return first;
}

static bool explains(struct search *search, const struct place *place)
{
    if (place->done == (1ull << search->count) - 1)
        return true;
    if (known_to_fail(search, place, false))
        return false;
    double limit = horizon(search, place->done);
    for (size_t i = 0; i < search->count; i++) {
        struct place next = *place;
        if (place->done >> i & 1 || search->events[i].sent > limit || !apply(&search->events[i], next.held))
            continue;
        next.done |= 1ull << i;
        if (explains(search, &next))
            return true;
    }
    known_to_fail(search, place, true);
    return false;
}

static bool linearizable(const struct event *events, size_t count)
{
    struct search search = {.events = events, .count = count, .capacity = PLACES};
    search.failed = calloc(PLACES, sizeof *search.failed);
    ck_assert_ptr_nonnull(search.failed);
    struct place start;
    memset(&start, 0, sizeof start);
    bool explained = explains(&search, &start);
    free(search.failed);
    return explained;
}

/* ---- the tests ------------------------------------------------------------------------------- */

static void print_cell(const struct cell *cell)
{
    const char *const kinds[] = {"get", "put", "create", "swap", "delete", "move"};
    double start = 1e300;
    for (size_t i = 0; i < EVENTS; i++)
        start = cell->events[i].sent < start ? cell->events[i].sent : start;
    for (size_t i = 0; i < EVENTS; i++) {
        const struct event *event = &cell->events[i];
        fprintf(stderr, "%9.0f to %9.0f us: client %zu %s %c value %d expected %d: %d\n", (event->sent - start) * 1e6,
                (event->answered - start) * 1e6, i / TURNS, kinds[event->kind], 'a' + event->key, event->value,
                event->expected, event->status);
    }
}

START_TEST(one_order_explains_all_answers)
{
    run_clients();
    for (int group = 0; group < GROUPS; group++) {
        for (int i = 0; i < CELLS; i++) {
            bool good = linearizable(cells[group][i].events, EVENTS);
            if (!good)
                print_cell(&cells[group][i]);
            ck_assert_msg(good, "no order of the requests explains the answers in cell %d of group %d (see above)", i,
                          group);
        }
    }
}
END_TEST

/* The search itself must find fault where there is one. */
START_TEST(the_search_finds_a_stale_read)
{
    const struct event stale[] = {
        {.sent = 0, .answered = 1, .kind = EVENT_PUT, .value = 1, .status = 201},
        {.sent = 2, .answered = 3, .kind = EVENT_PUT, .value = 2, .status = 200},
        {.sent = 4, .answered = 5, .kind = EVENT_GET, .value = 1, .status = 200},
    };
    ck_assert(!linearizable(stale, 3));
    struct event overlapping[3];
    memcpy(overlapping, stale, sizeof stale);
    overlapping[1].answered = 6;
    ck_assert(linearizable(overlapping, 3));
}
END_TEST

START_TEST(the_search_finds_a_lost_update_and_a_half_move)
{
    const struct event lost[] = {
        {.sent = 0, .answered = 1, .kind = EVENT_PUT, .value = 1, .status = 201},
        {.sent = 2, .answered = 4, .kind = EVENT_SWAP, .value = 2, .expected = 1, .status = 200},
        {.sent = 2, .answered = 4, .kind = EVENT_SWAP, .value = 3, .expected = 1, .status = 200},
    };
    ck_assert(!linearizable(lost, 3));
    const struct event half[] = {
        {.sent = 0, .answered = 1, .kind = EVENT_PUT, .value = 1, .status = 201},
        {.sent = 2, .answered = 9, .kind = EVENT_MOVE, .status = 201},
        {.sent = 3, .answered = 4, .kind = EVENT_GET, .key = 0, .value = 0, .status = 404},
        {.sent = 5, .answered = 6, .kind = EVENT_GET, .key = 1, .value = 0, .status = 404},
    };
    ck_assert(!linearizable(half, 4));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        one_order_explains_all_answers,
        the_search_finds_a_stale_read,
        the_search_finds_a_lost_update_and_a_half_move,
    };
    return site_run("history", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
