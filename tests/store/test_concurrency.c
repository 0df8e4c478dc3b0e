/* test_concurrency.c - many threads at one store: what each of them saw must fit one order.
 *
 * The order is known: a commit's place is its offset, and a reader learns the offset of what it reads. Every call
 * notes a tick before it begins and after it has ended, so that "before" means what it says.
 */
#include "store/store.h"
#include "tests/lib/fixture.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/ticket.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 8, CALLS = 1500, KEYS = 3, MOVES = 600, BATCHES = 800 };

static struct fixture fixture;
static struct store *other; /* a second store */
static atomic_uint_fast64_t clock_ticks;

static void setup(void)
{
    bool created;
    fixture_start(&fixture, 1);
    ck_assert_int_eq(depot_create(fixture.depot, "other", &created, NULL), STORE_OK);
    ck_assert_int_eq(depot_acquire(fixture.depot, "other", &other, NULL), STORE_OK);
}

static void teardown(void)
{
    depot_release(other);
    fixture_end(&fixture);
}

static uint64_t tick(void)
{
    return atomic_fetch_add(&clock_ticks, 1);
}

static struct store_key key_of(const char *key)
{
    return store_key_of(key, strlen(key));
}

/* The number that a payload is, and the offset; false when there is no object. */
static bool read_number(struct store *store, const char *key, uint64_t *ret_number, uint64_t *ret_offset)
{
    struct store_key named = key_of(key);
    struct object *object;
    enum store_error error = store_get(store, &named, STORE_GET_PAYLOAD, &object);
    if (error == STORE_NO_OBJECT)
        return false;
    ck_assert_msg(error == STORE_OK, "%s: %s", key, store_error_text(error));
    ck_assert_uint_eq(object_info(object)->size, sizeof *ret_number);
    memcpy(ret_number, object_payload(object), sizeof *ret_number);
    *ret_offset = object_info(object)->offset;
    object_release(object);
    return true;
}

static enum store_error put_number(struct store *store, const char *key, uint64_t number)
{
    struct store_op op = {.kind = STORE_PUT, .key = key_of(key), .payload = &number, .size = sizeof number};
    return ticket_batch(store, &op, 1, NULL);
}

/* ---- registers ------------------------------------------------------------------------------- */

struct call {
    uint64_t begin;
    uint64_t end;
    uint64_t offset; /* of what was written or read */
    uint64_t number;
    uint64_t wanted; /* a conditional put: the number that had to be there */
    bool write;
    bool conditional;
};

struct client {
    pthread_t thread;
    unsigned number;
    struct call calls[KEYS][CALLS];
    size_t counts[KEYS];
};

static const char *const keys[KEYS] = {"a", "b", "c"};

static bool call_read(unsigned key, struct call *call)
{
    call->begin = tick();
    bool found = read_number(fixture.store, keys[key], &call->number, &call->offset);
    call->end = tick();
    return found;
}

/* A put, half of them only if the key still holds what was read a moment ago: a compare-and-swap. */
static bool call_write(unsigned key, uint64_t number, struct prng *prng, struct call *call)
{
    struct call seen = {0};
    struct store_op op = {.kind = STORE_PUT, .key = key_of(keys[key]), .payload = &number, .size = sizeof number};
    struct store_receipt receipt;
    struct store_digest digest;
    call->conditional = prng_one_in(prng, 2) && call_read(key, &seen);
    if (call->conditional) {
        digest = store_digest_of(&seen.number, sizeof seen.number);
        op.condition = (struct store_condition){.match_listed = true, .match = &digest, .match_count = 1};
    }
    call->write = true;
    call->wanted = seen.number;
    call->number = number;
    call->begin = tick();
    enum store_error error = ticket_batch(fixture.store, &op, 1, &receipt);
    call->end = tick();
    ck_assert(error == STORE_OK || (call->conditional && error == STORE_CONDITION));
    call->offset = error ? 0 : receipt.offset;
    return error == STORE_OK;
}

static void *run_client(void *arg)
{
    struct client *client = arg;
    struct prng prng = prng_of(client->number);
    for (uint64_t i = 0; i < CALLS; i++) {
        unsigned key = (unsigned)prng_below(&prng, KEYS);
        struct call call = {0};
        uint64_t number = (uint64_t)client->number << 32 | (i + 1);
        bool done = prng_one_in(&prng, 2) ? call_read(key, &call) : call_write(key, number, &prng, &call);
        if (done)
            client->calls[key][client->counts[key]++] = call;
    }
    return NULL;
}

static int by_begin(const void *a, const void *b)
{
    const struct call *left = a, *right = b;
    return left->begin < right->begin ? -1 : left->begin > right->begin;
}

static int by_end(const void *a, const void *b)
{
    const struct call *left = a, *right = b;
    return left->end < right->end ? -1 : left->end > right->end;
}

