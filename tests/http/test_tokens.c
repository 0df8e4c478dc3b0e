/* Where tokens come from: the first start, the access file and its reloading, `cairnd token`, the operator's own. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/site.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int status_of(const char *token)
{
    return client_get(site.client, "/v1/stores", token ? access_bearer(token) : NULL, NULL)->status;
}

/* Has the access file read at once. Without it that takes a second. */
static void reload(void)
{
    ck_assert_int_eq(kill(site.server->pid, SIGHUP), 0);
}

/* Fails the test unless the token soon has that status. */
static void expect_soon(const char *token, int status)
{
    double deadline = clock_now() + CLOCK_PATIENCE;
    while (status_of(token) != status)
        ck_assert_msg(clock_now() < deadline, "%s is still answered %d", token ? token : "nobody", status_of(token));
}

/* Nobody waits for the end of the server of a test. */
static void start(void)
{
    server_add(site.server, "--drain-delay=0");
    server_start(site.server);
    site_reconnect();
}

/* The file's permissions, of the access file. */
static unsigned mode_of(const char *path)
{
    struct stat file;
    ck_assert_msg(stat(path, &file) == 0, "%s: %s", path, strerror(errno));
    return file.st_mode & 07777;
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 1 << 16);
    FILE *file = fopen(path, "re");
    ck_assert(text && file);
    ck_assert_uint_lt(fread(text, 1, (1 << 16) - 1, file), (1 << 16) - 1);
    fclose(file);
    return command_keep(text);
}

static char *read_log(void)
{
    return read_text(site.server->log);
}

static void wait_for_log(const char *words)
{
    double deadline = clock_now() + CLOCK_PATIENCE;
    while (server_logged(site.server, words) == 0)
        ck_assert_msg(clock_now() < deadline, "the log does not say %s", words);
}

/* ---- the first start ------------------------------------------------------------------------- */

START_TEST(for_this_machine_alone_it_is_open_and_says_so)
{
    start();
    ck_assert_int_eq(status_of(NULL), 200);
    server_expect_logged(site.server, "audit: everything is open", 1);
    ck_assert_int_eq(access(server_path(site.server, "access.json"), F_OK), -1);
}
END_TEST

/* The token that the log tells in the line of curl. */
static char *told_token(void)
{
    wait_for_log("Bearer ");
    char *token = strstr(read_log(), "Bearer ") + strlen("Bearer ");
    token[strcspn(token, "'")] = '\0';
    return token;
}

START_TEST(for_others_it_makes_a_token_and_tells_it_once)
{
    server_listen(site.server, "0.0.0.0:0");
    start();
    const char *token = told_token();
    server_expect_logged(site.server, token, 1);
    server_expect_logged(site.server, "curl -H", 1);
    ck_assert_int_eq(status_of(NULL), 401);
    ck_assert_int_eq(status_of(token), 200);
    ck_assert_uint_eq(mode_of(server_path(site.server, "access.json")), 0600);
    server_stop(site.server);
    server_start(site.server);
    site_reconnect();
    wait_for_log("who may do what");
    ck_assert_uint_eq(server_logged(site.server, "Bearer"), 0);
    ck_assert_int_eq(status_of(token), 200);
}
END_TEST

START_TEST(open_is_a_wish_that_is_heard)
{
    server_listen(site.server, "0.0.0.0:0");
    server_add(site.server, "--open");
    access_start(access_token("t", access_grant("\"*\"", "", ACCESS_ALL), NULL), "");
    ck_assert_int_eq(status_of(NULL), 200);
    server_expect_logged(site.server, "audit: --open", 1);
}
END_TEST

/* ---- the operator's token -------------------------------------------------------------------- */

START_TEST(the_operator_may_give_the_token)
{
    setenv("CAIRN_ROOT_TOKEN", "a-token-of-mine-that-is-long", 1);
    start();
    ck_assert_int_eq(status_of(NULL), 401);
    ck_assert_int_eq(status_of("a-token-of-mine-that-is-long"), 200);
    ck_assert_uint_eq(server_logged(site.server, "a-token-of-mine"), 0);
    ck_assert_uint_eq(mode_of(server_path(site.server, "access.json")), 0600);
    server_stop(site.server);
    setenv("CAIRN_ROOT_TOKEN", "another-token-of-mine-as-long", 1);
    server_start(site.server);
    site_reconnect();
    ck_assert_int_eq(status_of("a-token-of-mine-that-is-long"), 401);
    ck_assert_int_eq(status_of("another-token-of-mine-as-long"), 200);
    char environment[4096] = "";
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)site.server->pid);
    FILE *file = fopen(path, "re");
    size_t length = fread(environment, 1, sizeof environment - 1, file);
    fclose(file);
    ck_assert_ptr_null(memmem(environment, length, "another-token", strlen("another-token")));
}
END_TEST

