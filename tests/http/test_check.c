/* `cairnd check`: what it reports, by which status, and that it changes nothing. */
#include "tests/http/disk.h"
#include "tests/http/site.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WHOLE = 0, FLAWS = 1, UNKNOWN = 2, LARGE = 600 << 10 };

/* A stopped server with the stores main and other. */
static void fill(void)
{
    server_add(site.server, "--stores");
    server_add(site.server, "other");
    site_start();
    site_expect(site_put("a", "the payload of a", NULL), 201);
    site_expect(site_put("b", "the payload of b", NULL), 201);
    site_expect(site_put("%00%FF", "the payload of no text", NULL), 201);
    site_expect(site_delete("b", NULL), 200);
    site_expect(client_upload(site.client, site_object("large"), LARGE, 1, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "of the other", 12, NULL), 201);
}

static void fill_and_stop(void)
{
    fill();
    server_stop(site.server);
}

/* Runs the command on the test's data folder, with further arguments. */
static int run(char **ret_output, const char *first, const char *second)
{
    const char *arguments[] = {"check", site.server->data, first, second, NULL};
    return server_run(arguments, ret_output);
}

static json_t *run_json(int status)
{
    char *output;
    ck_assert_int_eq(run(&output, "--json", NULL), status);
    json_error_t error;
    json_t *report = json_loads(output, 0, &error);
    ck_assert_msg(report, "no JSON: %s: %s", error.text, output);
    ck_assert_str_eq(json_string_value(json_object_get(report, "folder")), site.server->data);
    free(output);
    return report;
}

static json_int_t number_of(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    ck_assert_msg(text, "%s is no string", name);
    return text;
}

static bool is_true(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    ck_assert_msg(json_is_boolean(value), "%s is no boolean", name);
    return json_is_true(value);
}

/* The report on one store. */
static json_t *store_of(const json_t *report, const char *name)
{
    json_t *stores = json_object_get(report, "stores"), *store;
    size_t i;
    json_array_foreach (stores, i, store)
        if (strcmp(text_of(store, "name"), name) == 0)
            return store;
    ck_abort_msg("nothing is reported of the store %s", name);
}

/* The only flaw of a store. */
static json_t *flaw_of(const json_t *report, const char *name)
{
    json_t *flaws = json_object_get(store_of(report, name), "flaws");
    ck_assert_uint_eq(json_array_size(flaws), 1);
    return json_array_get(flaws, 0);
}

static void expect_output(int status, int expected, char *output, const char *mention)
{
    ck_assert_msg(status == expected, "status %d: %s", status, output);
    ck_assert_msg(strstr(output, mention), "\"%s\" is not in: %s", mention, output);
    free(output);
}

/* Runs the command with further arguments: its status, and what it must say. */
static void expect(int expected, const char *mention, const char *first, const char *second)
{
    char *output;
    int status = run(&output, first, second);
    expect_output(status, expected, output, mention);
}

/* ---- whole ----------------------------------------------------------------------------------- */

START_TEST(a_whole_folder)
{
    fill_and_stop();
    char *output;
    int status = run(&output, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(output, "store main\n"));
    ck_assert_ptr_nonnull(strstr(output, "store other\n"));
    expect_output(status, WHOLE, output, "2 stores, all whole\n");
    json_t *report = run_json(WHOLE);
    ck_assert(is_true(report, "whole"));
    ck_assert(is_true(report, "complete"));
    ck_assert_int_eq(number_of(report, "flaw_count"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "stores")), 2);
    json_t *store = store_of(report, "main");
    ck_assert_int_eq(number_of(store, "records"), 6); /* the last is the mark of the stop */
    ck_assert_int_eq(number_of(store, "blobs"), 1);
    ck_assert_int_gt(number_of(store, "bytes"), LARGE);
    ck_assert(is_true(store, "complete"));
    ck_assert(json_is_null(json_object_get(store, "error")));
    ck_assert_uint_eq(json_array_size(json_object_get(store, "flaws")), 0);
    json_decref(report);
}
END_TEST

START_TEST(one_store_only)
{
    fill_and_stop();
    disk_flip(site.server, "stores/main/log", "the payload of a");
    char *output;
    int status = run(&output, "--store=other", NULL);
    ck_assert_ptr_null(strstr(output, "main"));
    expect_output(status, WHOLE, output, "1 store, all whole");
    expect(FLAWS, "1 flaw", "--store", "main");
    expect(UNKNOWN, "'nowhere'", "--store", "nowhere");
}
END_TEST

START_TEST(a_rate_is_kept)
{
    fill_and_stop();
    expect(WHOLE, "all whole", "--rate", "64M");
    expect(WHOLE, "all whole", "--rate=0", NULL);
}
END_TEST

