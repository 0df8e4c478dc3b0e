/* Is every byte still what was stored? POST /verify while it serves, `cairnd check` while it does not. */
#include "site.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "damage.h"

#define MARKER "a payload that stands nowhere else, 0123456789"

static void write_objects(void)
{
    site_expect(site_put("small", MARKER, NULL), 201);
    site_expect(site_put("other", "v", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 1, NULL), 201);
}

static struct answer *begin_verification(const char *query)
{
    char *target = client_text(site.client, "%s%s", site_target("/verify"), query);
    return client_send(site.client, "POST", target, "", 0, NULL);
}

/* The figures of the verification; the client owns them. */
static json_t *verification(void)
{
    struct answer *answer = client_get(site.client, site_target(""), NULL);
    site_expect(answer, 200);
    return json_object_get(answer_json(answer), "verification");
}

static json_int_t flaws_found(void)
{
    site_expect(begin_verification("?rate=0"), 202);
    ck_assert(clock_until(10, json_is_false(json_object_get(verification(), "running"))));
    ck_assert(json_is_true(json_object_get(verification(), "complete")));
    return json_integer_value(json_object_get(verification(), "flaws"));
}

/* Changes one bit in the middle of the store's only blob file. */
static void damage_blob(void)
{
    struct place place = {.position = 500000};
    char folder[512];
    snprintf(folder, sizeof folder, "%s", server_path(site.server, "stores/%s/blobs", site.store));
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    size_t found = 0;
    for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
        if (entry->d_type == DT_REG) {
            snprintf(place.path, sizeof place.path, "%.250s/%.250s", folder, entry->d_name);
            found++;
        }
    }
    closedir(entries);
    ck_assert_uint_eq(found, 1);
    damage_flip(&place);
}

static int check_data(const char *flag, char **ret_output)
{
    return server_run((const char *[]){"check", site.server->data, flag, NULL}, ret_output);
}

/* ---- while it serves ------------------------------------------------------------------------- */

START_TEST(a_whole_store_has_no_flaw)
{
    site_start();
    write_objects();
    ck_assert(json_is_null(verification()));
    ck_assert_int_eq(flaws_found(), 0);
    json_t *figures = verification();
    ck_assert_int_eq(json_integer_value(json_object_get(figures, "blobs")), 1);
    ck_assert_int_ge(json_integer_value(json_object_get(figures, "records")), 3);
    ck_assert_int_eq(json_integer_value(json_object_get(figures, "bytes_done")),
                     json_integer_value(json_object_get(figures, "bytes_total")));
}
END_TEST

START_TEST(a_flipped_bit_in_the_log_is_found)
{
    site_start();
    write_objects();
    struct place place = damage_place(site.server, site.store, MARKER);
    damage_flip(&place);
    ck_assert_int_eq(flaws_found(), 1);
    site_expect(client_get(site.client, "/readyz", NULL), 200);
    site_expect_text("other", "v");
}
END_TEST

START_TEST(a_flipped_bit_in_a_blob_is_found)
{
    site_start();
    write_objects();
    damage_blob();
    ck_assert_int_eq(flaws_found(), 1);
    site_expect_text("small", MARKER);
}
END_TEST

START_TEST(a_replaced_object_heals_the_store)
{
    site_start();
    write_objects();
    damage_blob();
    ck_assert_int_eq(flaws_found(), 1);
    site_expect(client_upload(site.client, site_object("large"), 1 << 20, 2, NULL), 200);
    site_expect_blobs(1);
    ck_assert_int_eq(flaws_found(), 0);
}
END_TEST

START_TEST(one_verification_at_a_time)
{
    site_start();
    write_objects();
    site_expect(begin_verification("?rate=100000"), 202);
    site_expect_problem(begin_verification("?rate=0"), 409);
    site_expect(site_put("beside", "v", NULL), 201);
    ck_assert_int_eq(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL)->status / 100, 2);
}
END_TEST

