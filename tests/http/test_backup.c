/* `cairnd backup` and `cairnd restore` beside a server that is written to: what they make is whole, and is the store as
 * it was at one point of its log.
 *
 * Each writer makes a history that follows from its number: after so many steps each of its keys holds what anybody can
 * tell. So a copy is one point of it where some number of steps explains all that it holds.
 *
 *   CAIRN_BACKUPS   how many backups are made beside the writers, and how many are killed (4, 8)
 */
#include "store/store.h"
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/copies.h"
#include "tests/http/disk.h"
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 3, GROUP = 4, SMALL = 6, LARGE = 3, KEYS = GROUP + SMALL + LARGE, LARGE_SIZE = 300 << 10 };

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
    return is_large(key) ? (size_t)LARGE_SIZE + step % 1000 : 20 + step * 3701 % 60000;
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

static void start(void)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
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

/* Runs a backup with --json: its report on the store main, which is borrowed from *ret_report. */
static json_t *back_up(const char *from, const char *to, json_t **ret_report)
{
    *ret_report = copies_report(WHOLE, from, to);
    return copies_told(*ret_report, "main");
}

static json_int_t figure(const json_t *told, const char *name)
{
    json_t *value = json_object_get(told, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

static void run_backup(const char *to)
{
    copies_make(site.server->data, to);
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
    start();
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
    start();
    expect_old_or_new(site.server->data, to);
    char *names;
    ck_assert_int_gt(asprintf(&names, "test -z \"$(ls '%s/backup')\"", to), 0);
    ck_assert_msg(system(names) == 0, "what was being made is left in %s/backup", to);
    free(names);
}
END_TEST

/* ---- what is copied, and what is not ----------------------------------------------------------- */

/* Sets the times of all files of the log back, so that it is seen to rest. */
static void let_rest(void)
{
    char *command;
    ck_assert_int_gt(
        asprintf(&command, "touch -d '1 hour ago' '%s'/*.seg", server_path(site.server, "stores/main/log")), 0);
    ck_assert_int_eq(system(command), 0);
    free(command);
}

START_TEST(what_the_backup_has_is_not_copied_again)
{
    enum { COUNT = 12 };
    json_t *report;
    const char *to = copies_beside("to");
    start();
    for (int i = 0; i < COUNT; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), LARGE_SIZE, 1, NULL),
                    201);
    json_t *told = back_up(site.server->data, to, &report);
    ck_assert_int_gt(figure(told, "bytes_copied"), COUNT * LARGE_SIZE);
    ck_assert_int_eq(figure(told, "bytes_kept"), 0);
    ck_assert_int_gt(figure(told, "end_offset"), 0);
    json_decref(report);
    site_expect(site_put("one", "more", NULL), 201);
    site_expect(site_delete("l0", NULL), 200);
    site_expect_blobs(COUNT - 1);
    told = back_up(site.server->data, to, &report);
    ck_assert_int_lt(figure(told, "bytes_copied"), LARGE_SIZE);
    ck_assert_int_eq(figure(told, "bytes_kept"), (COUNT - 1) * LARGE_SIZE);
    ck_assert_int_eq(figure(told, "rounds"), 1);
    json_decref(report);
    let_rest();
    json_decref((back_up(site.server->data, to, &report), report));
    told = back_up(site.server->data, to, &report);
    ck_assert(json_is_true(json_object_get(told, "unchanged")));
    json_decref(report);
    copies_expect_whole(to);
    char *blobs;
    ck_assert_int_gt(asprintf(&blobs, "test $(ls '%s/stores/main/blobs' | wc -l) = %d", to, COUNT - 1), 0);
    ck_assert_int_eq(system(blobs), 0);
    free(blobs);
}
END_TEST

START_TEST(a_store_that_is_gone_or_another_one_is_so_in_the_backup)
{
    const char *to = copies_beside("to");
    start();
    site_expect(site_put("a", "of the first", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/gone", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "old", 3, NULL), 201);
    run_backup(to);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/gone", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/other?force=true", NULL, 0, NULL), 204);
    ck_assert(
        clock_until(CLOCK_PATIENCE, client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL)->status == 201));
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "new", 3, NULL), 201);
    run_backup(to);
    const char *check[] = {"check", to, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(check, WHOLE), "3 stores, all whole"));
    const char *prune[] = {"backup", "--prune", "--from", site.server->data, to, NULL};
    command_run(prune, WHOLE);
    const char *output = command_run(check, WHOLE);
    ck_assert_ptr_null(strstr(output, "store gone"));
    ck_assert_ptr_nonnull(strstr(output, "2 stores, all whole"));
    server_stop(site.server);
    const char *only[] = {"backup", "--from", site.server->data, "--store=main", to, NULL};
    command_run(only, WHOLE);
    command_run(check, WHOLE);
}
END_TEST

START_TEST(linked_files_take_no_space)
{
    struct stat status;
    const char *to = copies_beside("to");
    start();
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 1, NULL), 201);
    const char *arguments[] = {"backup", "--link", "--from", site.server->data, to, NULL};
    command_run(arguments, WHOLE);
    copies_expect_whole(to);
    char *blob = client_text(site.client, "%s/stores/main/blobs/0000000000000001.blob", to);
    ck_assert_int_eq(stat(blob, &status), 0);
    ck_assert_uint_eq(status.st_nlink, 2);
}
END_TEST

/* ---- restoring ------------------------------------------------------------------------------- */

START_TEST(what_is_restored_is_what_was_backed_up)
{
    const char *to = copies_beside("to"), *restored = copies_beside("restored");
    start();
    site_expect(
        site_put("a", "text", "Content-Type: text/plain", "Cairn-Meta-Owner: ada", "Cache-Control: no-store", NULL),
        201);
    site_expect(site_put("%00%FF", "no text", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 7, NULL), 201);
    site_expect(client_send(site.client, "PATCH", store, "{\"limits\":{\"objects\":3}}", 24,
                            "Content-Type: application/json", NULL),
                200);
    char *before = copies_listing();
    json_int_t end = site_figure("end_offset");
    run_backup(to);
    site_expect(site_delete("a", NULL), 200);
    const char *arguments[] = {"restore", to, restored, NULL};
    const char *output = command_run(arguments, WHOLE);
    ck_assert_ptr_nonnull(strstr(output, "1 store, all whole"));
    const char *mark = client_text(site.client, "%s/restore", restored);
    ck_assert_int_eq(mkdir(mark, 0700), 0); /* as it is there when the mark in it has just gone */
    server_stop(site.server);
    snprintf(site.server->data, sizeof site.server->data, "%s", restored);
    server_start(site.server);
    site_reconnect();
    ck_assert_str_eq(copies_listing(), before);
    ck_assert_int_eq(site_figure("end_offset"), end);
    site_expect_payload("large", LARGE_SIZE, 7);
    site_expect_kind(site_put("b", "one more than may be", NULL), 507, "quota-exceeded");
    site_expect(site_delete("a", NULL), 200);
    site_expect(site_put("b", "in its place", NULL), 201);
    server_crash(site.server);
    copies_expect_whole(restored);
}
END_TEST

