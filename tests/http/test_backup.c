/* `cairnd backup`: what it copies and what it does not, by folder and over HTTP. */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/copies.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char store[] = "/v1/stores/main";

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
    copies_start();
    for (int i = 0; i < COUNT; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "l%d", i)), COPIES_LARGE, 1, NULL),
                    201);
    json_t *told = copies_report_main(site.server->data, to, &report);
    ck_assert_int_gt(copies_figure(told, "bytes_copied"), COUNT * COPIES_LARGE);
    ck_assert_int_eq(copies_figure(told, "bytes_kept"), 0);
    ck_assert_int_gt(copies_figure(told, "end_offset"), 0);
    json_decref(report);
    site_expect(site_put("one", "more", NULL), 201);
    site_expect(site_delete("l0", NULL), 200);
    site_expect_blobs(COUNT - 1);
    told = copies_report_main(site.server->data, to, &report);
    ck_assert_int_lt(copies_figure(told, "bytes_copied"), COPIES_LARGE);
    ck_assert_int_eq(copies_figure(told, "bytes_kept"), (COUNT - 1) * COPIES_LARGE);
    ck_assert_int_eq(copies_figure(told, "rounds"), 1);
    json_decref(report);
    let_rest();
    json_decref((copies_report_main(site.server->data, to, &report), report));
    told = copies_report_main(site.server->data, to, &report);
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
    copies_start();
    site_expect(site_put("a", "of the first", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/gone", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "old", 3, NULL), 201);
    copies_make(site.server->data, to);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/gone", NULL, 0, NULL), 204);
    site_expect(client_send(site.client, "DELETE", "/v1/stores/other?force=true", NULL, 0, NULL), 204);
    ck_assert(
        clock_until(CLOCK_PATIENCE, client_send(site.client, "PUT", "/v1/stores/other", NULL, 0, NULL)->status == 201));
    site_expect(client_send(site.client, "PUT", "/v1/stores/other/objects/k", "new", 3, NULL), 201);
    copies_make(site.server->data, to);
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
    copies_start();
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 1, NULL), 201);
    const char *arguments[] = {"backup", "--link", "--from", site.server->data, to, NULL};
    command_run(arguments, WHOLE);
    copies_expect_whole(to);
    char *blob = client_text(site.client, "%s/stores/main/blobs/0000000000000001.blob", to);
    ck_assert_int_eq(stat(blob, &status), 0);
    ck_assert_uint_eq(status.st_nlink, 2);
}
END_TEST

/* ---- over HTTP ------------------------------------------------------------------------------- */

#ifdef CAIRN_BACKUP_URL

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
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 7, NULL), 201);
    site_expect(client_send(site.client, "PATCH", store, "{\"limits\":{\"objects\":6}}", 24,
                            "Content-Type: application/json", NULL),
                200);
}

START_TEST(what_is_copied_from_a_server_is_the_same)
{
    const char *to = copies_beside("to"), *data = command_keep(strdup(site.server->data));
    copies_start();
    put_all_kinds();
    char *before = copies_listing_anywhere();
    copies_make(site.server->url, to);
    copies_serve(to);
    ck_assert_str_eq(copies_listing_anywhere(), before);
    site_expect_payload("large", COPIES_LARGE, 7);
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
    copies_start();
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
    copies_start();
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

START_TEST(what_is_no_backup_is_left_alone)
{
    const char *to = copies_beside("to"), *other = copies_beside("other"), *restored = copies_beside("restored");
    const char *data = site.server->data;
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    copies_make(site.server->data, to);
    copies_refused("is the folder that is to be copied", "backup", "--from", data, data);
    copies_refused("another process has the data folder", "backup", "--from", to, data);
    ck_assert_int_eq(mkdir(other, 0700), 0);
    FILE *file = fopen(client_text(site.client, "%s/letter", other), "we");
    ck_assert(file && fclose(file) == 0);
    copies_refused("'letter'", "backup", "--from", data, other);
    copies_refused("is not a data folder of cairn", "backup", "--from", other, to);
    const char *restore[] = {"restore", to, restored, NULL};
    command_run(restore, WHOLE);
    copies_refused("is no backup", "backup", "--from", data, restored);
    copies_refused("there is no store 'nowhere'", "backup", "--from", data, to, "--store", "nowhere");
    server_stop(site.server);
    copies_refused("is no backup", "backup", "--from", to, data);
    copies_expect_whole(data);
}
END_TEST

/* It was kept where there are files, and no empty folders. */
START_TEST(a_backup_without_its_empty_folders_says_what_it_lacks)
{
    const char *to = copies_beside("to"), *restored = copies_beside("restored");
    copies_start();
    const char *trash = client_text(site.client, "%s/trash", to);
    site_expect(site_put("a", "text", NULL), 201);
    copies_make(site.server->data, to);
    ck_assert_int_eq(rmdir(trash), 0);
    copies_refused("cannot open folder trash of data folder", "restore", to, restored);
    ck_assert_int_eq(mkdir(trash, 0700), 0);
    const char *restore[] = {"restore", to, restored, NULL};
    command_run(restore, WHOLE);
}
END_TEST

START_TEST(wrong_usage_is_refused)
{
    copies_refused("--from", "backup", "to");
    copies_refused("which folder", "backup", "--from", "a");
    copies_refused("'c' is one folder too many", "backup", "--from", "a", "b", "c");
    copies_refused("'--frm'", "backup", "--frm", "a", "b");
    copies_refused("--from is given twice", "backup", "--from", "a", "--from", "b", "c");
    copies_refused("--prune is about all stores", "backup", "--from", "a", "b", "--prune", "--store", "c");
    copies_refused("--link is about files", "backup", "--link", "--from", "http://127.0.0.1:1", "b");
    copies_refused("is a URL", "backup", "--from", "a", "http://127.0.0.1:1");
    copies_refused("begins with http://", "backup", "--from", "ftp://127.0.0.1:1", "b");
    copies_refused("no URLs", "restore", "http://127.0.0.1:1", "b");
    copies_refused("--store needs a value", "restore", "a", "b", "--store");
    copies_refused("into which folder", "restore", "a");
    copies_refused("'--link'", "restore", "--link", "a", "b");
    const char *help[] = {"backup", "--help", NULL};
    ck_assert_ptr_nonnull(strstr(command_run(help, WHOLE), "usage: cairnd backup"));
    help[0] = "restore";
    ck_assert_ptr_nonnull(strstr(command_run(help, WHOLE), "usage: cairnd restore"));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_the_backup_has_is_not_copied_again,
        a_store_that_is_gone_or_another_one_is_so_in_the_backup,
        linked_files_take_no_space,
        what_is_no_backup_is_left_alone,
        a_backup_without_its_empty_folders_says_what_it_lacks,
        wrong_usage_is_refused,
#ifdef CAIRN_BACKUP_URL
        what_is_copied_from_a_server_is_the_same,
        a_store_that_a_server_does_not_show_stays_unless_pruned,
        a_store_that_was_made_anew_is_copied_anew,
        a_server_wants_its_token,
#else
        a_build_without_libcurl_says_so,
#endif
    };
    return site_run("backup", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
