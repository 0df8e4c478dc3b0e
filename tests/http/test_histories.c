/* Backups beside a server that is written to are whole, and the store as it was at one point of its log.
 *
 * Each writer makes a history that follows from its number: after so many steps each of its keys holds what anybody can
 * tell. So a copy is one point of it where some number of steps explains all that it holds.
 *
 *   CAIRN_BACKUPS   how many backups are made beside the writers, and how many are killed (4, 8)
 */
#include "store/store.h"
#include "tests/http/clock.h"
#include "tests/http/copies.h"
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 3, GROUP = 4, SMALL = 6, LARGE = 3, KEYS = GROUP + SMALL + LARGE };

#define COMPACTION_PAUSE 0.05 /* seconds */

/* ---- histories ------------------------------------------------------------------------------- */

/* Which step wrote what a key holds; 0: it holds nothing. The first keys are always written together. */
typedef uint32_t history[KEYS];

static bool is_large(size_t key)
{
    return key >= GROUP + SMALL;
}

/* What a step does: to which key (GROUP and more), or to the group (0), and whether it deletes. */
static size_t step_key(uint32_t step, bool *ret_delete)
{
    uint32_t turn = step / 5;
    *ret_delete = step % 5 == 2 || (step % 5 == 4 && turn % 3 == 0);
    switch (step % 5) {
    case 0:
        return 0;
    case 1:
        return GROUP + turn % SMALL;
    case 2:
        return GROUP + (turn + 2) % SMALL;
    default:
        return GROUP + SMALL + (turn + step) % LARGE;
    }
}

static void history_step(history held, uint32_t step)
{
    bool delete;
    size_t key = step_key(step, &delete);
    held[key] = delete ? 0 : step;
    for (size_t i = 1; key == 0 && i < GROUP; i++)
        held[i] = step;
}

static void history_after(history held, uint32_t steps)
{
    memset(held, 0, KEYS * sizeof *held);
    for (uint32_t step = 1; step <= steps; step++)
        history_step(held, step);
}

/* Whether what is held is the same after so many steps: one that deletes what is not there changes nothing. */
static bool is_same_point(uint32_t steps, uint32_t others)
{
    history one, other;
    history_after(one, steps);
    history_after(other, others);
    return memcmp(one, other, sizeof one) == 0;
}

static uint64_t seed_of(size_t writer, size_t key, uint32_t step)
{
    return (uint64_t)writer << 48 | (uint64_t)key << 32 | step;
}

static size_t size_of(size_t key, uint32_t step)
{
    return is_large(key) ? (size_t)COPIES_LARGE + step % 1000 : 20 + step * 3701 % 60000;
}

static int name_key(char name[32], size_t writer, size_t key)
{
    return snprintf(name, 32, "w%zu-k%zu", writer, key);
}

/* ---- writers --------------------------------------------------------------------------------- */

struct writer {
    pthread_t thread;
    size_t number;
    uint32_t steps; /* acknowledged */
    char failure[256];
};

static struct {
    struct writer writers[WRITERS];
    atomic_bool stop;
    double pause; /* seconds between two writes: of those who are followed over HTTP each object is asked for */
    pthread_t compactor;
} load;

static const char store[] = "/v1/stores/main";

static struct answer *write_group(struct client *client, size_t writer, uint32_t step)
{
    char *body = client_text(client, "%s", "{\"operations\":[");
    for (size_t key = 0; key < GROUP; key++) {
        char name[32];
        size_t size = size_of(key, step);
        void *payload = payload_new(size, seed_of(writer, key, step));
        char *text = payload_base64(payload, size);
        name_key(name, writer, key);
        body = client_text(client, "%s%s{\"op\":\"put\",\"key\":\"%s\",\"data\":\"%s\"}", body, key ? "," : "", name,
                           text);
        free(text);
        free(payload);
    }
    body = client_text(client, "%s]}", body);
    return client_send(client, "POST", client_text(client, "%s/batch", store), body, strlen(body),
                       "Content-Type: application/json", NULL);
}