/* The time of what was written to a moment ago does not tell whether it is the same: its bytes do. */
START_TEST(a_transfer_again_tells_what_is_so)
{
    const char *to = copies_beside("to");
    start();
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 7, NULL), 201);
    server_stop(site.server);
    const char *transfer[] = {"transfer", site.server->data, to, NULL};
    command_run(transfer, WHOLE);
    for (int i = 0; i < 2; i++)
        command_says(transfer, WHOLE, "unchanged");
    server_start(site.server);
    site_reconnect();
    site_expect(site_put("b", "more", NULL), 201);
    server_stop(site.server);
    command_says(transfer, UNKNOWN, "is there already, and is not as this one is");
    server_start(site.server);
}
END_TEST

/* What was cut short of one restoration is not taken for the beginning of another one. */
START_TEST(a_restoration_is_ended_with_the_backup_that_it_was_begun_with)
{
    const char *all = copies_beside("all"), *one = copies_beside("one"), *restored = copies_beside("restored");
    start();
    const char *mark = client_text(site.client, "%s/restore", restored);
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    run_backup(all);
    const char *only[] = {"backup", "--store", "main", "--from", site.server->data, one, NULL};
    command_run(only, WHOLE);
    const char *begin[] = {"restore", all, restored, NULL}, *other[] = {"restore", one, restored, NULL};
    command_run(begin, WHOLE);
    ck_assert_int_eq(mkdir(mark, 0700), 0); /* as it is there until all is */
    ck_assert_int_eq(mknod(client_text(site.client, "%s/restore/.all", restored), S_IFREG | 0600, 0), 0);
    command_says(other, UNKNOWN, "the beginning of another restoration: its store aa is not one of");
    const char *part[] = {"restore", all, restored, "--store", "main", NULL};
    command_says(part, UNKNOWN, "the beginning of a restoration of all stores");
    ck_assert_int_eq(access(mark, F_OK), 0);
    ck_assert_ptr_nonnull(strstr(command_run(begin, WHOLE), "2 stores, all whole"));
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

/* One that is asked for more comes to be more, and nobody ends it as less. */
START_TEST(a_restoration_is_ended_as_what_it_was_begun_for)
{
    const char *backup = copies_beside("all"), *restored = copies_beside("restored");
    start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    run_backup(backup);
    const char *link = command_keep(strdup(client_text(site.client, "%s/access.json", backup)));
    const char *mark = command_keep(strdup(client_text(site.client, "%s/restore", restored)));
    const char *all[] = {"restore", backup, restored, NULL};
    const char *one[] = {"restore", backup, restored, "--store", "main", NULL};
    const char *other[] = {"restore", backup, restored, "--store", "aa", NULL};
    (void)unlink(link);
    ck_assert_int_eq(symlink("/etc/hostname", link), 0); /* which stops each of them behind the stores */
    command_says(one, UNKNOWN, "a link is not followed");
    command_says(other, UNKNOWN, "the beginning of a restoration of store main alone");
    command_says(all, UNKNOWN, "a link is not followed");
    ck_assert_int_eq(unlink(link), 0);
    for (int i = 0; i < 2; i++)
        command_says(i == 0 ? one : other, UNKNOWN, "the beginning of a restoration of all stores");
    const char *transfer[] = {"transfer", backup, restored, NULL};
    command_says(transfer, UNKNOWN, "the beginning of a restoration of all stores");
    const char *further[] = {"backup", "--from", restored, copies_beside("further"), NULL};
    command_says(further, UNKNOWN, "and is not copied before that has ended");
    ck_assert_int_eq(access(mark, F_OK), 0);
    ck_assert_ptr_nonnull(strstr(command_run(all, WHOLE), "2 stores, all whole"));
    ck_assert_int_ne(access(mark, F_OK), 0);
}
END_TEST

/* What comes to nothing leaves no mark: nothing was begun. */
START_TEST(what_was_not_begun_is_no_beginning)
{
    const char *backup = copies_beside("all"), *restored = copies_beside("restored");
    start();
    run_backup(backup);
    ck_assert_int_eq(mkdir(restored, 0700), 0);
    const char *nothing[] = {"restore", backup, restored, "--store", "nothing", NULL};
    const char *one[] = {"restore", backup, restored, "--store", "main", NULL};
    ck_assert_ptr_nonnull(strstr(command_run(nothing, UNKNOWN), "there is no store 'nothing'"));
    ck_assert_int_ne(access(client_text(site.client, "%s/restore", restored), F_OK), 0);
    command_run(one, WHOLE);
    nothing[0] = "transfer";
    ck_assert_ptr_nonnull(strstr(command_run(nothing, UNKNOWN), "there is no store 'nothing'"));
    copies_expect_whole(restored);
}
END_TEST

/* A store of that name that another source has brought is not the beginning of what this one brings. */
START_TEST(a_transfer_is_ended_from_where_it_was_begun)
{
    static const char *const marks[] = {"main.own", ".beside"};
    const char *to = copies_beside("to"), *kept = copies_beside("kept");
    start();
    run_backup(kept);
    const char *begin[] = {"transfer", kept, to, NULL}, *part[] = {"transfer", kept, to, "--store", "main", NULL};
    command_run(begin, WHOLE);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/main", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "PUT", "/v1/stores/main", NULL, 0, NULL), 201);
    server_stop(site.server);
    ck_assert_int_eq(mkdir(client_text(site.client, "%s/restore", to), 0700), 0); /* as it is there until all is */
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(mknod(client_text(site.client, "%s/restore/%s", to, marks[i]), S_IFREG | 0600, 0), 0);
    const char *other[] = {"transfer", site.server->data, to, NULL};
    command_says(other, UNKNOWN, "the beginning of another transfer: its store main is not one of");
    command_says(part, UNKNOWN, "the beginning of a transfer of all stores");
    command_says(begin, WHOLE, "unchanged");
    server_start(site.server);
}
END_TEST

static const char *below(const char *folder, const char *name)
{
    return command_keep(strdup(client_text(site.client, "%s/%s", folder, name)));
}

/* A store of a backup that cannot be read: its settings have another name. */
static void hide(const char *folder, const char *name, bool hidden)
{
    const char *shown = below(folder, client_text(site.client, "stores/%s/settings", name));
    const char *aside = below(folder, client_text(site.client, "stores/%s/aside", name));
    ck_assert_int_eq(hidden ? rename(shown, aside) : rename(aside, shown), 0);
}

/* A restoration with one of its stores missing, of the backup "all": the folder. */
static const char *begin_restoration(const char *const *command)
{
    hide(copies_beside("all"), "aa", true);
    const char *output = command_run(command, UNKNOWN);
    ck_assert_msg(strstr(output, "--give-up") && strstr(output, "store aa was not copied"), "%s", output);
    hide(copies_beside("all"), "aa", false);
    return command[2];
}

static void make_two_stores(void)
{
    start();
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    run_backup(copies_beside("all"));
}

/* Who takes it for all that there is removes the last copy of the rest. */
START_TEST(a_restoration_that_lacks_a_store_has_not_ended)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL}, *check[] = {"check", restored, NULL};
    const char *prune[] = {"backup", "--from", restored, "--prune", all, NULL};
    make_two_stores();
    begin_restoration(restore);
    command_says(check, UNKNOWN, "the beginning of a restoration of all stores");
    command_says(prune, UNKNOWN, "the beginning of a restoration of all stores");
    copies_expect_whole(all);
    command_says(restore, WHOLE, "2 stores, all whole");
}
END_TEST

