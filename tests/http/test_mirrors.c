/* `cairnd backup --from URL` where something is in the way: clocks, damage, stores that cannot be read, servers that go
 * and come back, and other servers.
 */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/copies.h"
#include "tests/http/disk.h"
#include "tests/http/liar.h"
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE_SIZE = 300 << 10, MANY = 100 };

/* The value of a member of what is told of a store. */
static const char *error_of(const json_t *report, const char *store)
{
    return json_string_value(json_object_get(copies_told(report, store), "error"));
}

static const json_t *flaws_of(const json_t *report, const char *store)
{
    return json_object_get(copies_told(report, store), "flaws");
}

static bool is_copied(const char *to, const char *store)
{
    return access(client_text(site.client, "%s/stores/%s", to, store), F_OK) == 0;
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static void make_ahead(const char *to)
{
    setenv("SHIFTED_CLOCK", "86400", 1);
    site_preload(PRELOAD_PATH);
    copies_make(site.server->url, to);
    site_preload_end();
}

/* What has expired is told by the server, and not by the clock of whoever copies. */
START_TEST(another_clock_expires_nothing)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("a", "small", "Cairn-Expires: 3600", NULL), 201);
    site_expect(client_upload(site.client, site_object("b"), LARGE_SIZE, 1, "Cairn-Expires: 3600", NULL), 201);
    site_expect(site_put("c", "for ever", NULL), 201);
    char *before = copies_listing_anywhere();
    make_ahead(to);
    make_ahead(to);
    copies_make(site.server->url, to);
    copies_expect_whole(to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
    site_expect_payload("b", LARGE_SIZE, 1);
}
END_TEST

/* ---- damage ---------------------------------------------------------------------------------- */

/* A payload that the server has no more; it does not run meanwhile. */
static void damage(const char *text)
{
    server_stop(site.server);
    disk_flip(site.server, "stores/main/log", text);
    server_start(site.server);
    site_reconnect();
}

static void expect_damaged(const char *to, const char *key)
{
    json_t *report = copies_report(FLAWS, site.server->url, to);
    const json_t *flaw = json_array_get(flaws_of(report, "main"), 0);
    ck_assert_uint_eq(json_array_size(flaws_of(report, "main")), 1);
    ck_assert_str_eq(json_string_value(json_object_get(flaw, "key")), key);
    ck_assert(json_is_true(json_object_get(report, "complete")));
    json_decref(report);
    copies_expect_whole(to);
}

static void shorten_blob(void)
{
    ck_assert_int_eq(truncate(server_path(site.server, "stores/main/blobs/0000000000000001.blob"), LARGE_SIZE / 2), 0);
}

/* It is told with its key, by each run, and all else is copied. */
START_TEST(a_damaged_object_is_a_flaw_and_no_more)
{
    const char *to = copies_beside("to"), *data = command_keep(strdup(site.server->data));
    site_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz", NULL, 0, NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 1, NULL), 201);
    copies_make(site.server->url, to);
    shorten_blob(); /* what the backup has is not asked for again */
    site_expect(site_put("a", "the payload of a", NULL), 201);
    site_expect(site_put("b", "the payload of b", NULL), 201);
    damage("the payload of a");
    expect_damaged(to, "a");
    expect_damaged(to, "a");
    copies_serve(to);
    site_expect_text("b", "the payload of b");
    site_expect_payload("large", LARGE_SIZE, 1);
    site_expect(site_get("a", NULL), 404);
    copies_serve(data);
    site_expect(site_put("a", "whole again", NULL), 200);
    copies_make(site.server->url, to);
    copies_serve(to);
    site_expect_text("a", "whole again");
}
END_TEST

START_TEST(a_large_object_that_breaks_off_is_a_flaw_and_no_more)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(client_upload(site.client, site_object("large"), LARGE_SIZE, 1, NULL), 201);
    site_expect(site_put("small", "text", NULL), 201);
    shorten_blob();
    expect_damaged(to, "large");
}
END_TEST

/* ---- stores ---------------------------------------------------------------------------------- */

START_TEST(a_store_that_cannot_be_read_keeps_no_other_from_being_copied)
{
    const char *to = copies_beside("to"), *file = command_file("token", "copier\n");
    const char *grants = access_join(access_grant("\"main\"", "", "\"read\",\"list\""),
                                     access_grant("\"aa\"", "", "\"list\""), NULL);
    const char *tokens = access_join(access_token("copier", grants, NULL),
                                     access_token("maker", access_grant("\"*\"", "", "\"write\",\"admin\""), NULL),
                                     NULL);
    access_start(tokens, "");
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, access_bearer("maker"), NULL), 201);
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("maker"), NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa/objects/k", "v", 1, "Authorization: Bearer maker", NULL),
                201);
    const char *only[] = {"backup", "--from", site.server->url, to, "--token-file", file, "--store", "aa", NULL};
    command_says(only, UNKNOWN, "1 store, 0 of them copied");
    ck_assert_int_ne(access(to, F_OK), 0); /* which came to nothing */
    const char *arguments[] = {"backup", "--json", "--from", site.server->url, to, "--token-file", file, NULL};
    json_t *report = json_loads(command_run(arguments, UNKNOWN), 0, NULL);
    ck_assert_ptr_nonnull(error_of(report, "aa"));
    ck_assert_ptr_null(error_of(report, "main"));
    ck_assert_ptr_null(json_string_value(json_object_get(report, "error")));
    json_decref(report);
    const char *check[] = {"check", to, NULL};
    command_says(check, UNKNOWN, "store aa\n  not looked at: the backup has no copy of it");
    site_expect(client_send(site.client, "DELETE", "/v1/stores/aa?force=true", NULL, 0, access_bearer("maker"), NULL),
                204);
    const char *again[] = {"backup", "--from", site.server->url, to, "--token-file", file, NULL};
    command_says(again, WHOLE, "all copied");
    command_says(check, WHOLE, "1 store, all whole");
}
END_TEST