/* Files that a start would remove, or make anew: damaged, of a segment that is gone, or in the making. */
static void leave_derived(void)
{
    static const char *const names[] = {"inventory",
                                        "inventory.new",
                                        "husk",
                                        "summary",
                                        "next",
                                        "00000000000000aa.sum",
                                        "00000000000000aa.keys",
                                        "00000000000000aa.keys.new"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        FILE *file = fopen(server_path(site.server, "stores/main/log/%s", names[i]), "we");
        ck_assert_ptr_nonnull(file);
        fputs("of no use", file);
        ck_assert_int_eq(fclose(file), 0);
    }
}

/* A folder after kill -9: what a start would tidy up stays as it is, down to the times of change. */
START_TEST(nothing_is_changed)
{
    fill();
    server_crash(site.server);
    uint64_t before = disk_fingerprint(site.server);
    json_decref(run_json(WHOLE));
    ck_assert_uint_eq(disk_fingerprint(site.server), before);
    disk_flip(site.server, "stores/main/log", "the payload of a");
    disk_flip_at(site.server, "stores/main/blobs", 1);
    leave_derived();
    ck_assert_uint_ne(disk_fingerprint(site.server), before);
    before = disk_fingerprint(site.server);
    json_decref(run_json(FLAWS));
    ck_assert_uint_eq(disk_fingerprint(site.server), before);
    server_start(site.server);
    server_stop(site.server);
}
END_TEST

/* ---- flaws ----------------------------------------------------------------------------------- */

START_TEST(a_flaw_is_told_with_its_key)
{
    fill_and_stop();
    disk_flip(site.server, "stores/main/log", "the payload of a");
    expect(FLAWS, "key \"a\"", NULL, NULL);
    json_t *report = run_json(FLAWS);
    ck_assert(!is_true(report, "whole"));
    ck_assert(is_true(report, "complete"));
    ck_assert_int_eq(number_of(report, "flaw_count"), 1);
    json_t *flaw = flaw_of(report, "main");
    ck_assert_str_eq(text_of(flaw, "kind"), "payload");
    ck_assert_str_eq(text_of(flaw, "key"), "a");
    ck_assert_uint_eq(strlen(text_of(flaw, "key_hash")), 16);
    ck_assert_int_eq(number_of(flaw, "offset"), 0);
    ck_assert_int_eq(number_of(flaw, "length"), (json_int_t)strlen("the payload of a"));
    ck_assert(is_true(flaw, "live"));
    ck_assert_str_ne(text_of(flaw, "text"), "");
    ck_assert_str_ne(text_of(flaw, "meaning"), "");
    ck_assert_uint_eq(json_array_size(json_object_get(store_of(report, "other"), "flaws")), 0);
    json_decref(report);
}
END_TEST

START_TEST(a_key_that_is_no_text_is_told_in_base64)
{
    fill_and_stop();
    disk_flip(site.server, "stores/main/log", "the payload of no text");
    json_t *report = run_json(FLAWS);
    json_t *flaw = flaw_of(report, "main");
    ck_assert(json_is_null(json_object_get(flaw, "key")));
    ck_assert_str_eq(text_of(flaw, "key_base64"), "AP8=");
    json_decref(report);
    expect(FLAWS, "key hash ", NULL, NULL);
}
END_TEST

START_TEST(a_deleted_object_is_told_as_dead)
{
    fill_and_stop();
    disk_flip(site.server, "stores/main/log", "the payload of b");
    json_t *report = run_json(FLAWS);
    ck_assert(!is_true(flaw_of(report, "main"), "live"));
    json_decref(report);
}
END_TEST

/* Runs a shell command in a folder of the store main. */
static void in_folder(const char *folder, const char *what)
{
    char *command;
    const char *path = server_path(site.server, "%s", folder);
    ck_assert_int_gt(asprintf(&command, "cd '%s' && %s", path, what), 0);
    ck_assert_int_eq(system(command), 0);
    free(command);
}

START_TEST(a_damaged_and_a_missing_large_object)
{
    fill_and_stop();
    disk_flip_at(site.server, "stores/main/blobs", LARGE - 1);
    json_t *report = run_json(FLAWS);
    json_t *flaw = flaw_of(report, "main");
    ck_assert_str_eq(text_of(flaw, "kind"), "blob");
    ck_assert_str_eq(text_of(flaw, "key"), "large");
    ck_assert_int_eq(number_of(flaw, "length"), LARGE);
    json_decref(report);
    in_folder("stores/main/blobs", "name=$(ls) && rm $name && mkfifo $name");
    report = run_json(FLAWS); /* waits for nobody who writes */
    ck_assert_str_eq(text_of(flaw_of(report, "main"), "key"), "large");
    json_decref(report);
    in_folder("stores/main/blobs", "rm *");
    report = run_json(FLAWS);
    ck_assert_str_eq(text_of(flaw_of(report, "main"), "kind"), "missing");
    json_decref(report);
}
END_TEST