/* Whoever reads how it is given up can do so: the folder is named, however long its path is. */
START_TEST(a_folder_is_named_by_its_path)
{
    char name[200];
    memset(name, 'r', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *all = copies_beside("all"), *restored = copies_beside(name);
    const char *restore[] = {"restore", all, restored, NULL}, *check[] = {"check", restored, NULL};
    make_two_stores();
    begin_restoration(restore);
    command_says(check, UNKNOWN, client_text(site.client, "`cairnd restore --give-up %s`", restored));
}
END_TEST

/* There is a way on without the rest, which the words name. */
START_TEST(a_restoration_is_given_up)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL}, *check[] = {"check", restored, NULL};
    const char *give_up[] = {"restore", "--give-up", restored, NULL};
    make_two_stores();
    begin_restoration(restore);
    command_says(check, UNKNOWN, client_text(site.client, "`cairnd restore --give-up %s`", restored));
    command_run(give_up, WHOLE);
    command_says(check, WHOLE, "1 store, all whole");
    command_says(give_up, UNKNOWN, "no beginning of a restoration");
    ck_assert_int_eq(mknod(below(restored, "restore"), S_IFREG | 0600, 0), 0); /* somebody's */
    command_says(give_up, UNKNOWN, "no beginning of a restoration");
    ck_assert_int_eq(unlink(below(restored, "restore")), 0);
    const char *further[] = {"transfer", all, restored, "--store", "aa", NULL};
    command_run(further, WHOLE);
    command_says(check, WHOLE, "2 stores, all whole");
}
END_TEST

static void touch(const char *path)
{
    ck_assert_int_eq(mknod(path, S_IFREG | 0600, 0), 0);
}

/* What was lost of the mark is not inferred: a folder that was restored once, and has gone on, is not overwritten. */
START_TEST(what_has_lost_its_mark_is_only_given_up)
{
    static const char *const left[] = {NULL, "aa.new", "main.own", "precious"};
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL}, *transfer[] = {"transfer", all, restored, NULL};
    const char *give_up[] = {"restore", "--give-up", restored, NULL}, *check[] = {"check", restored, NULL};
    make_two_stores();
    command_run(restore, WHOLE);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        ck_assert_int_eq(mkdir(below(restored, "restore"), 0700), 0);
        if (!left[i]) { /* nothing is under way, and all is there */
            command_says(restore, WHOLE, "2 stores, all whole");
            command_says(give_up, UNKNOWN, "no beginning of a restoration");
            command_says(check, WHOLE, "2 stores, all whole");
            ck_assert_int_eq(rmdir(below(restored, "restore")), 0);
            continue;
        }
        char *entry = client_text(site.client, "restore/%s", left[i]);
        touch(below(restored, entry));
        command_says(restore, UNKNOWN, "what it was begun for cannot be told");
        command_says(transfer, UNKNOWN, "what it was begun for cannot be told");
        command_says(check, UNKNOWN, client_text(site.client, "`cairnd restore --give-up %s`", restored));
        if (strcmp(left[i], "precious") == 0) {
            command_says(give_up, UNKNOWN, "holds 'precious', which is none of cairn's");
            ck_assert_int_eq(access(below(restored, "restore/precious"), F_OK), 0);
            break;
        }
        command_says(give_up, WHOLE, "the stores that are there stay, whole");
        command_says(check, WHOLE, "2 stores, all whole");
    }
}
END_TEST

/* One that made room is a store that is there. */
START_TEST(what_made_room_is_not_given_up)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL}, *give_up[] = {"restore", "--give-up", restored, NULL};
    const char *check[] = {"check", restored, NULL};
    make_two_stores();
    begin_restoration(restore);
    ck_assert_int_eq(rename(below(restored, "stores/main"), below(restored, "restore/main.old")), 0);
    command_run(give_up, WHOLE);
    command_says(check, WHOLE, "1 store, all whole");
}
END_TEST

/* A folder of a backup has all but the copy that is to come of one. */
static void lose_copy(const char *folder, const char *name)
{
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/stores/%s' && touch '%s/backup/.pending.%s'", folder,
                                        name, folder, name)),
                     0);
}

/* Is a run cut short while it compares, all has come, and the same command compares it. What has gone on since, or is
 * not all, is left alone. */
START_TEST(a_restoration_that_was_cut_short_as_it_compared_is_ended)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL};
    make_two_stores();
    command_run(restore, WHOLE);
    for (int i = 0; i < 2; i++) {
        const char *output = command_run(restore, WHOLE);
        ck_assert_msg(strstr(output, "store aa: unchanged") && strstr(output, "store main: unchanged") &&
                          strstr(output, "2 stores, all whole"),
                      "%s", output);
    }
    const char *one[] = {"restore", all, restored, "--store", "main", NULL};
    command_says(one, WHOLE, "store main: unchanged");
    lose_copy(all, "aa");
    command_says(restore, UNKNOWN, "holds what was restored already");
    run_backup(all);
    command_run(restore, WHOLE);
    const char *data = command_keep(strdup(site.server->data));
    copies_serve(restored);
    site_expect(site_put("b", "more", NULL), 201);
    copies_serve(data);
    command_says(restore, UNKNOWN, "holds what was restored already");
    copies_expect_whole(restored);
}
END_TEST