/* Who asks may see less than before, or nothing: nobody says that this is another server, or that a store is gone. */
START_TEST(what_a_token_does_not_show_is_not_said_to_be_gone)
{
    const char *to = copies_beside("to"), *all = command_file("all", "all\n"), *some = command_file("some", "some\n"),
               *none = command_file("none", "none\n"), *below = command_file("below", "below\n");
    const char *tokens = access_join(
        access_token("all", access_grant("\"*\"", "", "\"read\",\"list\",\"write\",\"admin\""), NULL),
        access_token("some", access_grant("\"main\"", "", "\"read\",\"list\""), NULL),
        access_token("below", access_grant("\"main\"", "a/", "\"read\",\"list\""), NULL),
        access_token("none", access_grant("\"other\"", "", "\"read\",\"list\""), NULL), NULL);
    access_start(tokens, "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, access_bearer("all"), NULL), 201);
    const char *arguments[] = {"backup", "--from", site.server->url, to, "--token-file", all, NULL};
    command_run(arguments, WHOLE);
    arguments[5] = some;
    command_says(arguments, WHOLE, "store aa: the server does not show it to who asks (--token-file)");
    arguments[5] = none;
    command_says(arguments, UNKNOWN, "may see none of them (--token-file)");
    arguments[5] = below; /* the feed has other keys as well */
    const char *output = command_run(arguments, UNKNOWN);
    ck_assert_msg(strstr(output, "store main does not let itself be followed by who asks (--token-file): 403"), "%s",
                  output);
    ck_assert_ptr_null(strstr(output, "another"));
    const char *one[] = {"backup", "--from", site.server->url, to, "--token-file", some, "--store", "aa", NULL};
    command_says(one, UNKNOWN, "shows no store 'aa'");
    const char *check[] = {"check", to, NULL};
    ck_assert_ptr_nonnull(strstr(command_run(check, WHOLE), "2 stores, all whole"));
}
END_TEST

/* To who does not see all, what is hidden is as what is gone: with such a token nothing is pruned, whatever there is by
 * which the copies are known. */
START_TEST(only_who_sees_all_stores_prunes)
{
    const char *to = copies_beside("to"), *all = command_file("all", "all\n"), *some = command_file("some", "some\n");
    const char *tokens = access_join(
        access_token("all", access_grant("\"*\"", "", "\"read\",\"list\",\"write\",\"admin\""), NULL),
        access_token("some", access_grant("\"main\"", "", "\"read\",\"list\""), NULL), NULL);
    access_start(tokens, "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, access_bearer("all"), NULL), 201);
    const char *make[] = {"backup", "--from", site.server->url, to, "--token-file", all, "--prune", NULL};
    const char *anew[] = {"backup", "--from", site.server->url, to, "--token-file", some, "--replace", "--prune", NULL};
    command_run(make, WHOLE);
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/backup/server'", to)), 0);
    command_says(anew, UNKNOWN, "may not read and list all of its stores (--token-file): nothing was touched");
    anew[7] = NULL;
    command_says(anew, WHOLE, "store aa: the server does not show it to who asks (--token-file)");
    make[5] = some;
    command_says(make, UNKNOWN, "may not read and list all of its stores (--token-file): nothing was touched");
    make[5] = all;
    command_run(make, WHOLE);
    ck_assert(is_copied(to, "aa") && is_copied(to, "main"));
    site_expect(client_send(site.client, "DELETE", "/v1/stores/aa", NULL, 0, access_bearer("all"), NULL), 204);
    command_says(make, WHOLE, "store aa: it is not there any more: its copy was removed");
    ck_assert(!is_copied(to, "aa") && is_copied(to, "main"));
}
END_TEST

/* A store that the backup is to have is missing until it has come, and not when it is hidden. */
START_TEST(what_is_missing_is_so_until_who_sees_it_says_that_it_is_gone)
{
    const char *to = copies_beside("to"), *all = command_file("all", "all\n"), *some = command_file("some", "some\n");
    const char *tokens = access_join(
        access_token("all", access_grant("\"*\"", "", "\"read\",\"list\",\"write\",\"admin\""), NULL),
        access_token("some", access_grant("\"main\"", "", "\"read\",\"list\""), NULL), NULL);
    access_start(tokens, "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, access_bearer("all"), NULL), 201);
    const char *make[] = {"backup", "--from", site.server->url, to, "--token-file", all, NULL};
    const char *check[] = {"check", to, NULL};
    command_run(make, WHOLE);
    ck_assert_int_eq(system(client_text(site.client,
                                        "cd '%s' && rm -r stores/aa backup/server/stores/aa backup/server/follow/aa "
                                        "&& touch backup/.pending.aa", /* a first run that was cut short */
                                        to)),
                     0);
    make[5] = some;
    command_says(make, UNKNOWN, "store aa: not copied: the backup has no copy of it, and the server does not show it");
    command_says(check, UNKNOWN, "store aa\n  not looked at: the backup has no copy of it");
    site_expect(client_send(site.client, "DELETE", "/v1/stores/aa", NULL, 0, access_bearer("all"), NULL), 204);
    make[5] = all;
    command_run(make, WHOLE);
    command_run(check, WHOLE);
}
END_TEST

/* A report is one object, whatever happens. */
START_TEST(a_report_is_told_of_a_server_that_is_not_there)
{
    const char *to = copies_beside("to");
    json_t *report = copies_report(UNKNOWN, "http://127.0.0.1:1", to);
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(report, "error")), "cannot be listed"));
    ck_assert(json_is_false(json_object_get(report, "complete")));
    json_decref(report);
    ck_assert_int_ne(access(to, F_OK), 0);
}
END_TEST

static void expect_figure(const json_t *told, const char *name, json_int_t figure)
{
    const json_t *value = json_object_get(told, name);
    ck_assert_msg(json_is_integer(value) && json_integer_value(value) == figure, "%s is not %lld", name, figure);
}

static void expect_sums(const char *to, json_int_t copied, json_int_t copied_bytes, json_int_t kept,
                        json_int_t kept_bytes)
{
    json_t *report = copies_report(WHOLE, site.server->url, to);
    const json_t *told = copies_told(report, "main");
    expect_figure(told, "objects_copied", copied);
    expect_figure(told, "bytes_copied", copied_bytes);
    expect_figure(told, "objects_kept", kept);
    expect_figure(told, "bytes_kept", kept_bytes);
    expect_figure(told, "end_offset", site_figure("end_offset"));
    ck_assert_ptr_null(json_object_get(told, "files_copied"));
    json_decref(report);
}

/* What is told of a server are its objects: what came, and what the backup had. */
START_TEST(objects_are_counted_that_came_and_that_were_there)
{
    const char *to = copies_beside("to"),
               *again[] = {"backup", "--from", site.server->url, copies_beside("again"), NULL};
    site_start();
    site_expect(site_put("a", "small", NULL), 201);
    site_expect(client_upload(site.client, site_object("b"), LARGE_SIZE, 1, NULL), 201);
    expect_sums(to, 2, LARGE_SIZE + 5, 0, 0);
    site_expect(site_put("a", "larger", NULL), 200);
    site_expect(site_put("c", "new", NULL), 201);
    expect_sums(to, 2, 9, 1, LARGE_SIZE);
    expect_sums(to, 0, 0, 3, LARGE_SIZE + 9);
    site_expect(site_delete("b", NULL), 200);
    expect_sums(to, 0, 0, 2, 9);
    char *line = client_text(site.client,
                             "store main: 2 objects of 9 bytes copied, 0 objects of 0 bytes kept; as of offset %lld\n",
                             (long long)site_figure("end_offset"));
    const char *output = command_run(again, WHOLE);
    ck_assert_msg(strstr(output, line), "%s", output);
}
END_TEST