static void in_log(const char *what)
{
    in_folder("stores/main/log", what);
}

/* What is gone leaves no bytes to compare: that it was there is known all the same. */
START_TEST(a_log_that_is_gone_is_missed)
{
    fill_and_stop();
    in_log("rm *");
    json_t *report = run_json(FLAWS);
    json_t *flaw = flaw_of(report, "main");
    ck_assert_str_eq(text_of(flaw, "kind"), "log");
    ck_assert_int_eq(number_of(flaw, "offset"), 0);
    ck_assert_int_gt(number_of(flaw, "length"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(store_of(report, "other"), "flaws")), 0);
    json_decref(report);
    expect(FLAWS, "1 flaw", NULL, NULL);
}
END_TEST

START_TEST(a_file_that_is_no_segment_is_told)
{
    fill_and_stop();
    in_log("echo thesis > 0000000000000009.seg");
    json_t *report = run_json(FLAWS);
    json_t *flaw = flaw_of(report, "main");
    ck_assert_str_eq(text_of(flaw, "kind"), "file");
    ck_assert_int_eq(number_of(flaw, "length"), (json_int_t)strlen("thesis\n"));
    json_decref(report);
    expect(FLAWS, "set aside", NULL, NULL);
    server_start(site.server);
    site_reconnect();
    site_expect(site_get("a", NULL), 200);
    site_expect(site_put("c", "goes on", NULL), 201);
    struct answer *ready = client_get(site.client, "/readyz", NULL);
    ck_assert_int_eq(ready->status, 200);
    ck_assert_ptr_nonnull(strstr((const char *)ready->body, "damaged"));
    server_stop(site.server);
}
END_TEST

/* The path of some file of keys: which there are is a matter of how many segments have been bound together. */
static const char *find_keys(void)
{
    glob_t found;
    ck_assert_int_eq(glob(server_path(site.server, "stores/main/log/*.keys"), 0, NULL, &found), 0);
    const char *path = client_text(site.client, "%s", found.gl_pathv[0]);
    globfree(&found);
    return path;
}

START_TEST(a_folder_in_place_of_keys_is_a_flaw)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    fill();
    for (int i = 0; i < 8; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "%d", i)), 200 << 10, 1, NULL),
                    201);
    site_expect(client_get(site.client, site_target("/objects"), NULL), 200);
    server_stop(site.server);
    const char *keys = find_keys();
    ck_assert_int_eq(unlink(keys), 0);
    ck_assert_int_eq(mkdir(keys, 0700), 0);
    json_t *report = run_json(FLAWS);
    ck_assert(is_true(report, "complete"));
    ck_assert_str_eq(text_of(flaw_of(report, "main"), "kind"), "keys");
    json_decref(report);
    expect(FLAWS, "sorted keys", NULL, NULL);
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_does_not_hide_the_others)
{
    fill_and_stop();
    ck_assert_int_eq(truncate(server_path(site.server, "stores/main/settings"), 20), 0);
    disk_flip(site.server, "stores/other/log", "of the other");
    expect(FLAWS, "cannot be opened", NULL, NULL);
    json_t *report = run_json(FLAWS);
    ck_assert_int_eq(number_of(report, "flaw_count"), 2);
    ck_assert(!is_true(report, "complete"));
    ck_assert(!is_true(store_of(report, "main"), "complete"));
    ck_assert_ptr_nonnull(strstr(text_of(store_of(report, "main"), "error"), "settings"));
    ck_assert_str_eq(text_of(flaw_of(report, "other"), "kind"), "payload");
    json_decref(report);
}
END_TEST

/* ---- when it cannot be told ------------------------------------------------------------------ */

START_TEST(a_folder_in_use_is_refused)
{
    fill();
    char *output;
    int status = run(&output, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(output, "/verify"));
    expect_output(status, UNKNOWN, output, "another process");
    site_expect(site_put("c", "goes on", NULL), 201);
    server_stop(site.server);
    expect(WHOLE, "all whole", NULL, NULL);
}
END_TEST

static void expect_refusal(const char *folder, const char *mention)
{
    char *output;
    int status = server_run((const char *[]){"check", folder, NULL}, &output);
    expect_output(status, UNKNOWN, output, mention);
}

/* A script gets its object although nothing can be told. */
static void expect_json_refusal(const char *const *arguments, const char *mention)
{
    char *output;
    json_error_t fault;
    int status = server_run(arguments, &output);
    ck_assert_msg(status == UNKNOWN, "status %d: %s", status, output);
    json_t *report = json_loads(output, 0, &fault);
    ck_assert_msg(report, "no JSON: %s: %s", fault.text, output);
    ck_assert_str_eq(text_of(report, "folder"), arguments[1]);
    ck_assert_msg(strstr(text_of(report, "error"), mention), "%s", output);
    ck_assert(!is_true(report, "complete"));
    ck_assert(!is_true(report, "whole"));
    ck_assert_int_eq(number_of(report, "flaw_count"), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(report, "stores")), 0);
    json_decref(report);
    free(output);
}

