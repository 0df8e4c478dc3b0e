/* Flags, variables, the configuration file; what a start refuses and how it says so. */
#include "tests/http/command.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { USAGE = 2 };

static void add(const char *flag, const char *value)
{
    server_add(site.server, flag);
    server_add(site.server, value);
}

static int put_of(size_t size)
{
    return client_upload(site.client, site_object("k"), size, 1, NULL)->status;
}

/* ---- sources --------------------------------------------------------------------------------- */

START_TEST(without_flags_the_data_folder_is_here)
{
    server_listen(site.server, NULL);
    server_add(site.server, "--listen=127.0.0.1:0");
    ck_assert_int_eq(chdir(site.server->folder), 0);
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    server_stop(site.server);
    struct stat info;
    ck_assert_int_eq(stat("data/stores/main/log", &info), 0);
}
END_TEST

START_TEST(variables_are_enough)
{
    server_listen(site.server, NULL);
    setenv("CAIRN_DATA", site.server->data, 1);
    setenv("CAIRN_LISTEN", "127.0.0.1:0", 1);
    setenv("CAIRN_STORES", "photos,films", 1);
    site_start();
    site_expect(client_get(site.client, "/v1/stores/photos", NULL), 200);
    site_expect(client_get(site.client, "/v1/stores/films", NULL), 200);
}
END_TEST

START_TEST(a_file_is_enough)
{
    server_listen(site.server, NULL);
    char *text;
    ck_assert_int_gt(
        asprintf(&text, "{\"data\": \"%s\", \"listen\": [\"127.0.0.1:0\", \"127.0.0.1:0\"], \"stores\": \"photos\"}",
                 site.server->data),
        0);
    add("--config", command_file("config.json", command_keep(text)));
    site_start();
    site_expect(client_get(site.client, "/v1/stores/photos", NULL), 200);
    free(server_url(site.server, 1));
}
END_TEST

START_TEST(flags_win_over_variables_over_the_file)
{
    char *path = command_file("config.json", "{\"object_limit\": 1000}");
    add("--config", path);
    site_start();
    ck_assert_int_eq(put_of(1000), 201);
    ck_assert_int_eq(put_of(1001), 413);
    server_stop(site.server);
    setenv("CAIRN_OBJECT_LIMIT", "2000", 1);
    site_start();
    ck_assert_int_eq(put_of(2000), 200);
    ck_assert_int_eq(put_of(2001), 413);
    server_stop(site.server);
    add("--object-limit", "3K");
    site_start();
    ck_assert_int_eq(put_of(3072), 200);
    ck_assert_int_eq(put_of(3073), 413);
}
END_TEST

START_TEST(the_file_may_come_from_a_variable)
{
    setenv("CAIRN_CONFIG", command_file("config.json", "{\"stores\": [\"photos\"]}"), 1);
    site_start();
    site_expect(client_get(site.client, "/v1/stores/photos", NULL), 200);
}
END_TEST

/* ---- what is refused ------------------------------------------------------------------------- */

static void expect_usage_error(const char *const *arguments, const char *mention)
{
    char *output;
    int code = server_run(arguments, &output);
    ck_assert_msg(code == USAGE, "%s %s: exit code %d: %s", arguments[0], arguments[1], code, output);
    ck_assert_msg(strstr(output, mention), "%s is not named in: %s", mention, output);
    ck_assert_msg(strncmp(output, "cairnd: ", 8) == 0, "the message begins otherwise: %s", output);
    free(output);
}