/* What is told of a copy of it; to be released. */
static json_t *copy_liar(const struct lie *lies, int status, const char *to)
{
    pid_t pid;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", liar_begin(lies, &pid));
    json_t *report = copies_report(status, url, to);
    liar_end(pid);
    return report;
}

#define ANSWER    "HTTP/1.1 200 x\r\nConnection: close\r\n"
#define JSON      ANSWER "\r\n"
#define STORES    "{\"stores\":[{\"name\":\"main\",\"limits\":{\"bytes\":null,\"objects\":null}}]}"
#define FIGURES   "{\"name\":\"main\",\"objects\":1,\"live_bytes\":5}"
#define HELLO     "\"b5e9c1ad071b3e7fc779cfaa5e523818\""
#define FEED(end) "],\"next\":100,\"oldest\":0,\"end\":" end ",\"log\":\"9f31c2aa\"}"

static const char one_change[] = JSON
    "{\"changes\":[{\"offset\":0,\"op\":\"put\",\"key\":\"a\",\"key_hash\":\"e6c632b61e964e1f\",\"size\":5,\"etag\":"
    "\"\\\"b5e9c1ad071b3e7fc779cfaa5e523818\\\"\",\"modified\":\"2026-11-21T12:00:00.000Z\"}" FEED("100");

START_TEST(what_a_server_says_does_not_steer_the_terminal)
{
    static const struct lie lies[] = {
        {"", "HTTP/1.1 500 x\r\nConnection: close\r\n\r\n{\"detail\":\"\\u001b[31mno\\nfake line\"}"}};
    json_t *report = copy_liar(lies, UNKNOWN, copies_beside("to"));
    ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(report, "error")), "500: ?[31mno?fake line"));
    json_decref(report);
}
END_TEST

/* As a cache says that passes over the query, and other servers. */
START_TEST(a_feed_that_leads_nowhere_is_not_followed_for_ever)
{
    static const struct {
        const char *page, *words;
    } cases[] = {{JSON "{\"changes\":[" FEED("500"), "its feed does not go on: what is behind 100 ends at 100"},
                 {JSON "{\"next\":100,\"end\":100,\"log\":\"9f31c2aa\"}", "its feed cannot be understood"},
                 {JSON "{\"changes\":[],\"log\":\"9f31c2aa\"}", "its feed cannot be understood"}};
    site_start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct lie lies[] = {{"/changes?", cases[i].page}, {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
        json_t *report = copy_liar(lies, UNKNOWN, copies_beside(client_text(site.client, "to%zu", i)));
        ck_assert_msg(strstr(error_of(report, "main"), cases[i].words), "%s", error_of(report, "main"));
        json_decref(report);
    }
}
END_TEST

/* What stands in front of a server may send it on in chunks, or up to the end of the connection. */
START_TEST(an_object_need_not_tell_its_length)
{
    static const char *const objects[] = {
        ANSWER "ETag: " HELLO "\r\nLast-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\nhello",
        ANSWER "ETag: " HELLO "\r\nLast-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"};
    site_start();
    for (size_t i = 0; i < 2; i++) {
        const struct lie lies[] = {
            {"/objects/a", objects[i]}, {"/changes?", one_change}, {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
        const char *to = copies_beside(client_text(site.client, "to%zu", i));
        json_decref(copy_liar(lies, WHOLE, to));
        copies_expect_whole(to);
        copies_serve(to);
        site_expect_text("a", "hello");
    }
}
END_TEST

START_TEST(a_url_may_be_in_capitals)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(client_text(site.client, "HTTP%s", site.server->url + strlen("http")), to);
    copies_expect_whole(to);
}
END_TEST

/* A proxy has taken it out: nobody can know which version has come, however often it is asked for. */
START_TEST(an_object_without_its_etag_is_told_at_once)
{
    static const char object[] = ANSWER
        "Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello";
    const struct lie lies[] = {
        {"/objects/a", object}, {"/changes?", one_change}, {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
    site_start();
    json_t *report = copy_liar(lies, UNKNOWN, copies_beside("to"));
    ck_assert_ptr_nonnull(strstr(error_of(report, "main"), "come without the ETag"));
    json_decref(report);
}
END_TEST

/* ---- whose backup it is ------------------------------------------------------------------------ */

static void refused_as(const char *from, const char *to, const char *words)
{
    const char *arguments[] = {"backup", "--from", from, to, NULL};
    const char *output = command_run(arguments, UNKNOWN);
    ck_assert_msg(strstr(output, words), "%s", output);
    copies_expect_whole(to);
}

static void refused(const char *from, const char *to)
{
    refused_as(from, to, "is the backup of another source");
}

/* The server is another one from here on: with another folder, and an empty store of the same name. That of the one
 * before stays. */
static const char *become_another(const char *folder)
{
    const char *before = command_keep(strdup(site.server->data));
    copies_serve(folder);
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, NULL), 201);
    return before;
}

START_TEST(another_server_does_not_take_the_place_of_the_one_that_was_copied)
{
    const char *to = copies_beside("to"), *folder = copies_beside("of the folder");
    const char *replace[] = {"backup", "--replace", "--from", site.server->url, to, NULL};
    site_start();
    site_expect(site_put("k", "of the first", NULL), 201);
    copies_make(site.server->url, to);
    copies_make(site.server->data, folder);
    refused(site.server->data, to);
    refused(site.server->url, folder);
    copies_serve(copies_beside("another"));
    refused_as(site.server->url, to, "store main was copied before, and is not at http://");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, NULL), 201);
    refused(site.server->url, to);
    command_run(replace, WHOLE);
    copies_serve(to);
    site_expect(site_get("k", NULL), 404);
}
END_TEST

/* A folder that holds another data folder's stores by now is not the backup of that server any more, and one that holds
 * the beginning of a server's backup is none of a folder's: whatever the source is, who asks is told. */
START_TEST(a_folder_that_is_another_sources_by_now_is_not_gone_on_with)
{
    const char *to = copies_beside("to"), *begun = copies_beside("begun"), *first = copies_beside("first");
    site_start();
    site_expect(site_put("k", "of the other", NULL), 201);
    const char *other = become_another(first);
    site_expect(site_put("k", "of the first", NULL), 201);
    copies_make(site.server->url, to);
    refused(other, to);
    const char *replace[] = {"backup", "--replace", "--from", other, to, NULL};
    command_run(replace, WHOLE);
    refused(site.server->url, to);
    copies_make(other, to);
    copies_make(site.server->url, begun);
    char *store = client_text(site.client, "rm -r '%s/stores/main'", begun);
    ck_assert_int_eq(system(store), 0); /* as a first run leaves it that is cut short */
    const char *arguments[] = {"backup", "--from", other, begun, NULL};
    command_says(arguments, UNKNOWN, "is the backup of another source");
    copies_make(site.server->url, begun);
    copies_serve(to);
    site_expect_text("k", "of the other");
}
END_TEST