START_TEST(the_operators_token_may_stand_in_a_file)
{
    site.client = client_new("http://127.0.0.1");
    const char *path = command_file("root", "a-token-of-mine-that-is-long\n");
    server_add(site.server, client_text(site.client, "--root-token-file=%s", path));
    start();
    ck_assert_int_eq(status_of(NULL), 401);
    ck_assert_int_eq(status_of("a-token-of-mine-that-is-long"), 200);
}
END_TEST

START_TEST(a_root_token_that_is_none_is_refused)
{
    const char *data = site.server->data, *empty = command_file("root", "\n");
    setenv("CAIRN_ROOT_TOKEN", "two words", 1);
    const char *output = command_run((const char *[]){"--data", data, "--listen", "127.0.0.1:0", NULL}, 1);
    ck_assert_ptr_nonnull(strstr(output, "CAIRN_ROOT_TOKEN"));
    ck_assert_ptr_null(strstr(output, "two words"));
    setenv("CAIRN_ROOT_TOKEN", "a-token-of-mine-that-is-long", 1);
    output = command_run((const char *[]){"--data", data, "--listen", "127.0.0.1:0", "--open", NULL}, 1);
    ck_assert_ptr_nonnull(strstr(output, "leave one out"));
    unsetenv("CAIRN_ROOT_TOKEN");
    command_run((const char *[]){"--data", data, "--listen", "127.0.0.1:0", "--root-token-file", empty, NULL}, 1);
    command_run((const char *[]){"--data", data, "--listen", "127.0.0.1:0", "--root-token-file", "/nowhere", NULL}, 1);
}
END_TEST

/* ---- the file -------------------------------------------------------------------------------- */

static const char *everything(const char *name)
{
    return access_token(name, access_grant("\"*\"", "", ACCESS_ALL), NULL);
}

START_TEST(a_file_that_changed_is_read_again)
{
    access_start(everything("first"), "");
    ck_assert_int_eq(status_of("first"), 200);
    access_write(everything("second"), "");
    expect_soon("second", 200);
    ck_assert_int_eq(status_of("first"), 401);
    access_write(everything("third"), "");
    reload();
    expect_soon("third", 200);
    server_expect_logged(site.server, "told to reload", 1);
}
END_TEST

START_TEST(a_file_that_is_not_valid_changes_nothing_while_the_server_runs)
{
    access_start(everything("first"), "");
    access_write(access_token("second", "{\"stores\":[\"*\"],\"rights\":[\"raed\"]}", NULL), "");
    reload();
    wait_for_log("line 2: rights: \"raed\" is not one of");
    ck_assert_int_eq(status_of("first"), 200);
    ck_assert_int_eq(status_of("second"), 401);
    ck_assert_int_eq(unlink(server_path(site.server, "access.json")), 0);
    reload();
    wait_for_log("is gone");
    ck_assert_int_eq(status_of("first"), 200);
    access_write(everything("third"), "");
    reload();
    expect_soon("third", 200);
}
END_TEST