/* What damages it meanwhile is found. */
START_TEST(a_restoration_that_is_ended_once_more_is_compared)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL};
    start();
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 7, NULL), 201);
    run_backup(all);
    command_run(restore, WHOLE);
    ck_assert_int_eq(system(client_text(site.client, "rm '%s'/stores/main/blobs/*", restored)), 0);
    command_run(restore, FLAWS);
}
END_TEST

/* A store that a backup is to have, and lacks, is not one that is not there any more; nor is another one removed as
 * long as something has not been copied. */
START_TEST(no_copy_is_removed_where_something_is_missing)
{
    const char *all = copies_beside("all"), *further = copies_beside("further");
    const char *copy[] = {"backup", "--from", all, further, NULL};
    const char *prune[] = {"backup", "--from", all, "--prune", further, NULL};
    make_two_stores();
    site_expect(client_send(site.client, "PUT", "/v1/stores/kin", NULL, 0, NULL), 201); /* the source is known by it */
    run_backup(all);
    command_run(copy, WHOLE);
    lose_copy(all, "main");
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/stores/aa'", all)), 0);
    const char *output = command_run(prune, UNKNOWN);
    ck_assert_msg(strstr(output, "store main: not copied: the backup has no copy of it") &&
                      !strstr(output, "store main: it is not there any more") &&
                      strstr(output, "store aa: it is not there any more: its copy stays all the same"),
                  "%s", output);
    ck_assert_int_eq(access(below(further, "stores/main/settings"), F_OK), 0);
    ck_assert_int_eq(access(below(further, "stores/aa/settings"), F_OK), 0);
    run_backup(all);
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/stores/aa'", all)), 0);
    command_says(prune, WHOLE, "store aa: it is not there any more: its copy was removed");
}
END_TEST

/* Who takes what was restored for all that there is removes the copies that have come since. */
START_TEST(a_restoration_has_not_ended_where_the_backup_lacks_a_store)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL};
    const char *prune[] = {"backup", "--from", restored, "--prune", all, NULL};
    make_two_stores();
    lose_copy(all, "aa");
    command_says(restore, UNKNOWN, "store aa was not copied, and ");
    run_backup(all);
    command_says(prune, UNKNOWN, "the beginning of a restoration of all stores");
    copies_expect_whole(all);
    command_says(restore, WHOLE, "2 stores, all whole");
}
END_TEST

/* What comes to nothing is told to be so. */
START_TEST(a_restoration_of_which_nothing_comes_leaves_nothing)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL};
    make_two_stores();
    hide(all, "aa", true);
    hide(all, "main", true);
    touch(below(all, "access.json"));
    const char *output = command_run(restore, UNKNOWN);
    ck_assert_msg(strstr(output, "nor was any other") && !strstr(output, "--give-up"), "%s", output);
    ck_assert_int_ne(access(restored, F_OK), 0);
}
END_TEST