/* As an early version left it: the folder was taken over, and what was followed of the server is there still. */
START_TEST(what_stands_in_a_folder_tells_whose_it_is)
{
    const char *to = copies_beside("to"), *first = copies_beside("first");
    site_start();
    site_expect(site_put("k", "of the other", NULL), 201);
    const char *other = become_another(first);
    copies_make(site.server->url, to);
    char *exchange = client_text(site.client, "rm -r '%s/stores/main' && cp -a '%s/stores/main' '%s/stores/main'", to,
                                 other, to);
    ck_assert_int_eq(system(exchange), 0);
    refused(site.server->url, to);
    copies_serve(to);
    site_expect_text("k", "of the other");
}
END_TEST

/* What is a link leads to a folder of others. */
START_TEST(no_link_is_followed_to_where_a_server_is_followed)
{
    const char *to = copies_beside("to"), *other = copies_beside("other");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    copies_make(site.server->data, other);
    char *server = client_text(site.client, "rm -r '%s/backup/server' && ln -s '%s' '%s/backup/server'", to, other, to);
    ck_assert_int_eq(system(server), 0);
    const char *arguments[] = {"backup", "--replace", "--from", site.server->url, to, NULL};
    command_says(arguments, UNKNOWN, "links are not followed");
    copies_expect_whole(to);
    copies_make(site.server->data, other);
}
END_TEST

/* The server is known by the one that was copied before. */
START_TEST(the_stores_of_a_server_are_copied_one_by_one)
{
    const char *to = copies_beside("to"), *stores[] = {"main", "other", "main"};
    site_start();
    site_expect(site_put("k", "of main", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "of other", 8, NULL), 201);
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++) {
        const char *arguments[] = {"backup", "--store", stores[i], "--from", site.server->url, to, NULL};
        command_run(arguments, WHOLE);
        copies_expect_whole(to);
    }
    copies_serve(to);
    ck_assert_str_eq((char *)site_get("k", NULL)->body, "of main");
    ck_assert_str_eq((char *)client_get(site.client, "/v1/stores/other/objects/k", NULL)->body, "of other");
}
END_TEST

static void run(int status, const char *from, const char *to, const char *option, const char *value)
{
    const char *arguments[] = {"backup", "--from", from, to, option, value, NULL};
    command_run(arguments, status);
}

/* Where all that was ever copied has been removed, that is said, and not that the source is another one; and the copy
 * stays until somebody says that it may go. Of a folder and of a server. */
START_TEST(a_source_whose_copied_stores_are_gone_is_told_so)
{
    site_start();
    const char *sources[] = {site.server->data, site.server->url};
    for (int i = 0; i < 2; i++) {
        const char *from = sources[i], *to = copies_beside(i == 0 ? "of data" : "of url");
        char *words = client_text(site.client, "store aa was copied before, and is not %s %s any more",
                                  i == 0 ? "in" : "at", from);
        site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
        run(WHOLE, from, to, "--store", "aa");
        site_expect(client_send(site.client, "DELETE", "/v1/stores/aa", NULL, 0, NULL), 204);
        refused_as(from, to, words);
        const char *one[] = {"backup", "--from", from, to, "--store", "main", NULL};
        const char *output = command_run(one, UNKNOWN);
        ck_assert_msg(strstr(output, words), "%s", output);
        run(WHOLE, from, to, "--replace", NULL);
        ck_assert(is_copied(to, "aa") && is_copied(to, "main"));
        run(WHOLE, from, to, NULL, NULL);
        run(WHOLE, from, to, "--prune", NULL);
        ck_assert(!is_copied(to, "aa") && is_copied(to, "main"));
        ck_assert(clock_until(CLOCK_PATIENCE, access(server_path(site.server, "stores/aa"), F_OK) != 0));
    }
}
END_TEST

static void copy_folder(const char *from, const char *to)
{
    char *command;
    ck_assert_int_gt(asprintf(&command, "cp -a '%s' '%s'", from, to), 0);
    ck_assert_int_eq(system(command), 0);
    free(command);
}

static void expect_older(const char *to)
{
    json_t *report = copies_report(FLAWS, site.server->url, to);
    ck_assert_ptr_nonnull(strstr(error_of(report, "main"), "brought back from an older copy"));
    json_decref(report);
    copies_expect_whole(to);
}

static void expect_replaced(const char *to, const char *text)
{
    const char *replace[] = {"backup", "--replace", "--from", site.server->url, to, NULL};
    command_run(replace, WHOLE);
    copies_make(site.server->url, to);
    copies_serve(to);
    site_expect(site_get("lost", NULL), 404);
    site_expect_text("else", text);
}

/* Two histories of what both have: the one goes on and is copied, of the other there is only the folder. */
static void begin_histories(const char *to, const char *older)
{
    site_expect(site_put("k", "of both", NULL), 201);
    server_stop(site.server);
    copy_folder(site.server->data, older);
    server_start(site.server);
    site_reconnect();
    site_expect(site_put("lost", "of the first", NULL), 201);
    copies_make(site.server->url, to);
}

/* What has been written since to the server that was brought back. */
static void bring_back(const char *text)
{
    const char *to = copies_beside("to"), *older = copies_beside("older");
    site_start();
    begin_histories(to, older);
    copies_make(site.server->url, to);
    copies_serve(older);
    expect_older(to);
    site_expect(site_put("else", text, NULL), 201);
    expect_older(to);
    site_expect(site_put("more", "of the other", NULL), 201);
    expect_older(to);
    expect_replaced(to, text);
}

START_TEST(two_histories_with_changes_in_the_same_places_are_not_mixed)
{
    bring_back("of the other");
}
END_TEST

START_TEST(two_histories_with_changes_in_other_places_are_not_mixed)
{
    bring_back("of the other, and so much longer than what was written to the first");
}
END_TEST

enum { ROLLING = 24, ROLLING_SIZE = 100 << 10 };

/* Writes until segments have gone by, none of whose records is of use, and has them compacted: what stood in them was
 * moved, if it is there still. */
static void roll(void)
{
    for (int i = 0; i < ROLLING; i++)
        client_upload(site.client, site_object("rolling"), ROLLING_SIZE, (uint64_t)i, NULL);
    site_expect(client_send(site.client, "POST", site_target("/compact"), NULL, 0, NULL), 200);
}

/* The change by which the log is known was moved, or that of another history was: only one of these goes on from what
 * was copied. */