/* A write comes before the reads of what it wrote. */
static int by_offset(const void *a, const void *b)
{
    const struct call *left = a, *right = b;
    if (left->offset == right->offset)
        return right->write - left->write;
    return left->offset < right->offset ? -1 : 1;
}

/* A call that began after another had ended sees or makes nothing older than that one did; a write something newer. */
static void check_no_going_back(struct call *calls, size_t count)
{
    struct call *ended = malloc(count * sizeof *ended);
    ck_assert_ptr_nonnull(ended);
    memcpy(ended, calls, count * sizeof *ended);
    qsort(ended, count, sizeof *ended, by_end);
    qsort(calls, count, sizeof *calls, by_begin);
    uint64_t newest = 0;
    for (size_t i = 0, past = 0; i < count; i++) {
        for (; past < count && ended[past].end < calls[i].begin; past++)
            newest = ended[past].offset > newest ? ended[past].offset : newest;
        ck_assert_msg(calls[i].offset >= newest, "a %s at offset %llu began after offset %llu was known",
                      calls[i].write ? "write" : "read", (unsigned long long)calls[i].offset,
                      (unsigned long long)newest);
    }
    free(ended);
}

static void check_write(const struct call *write, const struct call *before)
{
    bool alone = !before || before->offset != write->offset;
    ck_assert_msg(alone, "two writes at offset %llu", (unsigned long long)write->offset);
    bool fits = !write->conditional || (before && before->number == write->wanted);
    ck_assert_msg(fits, "a conditional write at %llu replaced something else than it had seen",
                  (unsigned long long)write->offset);
}

/* In the order of offsets: a read gives what the write at its offset wrote, a compare-and-swap found what it wanted. */
static void check_values(struct call *calls, size_t count)
{
    qsort(calls, count, sizeof *calls, by_offset);
    for (size_t i = 0; i < count; i++) {
        const struct call *before = i > 0 ? &calls[i - 1] : NULL;
        if (calls[i].write) {
            check_write(&calls[i], before);
            continue;
        }
        bool written = before && before->offset == calls[i].offset && before->number == calls[i].number;
        ck_assert_msg(written, "a read at offset %llu gave what nobody wrote there",
                      (unsigned long long)calls[i].offset);
    }
}

static int by_number(const void *a, const void *b)
{
    const struct call *left = a, *right = b;
    if (left->number == right->number)
        return right->write - left->write;
    return left->number < right->number ? -1 : 1;
}

/* Compaction moves records, always forward: a read counts where what it gave was written. */
static void move_reads_back(struct call *calls, size_t count)
{
    const struct call *write = NULL;
    qsort(calls, count, sizeof *calls, by_number);
    for (size_t i = 0; i < count; i++) {
        if (calls[i].write) {
            write = &calls[i];
            continue;
        }
        ck_assert_msg(write && write->number == calls[i].number, "a read gave %llu, which nobody wrote",
                      (unsigned long long)calls[i].number);
        ck_assert_uint_ge(calls[i].offset, write->offset);
        calls[i].offset = write->offset;
    }
}

static void check_register(const struct client *clients, unsigned key)
{
    size_t count = 0;
    struct call *calls = malloc(CLIENTS * CALLS * sizeof *calls);
    ck_assert_ptr_nonnull(calls);
    for (unsigned i = 0; i < CLIENTS; i++) {
        memcpy(calls + count, clients[i].calls[key], clients[i].counts[key] * sizeof *calls);
        count += clients[i].counts[key];
    }
    ck_assert_uint_gt(count, CALLS);
    move_reads_back(calls, count);
    check_no_going_back(calls, count);
    check_values(calls, count);
    free(calls);
}

START_TEST(registers_are_linearizable)
{
    struct client *clients = calloc(CLIENTS, sizeof *clients);
    ck_assert_ptr_nonnull(clients);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].number = i + 1;
        ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
    for (unsigned key = 0; key < KEYS; key++)
        check_register(clients, key);
    free(clients);
}
END_TEST

static void *try_to_create(void *arg)
{
    uint64_t number = (uint64_t)(uintptr_t)arg;
    struct store_op op = {.kind = STORE_PUT,
                          .key = key_of("new"),
                          .condition = {.absent = true},
                          .payload = &number,
                          .size = sizeof number};
    return (void *)(uintptr_t)ticket_batch(fixture.store, &op, 1, NULL);
}

START_TEST(one_of_many_creates)
{
    for (int round = 0; round < 50; round++) {
        pthread_t threads[CLIENTS];
        unsigned created = 0;
        for (uintptr_t i = 0; i < CLIENTS; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, try_to_create, (void *)i), 0);
        for (unsigned i = 0; i < CLIENTS; i++) {
            void *result;
            pthread_join(threads[i], &result);
            enum store_error error = (enum store_error)(uintptr_t)result;
            ck_assert(error == STORE_OK || error == STORE_CONDITION);
            created += error == STORE_OK;
        }
        ck_assert_uint_eq(created, 1);
        ck_assert_int_eq(fixture_delete(&fixture, "new"), STORE_OK);
    }
}
END_TEST