/* A folder that has stores of its own has them still: nothing that is said leads to emptying it. */
START_TEST(a_transfer_that_was_cut_short_keeps_nobody_out_for_ever)
{
    const char *all = copies_beside("all"), *own = site.server->data;
    const char *transfer[] = {"transfer", all, own, NULL}, *give_up[] = {"transfer", "--give-up", own, NULL};
    const char *restore[] = {"restore", all, own, NULL}, *check[] = {"check", own, NULL};
    const char *copy[] = {"backup", "--from", all, own, NULL};
    make_two_stores();
    site_expect(client_send(site.client, "DELETE", "/v1/stores/aa", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/main?force=true", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "PUT", "/v1/stores/own", NULL, 0, NULL), 201);
    server_stop(site.server);
    begin_restoration(transfer);
    command_says(check, UNKNOWN, client_text(site.client, "`cairnd transfer --give-up %s`", own));
    command_says(copy, UNKNOWN, "the beginning of a transfer of all stores");
    const char *output = command_run(restore, UNKNOWN);
    ck_assert_msg(strstr(output, "the beginning of a transfer of all stores") && !strstr(output, "empty"), "%s",
                  output);
    command_run(give_up, WHOLE);
    command_says(check, WHOLE, "2 stores, all whole");
    server_start(site.server);
}
END_TEST

/* Nobody takes what is copied there for a backup, and who ends what was begun would have it overwritten. */
START_TEST(no_backup_is_made_where_a_restoration_is_under_way)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored"), *begun = copies_beside("begun");
    const char *restore[] = {"restore", all, restored, NULL}, *both[] = {"restore", all, begun, NULL};
    const char *copy[] = {"backup", "--from", site.server->data, restored, NULL};
    const char *check[] = {"check", begun, NULL};
    make_two_stores();
    begin_restoration(restore);
    command_says(copy, UNKNOWN, "the beginning of a restoration of all stores, and was left untouched");
    command_says(restore, WHOLE, "2 stores, all whole");
    ck_assert_int_ne(access(below(restored, "backup"), F_OK), 0);
    run_backup(begun);
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/stores'", begun)), 0);
    command_says(both, UNKNOWN, "holds the beginning of a backup");
    ck_assert_int_eq(mkdir(below(begun, "restore"), 0700), 0); /* nothing stands in it */
    command_run(check, WHOLE);
}
END_TEST

/* An access file that was brought by the backup with which a restoration began is not one that was put there. */
START_TEST(the_access_file_is_that_of_the_backup_that_ends_the_restoration)
{
    const char *all = copies_beside("all"), *restored = copies_beside("restored");
    const char *restore[] = {"restore", all, restored, NULL};
    make_two_stores();
    FILE *file = fopen(below(all, "access.json"), "we");
    ck_assert(file && fputs("{\"tokens\":[]}", file) >= 0 && fclose(file) == 0);
    begin_restoration(restore);
    ck_assert_int_ne(access(below(restored, "access.json"), F_OK), 0);
    ck_assert_int_eq(unlink(below(all, "access.json")), 0);
    command_run(restore, WHOLE);
    ck_assert_int_ne(access(below(restored, "access.json"), F_OK), 0);
}
END_TEST

/* What lies elsewhere is neither removed nor written, whoever has put a link to it among the drafts. */
START_TEST(links_among_drafts_are_not_followed)
{
    static const char *const parts[] = {"log", "blobs"}, *const marks[] = {".beside", ".all", ".none"};
    const char *all = copies_beside("all"), *to = copies_beside("to"), *elsewhere = copies_beside("elsewhere");
    make_two_stores();
    const char *precious = below(elsewhere, "precious");
    const char *const commands[][5] = {
        {"transfer", all, to, NULL}, {"restore", all, to, NULL}, {"backup", "--from", site.server->data, to, NULL}};
    for (int i = 0; i < 6; i++) {
        const char *drafts = i / 2 == 2 ? "backup" : "restore", *linked = parts[i % 2], *kept = parts[1 - i % 2];
        char *make = client_text(
            site.client,
            "rm -rf '%s' '%s' && mkdir -p '%s' && touch '%s' && mkdir '%s' && cp '%s/cairn' '%s' && "
            "mkdir -p '%s/stores' '%s/%s/main.new/%s' && cp '%s/stores/main/settings' "
            "'%s/%s/main.new' && ln -s '%s' '%s/%s/main.new/%s' && touch '%s/%s/%s'",
            to, elsewhere, elsewhere, precious, to, all, to, to, to, drafts, kept, all, to, drafts, elsewhere, to,
            drafts, linked, to, drafts, marks[i / 2]);
        ck_assert_int_eq(system(make), 0);
        command_run(commands[i / 2], WHOLE);
        ck_assert_int_eq(access(precious, F_OK), 0);
        ck_assert_int_ne(rmdir(elsewhere), 0);
        ck_assert_int_eq(unlink(precious), 0);
        ck_assert_int_eq(rmdir(elsewhere), 0); /* nothing was put there */
    }
}
END_TEST

START_TEST(a_restored_folder_keeps_its_access_file_or_gets_that_of_the_backup)
{
    static const char grants[] =
        "{\"tokens\":[],\"anonymous\":[{\"stores\":[\"*\"],\"rights\":[\"read\",\"list\",\"write\",\"delete\","
        "\"admin\"]}]}";
    const char *to = copies_beside("to"), *first = copies_beside("first"), *second = copies_beside("second");
    ck_assert(mkdir(site.server->data, 0700) == 0 || errno == EEXIST);
    FILE *file = fopen(server_path(site.server, "access.json"), "we");
    ck_assert(file && fputs(grants, file) >= 0 && fclose(file) == 0);
    start();
    run_backup(to);
    const char *arguments[] = {"restore", to, first, NULL};
    command_run(arguments, WHOLE);
    size_t size;
    char *text = disk_read(client_text(site.client, "%s/access.json", first), &size);
    ck_assert_uint_eq(size, strlen(grants));
    ck_assert_mem_eq(text, grants, size);
    free(text);
    ck_assert_int_eq(mkdir(second, 0700), 0);
    file = fopen(client_text(site.client, "%s/access.json", second), "we");
    ck_assert(file && fputs("{\"tokens\":[]}", file) >= 0 && fclose(file) == 0);
    arguments[2] = second;
    command_run(arguments, WHOLE);
    text = disk_read(client_text(site.client, "%s/access.json", second), &size);
    ck_assert_uint_eq(size, strlen("{\"tokens\":[]}"));
    free(text);
}
END_TEST

/* ---- over HTTP ------------------------------------------------------------------------------- */

#ifdef CAIRN_BACKUP_URL

START_TEST(a_backup_of_a_server_is_a_point_of_its_histories)
{
    start();
    load.pause = 0.01;
    expect_points(site.server->url, copies_beside("to"));
}
END_TEST

START_TEST(a_backup_of_a_server_that_is_killed_leaves_the_old_one_or_the_new_one)
{
    start();
    load.pause = 0.01;
    expect_old_or_new(site.server->url, copies_beside("to"));
}
END_TEST

static void put_all_kinds(void)
{
    site_expect(site_put("a", "text", "Content-Type: text/plain", "Cairn-Meta-Owner: ada", "Cache-Control: no-store",
                         "Content-Language: de", "Cairn-Expires: Wed, 01 Dec 2094 16:00:00 GMT", NULL),
                201);
    site_expect(site_put("%00%FF", "no text", NULL), 201);
    site_expect(site_put("a%00b%20%25%3F", "a NUL in a text", NULL), 201);
    site_expect(site_put("", "", NULL), 400);
    site_expect(site_put("empty", "", NULL), 201);
    site_expect(client_send(site.client, "PUT", site_hash(42), "nameless", 8, NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 7, NULL), 201);
    site_expect(client_send(site.client, "PATCH", store, "{\"limits\":{\"objects\":6}}", 24,
                            "Content-Type: application/json", NULL),
                200);
}

START_TEST(what_is_copied_from_a_server_is_the_same)
{
    const char *to = copies_beside("to"), *data = command_keep(strdup(site.server->data));
    start();
    put_all_kinds();
    char *before = copies_listing_anywhere();
    copies_make(site.server->url, to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
    site_expect_payload("large", LARGE_SIZE, 7);
    site_expect_kind(site_put("b", "one more than may be", NULL), 507, "quota-exceeded");
    copies_serve(data);
    site_expect(site_delete("a", NULL), 200);
    site_expect(site_put("empty", "", "Content-Type: text/html", NULL), 200); /* the same bytes, and other fields */
    before = copies_listing_anywhere();
    copies_make(site.server->url, to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
}
END_TEST

/* A token that shows less than before does not cost what was copied. */
START_TEST(a_store_that_a_server_does_not_show_stays_unless_pruned)
{
    const char *to = copies_beside("to");
    start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(site_put("k", "v", NULL), 201);
    copies_make(site.server->url, to);
    site_expect(client_send(site.client, "DELETE", client_text(site.client, "%s?force=true", store), NULL, 0, NULL),
                204);
    copies_make(site.server->url, to);
    const char *check[] = {"check", to, NULL}, *prune[] = {"backup", "--prune", "--from", site.server->url, to, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(check, WHOLE), "2 stores, all whole"));
    command_run(prune, WHOLE);
    ck_assert_ptr_null(strstr(command_run(check, WHOLE), "store main"));
}
END_TEST

START_TEST(a_store_that_was_made_anew_is_copied_anew)
{
    const char *to = copies_beside("to");
    start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    for (int i = 0; i < 10; i++)
        site_expect(site_put(client_text(site.client, "k%d", i), "of the first", NULL), 201);
    copies_make(site.server->url, to);
    site_expect(client_send(site.client, "DELETE", client_text(site.client, "%s?force=true", store), NULL, 0, NULL),
                204);
    ck_assert(clock_until(CLOCK_PATIENCE, client_send(site.client, "PUT", store, NULL, 0, NULL)->status == 201));
    site_expect(site_put("k", "of the second", NULL), 201);
    char *before = copies_listing_anywhere();
    copies_make(site.server->url, to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
}
END_TEST

START_TEST(a_server_wants_its_token)
{
    const char *to = copies_beside("to");
    access_start(access_token("copier", access_grant("\"main\"", "", "\"read\",\"list\""), NULL), "");
    const char *without[] = {"backup", "--from", site.server->url, to, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(without, UNKNOWN), "401"));
    const char *file = command_file("token", "copier\n");
    const char *with[] = {"backup", "--from", site.server->url, to, "--token-file", file, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(with, WHOLE), "all copied"));
    const char *nowhere[] = {"backup", "--from", site.server->url, to, "--token-file", "/nowhere", NULL};
    ck_assert_ptr_nonnull(strstr(command_run(nowhere, UNKNOWN), "/nowhere cannot be read"));
    const char *nobody[] = {"backup", "--from", "http://127.0.0.1:1", to, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(nobody, UNKNOWN), "its stores cannot be listed"));
}
END_TEST