START_TEST(two_histories_are_not_mixed_when_compaction_has_moved_their_changes)
{
    const char *to = copies_beside("to"), *older = copies_beside("older"), *data;
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
    data = command_keep(strdup(site.server->data));
    begin_histories(to, older);
    roll();
    copies_make(site.server->url, to); /* its change was told again */
    site_expect(site_put("lost", "of the first, once more", NULL), 200);
    copies_make(site.server->url, to);
    copies_serve(older);
    site_expect(site_put("else", "of the other", NULL), 201);
    for (int i = 0; i < 3; i++)
        roll();
    expect_older(to);
    copies_serve(data);
    copies_make(site.server->url, to);
    copies_serve(older);
    expect_replaced(to, "of the other");
}
END_TEST

/* What tells how far a server was followed is a file as any other: when that is damaged nobody says that it is another
 * server. */
START_TEST(a_damaged_bookmark_is_damage_of_the_backup)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    const char *bookmark = command_keep(strdup(client_text(site.client, "%s/backup/server/follow/main", to)));
    const char *arguments[] = {"backup", "--from", site.server->url, to, NULL};
    const char *replace[] = {"backup", "--replace", "--from", site.server->url, to, NULL};
    for (int i = 0; i < 3; i++) {
        const char *harm = i == 0   ? "truncate -s 0 '%s'"
                           : i == 1 ? "truncate -s -9 '%s'"
                                    : "printf 8 | dd of='%s' bs=1 seek=30 conv=notrunc status=none";
        char command[512];
        snprintf(command, sizeof command, harm, bookmark);
        ck_assert_int_eq(system(command), 0);
        const char *output = command_run(arguments, UNKNOWN);
        ck_assert_msg(strstr(output, "the backup is damaged") && strstr(output, "follow/main"), "%s", output);
        copies_expect_whole(to);
        command_run(replace, WHOLE);
        copies_make(site.server->url, to);
    }
}
END_TEST

/* Whatever stores are called, one does not take what is known of another. */
START_TEST(bookmarks_of_stores_do_not_meet)
{
    static const char *const names[] = {"a", "a.new.", "a.new", "a.new.new."};
    const char *to = copies_beside("to");
    site_start();
    for (size_t i = 0; i < 4; i++) {
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/%s", names[i]), NULL, 0, NULL),
                    201);
        site_expect(client_send(site.client, "PUT", client_text(site.client, "/v1/stores/%s/objects/k", names[i]), "v",
                                1, NULL),
                    201);
    }
    copies_make(site.server->url, to);
    json_t *report = copies_report(WHOLE, site.server->url, to);
    for (size_t i = 0; i < 4; i++) {
        ck_assert(json_is_false(json_object_get(copies_told(report, names[i]), "replaced")));
        expect_figure(copies_told(report, names[i]), "objects_copied", 0);
        expect_figure(copies_told(report, names[i]), "objects_kept", 1);
    }
    json_decref(report);
}
END_TEST

/* What stands under the name of its draft is neither waited for nor followed. */
START_TEST(the_draft_of_a_bookmark_is_made_anew)
{
    const char *to = copies_beside("to"), *precious = command_file("precious", "of root");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    const char *draft = command_keep(strdup(client_text(site.client, "%s/backup/server/follow/.new.main", to)));
    for (int i = 0; i < 2; i++) {
        size_t size;
        ck_assert_int_eq(i == 0 ? symlink(precious, draft) : mkfifo(draft, 0600), 0);
        site_expect(site_put("k", "other", NULL), 200);
        copies_make(site.server->url, to);
        ck_assert_int_ne(access(draft, F_OK), 0);
        char *text = disk_read(precious, &size);
        ck_assert_msg(size == 7 && memcmp(text, "of root", 7) == 0, "%zu", size);
        free(text);
    }
}
END_TEST

/* Of a backup that was made before there were checks. Cut or garbled it is damaged, too. */
START_TEST(a_bookmark_without_a_check_is_taken_and_gets_one)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    const char *bookmark = command_keep(strdup(client_text(site.client, "%s/backup/server/follow/main", to)));
    for (int i = 0; i < 4; i++) {
        static const char *const harms[] = {"truncate -s -9 '%s'", "truncate -s -1 '%s'", "sed -i s/next/text/ '%s'",
                                            ":"};
        const char *arguments[] = {"backup", "--from", site.server->url, to, NULL};
        size_t size;
        ck_assert_int_eq(
            system(client_text(site.client, "cp '%s' '%s.kept' && sed -i 1d '%s'", bookmark, bookmark, bookmark)), 0);
        ck_assert_int_eq(system(client_text(site.client, harms[i], bookmark)), 0);
        const char *output = command_run(arguments, i < 3 ? UNKNOWN : WHOLE);
        ck_assert_msg(i == 3 || strstr(output, "the backup is damaged"), "%s", output);
        char *text = disk_read(bookmark, &size);
        ck_assert_msg(i < 3 || (size > 22 && strncmp(text, "check ", 6) == 0), "%s", text);
        free(text);
        ck_assert_int_eq(system(client_text(site.client, "mv '%s.kept' '%s'", bookmark, bookmark)), 0);
    }
    copies_expect_whole(to);
}
END_TEST

/* ---- servers that say otherwise ------------------------------------------------------------------ */

#define BOTH    JSON "{\"stores\":[{\"name\":\"main\"},{\"name\":\"zz\"}]}"
#define NOTHING "HTTP/1.1 404 x\r\nConnection: close\r\n\r\n{\"detail\":\"There is no such store.\"}"
#define BROKEN  "HTTP/1.1 500 x\r\nConnection: close\r\n\r\n{\"detail\":\"It cannot be read.\"}"

static const char forgotten[] = "HTTP/1.1 410 x\r\nConnection: close\r\n\r\n{\"detail\":\"Forgotten.\"}";

/* Runs `cairnd backup` of what says these lies. */
static void copy_lies(const struct lie *lies, const char *to, const char *option, int status, const char *words)
{
    pid_t liar;
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    const char *arguments[] = {"backup", "--from", url, to, option, NULL};
    const char *output = command_run(arguments, status);
    ck_assert_msg(strstr(output, words), "%s", output);
    liar_end(liar);
}