START_TEST(bad_values_exit_2_and_are_named)
{
    const char *cases[][2] = {
        {"--threads", "0"},
        {"--threads", "many"},
        {"--threads", ""},
        {"--threads", "-1"},
        {"--connections-limit", "1"}, /* of one there is none for health */
        {"--object-limit", "1X"},
        {"--object-limit", "0"},
        {"--object-limit", "1.5M"},
        {"--inline-limit", "99999999999999999999"},
        {"--listen", "localhost"},
        {"--listen", "1.2.3.4"},
        {"--listen", "65536"},
        {"--listen", "127.0.0.1:65536"},
        {"--listen", "::1:8080"},
        {"--listen", "a b:8080"},
        {"--listen", "[::1%]:80"},
        {"--listen", "[localhost]:80"},
        {"--listen", "unix:/x,mode=888"},
        {"--listen", "unix:/x,mode=1777"},
        {"--listen", "unix:/x,mode="},
        {"--listen", "unix:/x,role=root"},
        {"--listen", "unix:/x,user="},
        {"--listen", "unix:/x,mode=0600,mode=0666"},
        {"--listen", ":"},
        {"--listen", "127.0.0.1:x"},
        {"--listen", "[::1]"},
        {"--listen", "unix:"},
        {"--stores", "UPPER"},
        {"--stores", "a,,b"},
        {"--idle-timeout", "5d"},
        {"--log-level", "loud"},
        {"--data", ""},
        {"--io-threads", "0"},
        {"--segment-size", "1"},
        {"--batch-ops-limit", "0"},
        {"--listen", "999.0.0.1:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *arguments[] = {cases[i][0], cases[i][1], NULL};
        expect_usage_error(arguments, cases[i][0]);
    }
}
END_TEST

/* The longest idle timeout is a day, that of what is kept a year. */
START_TEST(times_are_written_in_days_too)
{
    expect_usage_error((const char *[]){"--idle-timeout", "1d", "--feed-retention", "7d", "--threads", "0", NULL},
                       "--threads");
    expect_usage_error((const char *[]){"--idle-timeout", "25h", NULL}, "s, m, h, d, from 1s to 1d");
    expect_usage_error((const char *[]){"--upload-expiry", "366d", NULL}, "from 1s to 365d");
    expect_usage_error((const char *[]){"--feed-retention", "1y", NULL}, "from 0s to 365d");
}
END_TEST

START_TEST(unknown_flags_exit_2)
{
    expect_usage_error((const char *[]){"--treads", "4", NULL}, "--treads");
    expect_usage_error((const char *[]){"--data", "/tmp/x", "surprise", NULL}, "surprise");
    expect_usage_error((const char *[]){"dance", "now", NULL}, "dance");
    expect_usage_error((const char *[]){"--threads", NULL}, "--threads needs a value");
    expect_usage_error((const char *[]){"--treads", NULL}, "unknown option '--treads'");
    expect_usage_error((const char *[]){"--config", "/tmp", NULL}, "/tmp is a folder");
    expect_usage_error((const char *[]){"--threads", "1", "--threads", "2", NULL}, "--threads");
}
END_TEST

START_TEST(an_address_is_told_by_the_part_that_is_wrong)
{
    expect_usage_error((const char *[]){"--listen", "127.0.0.1:99999", NULL}, "the port is not");
    expect_usage_error((const char *[]){"--listen", "99999", NULL}, "the port is not");
    expect_usage_error((const char *[]){"--listen", "somewhere", NULL}, "a port is missing");
    expect_usage_error((const char *[]){"--listen", "8080x", NULL}, "the port is not");
    expect_usage_error((const char *[]){"--listen", "-1", NULL}, "the port is not");
    expect_usage_error((const char *[]){"--listen", "127.0.0.1", NULL}, "a port is missing");
    expect_usage_error((const char *[]){"--listen", "tls:", NULL}, "it is empty");
    expect_usage_error((const char *[]){"--listen", "http://127.0.0.1:80", NULL}, "it is a URL");
    expect_usage_error((const char *[]){"--listen", "*:80", NULL}, "as in :8080");
    expect_usage_error((const char *[]){"--listen", "tls:unix:/a", NULL}, "no TLS is spoken");
    expect_usage_error((const char *[]){"--listen", "unix:/a,role=root", NULL}, "only mode=, user= and group=");
    expect_usage_error((const char *[]){"--listen", "::1:80", NULL}, "the host is neither");
    expect_usage_error((const char *[]){"--listen", "unix:", NULL}, "the path is missing");
    expect_usage_error((const char *[]){"--listen", "unix:/a,mode=999", NULL}, "the mode is not an octal");
    expect_usage_error((const char *[]){"--listen", ":80,unix:/a,user=", NULL}, "the user is missing");
    expect_usage_error((const char *[]){"--listen", "unix:/a,mode=0600,mode=0666", NULL}, "once each");
    expect_usage_error((const char *[]){"--listen", "unix:/a,user=0,mode=0600,user=1", NULL}, "once each");
    expect_usage_error((const char *[]){"--config", command_file("port.json", "{\"listen\": \"a:b\"}"), NULL},
                       "the port is not");
}
END_TEST

START_TEST(a_name_is_told_by_what_is_wrong_with_it)
{
    expect_usage_error((const char *[]){"--host-names", "*", NULL}, "no patterns");
    expect_usage_error((const char *[]){"--host-names", "a.example,*.example", NULL}, "no patterns");
    expect_usage_error((const char *[]){"--host-names", "a.example.", NULL}, "dot at its end");
    expect_usage_error((const char *[]){"--host-names", ".", NULL}, "neither the name of a host");
    expect_usage_error((const char *[]){"--host-names", "a.example:80", NULL}, "leave out the port");
}
END_TEST

START_TEST(a_segment_size_that_does_not_apply_is_told)
{
    server_add(site.server, "--segment-size=64M");
    site_start();
    server_expect_logged(site.server, "--segment-size: 67108864 is lowered to 33554432", 1);
}
END_TEST

START_TEST(what_was_meant_is_named)
{
    expect_usage_error((const char *[]){"--treads", "4", NULL}, "is --threads meant?");
    expect_usage_error((const char *[]){"--segmentsize=4", NULL}, "is --segment-size meant?");
    expect_usage_error((const char *[]){"--lisetn", "x", NULL}, "is --listen meant?");
    expect_usage_error((const char *[]){"chekc", "/data", NULL}, "is 'check' meant?");
    expect_usage_error((const char *[]){"--config", command_file("bad.json", "{\"idle_timout\": 4}"), NULL},
                       "is \"idle_timeout\" meant?");
    char *output;
    ck_assert_int_eq(server_run((const char *[]){"--password", "4", NULL}, &output), USAGE);
    ck_assert_ptr_null(strstr(command_keep(output), "meant"));
}
END_TEST

/* Kubernetes sets variables beside a service called cairn, and docker for a link of that name. */
START_TEST(variables_of_neighbours_are_no_mistakes)
{
    const char *neighbours[] = {"CAIRN_PORT",          "CAIRN_SERVICE_HOST",        "CAIRN_SERVICE_PORT",
                                "CAIRN_PORT_8080_TCP", "CAIRN_SERVICE_PORT_HTTP",   "CAIRN_PORT_8080_TCP_ADDR",
                                "CAIRN_WEB_PORT",      "CAIRN_WEB_SERVICE_HOST",    "CAIRN_PORT_8080_TCP_PROTO",
                                "CAIRN_NAME",          "CAIRN_WEB_PORT_53_UDP_PORT"};
    for (size_t i = 0; i < sizeof neighbours / sizeof *neighbours; i++)
        setenv(neighbours[i], "tcp://10.0.0.11:8080", 1);
    setenv("CAIRN_ENV_PATH", "/bin", 1);
    setenv("CAIRN_THREAD", "4", 1);
    setenv("CAIRN_PASSWORD", "4", 1);
    setenv("CAIRN_PORTS", "4", 1);
    site_start();
    server_expect_logged(site.server, "means nothing to cairnd", 3);
    server_expect_logged(site.server, "CAIRN_THREAD means nothing to cairnd: is CAIRN_THREADS meant?", 1);
    server_expect_logged(site.server, "CAIRN_PASSWORD means nothing to cairnd;", 1);
}
END_TEST

START_TEST(a_bad_variable_exits_2_and_is_named)
{
    setenv("CAIRN_THREADS", "none", 1);
    expect_usage_error((const char *[]){"--data", site.server->data, NULL}, "CAIRN_THREADS");
}
END_TEST

START_TEST(a_bad_file_exits_2_and_is_named)
{
    const char *texts[] = {"",
                           "{",
                           "[]",
                           "{\"treads\": 4}",
                           "{\"threads\": 0}",
                           "{\"threads\": \"x\"}",
                           "{\"threads\": true}",
                           "{\"threads\": 1, \"threads\": 2}",
                           "{\"listen\": {}}",
                           "{\"data\": null}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_usage_error((const char *[]){"--config", command_file("bad.json", texts[i]), NULL}, "bad.json");
    expect_usage_error((const char *[]){"--config", "/nowhere/config.json", NULL}, "/nowhere/config.json");
}
END_TEST

START_TEST(help_and_version_go_to_stdout_with_0)
{
    char *output = command_run((const char *[]){"--help", NULL}, 0);
    const char *words[] = {"--data", "--listen", "--config", "--object-limit", "--drain-timeout", "CAIRN_"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        ck_assert_msg(strstr(output, words[i]), "%s is not in --help", words[i]);
    const char *versions[] = {"--version", "-V", "version"};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        int major, minor;
        output = command_run((const char *[]){versions[i], NULL}, 0);
        ck_assert_msg(sscanf(output, "cairnd %d.%d", &major, &minor) == 2, "%s: %s", versions[i], output);
    }
}
END_TEST

START_TEST(help_fits_100_columns)
{
    const char *commands[] = {NULL,       "healthcheck", "check",    "backup", "restore",
                              "transfer", "token",       "link-key", "options"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const char *line = command_run((const char *[]){"help", commands[i], NULL}, 0);
        for (size_t length; *line; line += length + 1) {
            length = strcspn(line, "\n");
            ck_assert_msg(length <= 100, "%zu columns: %.*s", length, (int)length, line);
        }
    }
}
END_TEST

START_TEST(help_has_many_names)
{
    const char *help = command_run((const char *[]){"--help", NULL}, 0);
    const char *of_serving[][2] = {{"-h"}, {"help"}, {"help", "serve"}, {"serve", "-h"}, {"help", "options"}};
    for (size_t i = 0; i < sizeof of_serving / sizeof *of_serving; i++) {
        const char *arguments[] = {of_serving[i][0], of_serving[i][1], NULL};
        ck_assert_str_eq(command_run(arguments, 0), help);
    }
    help = command_run((const char *[]){"check", "--help", NULL}, 0);
    ck_assert_ptr_nonnull(strstr(help, "usage: cairnd check DIR"));
    ck_assert_str_eq(command_run((const char *[]){"check", "-h", NULL}, 0), help);
    ck_assert_str_eq(command_run((const char *[]){"help", "check", NULL}, 0), help);
}
END_TEST

/* Half of the disk reserve limits a segment. */
START_TEST(defaults_are_those_that_apply)
{
    const char *table = command_run((const char *[]){"options", NULL}, 0);
    ck_assert_ptr_nonnull(strstr(table, "| `disk_reserve` | 64MiB |"));
    ck_assert_ptr_nonnull(strstr(table, "| `segment_size` | 32MiB |"));
    const char *help = strstr(command_run((const char *[]){"--help", NULL}, 0), "--segment-size");
    ck_assert_ptr_nonnull(help);
    ck_assert_int_eq(strncmp(strstr(help, "default: "), "default: 32MiB", 14), 0);
}
END_TEST

/* ---- the data folder ------------------------------------------------------------------------- */

START_TEST(a_second_server_on_the_same_data_is_refused)
{
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    const char *output = command_run((const char *[]){"--data", site.server->data, "--listen", "127.0.0.1:0", NULL}, 1);
    ck_assert_msg(strstr(output, site.server->data), "%s", output);
    site_expect_text("k", "v");
    site_expect(site_put("k", "w", NULL), 200);
    server_crash(site.server);
    site_start();
    site_expect_text("k", "w");
}
END_TEST

START_TEST(a_file_as_data_folder_is_refused)
{
    const char *path = command_file("file", "precious");
    const char *output = command_run((const char *[]){"--data", path, "--listen", "127.0.0.1:0", NULL}, 1);
    ck_assert_msg(strstr(output, path), "%s", output);
}
END_TEST

/* ---- the log, and the commands --------------------------------------------------------------- */

START_TEST(the_log_can_be_json)
{
    add("--log-format", "json");
    site_start();
    server_stop(site.server);
    FILE *log = fopen(site.server->log, "re");
    ck_assert_ptr_nonnull(log);
    char line[4096];
    size_t lines = 0;
    for (; fgets(line, sizeof line, log); lines++) {
        json_t *json = json_loads(line, 0, NULL);
        ck_assert_msg(json_is_object(json), "no JSON object: %s", line);
        json_decref(json);
    }
    fclose(log);
    ck_assert_uint_gt(lines, 0);
}
END_TEST

START_TEST(healthcheck_asks_the_server)
{
    site_start();
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", site.server->port);
    command_run((const char *[]){"healthcheck", "--listen", address, NULL}, 0);
    server_stop(site.server);
    command_run((const char *[]){"healthcheck", "--listen", address, NULL}, 1);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        without_flags_the_data_folder_is_here,
        variables_are_enough,
        a_file_is_enough,
        flags_win_over_variables_over_the_file,
        the_file_may_come_from_a_variable,
        bad_values_exit_2_and_are_named,
        times_are_written_in_days_too,
        unknown_flags_exit_2,
        an_address_is_told_by_the_part_that_is_wrong,
        a_name_is_told_by_what_is_wrong_with_it,
        a_segment_size_that_does_not_apply_is_told,
        what_was_meant_is_named,
        variables_of_neighbours_are_no_mistakes,
        a_bad_variable_exits_2_and_is_named,
        a_bad_file_exits_2_and_is_named,
        help_and_version_go_to_stdout_with_0,
        help_fits_100_columns,
        help_has_many_names,
        defaults_are_those_that_apply,
        a_second_server_on_the_same_data_is_refused,
        a_file_as_data_folder_is_refused,
        the_log_can_be_json,
        healthcheck_asks_the_server,
    };
    return site_run("config", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