static struct answer *write_step(struct client *client, size_t writer, uint32_t step)
{
    char name[32];
    bool delete;
    size_t key = step_key(step, &delete);
    if (key == 0)
        return write_group(client, writer, step);
    name_key(name, writer, key);
    char *target = client_text(client, "%s/objects/%s", store, name);
    if (delete)
        return client_send(client, "DELETE", target, NULL, 0, NULL);
    return client_upload(client, target, size_of(key, step), seed_of(writer, key, step), NULL);
}

static void *write_on(void *arg)
{
    struct writer *writer = arg;
    struct client *client = client_new(site.server->url);
    while (!atomic_load(&load.stop)) {
        struct answer *answer = write_step(client, writer->number, writer->steps + 1);
        if (answer->status / 100 != 2) {
            snprintf(writer->failure, sizeof writer->failure, "step %u: %d %.150s", writer->steps + 1, answer->status,
                     (char *)answer->body);
            break;
        }
        writer->steps++;
        client_forget(client);
        if (load.pause > 0)
            clock_sleep(load.pause);
    }
    client_free(client);
    return NULL;
}

/* With pauses: a store whose files are others all the time cannot be copied by who is slow. */
static void *compact_on(void *arg)
{
    struct client *client = client_new(site.server->url);
    for (double began = clock_now(); !atomic_load(&load.stop); began = clock_now()) {
        client_send(client, "POST", client_text(client, "%s/compact?wait=1", store), NULL, 0, NULL);
        client_forget(client);
        clock_sleep(COMPACTION_PAUSE + 2 * (clock_now() - began));
    }
    client_free(client);
    return arg;
}