#else

START_TEST(a_build_without_libcurl_says_so)
{
    const char *arguments[] = {"backup", "--from", "http://127.0.0.1:1", copies_beside("to"), NULL};
    ck_assert_ptr_nonnull(strstr(command_run(arguments, UNKNOWN), "CAIRN_BACKUP_URL"));
}
END_TEST

#endif

/* ---- refusals -------------------------------------------------------------------------------- */

static void refused(const char *mention, const char *const *arguments)
{
    const char *output = command_run(arguments, UNKNOWN);
    ck_assert_msg(strstr(output, mention), "\"%s\" is not in: %s", mention, output);
}

#define expect_refused(mention, ...) refused(mention, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(what_is_no_backup_is_left_alone)
{
    const char *to = copies_beside("to"), *other = copies_beside("other"), *restored = copies_beside("restored");
    const char *data = site.server->data;
    start();
    site_expect(site_put("a", "text", NULL), 201);
    run_backup(to);
    expect_refused("is the folder that is to be copied", "backup", "--from", data, data);
    expect_refused("another process has the data folder", "backup", "--from", to, data);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    FILE *file = fopen(client_text(site.client, "%s/letter", other), "we");
    ck_assert(file && fclose(file) == 0);
    expect_refused("'letter'", "backup", "--from", data, other);
    expect_refused("is not a data folder of cairn", "backup", "--from", other, to);
    const char *restore[] = {"restore", to, restored, NULL};
    command_run(restore, WHOLE);
    expect_refused("is no backup", "backup", "--from", data, restored);
    expect_refused("there is no store 'nowhere'", "backup", "--from", data, to, "--store", "nowhere");
    server_stop(site.server);
    expect_refused("is no backup", "backup", "--from", to, data);
    copies_expect_whole(data);
}
END_TEST

/* It was kept where there are files, and no empty folders. */
START_TEST(a_backup_without_its_empty_folders_says_what_it_lacks)
{
    const char *to = copies_beside("to"), *restored = copies_beside("restored");
    start();
    const char *trash = client_text(site.client, "%s/trash", to);
    site_expect(site_put("a", "text", NULL), 201);
    run_backup(to);
    ck_assert_int_eq(rmdir(trash), 0);
    expect_refused("cannot open folder trash of data folder", "restore", to, restored);
    ck_assert_int_eq(mkdir(trash, 0700), 0);
    const char *restore[] = {"restore", to, restored, NULL};
    command_run(restore, WHOLE);
}
END_TEST

START_TEST(wrong_usage_is_refused)
{
    expect_refused("--from", "backup", "to");
    expect_refused("which folder", "backup", "--from", "a");
    expect_refused("'c' is one folder too many", "backup", "--from", "a", "b", "c");
    expect_refused("'--frm'", "backup", "--frm", "a", "b");
    expect_refused("--from is given twice", "backup", "--from", "a", "--from", "b", "c");
    expect_refused("--prune is about all stores", "backup", "--from", "a", "b", "--prune", "--store", "c");
    expect_refused("--link is about files", "backup", "--link", "--from", "http://127.0.0.1:1", "b");
    expect_refused("is a URL", "backup", "--from", "a", "http://127.0.0.1:1");
    expect_refused("begins with http://", "backup", "--from", "ftp://127.0.0.1:1", "b");
    expect_refused("no URLs", "restore", "http://127.0.0.1:1", "b");
    expect_refused("--store needs a value", "restore", "a", "b", "--store");
    expect_refused("into which folder", "restore", "a");
    expect_refused("'--link'", "restore", "--link", "a", "b");
    const char *help[] = {"backup", "--help", NULL};
    ck_assert_ptr_nonnull(strstr(command_run(help, WHOLE), "usage: cairnd backup"));
    help[0] = "restore";
    ck_assert_ptr_nonnull(strstr(command_run(help, WHOLE), "usage: cairnd restore"));
}
END_TEST

static void expect_words(const char *output, const char *words)
{
    ck_assert_msg(strstr(output, words), "\"%s\" is not in: %s", words, output);
}

/* What the first run did not copy is restored by nobody, who is told so, and so is who checks the backup. */
static void expect_missing(const char *to)
{
    const char *restored = copies_beside("restored");
    const char *restore[] = {"restore", to, restored, NULL},
               *one[] = {"restore", to, restored, "--store", "main", NULL};
    const char *check[] = {"check", to, NULL};
    command_says(one, UNKNOWN, "has no copy of it: the run that was to make the first one");
    const char *output = command_run(restore, UNKNOWN);
    expect_words(output, "store main: not copied: the backup has no copy of it");
    expect_words(output, "store main was not copied, and ");
    ck_assert_ptr_null(strstr(output, "whole"));
    ck_assert_int_eq(access(client_text(site.client, "%s/stores/zz", restored), F_OK), 0);
    const char *give_up[] = {"restore", "--give-up", restored, NULL};
    command_says(give_up, WHOLE, "stores that are there stay, whole");
    output = command_run(check, UNKNOWN);
    expect_words(output, "store main\n  not looked at: the backup has no copy of it");
    expect_words(output, "2 stores, 1 of them whole; 0 flaws");
    const char *further[] = {"backup", "--from", to, copies_beside("further"), NULL};
    for (int i = 0; i < 2; i++) {
        command_says(further, UNKNOWN, "store main: not copied: the backup has no copy of it");
        check[1] = further[3];
        command_says(check, UNKNOWN, "store main\n  not looked at: the backup has no copy of it");
    }
}

