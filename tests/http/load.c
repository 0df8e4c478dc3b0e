#include "tests/http/load.h"

#include "tests/http/client.h"
#include "tests/http/payload.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, GROUP = 4, LARGEST = 700 * 1024 };

/* What a key holds, by its version; 0: nothing. */
struct slot {
    uint32_t known;   /* acknowledged */
    uint32_t pending; /* what it is if the change under way happened; otherwise as known */
};

/* An object that changes its place between two. */
struct wanderer {
    unsigned place;
    unsigned pending;
};

struct worker {
    struct load *load;
    size_t number;
    pthread_t thread;
    struct client *client;
    uint64_t random;
    uint32_t version; /* the last one used */
    struct slot slots[SLOTS];
    struct slot group;
    struct wanderer traveller;
    struct wanderer emigrant;
    atomic_size_t acknowledged;
    size_t cut;
    char surprise[256]; /* the first one */
};

struct load {
    atomic_bool stop;
    size_t count;
    struct worker workers[];
};

static const char *const stores[] = {"load-a", "load-b"};

/* ---- names and payloads ---------------------------------------------------------------------- */

static uint64_t next_random(struct worker *worker)
{
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

/* Everything about a payload follows from its identity. */
static uint64_t identity(const struct worker *worker, size_t key, uint32_t version)
{
    return (uint64_t)worker->number << 48 | (uint64_t)key << 32 | version;
}

static size_t size_of(uint64_t seed)
{
    uint64_t mixed = seed * 0x9e3779b97f4a7c15u >> 20;
    return mixed % 16 == 0 ? 300 * 1024 + mixed % (LARGEST - 300 * 1024) : mixed % 5000;
}

static char *key_target(const struct worker *worker, const char *store, const char *kind, size_t key)
{
    return client_text(worker->client, "/v1/stores/%s/objects/w%zu/%s-%zu", store, worker->number, kind, key);
}

static char *slot_target(const struct worker *worker, size_t slot)
{
    return key_target(worker, stores[0], "slot", slot);
}

static char *traveller_target(const struct worker *worker, unsigned place)
{
    return key_target(worker, stores[0], "traveller", place);
}

static char *emigrant_target(const struct worker *worker, unsigned place)
{
    return key_target(worker, stores[place], "emigrant", 0);
}

/* Numbers of the payloads of the objects that are no slots. */
enum { GROUP_KEY = 100, TRAVELLER_KEY = 200, EMIGRANT_KEY = 300 };

/* ---- what workers do ------------------------------------------------------------------------- */

static void keep_surprise(struct worker *worker, const char *what, const struct answer *answer)
{
    if (!worker->surprise[0]) {
        snprintf(worker->surprise, sizeof worker->surprise, "worker %zu, %s: status %d, %zu bytes: %.120s",
                 worker->number, what, answer->status, answer->size, (const char *)answer->body);
    }
}

/* Whether a write was acknowledged. No answer at all, or 503 from a server that stops, ends the worker. */
static bool acknowledged(struct worker *worker, const char *what, const struct answer *answer)
{
    if (answer->status / 100 == 2) {
        worker->acknowledged++;
        return true;
    }
    if (answer->status == 0) {
        worker->cut += strlen(answer->headers) > 0 && strncmp(answer->headers, "HTTP/1.1 1", 10) != 0;
    } else if (answer->status != 503) {
        keep_surprise(worker, what, answer);
    }
    return false;
}

static bool put_slot(struct worker *worker)
{
    size_t i = next_random(worker) % SLOTS;
    struct slot *slot = &worker->slots[i];
    uint64_t seed = identity(worker, i, ++worker->version);
    slot->pending = worker->version;
    bool done = acknowledged(worker, "PUT",
                             client_upload(worker->client, slot_target(worker, i), size_of(seed), seed, NULL));
    if (done)
        slot->known = slot->pending;
    return done;
}

static bool delete_slot(struct worker *worker)
{
    size_t i = next_random(worker) % SLOTS;
    struct slot *slot = &worker->slots[i];
    slot->pending = 0;
    struct answer *answer = client_send(worker->client, "DELETE", slot_target(worker, i), NULL, 0, NULL);
    bool done = acknowledged(worker, "DELETE", answer);
    if (done)
        slot->known = slot->pending;
    return done;
}

/* Reads a slot back: with no write of it under way it is exactly what was acknowledged. */
static bool get_slot(struct worker *worker)
{
    size_t i = next_random(worker) % SLOTS;
    const struct slot *slot = &worker->slots[i];
    uint64_t seed = identity(worker, i, slot->known);
    struct answer *answer = slot->known ? client_download(worker->client, slot_target(worker, i), seed, 0, NULL)
                                        : client_get(worker->client, slot_target(worker, i), NULL);
    bool right = slot->known ? answer->status == 200 && answer->whole && answer->size == size_of(seed)
                             : answer->status == 404;
    if (answer->status == 0 || answer->status == 503)
        return acknowledged(worker, "GET", answer);
    if (!right)
        keep_surprise(worker, "GET", answer);
    return right;
}

static char *group_operation(struct worker *worker, size_t i)
{
    uint64_t seed = identity(worker, GROUP_KEY + i, worker->version);
    size_t size = 1 + size_of(seed) % 4000;
    void *bytes = payload_new(size, seed);
    char *data = payload_base64(bytes, size);
    char *text = client_text(worker->client, "{\"op\":\"put\",\"key\":\"w%zu/group-%zu\",\"data\":\"%s\"}",
                             worker->number, i, data);
    free(bytes);
    free(data);
    return text;
}

static bool put_group(struct worker *worker)
{
    worker->group.pending = ++worker->version;
    char *body = client_text(worker->client, "{\"operations\":[%s,%s,%s,%s]}", group_operation(worker, 0),
                             group_operation(worker, 1), group_operation(worker, 2), group_operation(worker, 3));
    char *target = client_text(worker->client, "/v1/stores/%s/batch", stores[0]);
    struct answer *answer = client_send(worker->client, "POST", target, body, strlen(body),
                                        "Content-Type: application/json", NULL);
    bool done = acknowledged(worker, "batch", answer);
    if (done)
        worker->group.known = worker->group.pending;
    return done;
}

static bool move(struct worker *worker, struct wanderer *wanderer, char *(*target)(const struct worker *, unsigned))
{
    wanderer->pending = !wanderer->place;
    char *header = client_text(worker->client, "Destination: %s", target(worker, wanderer->pending));
    struct answer *answer = client_send(worker->client, "MOVE", target(worker, wanderer->place), NULL, 0, header, NULL);
    bool done = acknowledged(worker, "MOVE", answer);
    if (done)
        wanderer->place = wanderer->pending;
    return done;
}

static bool act(struct worker *worker)
{
    switch (next_random(worker) % 16) {
    case 0:
        return put_group(worker);
    case 1:
        return move(worker, &worker->traveller, traveller_target);
    case 2:
        return move(worker, &worker->emigrant, emigrant_target);
    case 3:
    case 4:
        return delete_slot(worker);
    case 5:
    case 6:
        return get_slot(worker);
    default:
        return put_slot(worker);
    }
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    while (!atomic_load(&worker->load->stop) && act(worker))
        client_forget(worker->client);
    return NULL;
}

/* ---- what is found afterwards ---------------------------------------------------------------- */

static bool holds(struct worker *worker, const char *target, uint64_t seed, size_t size)
{
    struct answer *answer = client_download(worker->client, target, seed, 0, NULL);
    ck_assert_msg(answer->status == 200 || answer->status == 404, "%s: %d", target, answer->status);
    return answer->status == 200 && answer->whole && answer->size == size;
}

static bool absent(struct worker *worker, const char *target)
{
    return client_send(worker->client, "HEAD", target, NULL, 0, NULL)->status == 404;
}

static bool slot_is(struct worker *worker, size_t i, uint32_t version)
{
    uint64_t seed = identity(worker, i, version);
    return version ? holds(worker, slot_target(worker, i), seed, size_of(seed))
                   : absent(worker, slot_target(worker, i));
}

static void verify_slot(struct worker *worker, size_t i)
{
    struct slot *slot = &worker->slots[i];
    if (!slot_is(worker, i, slot->known)) {
        ck_assert_msg(slot->pending != slot->known && slot_is(worker, i, slot->pending),
                      "%s is neither version %u, acknowledged, nor %u, under way (0: absent)", slot_target(worker, i),
                      slot->known, slot->pending);
        slot->known = slot->pending;
    }
    slot->pending = slot->known;
}

static size_t group_members_at(struct worker *worker, uint32_t version)
{
    size_t count = 0;
    for (size_t i = 0; i < GROUP; i++) {
        uint64_t seed = identity(worker, GROUP_KEY + i, version);
        const char *target = key_target(worker, stores[0], "group", i);
        count += version ? holds(worker, target, seed, 1 + size_of(seed) % 4000) : absent(worker, target);
    }
    return count;
}

static void verify_group(struct worker *worker)
{
    struct slot *group = &worker->group;
    if (group_members_at(worker, group->known) < GROUP) {
        ck_assert_msg(group_members_at(worker, group->pending) == GROUP,
                      "worker %zu: a batch is there in part: %zu of %d are version %u, %zu version %u", worker->number,
                      group_members_at(worker, group->known), GROUP, group->known,
                      group_members_at(worker, group->pending), group->pending);
        group->known = group->pending;
    }
    group->pending = group->known;
}

/* The traveller is under exactly one key: the acknowledged one, or the other if a move was under way. */
static void verify_traveller(struct worker *worker)
{
    struct wanderer *traveller = &worker->traveller;
    uint64_t seed = identity(worker, TRAVELLER_KEY, 1);
    unsigned found = holds(worker, traveller_target(worker, traveller->place), seed, size_of(seed))
                         ? traveller->place
                         : traveller->pending;
    ck_assert_msg(holds(worker, traveller_target(worker, found), seed, size_of(seed)),
                  "worker %zu: a renamed object is lost", worker->number);
    ck_assert_msg(absent(worker, traveller_target(worker, !found)), "worker %zu: a renamed object is there twice",
                  worker->number);
    traveller->place = traveller->pending = found;
}

/* The emigrant may be in both stores when the transfer was cut, never in neither. */
static void verify_emigrant(struct worker *worker)
{
    struct wanderer *emigrant = &worker->emigrant;
    uint64_t seed = identity(worker, EMIGRANT_KEY, 1);
    bool here = holds(worker, emigrant_target(worker, emigrant->place), seed, size_of(seed));
    bool there = holds(worker, emigrant_target(worker, !emigrant->place), seed, size_of(seed));
    ck_assert_msg(here || there, "worker %zu: a transferred object is lost", worker->number);
    ck_assert_msg(!there || emigrant->pending != emigrant->place, "worker %zu: a transfer that was never asked for",
                  worker->number);
    if (here && there)
        client_send(worker->client, "DELETE", emigrant_target(worker, !emigrant->place), NULL, 0, NULL);
    emigrant->place = emigrant->pending = here ? emigrant->place : !emigrant->place;
}

void load_verify(struct load *load, const char *url)
{
    for (size_t i = 0; i < load->count; i++) {
        struct worker *worker = &load->workers[i];
        worker->client = client_new(url);
        for (size_t slot = 0; slot < SLOTS; slot++)
            verify_slot(worker, slot);
        verify_group(worker);
        verify_traveller(worker);
        verify_emigrant(worker);
        client_free(worker->client);
        worker->client = NULL;
    }
}

/* ---- begin and end --------------------------------------------------------------------------- */

static void create_stores(struct client *client)
{
    for (size_t i = 0; i < 2; i++) {
        char *target = client_text(client, "/v1/stores/%s", stores[i]);
        ck_assert_int_eq(client_send(client, "PUT", target, "", 0, NULL)->status / 100, 2);
    }
}

static void settle(struct worker *worker)
{
    uint64_t seed = identity(worker, TRAVELLER_KEY, 1);
    struct answer *answer = client_upload(worker->client, traveller_target(worker, 0), size_of(seed), seed, NULL);
    ck_assert_int_eq(answer->status, 201);
    seed = identity(worker, EMIGRANT_KEY, 1);
    answer = client_upload(worker->client, emigrant_target(worker, 0), size_of(seed), seed, NULL);
    ck_assert_int_eq(answer->status, 201);
}

struct load *load_new(const char *url, size_t workers, uint64_t seed)
{
    struct load *load = calloc(1, sizeof *load + workers * sizeof load->workers[0]);
    ck_assert_ptr_nonnull(load);
    load->count = workers;
    struct client *client = client_new(url);
    create_stores(client);
    for (size_t i = 0; i < workers; i++) {
        struct worker *worker = &load->workers[i];
        *worker = (struct worker){.load = load, .number = i, .client = client};
        worker->random = (seed + i + 1) * 0x9e3779b97f4a7c15u;
        settle(worker);
        worker->client = NULL;
    }
    client_free(client);
    return load;
}

void load_start(struct load *load, const char *url)
{
    atomic_store(&load->stop, false);
    for (size_t i = 0; i < load->count; i++) {
        struct worker *worker = &load->workers[i];
        worker->client = client_new(url);
        ck_assert_int_eq(pthread_create(&worker->thread, NULL, work, worker), 0);
    }
}

void load_stop(struct load *load)
{
    atomic_store(&load->stop, true);
    for (size_t i = 0; i < load->count; i++) {
        struct worker *worker = &load->workers[i];
        pthread_join(worker->thread, NULL);
        client_free(worker->client);
        worker->client = NULL;
    }
}

size_t load_acknowledged(const struct load *load)
{
    size_t sum = 0;
    for (size_t i = 0; i < load->count; i++)
        sum += load->workers[i].acknowledged;
    return sum;
}

size_t load_cut(const struct load *load)
{
    size_t sum = 0;
    for (size_t i = 0; i < load->count; i++)
        sum += load->workers[i].cut;
    return sum;
}

void load_expect_no_surprise(const struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        ck_assert_msg(!load->workers[i].surprise[0], "%s", load->workers[i].surprise);
}

void load_free(struct load *load)
{
    free(load);
}