/* ---- batches --------------------------------------------------------------------------------- */

static atomic_bool finished;

static void *write_pairs(void *arg)
{
    (void)arg;
    for (uint64_t number = 1; number <= BATCHES; number++) {
        struct store_op ops[2] = {{.kind = STORE_PUT, .key = key_of("x")}, {.kind = STORE_PUT, .key = key_of("y")}};
        ops[0].payload = ops[1].payload = &number;
        ops[0].size = ops[1].size = sizeof number;
        ck_assert_int_eq(ticket_batch(fixture.store, ops, 2, NULL), STORE_OK);
    }
    atomic_store(&finished, true);
    return NULL;
}

/* Who sees the new x also sees the new y, and the other way round. */
static void read_pair(const char *first, const char *second)
{
    uint64_t earlier, later, offset;
    if (read_number(fixture.store, first, &earlier, &offset)) {
        ck_assert(read_number(fixture.store, second, &later, &offset));
        ck_assert_uint_ge(later, earlier);
    }
}

START_TEST(a_batch_appears_at_once)
{
    pthread_t writer;
    atomic_store(&finished, false);
    ck_assert_int_eq(pthread_create(&writer, NULL, write_pairs, NULL), 0);
    while (!atomic_load(&finished)) {
        read_pair("x", "y");
        read_pair("y", "x");
    }
    pthread_join(writer, NULL);
}
END_TEST

/* ---- transfers ------------------------------------------------------------------------------- */