/* A damaged store is refused; with --replace it is copied as it is, and told from then on. */
START_TEST(a_flaw_of_the_source_is_told)
{
    const char *to = copies_beside("to");
    start();
    site_expect(site_put("a", "the payload of a", NULL), 201);
    site_expect(site_put("b", "the payload of b", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz", NULL, 0, NULL), 201);
    server_stop(site.server);
    disk_flip(site.server, "stores/main/log", "the payload of a");
    const char *arguments[] = {"backup", "--from", site.server->data, to, NULL};
    const char *replace[] = {"backup", "--replace", "--from", site.server->data, to, NULL};
    const char *output = command_run(arguments, FLAWS);
    expect_words(output, "key \"a\"");
    expect_words(output, "store main: not copied: it is damaged: log/0000000000000001.seg, at offset ");
    expect_words(output, "2 stores, 1 of them copied; 1 flaw\n");
    ck_assert_int_ne(access(client_text(site.client, "%s/stores/main", to), F_OK), 0);
    ck_assert_int_eq(access(client_text(site.client, "%s/stores/zz", to), F_OK), 0);
    expect_missing(to);
    expect_words(command_run(replace, FLAWS), "key \"a\"");
    expect_words(command_run(arguments, FLAWS), "2 stores, 2 of them copied; 1 flaw\n");
    const char *last[] = {"check", to, NULL};
    expect_words(command_run(last, FLAWS), "2 stores, 1 of them whole; 1 flaw");
    const char *checked[] = {"backup", "--check", "--from", site.server->data, to, NULL};
    expect_words(command_run(checked, FLAWS), "key \"a\"");
}
END_TEST

static const char segment_path[] = "stores/main/log/0000000000000001.seg";

static void remove_segment(void)
{
    ck_assert_int_eq(unlink(server_path(site.server, segment_path)), 0);
}

static void put_pipe_there(void)
{
    remove_segment();
    ck_assert_int_eq(mkfifo(server_path(site.server, segment_path), 0600), 0);
}

static void put_link_there(void)
{
    char *path = command_keep(strdup(server_path(site.server, segment_path)));
    remove_segment();
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
}

static void put_folder_there(void)
{
    remove_segment();
    ck_assert_int_eq(mkdir(server_path(site.server, segment_path), 0700), 0);
}

static void empty_there(void)
{
    ck_assert_int_eq(truncate(server_path(site.server, segment_path), 0), 0);
}

/* All bytes of a folder, and the names of its files. */
static char *sum_of(const char *folder)
{
    FILE *stream = popen(client_text(site.client, "cd '%s' && find . -type f | sort | xargs sha256sum", folder), "re");
    char sum[4096];
    ck_assert_ptr_nonnull(stream);
    size_t length = fread(sum, 1, sizeof sum - 1, stream);
    sum[length] = '\0';
    ck_assert_int_eq(pclose(stream), 0);
    return command_keep(strdup(sum));
}

/* Whatever has come in the place of a segment: the store is refused, and its copy stays. */
START_TEST(what_is_no_segment_any_more_is_damage)
{
    static const struct {
        void (*act)(void);
        const char *words;
    } harms[] = {{remove_segment, "the file is missing"},
                 {put_pipe_there, "set aside"},
                 {put_link_there, "set aside"},
                 {put_folder_there, "set aside"},
                 {empty_there, "header"}};
    const char *to = copies_beside("to"), *copy;
    start();
    for (int i = 0; i < 8; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "k%d", i)), 200 << 10, 1, NULL),
                    201);
    run_backup(to);
    copy = command_keep(strdup(client_text(site.client, "%s/stores/main", to)));
    server_stop(site.server);
    char *before = sum_of(copy);
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        const char *arguments[] = {"backup", "--from", site.server->data, to, NULL};
        ck_assert_int_eq(rename(server_path(site.server, segment_path), client_text(site.client, "%s/kept", to)), 0);
        FILE *empty = fopen(server_path(site.server, segment_path), "we");
        ck_assert(empty && fclose(empty) == 0);
        harms[i].act();
        for (int run = 0; run < 2; run++) {
            const char *output = command_run(arguments, FLAWS);
            expect_words(output, "0000000000000001.seg");
            expect_words(output, harms[i].words);
            expect_words(output, "Stop the server, put that file of the copy in the place of its own");
            ck_assert_str_eq(sum_of(copy), before);
        }
        if (rmdir(server_path(site.server, segment_path)) != 0 && errno != ENOENT)
            remove_segment();
        ck_assert_int_eq(rename(client_text(site.client, "%s/kept", to), server_path(site.server, segment_path)), 0);
    }
    run_backup(to);
    copies_expect_whole(to);
}
END_TEST

static const char blob_path[] = "stores/main/blobs/0000000000000001.blob";

static void remove_blob(void)
{
    ck_assert_int_eq(unlink(server_path(site.server, blob_path)), 0);
}

static void put_pipe(void)
{
    remove_blob();
    ck_assert_int_eq(mkfifo(server_path(site.server, blob_path), 0600), 0);
}

static void put_link(void)
{
    char *path = command_keep(strdup(server_path(site.server, blob_path)));
    remove_blob();
    ck_assert_int_eq(symlink("/etc/hostname", path), 0);
}

/* What the source has lost is told with its key, by each run, and stays in the backup. */
START_TEST(the_last_copy_of_a_large_object_stays)
{
    static void (*const harms[])(void) = {remove_blob, put_pipe, put_link};
    const char *to = copies_beside("to");
    start();
    site_expect(client_upload(site.client, site_object("the/large-one"), LARGE_SIZE, 1, NULL), 201);
    run_backup(to);
    server_stop(site.server);
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        json_t *report, *flaw;
        harms[i]();
        ck_assert_ptr_nonnull(report = copies_report(FLAWS, site.server->data, to));
        flaw = json_array_get(json_object_get(json_array_get(json_object_get(report, "stores"), 0), "flaws"), 0);
        ck_assert_str_eq(json_string_value(json_object_get(flaw, "key")), "the/large-one");
        ck_assert_str_eq(json_string_value(json_object_get(flaw, "kind")), "missing");
        ck_assert(json_is_true(json_object_get(flaw, "kept")));
        json_decref(report);
        copies_expect_whole(to);
        ck_assert_int_eq(link(client_text(site.client, "%s/%s", to, blob_path),
                              client_text(site.client, "%s/%s.new", site.server->data, blob_path)),
                         0);
        ck_assert_int_eq(rename(client_text(site.client, "%s/%s.new", site.server->data, blob_path),
                                server_path(site.server, blob_path)),
                         0);
        run_backup(to);
    }
}
END_TEST

/* As a disk does it: the file has the time that it had. */
static void rot(const char *file)
{
    const char *command = client_text(site.client,
                                      "touch -r '%s' '%s.time' && printf X | dd of='%s' conv=notrunc status=none && "
                                      "touch -r '%s.time' '%s' && rm '%s.time'",
                                      file, file, file, file, file, file);
    ck_assert_int_eq(system(command), 0);
}