START_TEST(a_script_is_told_why_nothing_can_be_told)
{
    const char *data = site.server->data;
    fill();
    expect_json_refusal((const char *[]){"check", data, "--json", NULL}, "another process");
    server_stop(site.server);
    expect_json_refusal((const char *[]){"check", data, "--json", "--store=nowhere", NULL}, "'nowhere'");
    expect_json_refusal((const char *[]){"check", "/no/such", "--json", NULL}, "No such file");
    expect_json_refusal((const char *[]){"check", "/etc", "--json", NULL}, "not a data folder");
    json_t *report = run_json(WHOLE);
    ck_assert(json_is_null(json_object_get(report, "error")));
    json_decref(report);
}
END_TEST

START_TEST(what_is_no_data_folder_is_refused_and_untouched)
{
    char folder[512];
    struct stat info;
    snprintf(folder, sizeof folder, "%s/new", site.server->folder);
    expect_refusal(folder, "No such file");
    ck_assert_int_ne(stat(folder, &info), 0);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    expect_refusal(folder, "not a data folder");
    ck_assert_msg(rmdir(folder) == 0, "something was put into the folder");
    expect_refusal("/etc", "not a data folder");
    expect_refusal("/etc/passwd", "Not a directory");
}
END_TEST

START_TEST(wrong_usage_is_refused)
{
    static const char *const cases[][4] = {
        {"check", NULL},
        {"check", "a", "b", NULL},
        {"check", "a", "--no-such", NULL},
        {"check", "a", "--json=yes", NULL},
        {"check", "a", "--store", NULL},
        {"check", "a", "--rate=many", NULL},
        {"check", "a", "--rate=", NULL},
        {"check", "a", "--rates=1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *output;
        int status = server_run(cases[i], &output);
        expect_output(status, UNKNOWN, output, "cairnd check --help");
    }
    char *output;
    int status = server_run((const char *[]){"check", "--help", NULL}, &output);
    expect_output(status, 0, output, "--json");
    status = server_run((const char *[]){"--help", NULL}, &output);
    expect_output(status, 0, output, "cairnd check");
}
END_TEST

START_TEST(a_report_that_cannot_be_written_is_no_success)
{
    static const char *const forms[] = {"", "--json"};
    fill_and_stop();
    for (size_t i = 0; i < 2; i++) {
        char *command;
        ck_assert_int_gt(asprintf(&command, "'%s' check '%s' %s >/dev/full 2>/dev/null", server_binary(),
                                  site.server->data, forms[i]),
                         0);
        int status = system(command);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), UNKNOWN);
        free(command);
    }
}
END_TEST

/* Runs it at a rate at which it would take ten minutes, and tells it to stop when so many seconds are over: its exit
 * status, or 128 + SIGTERM where that came before it had begun. */
static int run_and_stop(unsigned seconds, const char *out)
{
    char command[3 * SERVER_PATH_MAX];
    snprintf(command, sizeof command, "exec timeout --preserve-status -s TERM %u %s check %s --rate 1K >%s 2>&1",
             seconds, server_binary(), site.server->data, out);
    int status = system(command);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(told_to_stop_it_says_how_far_it_came)
{
    char out[SERVER_PATH_MAX + 8], text[4096] = {0};
    int status = 128 + SIGTERM;
    fill_and_stop();
    snprintf(out, sizeof out, "%s/out", site.server->folder);
    for (unsigned seconds = 1; status == 128 + SIGTERM && seconds <= 16; seconds *= 2)
        status = run_and_stop(seconds, out);
    FILE *file = fopen(out, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    ck_assert_msg(status == UNKNOWN, "status %d: %s", status, text);
    ck_assert_msg(strstr(text, "check: told to stop before all was done"), "%s", text);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_whole_folder,
        one_store_only,
        a_rate_is_kept,
        nothing_is_changed,
        a_flaw_is_told_with_its_key,
        a_key_that_is_no_text_is_told_in_base64,
        a_deleted_object_is_told_as_dead,
        a_damaged_and_a_missing_large_object,
        a_folder_in_place_of_keys_is_a_flaw,
        a_log_that_is_gone_is_missed,
        a_file_that_is_no_segment_is_told,
        a_store_that_cannot_be_opened_does_not_hide_the_others,
        a_folder_in_use_is_refused,
        a_script_is_told_why_nothing_can_be_told,
        what_is_no_data_folder_is_refused_and_untouched,
        wrong_usage_is_refused,
        a_report_that_cannot_be_written_is_no_success,
        told_to_stop_it_says_how_far_it_came,
    };
    return site_run("check", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