static void make_both(const char *to)
{
    site_expect(site_put("k", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz/objects/k", "v", 1, NULL), 201);
    if (to)
        copies_make(site.server->url, to);
}

/* What is below backup/server is not what there is: it is the server that says that it has a store no more. */
START_TEST(a_copy_that_could_not_be_made_anew_is_not_pruned)
{
    const char *to = copies_beside("to");
    site_start();
    make_both(to);
    char *parts = client_text(site.client, "cd '%s/backup' && rm -r server/*/zz && ln -s zz server/stores/zz", to);
    ck_assert_int_eq(system(parts), 0); /* in whose place none can be made */
    const char *arguments[] = {"backup", "--from", site.server->url, to, "--prune", NULL};
    command_says(arguments, UNKNOWN, "nothing was pruned");
    ck_assert(is_copied(to, "zz") && is_copied(to, "main"));
    copies_expect_whole(to);
    ck_assert_int_eq(system(client_text(site.client, "rm '%s/backup/server/stores/zz'", to)), 0);
    copies_make(site.server->url, to);
}
END_TEST

/* Else all might be missing, and the status be 0. */
START_TEST(a_store_that_is_listed_and_cannot_be_found_is_told)
{
    const char *to = copies_beside("to"), *first = copies_beside("first");
    site_start();
    make_both(to);
    const char *here = command_file("here", site.server->url);
    const struct lie none[] = {{"/v1/stores/", NOTHING}, {"", BOTH}};
    const struct lie one[] = {{"/zz", NOTHING}, {"/v1/stores/", here}, {"", BOTH}};
    copy_lies(none, first, NULL, UNKNOWN,
              "store zz: not copied: the server lists it, and says that it has no such store");
    copy_lies(one, to, NULL, UNKNOWN, "store zz: not copied: the server lists it, and says that it has no such store");
    ck_assert(is_copied(to, "zz") && is_copied(to, "main"));
}
END_TEST

/* Else the two would take the folder from one another by turns. */
START_TEST(a_folder_that_was_taken_over_is_no_backup_of_the_one_before)
{
    const char *to = copies_beside("to"), *other = copies_beside("other");
    site_start();
    make_both(to);
    const char *data = become_another(other);
    site_expect(site_put("k", "of the other", NULL), 201);
    refused(site.server->url, to);
    run(WHOLE, site.server->url, to, "--replace", NULL);
    copies_serve(data);
    refused(site.server->url, to);
    copies_serve(other);
    copies_make(site.server->url, to);
    ck_assert(is_copied(to, "zz"));
    copies_serve(to);
    site_expect_text("k", "of the other");
}
END_TEST

/* The copy in its place is known by the log that it had, until the new one has come. */
START_TEST(a_store_that_is_followed_anew_is_known_by_its_copy)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    char *page = (char *)client_get(site.client, site_target("/changes?since=0&limit=1"), NULL)->body;
    char *oldest = strstr(page, "\"oldest\":");
    ck_assert_ptr_nonnull(oldest);
    const char *first = command_keep(strdup(
        client_text(site.client, JSON "%.*s\"oldest\":99999999%s", (int)(oldest - page), page, strchr(oldest, ','))));
    const struct lie lies[] = {{"since=0&limit=1", first}, {"limit=1", forgotten},         {"&log=", forgotten},
                               {"/changes", BROKEN},       {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
    copy_lies(lies, to, NULL, UNKNOWN, "store main: not copied: its changes cannot be had: 500");
    copies_expect_whole(to);
    copies_make(site.server->url, to);
    copies_serve(to);
    site_expect_text("k", "text");
}
END_TEST

/* As a folder's backup with --replace left it that was cut short, by an early version. */
START_TEST(a_part_that_is_not_whole_any_more_is_told_with_a_way_on)
{
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    ck_assert_int_eq(unlink(client_text(site.client, "%s/backup/server/cairn", to)), 0);
    const char *arguments[] = {"backup", "--from", site.server->url, to, NULL, NULL};
    command_says(arguments, UNKNOWN, "what was copied of the server, is no whole data folder. Remove it");
    ck_assert_int_eq(system(client_text(site.client, "rm -r '%s/backup/server'", to)), 0);
    arguments[4] = "--replace";
    command_run(arguments, WHOLE);
    copies_expect_whole(to);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* What is followed is where the folder is, and comes to the place of no copy in another one. The last store is empty,
 * so that nothing but its bookmark is written when the folder has been moved. */
START_TEST(a_folder_that_is_moved_away_is_told_and_another_one_left_alone)
{
    pid_t liar;
    const char *to = copies_beside("to"), *moved = copies_beside("moved");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz", NULL, 0, NULL), 201);
    const char *here = command_file("here", site.server->url), *there = command_file("there", "http://127.0.0.1:1");
    const struct lie lies[] = {{"/v1/stores/zz", there}, {"/v1/stores/", here}, {"", BOTH}};
    char *url = client_text(site.client, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    pid_t pid = copies_begin(url, to); /* it waits for who is to have the store, for a while */
    const char *store = command_keep(strdup(client_text(site.client, "%s/backup/server/stores/zz", to)));
    ck_assert(clock_until(CLOCK_PATIENCE, access(store, F_OK) == 0));
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    ck_assert_int_eq(rename(to, moved), 0);
    copies_make(site.server->url, to);
    write_file(there, site.server->url);
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    ck_assert_int_eq(copies_end(pid), UNKNOWN);
    ck_assert(!is_copied(moved, "main") && is_copied(to, "main"));
    liar_end(liar);
    copies_make(site.server->url, moved);
    copies_make(site.server->url, to);
    copies_expect_whole(moved);
    copies_expect_whole(to);
}
END_TEST

/* Nothing gives way to what another one has, whenever it comes. */
START_TEST(another_server_in_the_middle_of_a_run_takes_no_copys_place)
{
    char listen[64];
    const char *to = copies_beside("to"), *other = copies_beside("other");
    site_start();
    make_both(to);
    const char *data = become_another(other);
    make_both(NULL);
    copies_serve(data);
    for (int i = 0; i < MANY; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), LARGE_SIZE, 1, NULL),
                    201);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", site.server->port);
    server_listen(site.server, listen);
    pid_t pid = copies_begin(site.server->url, to);
    ck_assert(clock_until(CLOCK_PATIENCE, copies_have_begun(to)));
    copies_serve(other);
    ck_assert_int_eq(copies_end(pid), UNKNOWN);
    refused(site.server->url, to);
    copies_serve(data);
    copies_make(site.server->url, to); /* what had come of it is gone on with */
    copies_serve(to);
    site_expect_payload("l0", LARGE_SIZE, 1);
}
END_TEST

/* The answer of the server by now. */
static const char *keep_answer(const char *target)
{
    return command_keep(strdup(client_text(site.client, JSON "%s", client_get(site.client, target, NULL)->body)));
}

static json_int_t last_change(json_int_t *ret_next)
{
    json_t *page = json_loads((char *)client_get(site.client, site_target("/changes?since=0"), NULL)->body, 0, NULL);
    const json_t *changes = json_object_get(page, "changes");
    json_int_t last = json_integer_value(
        json_object_get(json_array_get(changes, json_array_size(changes) - 1), "offset"));
    *ret_next = json_integer_value(json_object_get(page, "next"));
    json_decref(page);
    return last;
}

/* A server that is brought back from an older copy has the log that it had. It is so from the first page on, or from
 * where all is read anew. */
START_TEST(an_older_copy_in_the_middle_of_a_run_takes_no_copys_place)
{
    const char *to = copies_beside("to"), *older = copies_beside("older");
    json_int_t next;
    site_start();
    const char *data = command_keep(strdup(site.server->data));
    begin_histories(to, older);
    json_int_t last = last_change(&next);
    char *at_next = command_keep(strdup(client_text(site.client, "/changes?since=%lld&limit=1", (long long)next)));
    char *at_last = command_keep(strdup(client_text(site.client, "/changes?since=%lld&limit=1", (long long)last)));
    const char *first = keep_answer(site_target("/changes?since=0&limit=1")), *figures = keep_answer(site_target(""));
    const char *behind = keep_answer(site_target(at_next)), *there = keep_answer(site_target(at_last));
    copies_serve(older);
    const char *here = command_file("here", site.server->url);
    const struct lie lies[] = {{at_next, behind},          {at_last, there},
                               {"since=0&limit=1", first}, {"/v1/stores/main HTTP", figures},
                               {"/v1/stores/", here},      {"", JSON STORES}};
    copy_lies(lies, to, NULL, FLAWS, "store main: not copied: its log does not have what was copied of it last");
    const struct lie anew[] = {{at_next, behind},
                               {at_last, there},
                               {"since=0&limit=1", first},
                               {"&log=", forgotten},
                               {"/v1/stores/main HTTP", figures},
                               {"/v1/stores/", here},
                               {"", JSON STORES}};
    copy_lies(anew, to, NULL, FLAWS, "store main: not copied: its log does not have what was copied of it last");
    expect_older(to);
    copies_serve(data);
    copies_make(site.server->url, to);
    copies_serve(to);
    site_expect_text("lost", "of the first");
}
END_TEST

/* Nor is it believed that it has not what was made since: here it is older from when all has been followed. */
START_TEST(an_older_copy_at_the_end_of_a_run_takes_no_copy_along)
{
    const char *to = copies_beside("to");
    json_int_t next;
    site_start();
    make_both(to);
    json_int_t last = last_change(&next);
    char *at_next = command_keep(strdup(client_text(site.client, "/changes?since=%lld&limit=1", (long long)next)));
    char *at_last = command_keep(strdup(client_text(site.client, "/changes?since=%lld&limit=1", (long long)last)));
    const char *first = keep_answer(site_target("/changes?since=0&limit=1")), *figures = keep_answer(site_target(""));
    const char *behind = keep_answer(site_target(at_next)), *there = keep_answer(site_target(at_last));
    const char *access = keep_answer("/v1/access");
    const char *once = command_keep(strdup(client_text(site.client, LIAR_ONCE "%s", at_next)));
    const struct lie lies[] = {{once, behind},
                               {at_next, forgotten},
                               {at_last, there},
                               {"since=0&limit=1", first},
                               {"&log=", behind},
                               {"/v1/stores/main HTTP", figures},
                               {"/v1/stores/zz", NOTHING},
                               {"/v1/access", access},
                               {"", JSON STORES}};
    copy_lies(lies, to, "--prune", WHOLE, "store zz: it is not there any more: its copy stays");
    ck_assert(is_copied(to, "zz") && is_copied(to, "main"));
    copies_make(site.server->url, to);
}
END_TEST

/* What is not in the first list, and is in the last one, is copied. */
START_TEST(a_store_that_comes_while_others_are_followed_is_copied)
{
    const char *to = copies_beside("to");
    site_start();
    make_both(NULL);
    const char *here = command_file("here", site.server->url);
    const struct lie lies[] = {{"/v1/stores/", here}, {LIAR_ONCE "/v1/stores HTTP", JSON STORES}, {"", BOTH}};
    copy_lies(lies, to, NULL, WHOLE, "2 stores, all copied");
    ck_assert(is_copied(to, "zz") && is_copied(to, "main"));
}
END_TEST

/* Nobody knows then whether it is the same. */
START_TEST(a_log_of_which_nothing_is_told_is_not_the_same)
{
    const char *to = copies_beside("to");
    json_int_t next;
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->url, to);
    (void)last_change(&next);
    char *at_next = command_keep(strdup(client_text(site.client, "since=%lld&limit=1", (long long)next)));
    const char *here = command_file("here", site.server->url);
    const char *first = keep_answer(site_target("/changes?since=0&limit=1")), *figures = keep_answer(site_target(""));
    const struct lie lies[] = {{at_next, BROKEN},
                               {"since=0&limit=1", first},
                               {"/v1/stores/main HTTP", figures},
                               {"/v1/stores/", here},
                               {"", JSON STORES}};
    copy_lies(lies, to, NULL, UNKNOWN, "store main: not copied: its changes cannot be had: 500");
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_told)
{
    const char *arguments[] = {"backup", "--from", site.server->url, "/proc/backup", NULL};
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    command_says(arguments, UNKNOWN, "/proc/backup");
}
END_TEST

/* ---- servers that go and come back --------------------------------------------------------------- */

START_TEST(a_server_that_starts_again_is_waited_for)
{
    const char *to = copies_beside("to");
    site_start();
    char listen[64];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", site.server->port);
    for (int i = 0; i < MANY; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), LARGE_SIZE, 1, NULL),
                    201);
    char *before = copies_listing_anywhere();
    server_listen(site.server, listen);
    pid_t pid = copies_begin(site.server->url, to);
    ck_assert(clock_until(CLOCK_PATIENCE, copies_have_begun(to)));
    server_crash(site.server);
    server_start(site.server);
    ck_assert_int_eq(copies_end(pid), WHOLE);
    copies_expect_whole(to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
}
END_TEST

/* Writes over some objects until compaction has made the feed forget deletions behind that place. */
static bool forget_deletions(json_int_t place)
{
    char *target = client_text(site.client, "%s?since=%lld", site_target("/changes"), (long long)place);
    for (int i = 0; i < 6; i++)
        client_upload(site.client, site_object(client_text(site.client, "s%d", i)), 200 << 10, 1, NULL);
    client_send(site.client, "POST", site_target("/compact?wait=60"), NULL, 0, NULL);
    return client_get(site.client, target, NULL)->status == 410;
}

/* What a first run has brought is gone on with, but not what has been deleted since, and is told of no more. */
START_TEST(what_was_deleted_behind_a_run_that_was_killed_is_not_in_the_copy)
{
    const char *to = copies_beside("to");
    server_add(site.server, "--feed-retention=0");
    copies_start();
    for (int i = 0; i < MANY; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), LARGE_SIZE, 1, NULL),
                    201);
    json_int_t place = site_figure("end_offset");
    pid_t pid = copies_begin(site.server->url, to);
    ck_assert(clock_until(CLOCK_PATIENCE, copies_have_begun(to)));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    for (int i = 0; i < MANY; i++)
        site_expect(site_delete(client_text(site.client, "l%d", i), NULL), 200);
    ck_assert(clock_until(CLOCK_PATIENCE, forget_deletions(place)));
    copies_make(site.server->url, to);
    char *listing = copies_listing_anywhere();
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), listing);
}
END_TEST