/* What a check finds damaged in the backup is copied anew: its source has it. */
START_TEST(damage_of_the_backup_is_mended)
{
    static const char *const files[] = {blob_path, segment_path, "stores/main/settings"};
    const char *to = copies_beside("to");
    start();
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 1, NULL), 201);
    run_backup(to);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        rot(command_keep(strdup(client_text(site.client, "%s/%s", to, files[i]))));
        const char *checked[] = {"backup", "--check", "--from", site.server->data, to, NULL};
        const char *output = command_run(checked, WHOLE);
        if (i == 0) /* the others are written anew by each run */
            expect_words(output, "the backup is damaged: what its source has otherwise is copied anew");
        copies_expect_whole(to);
    }
}
END_TEST

/* What the backup keeps whole is no flaw of its own, but the source still has it. */
START_TEST(a_check_does_not_hide_that_the_source_is_damaged)
{
    const char *to = copies_beside("to");
    start();
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 1, NULL), 201);
    run_backup(to);
    remove_blob();
    const char *checked[] = {"backup", "--check", "--from", site.server->data, to, NULL};
    command_run(checked, FLAWS);
}
END_TEST

/* Who may read more than the server's user follows no link that it has made. */
START_TEST(links_are_not_followed)
{
    const char *to = copies_beside("to"), *elsewhere = copies_beside("elsewhere"),
               *secret = command_file("secret", "of root");
    start();
    site_expect(site_put("a", "text", NULL), 201);
    run_backup(to);
    server_stop(site.server);
    ck_assert_int_eq(rename(server_path(site.server, "stores/main"), elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, server_path(site.server, "stores/main")), 0);
    expect_refused("links are not followed", "backup", "--replace", "--from", site.server->data, to);
    ck_assert_int_eq(unlink(server_path(site.server, "stores/main")), 0);
    ck_assert_int_eq(rename(elsewhere, server_path(site.server, "stores/main")), 0);
    ck_assert_int_eq(symlink(secret, server_path(site.server, "access.json")), 0);
    expect_refused("a link is not followed", "backup", "--from", site.server->data, to);
    ck_assert_int_ne(access(client_text(site.client, "%s/access.json", to), F_OK), 0);
    copies_expect_whole(to);
}
END_TEST

START_TEST(pipes_are_told_as_what_they_are)
{
    const char *to = copies_beside("to");
    start();
    site_expect(site_put("a", "text", NULL), 201);
    run_backup(to);
    const char *pipe = command_keep(strdup(server_path(site.server, "access.json")));
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    expect_refused("access.json is no regular file: it was not copied", "backup", "--from", site.server->data, to);
    ck_assert_int_eq(unlink(pipe), 0);
    pipe = command_keep(strdup(client_text(site.client, "%s/stores/main/reach", to)));
    (void)unlink(pipe);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    site_expect(site_put("b", "text", NULL), 201);
    expect_refused("reach or horizon, or that of its copy, is a pipe or a folder", "backup", "--from",
                   site.server->data, to);
    ck_assert_int_eq(unlink(pipe), 0);
    run_backup(to);
    copies_expect_whole(to);
}
END_TEST

/* Nor one in the backup that is restored. */
START_TEST(links_in_a_backup_are_not_followed)
{
    const char *from = copies_beside("from"), *restored = copies_beside("restored");
    start();
    site_expect(site_put("a", "text", NULL), 201);
    run_backup(from);
    const char *link = command_keep(strdup(client_text(site.client, "%s/stores/other", from)));
    ck_assert_int_eq(symlink(server_path(site.server, "stores/main"), link), 0);
    expect_refused("links are not followed", "restore", from, restored, NULL);
    ck_assert_int_ne(access(client_text(site.client, "%s/stores/other", restored), F_OK), 0);
    ck_assert_int_eq(unlink(link), 0);
    link = command_keep(strdup(client_text(site.client, "%s/access.json", from)));
    static const char *const targets[] = {"/etc/hostname", "/nowhere"};
    for (size_t i = 0; i < 2; i++) {
        const char *to = command_keep(strdup(client_text(site.client, "%s-%zu", restored, i)));
        (void)unlink(link);
        ck_assert_int_eq(symlink(targets[i], link), 0);
        expect_refused("a link is not followed", "restore", from, to, NULL);
        ck_assert_int_ne(access(client_text(site.client, "%s/access.json", to), F_OK), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_backup_beside_writers_is_a_point_of_their_histories,
        a_backup_that_is_killed_leaves_the_old_one_or_the_new_one,
        what_the_backup_has_is_not_copied_again,
        a_store_that_is_gone_or_another_one_is_so_in_the_backup,
        linked_files_take_no_space,
        what_is_restored_is_what_was_backed_up,
        a_transfer_again_tells_what_is_so,
        a_restoration_is_ended_with_the_backup_that_it_was_begun_with,
        a_restoration_that_was_cut_short_as_it_compared_is_ended,
        a_restoration_that_is_ended_once_more_is_compared,
        a_restoration_is_ended_as_what_it_was_begun_for,
        what_was_not_begun_is_no_beginning,
        a_transfer_is_ended_from_where_it_was_begun,
        a_restored_folder_keeps_its_access_file_or_gets_that_of_the_backup,
        a_restoration_that_lacks_a_store_has_not_ended,
        a_restoration_is_given_up,
        a_folder_is_named_by_its_path,
        what_has_lost_its_mark_is_only_given_up,
        what_made_room_is_not_given_up,
        no_copy_is_removed_where_something_is_missing,
        a_restoration_has_not_ended_where_the_backup_lacks_a_store,
        a_restoration_of_which_nothing_comes_leaves_nothing,
        a_transfer_that_was_cut_short_keeps_nobody_out_for_ever,
        no_backup_is_made_where_a_restoration_is_under_way,
        the_access_file_is_that_of_the_backup_that_ends_the_restoration,
        links_among_drafts_are_not_followed,
#ifdef CAIRN_BACKUP_URL
        a_backup_of_a_server_is_a_point_of_its_histories,
        a_backup_of_a_server_that_is_killed_leaves_the_old_one_or_the_new_one,
        what_is_copied_from_a_server_is_the_same,
        a_store_that_a_server_does_not_show_stays_unless_pruned,
        a_store_that_was_made_anew_is_copied_anew,
        a_server_wants_its_token,
#else
        a_build_without_libcurl_says_so,
#endif
        what_is_no_backup_is_left_alone,
        a_backup_without_its_empty_folders_says_what_it_lacks,
        wrong_usage_is_refused,
        a_flaw_of_the_source_is_told,
        what_is_no_segment_any_more_is_damage,
        the_last_copy_of_a_large_object_stays,
        damage_of_the_backup_is_mended,
        a_check_does_not_hide_that_the_source_is_damaged,
        links_are_not_followed,
        links_in_a_backup_are_not_followed,
        pipes_are_told_as_what_they_are,
    };
    return site_run("backup", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