static enum store_error transfer(const char *key)
{
    struct ticket ticket;
    struct store_op op = {.kind = STORE_RENAME, .key = key_of(key), .target = key_of(key)};
    ticket_init(&ticket);
    enum store_error error = store_copy(fixture.store, &op, other, true, ticket_done, &ticket);
    if (!error)
        error = ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

static atomic_uint moving; /* the key that is being moved */

static const char *move_key(unsigned number, char key[16])
{
    snprintf(key, 16, "move%u", number);
    return key;
}

static void *watch_moves(void *arg)
{
    char key[16];
    uint64_t number, offset;
    (void)arg;
    while (!atomic_load(&finished)) {
        move_key(atomic_load(&moving), key);
        bool there = read_number(fixture.store, key, &number, &offset) || read_number(other, key, &number, &offset);
        ck_assert_msg(there, "%s is in neither store", key);
    }
    return NULL;
}

START_TEST(a_transfer_is_never_in_neither_store)
{
    pthread_t watcher;
    char key[16];
    for (unsigned i = 0; i < MOVES; i++)
        ck_assert_int_eq(put_number(fixture.store, move_key(i, key), i), STORE_OK);
    atomic_store(&finished, false);
    atomic_store(&moving, 0);
    ck_assert_int_eq(pthread_create(&watcher, NULL, watch_moves, NULL), 0);
    for (unsigned i = 0; i < MOVES; i++) {
        atomic_store(&moving, i);
        sched_yield();
        ck_assert_int_eq(transfer(move_key(i, key)), STORE_OK);
    }
    atomic_store(&finished, true);
    pthread_join(watcher, NULL);
    ck_assert_uint_eq(fixture_figures(&fixture).objects, 0);
}
END_TEST

static void *overwrite_moves(void *arg)
{
    char key[16];
    (void)arg;
    for (unsigned i = 0; i < MOVES; i++) {
        while (atomic_load(&moving) < i)
            sched_yield();
        ck_assert_int_eq(put_number(fixture.store, move_key(i, key), MOVES + i), STORE_OK);
    }
    return NULL;
}

/* A version written during a transfer either goes along or stays behind: it is never deleted with the old one. */
START_TEST(a_transfer_deletes_only_what_it_copied)
{
    pthread_t writer;
    char key[16];
    unsigned stayed = 0;
    atomic_store(&moving, 0);
    for (unsigned i = 0; i < MOVES; i++)
        ck_assert_int_eq(put_number(fixture.store, move_key(i, key), i), STORE_OK);
    ck_assert_int_eq(pthread_create(&writer, NULL, overwrite_moves, NULL), 0);
    for (unsigned i = 0; i < MOVES; i++) {
        atomic_store(&moving, i);
        enum store_error error = transfer(move_key(i, key));
        ck_assert_msg(error == STORE_OK, "%s", store_error_text(error));
    }
    atomic_store(&moving, MOVES);
    pthread_join(writer, NULL);
    for (unsigned i = 0; i < MOVES; i++) {
        uint64_t number = 0, offset;
        bool here = read_number(fixture.store, move_key(i, key), &number, &offset);
        ck_assert(here || read_number(other, key, &number, &offset));
        ck_assert_msg(number == MOVES + i, "the version of %s that was written during the transfer is lost", key);
        stayed += here;
    }
    ck_assert_uint_gt(stayed, 0);
}
END_TEST

/* ---- tokens ---------------------------------------------------------------------------------- */

enum { TOKENS = 3, PLACES = 4, TURNS = 400, TRIES = 10000 };

struct place {
    struct store *store;
    char key[16];
};

static struct place any_place(struct prng *prng)
{
    struct place place = {.store = prng_one_in(prng, 2) ? fixture.store : other};
    snprintf(place.key, sizeof place.key, "place%u", (unsigned)prng_below(prng, PLACES));
    return place;
}

static struct store_condition is_token(struct store_digest *digest, const uint64_t *token)
{
    *digest = store_digest_of(token, sizeof *token);
    return (struct store_condition){.match_listed = true, .match = digest, .match_count = 1};
}

/* Moves the token from one place to another, if it is there and the other is free. */
static enum store_error move_token(const struct place *from, const struct place *to, uint64_t token)
{
    struct store_digest digest;
    struct ticket ticket;
    struct store_op op = {.kind = STORE_RENAME,
                          .key = key_of(from->key),
                          .target = key_of(to->key),
                          .keep_target = true,
                          .condition = is_token(&digest, &token)};
    ticket_init(&ticket);
    enum store_error error = store_copy(from->store, &op, to->store, true, ticket_done, &ticket);
    error = error ? error : ticket_wait(&ticket);
    ticket_destroy(&ticket);
    return error;
}

/* Takes the token out of the stores, if it is there, and puts it down at a place that is free. */
static enum store_error carry_token(const struct place *from, uint64_t token, struct prng *prng)
{
    struct store_digest digest;
    struct store_op take = {.kind = STORE_DELETE, .key = key_of(from->key), .condition = is_token(&digest, &token)};
    enum store_error error = ticket_batch(from->store, &take, 1, NULL);
    if (error)
        return error;
    for (int tries = 0; tries < TRIES; tries++) {
        struct place to = any_place(prng);
        struct store_op put = {.kind = STORE_PUT,
                               .key = key_of(to.key),
                               .condition = {.absent = true},
                               .payload = &token,
                               .size = sizeof token};
        error = ticket_batch(to.store, &put, 1, NULL);
        if (error != STORE_CONDITION)
            return error;
    }
    ck_abort_msg("no place is free for token %llu: there are more of them than there were", (unsigned long long)token);
}

static void *play(void *arg)
{
    struct prng prng = prng_of((uint64_t)(uintptr_t)arg);
    uint64_t token, offset;
    for (int turn = 0; turn < TURNS; turn++) {
        struct place from = any_place(&prng), to = any_place(&prng);
        if (!read_number(from.store, from.key, &token, &offset))
            continue;
        enum store_error error = prng_one_in(&prng, 4) ? carry_token(&from, token, &prng)
                                                       : move_token(&from, &to, token);
        ck_assert_msg(error == STORE_OK || error == STORE_CONDITION || error == STORE_EXISTS || error == STORE_SAME,
                      "%s", store_error_text(error));
    }
    return NULL;
}

/* Many want the same object at once, in both directions between two stores: none is doubled, none is lost. */
START_TEST(who_moves_an_object_has_it_alone)
{
    pthread_t threads[CLIENTS];
    unsigned seen[TOKENS] = {0};
    uint64_t token, offset;
    char key[16];
    for (uint64_t i = 0; i < TOKENS; i++) {
        snprintf(key, sizeof key, "place%u", (unsigned)i);
        ck_assert_int_eq(put_number(fixture.store, key, i), STORE_OK);
    }
    for (uintptr_t i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, play, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        snprintf(key, sizeof key, "place%u", i / 2);
        if (read_number(i % 2 ? fixture.store : other, key, &token, &offset))
            seen[token]++;
    }
    for (unsigned i = 0; i < TOKENS; i++)
        ck_assert_msg(seen[i] == 1, "token %u is at %u places", i, seen[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("concurrency");
    TCase *all = tcase_create("threads");
    tcase_set_timeout(all, 0);
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, registers_are_linearizable);
    tcase_add_test(all, one_of_many_creates);
    tcase_add_test(all, a_batch_appears_at_once);
    tcase_add_test(all, a_transfer_is_never_in_neither_store);
    tcase_add_test(all, a_transfer_deletes_only_what_it_copied);
    tcase_add_test(all, who_moves_an_object_has_it_alone);
    suite_add_tcase(suite, all);
    return unit_conclude(suite);
}
