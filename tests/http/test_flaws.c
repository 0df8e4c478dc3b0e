/* What backups make of damage, on either side, and of what lies there that is not cairn's. */
#include "tests/http/command.h"
#include "tests/http/copies.h"
#include "tests/http/disk.h"
#include "tests/http/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    copies_start();
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
    copies_start();
    for (int i = 0; i < 8; i++)
        site_expect(client_upload(site.client, site_object(client_text(site.client, "k%d", i)), 200 << 10, 1, NULL),
                    201);
    copies_make(site.server->data, to);
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
    copies_make(site.server->data, to);
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
    copies_start();
    site_expect(client_upload(site.client, site_object("the/large-one"), COPIES_LARGE, 1, NULL), 201);
    copies_make(site.server->data, to);
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
        copies_make(site.server->data, to);
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
    copies_start();
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 1, NULL), 201);
    copies_make(site.server->data, to);
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
    copies_start();
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 1, NULL), 201);
    copies_make(site.server->data, to);
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
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    copies_make(site.server->data, to);
    server_stop(site.server);
    ck_assert_int_eq(rename(server_path(site.server, "stores/main"), elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, server_path(site.server, "stores/main")), 0);
    copies_refused("links are not followed", "backup", "--replace", "--from", site.server->data, to);
    ck_assert_int_eq(unlink(server_path(site.server, "stores/main")), 0);
    ck_assert_int_eq(rename(elsewhere, server_path(site.server, "stores/main")), 0);
    ck_assert_int_eq(symlink(secret, server_path(site.server, "access.json")), 0);
    copies_refused("a link is not followed", "backup", "--from", site.server->data, to);
    ck_assert_int_ne(access(client_text(site.client, "%s/access.json", to), F_OK), 0);
    copies_expect_whole(to);
}
END_TEST

START_TEST(pipes_are_told_as_what_they_are)
{
    const char *to = copies_beside("to");
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    copies_make(site.server->data, to);
    const char *pipe = command_keep(strdup(server_path(site.server, "access.json")));
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    copies_refused("access.json is no regular file: it was not copied", "backup", "--from", site.server->data, to);
    ck_assert_int_eq(unlink(pipe), 0);
    pipe = command_keep(strdup(client_text(site.client, "%s/stores/main/reach", to)));
    (void)unlink(pipe);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    site_expect(site_put("b", "text", NULL), 201);
    copies_refused("reach or horizon, or that of its copy, is a pipe or a folder", "backup", "--from",
                   site.server->data, to);
    ck_assert_int_eq(unlink(pipe), 0);
    copies_make(site.server->data, to);
    copies_expect_whole(to);
}
END_TEST

/* Nor one in the backup that is restored. */
START_TEST(links_in_a_backup_are_not_followed)
{
    const char *from = copies_beside("from"), *restored = copies_beside("restored");
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    copies_make(site.server->data, from);
    const char *link = command_keep(strdup(client_text(site.client, "%s/stores/other", from)));
    ck_assert_int_eq(symlink(server_path(site.server, "stores/main"), link), 0);
    copies_refused("links are not followed", "restore", from, restored, NULL);
    ck_assert_int_ne(access(client_text(site.client, "%s/stores/other", restored), F_OK), 0);
    ck_assert_int_eq(unlink(link), 0);
    link = command_keep(strdup(client_text(site.client, "%s/access.json", from)));
    static const char *const targets[] = {"/etc/hostname", "/nowhere"};
    for (size_t i = 0; i < 2; i++) {
        const char *to = command_keep(strdup(client_text(site.client, "%s-%zu", restored, i)));
        (void)unlink(link);
        ck_assert_int_eq(symlink(targets[i], link), 0);
        copies_refused("a link is not followed", "restore", from, to, NULL);
        ck_assert_int_ne(access(client_text(site.client, "%s/access.json", to), F_OK), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_flaw_of_the_source_is_told,
        what_is_no_segment_any_more_is_damage,
        the_last_copy_of_a_large_object_stays,
        damage_of_the_backup_is_mended,
        a_check_does_not_hide_that_the_source_is_damaged,
        links_are_not_followed,
        pipes_are_told_as_what_they_are,
        links_in_a_backup_are_not_followed,
    };
    return site_run("flaws", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