START_TEST(a_running_verification_does_not_hold_the_end)
{
    site_start();
    write_objects();
    site_expect(begin_verification("?rate=1000"), 202);
    double start = clock_now();
    server_stop(site.server);
    ck_assert(clock_now() - start < 5);
}
END_TEST

START_TEST(bad_verifications_are_refused)
{
    site_start();
    site_expect_problem(begin_verification("?rate=fast"), 400);
    site_expect_problem(begin_verification("?rate=-1"), 400);
    site_expect_problem(client_send(site.client, "POST", "/v1/stores/nowhere/verify", "", 0, NULL), 404);
    site_expect_problem(client_send(site.client, "POST", site_target("/verify"), "{}", 2, NULL), 400);
}
END_TEST

/* ---- while it does not ----------------------------------------------------------------------- */

START_TEST(check_of_whole_data_is_0)
{
    site_start();
    write_objects();
    server_stop(site.server);
    char *output;
    ck_assert_int_eq(check_data(NULL, &output), 0);
    ck_assert_ptr_nonnull(strstr(output, "main"));
    free(output);
    ck_assert_int_eq(check_data("--json", &output), 0);
    json_t *report = json_loads(output, 0, NULL);
    ck_assert_msg(json_is_object(report), "%s", output);
    json_decref(report);
    free(output);
}
END_TEST

START_TEST(check_after_a_kill_is_0)
{
    site_start();
    write_objects();
    server_crash(site.server);
    char *output;
    int code = check_data(NULL, &output);
    ck_assert_msg(code == 0, "exit code %d: %s", code, output);
    free(output);
}
END_TEST

START_TEST(check_of_damaged_data_is_1_and_names_the_object)
{
    site_start();
    write_objects();
    server_stop(site.server);
    struct place place = damage_place(site.server, site.store, MARKER);
    damage_flip(&place);
    damage_blob();
    char *output;
    int code = check_data(NULL, &output);
    ck_assert_msg(code == 1, "exit code %d: %s", code, output);
    ck_assert_msg(strstr(output, "small") && strstr(output, "large"), "%s", output);
    free(output);
    server_start(site.server);
    site_reconnect();
    site_expect_text("other", "v");
}
END_TEST

START_TEST(check_beside_a_server_is_refused)
{
    site_start();
    write_objects();
    char *output;
    ck_assert_int_eq(check_data(NULL, &output), 2);
    free(output);
    site_expect_text("small", MARKER);
}
END_TEST

START_TEST(check_of_what_is_no_data_is_2)
{
    const char *folders[] = {"/nowhere", "/usr/include"};
    for (size_t i = 0; i < 2; i++) {
        char *output;
        ck_assert_int_eq(server_run((const char *[]){"check", folders[i], NULL}, &output), 2);
        ck_assert_msg(strstr(output, folders[i]) != NULL, "%s", output);
        free(output);
    }
}
END_TEST

START_TEST(check_changes_nothing)
{
    site_start();
    write_objects();
    server_crash(site.server);
    struct place place = damage_place(site.server, site.store, MARKER);
    ck_assert_int_eq(truncate(place.path, place.position + 7), 0);
    size_t before, after;
    char *old = damage_read(place.path, &before), *output;
    check_data(NULL, &output);
    char *new = damage_read(place.path, &after);
    ck_assert_uint_eq(after, before);
    ck_assert_mem_eq(new, old, before);
    free(old);
    free(new);
    free(output);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_whole_store_has_no_flaw,
        a_flipped_bit_in_the_log_is_found,
        a_flipped_bit_in_a_blob_is_found,
        a_replaced_object_heals_the_store,
        one_verification_at_a_time,
        a_running_verification_does_not_hold_the_end,
        bad_verifications_are_refused,
        check_of_whole_data_is_0,
        check_after_a_kill_is_0,
        check_of_damaged_data_is_1_and_names_the_object,
        check_beside_a_server_is_refused,
        check_of_what_is_no_data_is_2,
        check_changes_nothing,
    };
    return site_run("verify", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