START_TEST(a_file_that_is_not_valid_is_refused_at_the_start)
{
    access_write("{\"name\":\"a b\"}", "");
    const char *output = command_run((const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", NULL}, 1);
    ck_assert_msg(strstr(output, "access.json is not valid: line 2: name: \"a b\" is not"), "%s", output);
}
END_TEST

/* The access file that a start refuses, and what the log has to say of it. */
static void expect_refused(const char *path, const char *words)
{
    const char *output = command_run(
        (const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", "--access", path, NULL}, 1);
    ck_assert_msg(strstr(output, words) && strstr(output, path), "%s", output);
}

/* What hides a file is not taken for a file that is missing, named or not. */
START_TEST(a_file_that_cannot_be_looked_at_is_refused_at_the_start)
{
    const char *data = site.server->data, *file = command_file("file", "");
    char path[SERVER_PATH_MAX + 32];
    ck_assert_int_eq(mkdir(data, 0700), 0);
    snprintf(path, sizeof path, "%s/access.json", file);
    expect_refused(path, strerror(ENOTDIR));
    snprintf(path, sizeof path, "%s/access.json", data);
    ck_assert_int_eq(symlink("access.json", path), 0);
    expect_refused(path, strerror(ELOOP));
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/nowhere/access.json", path), 0);
    const char *output = command_run((const char *[]){"--data", data, "--listen", "127.0.0.1:0", NULL}, 1);
    ck_assert_msg(strstr(output, "cannot read the access file"), "%s", output);
    setenv("CAIRN_ROOT_TOKEN", "a-token-of-mine-that-is-long", 1);
    expect_refused(path, strerror(ENOENT));
    command_run((const char *[]){"token", "add", "x", "--stores", "*", "--rights", "read", "--data", data, NULL}, 1);
}
END_TEST

START_TEST(a_file_that_is_named_has_to_be_there)
{
    char path[SERVER_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/named.json", site.server->folder);
    expect_refused(path, "token add");
    server_add(site.server, "--access");
    server_add(site.server, path);
    setenv("CAIRN_ROOT_TOKEN", "a-token-of-mine-that-is-long", 1);
    start();
    ck_assert_int_eq(status_of(NULL), 401);
    ck_assert_int_eq(status_of("a-token-of-mine-that-is-long"), 200);
}
END_TEST

/* A server that was open closes when it gets a file. */
START_TEST(a_file_that_comes_later_counts)
{
    start();
    ck_assert_int_eq(status_of(NULL), 200);
    access_write(everything("first"), "");
    reload();
    expect_soon(NULL, 401);
    ck_assert_int_eq(status_of("first"), 200);
}
END_TEST

/* ---- the command ----------------------------------------------------------------------------- */

/* A token added to the data folder of the site's server. */
static char *add(const char *name, const char *stores, const char *rights, const char *expires)
{
    char *output = command_run((const char *[]){"token", "add", name, "--stores", stores, "--rights", rights, "--data",
                                                site.server->data, expires ? "--expires" : NULL, expires, NULL},
                               0);
    char *token = strstr(output, "cairn_");
    ck_assert_msg(token, "%s", output);
    token[strcspn(token, "\n")] = '\0';
    return token;
}

START_TEST(tokens_are_added_listed_and_removed)
{
    const char *data = site.server->data;
    const char *boss = add("boss", "*", "read,list,write,delete,admin", NULL);
    ck_assert_uint_eq(mode_of(server_path(site.server, "access.json")), 0600);
    start(); /* the folder holds nothing but the file: it is empty */
    ck_assert_int_eq(status_of(NULL), 401);
    ck_assert_int_eq(status_of(boss), 200);
    const char *reader = add("reader", "photos,tenant-*", "read,list", "90d");
    reload();
    expect_soon(reader, 200);
    server_expect_logged(site.server, "says now: 2 tokens; token added: reader", 1);
    const char *listed = command_run((const char *[]){"token", "list", "--data", data, NULL}, 0);
    ck_assert_msg(strstr(listed, "reader, expires 2") && strstr(listed, "on photos,tenant-*: read,list"), "%s", listed);
    const char *json = command_run((const char *[]){"token", "list", "--json", "--data", data, NULL}, 0);
    ck_assert_ptr_nonnull(strstr(json, "\"tenant-*\""));
    ck_assert_ptr_null(strstr(json, "sha256"));
    command_run((const char *[]){"token", "remove", "reader", "--data", data, NULL}, 0);
    reload();
    expect_soon(reader, 401);
    server_expect_logged(site.server, "says now: 1 token; token removed: reader", 1);
    ck_assert_int_eq(status_of(boss), 200);
    ck_assert_int_eq(access(server_path(site.server, "access.json.new"), F_OK), -1);
}
END_TEST

/* Under the name of the draft stands what somebody else has put there: a second name of a file, one that is held open,
 * a link, a folder. */
START_TEST(nothing_but_an_own_draft_is_written)
{
    char text[8] = "";
    const char *draft = server_path(site.server, "access.json.new");
    const char *victim = command_file("victim", "precious");
    add("boss", "*", "admin", NULL);
    ck_assert_int_eq(link(victim, draft), 0);
    add("second", "*", "admin", NULL);
    ck_assert_int_eq(symlink(victim, draft), 0);
    const char *order[] = {"token", "add", "x", "--stores", "*", "--rights", "read", "--data", site.server->data, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(order, 1), draft));
    ck_assert_int_eq(unlink(draft), 0);
    ck_assert_int_eq(mkdir(draft, 0700), 0);
    ck_assert_ptr_nonnull(strstr(command_run(order, 1), draft));
    ck_assert_int_eq(rmdir(draft), 0);
    FILE *left = fopen(draft, "w+e");
    ck_assert(left && fchmod(fileno(left), 0666) == 0);
    command_run(order, 0);
    ck_assert_uint_eq(fread(text, 1, sizeof text, left), 0);
    fclose(left);
    ck_assert_str_eq(read_text(victim), "precious");
    ck_assert_uint_eq(mode_of(server_path(site.server, "access.json")), 0600);
}
END_TEST

START_TEST(a_token_expires_while_the_server_runs)
{
    add("boss", "*", "admin", NULL);
    const char *brief = add("brief", "*", "read", "1s");
    start();
    expect_soon(brief, 401);
}
END_TEST

START_TEST(orders_that_are_none_change_nothing)
{
    const char *data = site.server->data;
    add("boss", "*", "admin", NULL);
    const struct {
        int code;
        const char *arguments[12];
    } cases[] = {
        {2, {"token", NULL}},
        {2, {"token", "make", NULL}},
        {2, {"token", "remove", NULL}},
        {2, {"token", "list", "x", NULL}},
        {2, {"token", "list", "--stores", "x", NULL}},
        {2, {"token", "add", "x", "--sotres", "x", NULL}},
        {2, {"token", "add", NULL}},
        {2, {"token", "add", "x", NULL}},
        {2, {"token", "add", "x", "--stores", "*", "--data", data, NULL}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "3y", "--data", data, NULL}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "2020-01-01", "--data", data}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "0s", "--data", data, NULL}},
        {1, {"token", "add", "a b", "--stores", "*", "--rights", "read", "--data", data, NULL}},
        {1, {"token", "add", "x", "--stores", "a,,b", "--rights", "read", "--data", data, NULL}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read,", "--data", data, NULL}},
        {1, {"token", "add", "boss", "--stores", "*", "--rights", "read", "--data", data, NULL}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "999999999d", "--data", data}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "9999-01-01", "--data", data}},
        {1, {"token", "add", "x", "--stores", "*", "--rights", "read", "--expires", "2027-02-29", "--data", data}},
        {1, {"token", "remove", "nobody", "--data", data, NULL}},
        {1, {"token", "list", "--access", "/nowhere/access.json", NULL}}};
    FILE *file = fopen(server_path(site.server, "access.json"), "re");
    char before[4096] = "", after[4096] = "";
    size_t length = fread(before, 1, sizeof before, file);
    fclose(file);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        command_run(cases[i].arguments, cases[i].code);
    file = fopen(server_path(site.server, "access.json"), "re");
    ck_assert_uint_eq(fread(after, 1, sizeof after, file), length);
    fclose(file);
    ck_assert_mem_eq(before, after, length);
}
END_TEST