/* Who is told to stop before anything has come leaves no folder that was made for it. */
START_TEST(a_backup_that_is_stopped_before_anything_came_leaves_no_folder)
{
    static const struct lie lies[] = {
        {"/changes?", ANSWER "Content-Length: 1000\r\n\r\n"}, {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
    const char *to = copies_beside("to");
    pid_t liar;
    site_start();
    char *url = client_text(site.client, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    pid_t pid = copies_begin(url, to); /* the feed breaks off each time, and is asked for again for a while */
    const char *store = command_keep(strdup(client_text(site.client, "%s/backup/server/stores/main", to)));
    ck_assert(clock_until(CLOCK_PATIENCE, access(store, F_OK) == 0));
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(copies_end(pid), UNKNOWN);
    ck_assert_int_ne(access(to, F_OK), 0);
    liar_end(liar);
}
END_TEST

/* Of a run that came to no page of any store nothing tells whose the folder is. */
START_TEST(what_was_only_begun_keeps_no_server_out)
{
    static const struct lie lies[] = {{"/v1/stores/", BROKEN}, {"", JSON STORES}};
    const char *to = copies_beside("to");
    pid_t liar;
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    ck_assert_int_eq(mkdir(to, 0700), 0);
    char *url = client_text(site.client, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    json_decref(copies_report(UNKNOWN, url, to));
    liar_end(liar);
    copies_make(site.server->url, to);
}
END_TEST

/* It was gone when it was followed and when the stores were listed again, and is there at the end. */
START_TEST(a_store_that_was_made_anew_behind_the_last_list_is_told)
{
    pid_t liar;
    const char *to = copies_beside("to");
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/zz", NULL, 0, NULL), 201);
    const char *here = command_file("here", site.server->url);
    const struct lie lies[] = {
        {LIAR_ONCE "/v1/stores/zz", NOTHING}, {"/v1/stores/", here}, {LIAR_ONCE "", BOTH}, {"", JSON STORES}};
    char *url = client_text(site.client, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    const char *backup[] = {"backup", "--from", url, to, NULL};
    command_says(backup, UNKNOWN, "store zz: not copied: it was made anew");
    liar_end(liar);
    copies_make(site.server->url, to);
    ck_assert(is_copied(to, "zz"));
}
END_TEST

/* What came to be there meanwhile would be taken for what was followed. */
START_TEST(nobody_else_has_the_folder_while_a_server_is_followed)
{
    static const struct lie lies[] = {
        {"/changes?", ANSWER "Content-Length: 1000\r\n\r\n"}, {"/stores/main", JSON FIGURES}, {"", JSON STORES}};
    const char *to = copies_beside("to"), *backup = copies_beside("backup");
    pid_t liar;
    site_start();
    site_expect(site_put("k", "text", NULL), 201);
    copies_make(site.server->data, backup);
    char *url = client_text(site.client, "http://127.0.0.1:%d", liar_begin(lies, &liar));
    pid_t pid = copies_begin(url, to);
    const char *store = command_keep(strdup(client_text(site.client, "%s/backup/server/stores/main", to)));
    ck_assert(clock_until(CLOCK_PATIENCE, access(store, F_OK) == 0));
    const char *restore[] = {"restore", backup, to, NULL}, *copy[] = {"backup", "--from", backup, to, NULL};
    command_says(restore, UNKNOWN, "another process has the data folder");
    command_says(copy, UNKNOWN, "another process has the data folder");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    (void)copies_end(pid);
    command_run(restore, WHOLE);
    liar_end(liar);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        another_clock_expires_nothing,
        a_damaged_object_is_a_flaw_and_no_more,
        a_large_object_that_breaks_off_is_a_flaw_and_no_more,
        a_store_that_cannot_be_read_keeps_no_other_from_being_copied,
        a_report_is_told_of_a_server_that_is_not_there,
        objects_are_counted_that_came_and_that_were_there,
        what_a_server_says_does_not_steer_the_terminal,
        a_feed_that_leads_nowhere_is_not_followed_for_ever,
        an_object_need_not_tell_its_length,
        a_url_may_be_in_capitals,
        an_object_without_its_etag_is_told_at_once,
        another_server_does_not_take_the_place_of_the_one_that_was_copied,
        a_folder_that_is_another_sources_by_now_is_not_gone_on_with,
        what_stands_in_a_folder_tells_whose_it_is,
        no_link_is_followed_to_where_a_server_is_followed,
        the_stores_of_a_server_are_copied_one_by_one,
        a_source_whose_copied_stores_are_gone_is_told_so,
        two_histories_with_changes_in_the_same_places_are_not_mixed,
        two_histories_with_changes_in_other_places_are_not_mixed,
        two_histories_are_not_mixed_when_compaction_has_moved_their_changes,
        a_damaged_bookmark_is_damage_of_the_backup,
        a_bookmark_without_a_check_is_taken_and_gets_one,
        bookmarks_of_stores_do_not_meet,
        the_draft_of_a_bookmark_is_made_anew,
        what_a_token_does_not_show_is_not_said_to_be_gone,
        only_who_sees_all_stores_prunes,
        what_is_missing_is_so_until_who_sees_it_says_that_it_is_gone,
        a_copy_that_could_not_be_made_anew_is_not_pruned,
        a_store_that_is_listed_and_cannot_be_found_is_told,
        another_server_in_the_middle_of_a_run_takes_no_copys_place,
        an_older_copy_in_the_middle_of_a_run_takes_no_copys_place,
        an_older_copy_at_the_end_of_a_run_takes_no_copy_along,
        a_store_that_comes_while_others_are_followed_is_copied,
        a_log_of_which_nothing_is_told_is_not_the_same,
        a_folder_that_cannot_be_made_is_told,
        a_store_that_is_followed_anew_is_known_by_its_copy,
        a_folder_that_was_taken_over_is_no_backup_of_the_one_before,
        a_part_that_is_not_whole_any_more_is_told_with_a_way_on,
        a_folder_that_is_moved_away_is_told_and_another_one_left_alone,
        a_server_that_starts_again_is_waited_for,
        what_was_deleted_behind_a_run_that_was_killed_is_not_in_the_copy,
        a_backup_that_is_stopped_before_anything_came_leaves_no_folder,
        what_was_only_begun_keeps_no_server_out,
        a_store_that_was_made_anew_behind_the_last_list_is_told,
        nobody_else_has_the_folder_while_a_server_is_followed,
    };
    return site_run("mirrors", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