static void load_begin(void)
{
    atomic_store(&load.stop, false);
    for (size_t i = 0; i < WRITERS; i++) {
        load.writers[i].number = i;
        ck_assert_int_eq(pthread_create(&load.writers[i].thread, NULL, write_on, &load.writers[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&load.compactor, NULL, compact_on, NULL), 0);
}

static void load_end(void)
{
    atomic_store(&load.stop, true);
    for (size_t i = 0; i < WRITERS; i++)
        pthread_join(load.writers[i].thread, NULL);
    pthread_join(load.compactor, NULL);
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert_msg(!load.writers[i].failure[0], "%s", load.writers[i].failure);
}

/* ---- what a copy holds ----------------------------------------------------------------------- */

/* The step whose payload this is, among those up to one; 0: of none. */
static uint32_t step_of(const struct object *object, size_t writer, size_t key, uint32_t most)
{
    const struct object_info *info = object_info(object);
    unsigned char *bytes = malloc(info->size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_int_eq(object_read(object, 0, bytes, info->size), STORE_OK);
    uint32_t step = most;
    while (step > 0 &&
           (size_of(key, step) != info->size || !payload_matches(bytes, info->size, seed_of(writer, key, step), 0)))
        step--;
    free(bytes);
    return step;
}

static uint32_t held_by(struct store *copy, size_t writer, size_t key, uint32_t most)
{
    char name[32];
    struct object *object;
    struct store_key asked = store_key_of(name, (size_t)name_key(name, writer, key));
    enum store_error error = store_get(copy, &asked, STORE_GET_PAYLOAD, &object);
    if (error == STORE_NO_OBJECT)
        return 0;
    ck_assert_msg(error == STORE_OK, "%s: %s", name, store_error_text(error));
    uint32_t step = step_of(object, writer, key, most);
    object_release(object);
    ck_assert_msg(step > 0, "%s holds what no step has written", name);
    return step;
}

/* After how many steps a writer had what the copy holds of it, at least `least`. */
static uint32_t explain(struct store *copy, size_t writer, uint32_t least)
{
    history found, told = {0};
    uint32_t most = load.writers[writer].steps + 1; /* one may be under way */
    for (size_t key = 0; key < KEYS; key++)
        found[key] = held_by(copy, writer, key, most);
    for (uint32_t step = 0; step <= most; step++) {
        if (step > 0)
            history_step(told, step);
        if (step >= least && memcmp(told, found, sizeof told) == 0)
            return step;
    }
    ck_abort_msg("what is there of writer %zu is no point of its history from %u to %u", writer, least, most);
    return 0;
}

/* Opens a copy: each writer is at one point of its history, which is not before the last one. */
static void expect_a_point(const char *folder, uint32_t least[WRITERS])
{
    struct depot_options options = depot_options_default();
    struct depot *depot;
    struct store *copy;
    struct store_detail detail = {0};
    options.read_only = true;
    enum store_error error = depot_open(folder, &options, &depot, &detail);
    ck_assert_msg(error == STORE_OK, "%s: %s", store_error_text(error), detail.text);
    ck_assert_int_eq(depot_acquire(depot, "main", &copy, &detail), STORE_OK);
    for (size_t writer = 0; writer < WRITERS; writer++)
        least[writer] = explain(copy, writer, least[writer]);
    depot_release(copy);
    depot_close(depot);
}

/* How often something is done: so often by default, $CAIRN_BACKUPS times where that is set. */
static int rounds(int usual)
{
    const char *asked = getenv("CAIRN_BACKUPS");
    return asked ? atoi(asked) : usual;
}

/* ---- beside writers -------------------------------------------------------------------------- */

/* Backups while there are writers, and one of what they have left, which has all of it. */
static void expect_points(const char *from, const char *to)
{
    uint32_t least[WRITERS] = {0};
    load_begin();
    for (int i = 0; i < rounds(4); i++) {
        copies_make(from, to);
        copies_expect_whole(to);
        expect_a_point(to, least);
    }
    load_end();
    copies_make(from, to);
    expect_a_point(to, least);
    for (size_t i = 0; i < WRITERS; i++)
        ck_assert_msg(is_same_point(least[i], load.writers[i].steps), "%u steps, and not %u", least[i],
                      load.writers[i].steps);
}

START_TEST(a_backup_beside_writers_is_a_point_of_their_histories)
{
    copies_start();
    expect_points(site.server->data, copies_beside("to"));
}
END_TEST

/* Kills one after some of the time that one takes; true when it was at work then. */
static bool kill_backup(const char *from, const char *to, double seconds)
{
    int status;
    pid_t pid = copies_begin(from, to);
    clock_sleep(seconds);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == WHOLE);
    return WIFSIGNALED(status);
}

static void expect_old_or_new(const char *from, const char *to)
{
    uint32_t least[WRITERS] = {0};
    unsigned killed = 0;
    load_begin();
    double begun = clock_now();
    copies_make(from, to);
    double took = clock_now() - begun;
    for (int i = 0, all = rounds(8); i < all; i++) {
        killed += kill_backup(from, to, took * i / all);
        copies_expect_whole(to);
        expect_a_point(to, least);
    }
    ck_assert_uint_gt(killed, 0);
    copies_make(from, to);
    copies_expect_whole(to);
    expect_a_point(to, least);
    load_end();
    copies_make(from, to);
}

START_TEST(a_backup_that_is_killed_leaves_the_old_one_or_the_new_one)
{
    const char *to = copies_beside("to");
    copies_start();
    expect_old_or_new(site.server->data, to);
    char *names;
    ck_assert_int_gt(asprintf(&names, "test -z \"$(ls '%s/backup')\"", to), 0);
    ck_assert_msg(system(names) == 0, "what was being made is left in %s/backup", to);
    free(names);
}
END_TEST

#ifdef CAIRN_BACKUP_URL

START_TEST(a_backup_of_a_server_is_a_point_of_its_histories)
{
    copies_start();
    load.pause = 0.01;
    expect_points(site.server->url, copies_beside("to"));
}
END_TEST

START_TEST(a_backup_of_a_server_that_is_killed_leaves_the_old_one_or_the_new_one)
{
    copies_start();
    load.pause = 0.01;
    expect_old_or_new(site.server->url, copies_beside("to"));
}
END_TEST

#endif

int main(void)
{
    const TTest *tests[] = {
        a_backup_beside_writers_is_a_point_of_their_histories,
        a_backup_that_is_killed_leaves_the_old_one_or_the_new_one,
#ifdef CAIRN_BACKUP_URL
        a_backup_of_a_server_is_a_point_of_its_histories,
        a_backup_of_a_server_that_is_killed_leaves_the_old_one_or_the_new_one,
#endif
    };
    return site_run("histories", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