/* Runs a command whose stdout takes nothing: it has to fail. */
static void run_unheard(const char *const *arguments)
{
    const char *all[16] = {"cairnd"};
    for (size_t i = 0; arguments[i]; i++)
        all[i + 1] = arguments[i];
    pid_t child = fork();
    if (child < 0)
        ck_abort();
    if (child == 0) {
        ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
        execv(server_binary(), (char *const *)(uintptr_t)all);
        _exit(127);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

/* What nobody has seen must not let anybody in. */
START_TEST(what_cannot_be_told_is_taken_out_again)
{
    const char *data = site.server->data;
    add("boss", "*", "admin", NULL);
    run_unheard((const char *[]){"token", "add", "unseen", "--stores", "*", "--rights", "read", "--data", data, NULL});
    const char *listed = command_run((const char *[]){"token", "list", "--data", data, NULL}, 0);
    ck_assert_msg(strstr(listed, "boss") && !strstr(listed, "unseen"), "%s", listed);
    run_unheard((const char *[]){"link-key", "add", "unseen", "--data", data, NULL});
    ck_assert_str_eq(command_run((const char *[]){"link-key", "list", "--data", data, NULL}, 0), "");
}
END_TEST

/* Else the file would be there that lets nobody in. */
START_TEST(what_cannot_be_told_leaves_no_file)
{
    const char *data = site.server->data;
    run_unheard((const char *[]){"token", "add", "unseen", "--stores", "*", "--rights", "read", "--data", data, NULL});
    ck_assert_int_ne(access(server_path(site.server, "access.json"), F_OK), 0);
    run_unheard((const char *[]){"link-key", "add", "unseen", "--data", data, NULL});
    ck_assert_int_ne(access(server_path(site.server, "access.json"), F_OK), 0);
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/p", NULL, 0, NULL), 201);
}
END_TEST

START_TEST(a_data_folder_that_is_made_by_the_way_is_told)
{
    char mistyped[SERVER_PATH_MAX + 16];
    snprintf(mistyped, sizeof mistyped, "%s/mistyped", site.server->folder);
    const char *arguments[] = {"token", "add", "x", "--stores", "*", "--rights", "read", "--data", mistyped, NULL};
    const char *told = command_run(arguments, 0);
    ck_assert_msg(strstr(told, mistyped) && strstr(told, "is new: there was none"), "%s", told);
    arguments[2] = "y";
    told = command_run(arguments, 0);
    ck_assert_msg(!strstr(told, "is new"), "%s", told);
}
END_TEST

/* Edits at the same time wait for one another, and none is lost. */
START_TEST(edits_at_once_are_all_kept)
{
    enum { EDITS = 8 };
    char names[EDITS][16];
    pid_t children[EDITS];
    ck_assert_int_eq(mkdir(site.server->data, 0700), 0);
    for (int i = 0; i < EDITS; i++) {
        snprintf(names[i], sizeof names[i], "t%d", i);
        children[i] = fork();
        if (children[i] < 0)
            ck_abort();
        if (children[i] == 0) {
            ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
            ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
            execl(server_binary(), "cairnd", "token", "add", names[i], "--stores", "*", "--rights", "read", "--data",
                  site.server->data, NULL);
            _exit(127);
        }
    }
    for (int i = 0; i < EDITS; i++) {
        int status;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "edit %d: %d", i, status);
    }
    const char *listed = command_run((const char *[]){"token", "list", "--data", site.server->data, NULL}, 0);
    for (int i = 0; i < EDITS; i++)
        ck_assert_msg(strstr(listed, names[i]), "%s is not in %s", names[i], listed);
}
END_TEST

/* What else stands in the file is kept as it is; a link stays one, and what it leads to is changed. */
START_TEST(an_edit_keeps_what_it_does_not_change)
{
    access_write(everything("first"),
                 ",\"anonymous\":[{\"stores\":[\"a\"],\"prefix\":\"x\\u0000\",\"rights\":[\"read\"]}],"
                 "\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"}]");
    char path[SERVER_PATH_MAX + 32], link[SERVER_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/access.json", site.server->data);
    snprintf(link, sizeof link, "%s/link.json", site.server->folder);
    ck_assert_int_eq(symlink(path, link), 0);
    command_run((const char *[]){"token", "add", "x", "--stores", "*", "--rights", "read", "--access", link, NULL}, 0);
    struct stat status;
    ck_assert(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    json_t *file = json_load_file(path, JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(json_array_size(json_object_get(file, "tokens")), 2);
    json_t *anonymous = json_array_get(json_object_get(file, "anonymous"), 0);
    ck_assert_uint_eq(json_string_length(json_object_get(anonymous, "prefix")), 2);
    ck_assert_uint_eq(json_array_size(json_object_get(file, "link_keys")), 1);
    json_decref(file);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        for_this_machine_alone_it_is_open_and_says_so,
        for_others_it_makes_a_token_and_tells_it_once,
        open_is_a_wish_that_is_heard,
        the_operator_may_give_the_token,
        the_operators_token_may_stand_in_a_file,
        a_root_token_that_is_none_is_refused,
        a_file_that_changed_is_read_again,
        a_file_that_is_not_valid_changes_nothing_while_the_server_runs,
        a_file_that_is_not_valid_is_refused_at_the_start,
        a_file_that_cannot_be_looked_at_is_refused_at_the_start,
        a_file_that_is_named_has_to_be_there,
        a_file_that_comes_later_counts,
        tokens_are_added_listed_and_removed,
        nothing_but_an_own_draft_is_written,
        a_token_expires_while_the_server_runs,
        orders_that_are_none_change_nothing,
        what_cannot_be_told_is_taken_out_again,
        what_cannot_be_told_leaves_no_file,
        a_data_folder_that_is_made_by_the_way_is_told,
        edits_at_once_are_all_kept,
        an_edit_keeps_what_it_does_not_change,
    };
    return site_run("tokens", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
