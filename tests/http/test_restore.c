/* `cairnd restore` and `transfer`: what comes out of a backup, and what becomes of those that were cut short. */
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

static const char store[] = "/v1/stores/main";

/* ---- restoring ------------------------------------------------------------------------------- */

START_TEST(what_is_restored_is_what_was_backed_up)
{
    const char *to = copies_beside("to"), *restored = copies_beside("restored");
    copies_start();
    site_expect(
        site_put("a", "text", "Content-Type: text/plain", "Cairn-Meta-Owner: ada", "Cache-Control: no-store", NULL),
        201);
    site_expect(site_put("%00%FF", "no text", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 7, NULL), 201);
    site_expect(client_send(site.client, "PATCH", store, "{\"limits\":{\"objects\":3}}", 24,
                            "Content-Type: application/json", NULL),
                200);
    char *before = copies_listing();
    json_int_t end = site_figure("end_offset");
    copies_make(site.server->data, to);
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
    site_expect_payload("large", COPIES_LARGE, 7);
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
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 7, NULL), 201);
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
    copies_start();
    const char *mark = client_text(site.client, "%s/restore", restored);
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    copies_make(site.server->data, all);
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
    copies_start();
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    copies_make(site.server->data, backup);
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
    copies_start();
    copies_make(site.server->data, backup);
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
    copies_start();
    copies_make(site.server->data, kept);
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
    copies_start();
    site_expect(site_put("a", "text", NULL), 201);
    site_expect(client_send(site.client, "PUT", "/v1/stores/aa", NULL, 0, NULL), 201);
    copies_make(site.server->data, copies_beside("all"));
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
    copies_make(site.server->data, all);
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
    copies_start();
    site_expect(client_upload(site.client, site_object("large"), COPIES_LARGE, 7, NULL), 201);
    copies_make(site.server->data, all);
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
    copies_make(site.server->data, all);
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
    copies_make(site.server->data, all);
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
    copies_make(site.server->data, all);
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
    copies_make(site.server->data, begun);
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
    copies_start();
    copies_make(site.server->data, to);
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

int main(void)
{
    const TTest *tests[] = {
        what_is_restored_is_what_was_backed_up,
        a_transfer_again_tells_what_is_so,
        a_restoration_is_ended_with_the_backup_that_it_was_begun_with,
        a_restoration_is_ended_as_what_it_was_begun_for,
        what_was_not_begun_is_no_beginning,
        a_transfer_is_ended_from_where_it_was_begun,
        a_restoration_that_lacks_a_store_has_not_ended,
        a_folder_is_named_by_its_path,
        a_restoration_is_given_up,
        what_has_lost_its_mark_is_only_given_up,
        what_made_room_is_not_given_up,
        a_restoration_that_was_cut_short_as_it_compared_is_ended,
        a_restoration_that_is_ended_once_more_is_compared,
        no_copy_is_removed_where_something_is_missing,
        a_restoration_has_not_ended_where_the_backup_lacks_a_store,
        a_restoration_of_which_nothing_comes_leaves_nothing,
        a_transfer_that_was_cut_short_keeps_nobody_out_for_ever,
        no_backup_is_made_where_a_restoration_is_under_way,
        the_access_file_is_that_of_the_backup_that_ends_the_restoration,
        links_among_drafts_are_not_followed,
        a_restored_folder_keeps_its_access_file_or_gets_that_of_the_backup,
    };
    return site_run("restore", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
