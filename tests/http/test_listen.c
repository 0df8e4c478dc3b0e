/* Where cairnd listens: addresses, names, every interface, unix sockets. */
#include "tests/http/clock.h"
#include "tests/http/command.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"

#include <arpa/inet.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- addresses ------------------------------------------------------------------------------- */
START_TEST(port_0_is_a_free_port)
{
    site_start();
    struct server *second = server_new();
    server_start(second);
    ck_assert_int_gt(site.server->port, 0);
    ck_assert_int_ne(site.server->port, second->port);
    server_stop(second);
    server_free(second);
}
END_TEST

START_TEST(ipv6)
{
    server_listen(site.server, "[::1]:0");
    site_start();
    ck_assert_int_eq(strncmp(site.server->url, "http://[::1]:", 13), 0);
    site_expect(site_put("k", "v", NULL), 201);
    site_expect_text("k", "v");
}
END_TEST

/* Who reads one port in the log finds it by either family. */
START_TEST(a_free_port_is_the_same_for_both_families)
{
    server_listen(site.server, "0");
    site_start();
    const char *first = command_keep(server_url(site.server, 0)), *second = command_keep(server_url(site.server, 1));
    ck_assert_str_ne(first, second);
    ck_assert_str_eq(strrchr(first, ':'), strrchr(second, ':'));
}
END_TEST

static char *socket_path(void)
{
    char *path;
    ck_assert_int_gt(asprintf(&path, "%s/socket", site.server->folder), 0);
    return command_keep(path);
}

/* `settings` follow the path. */
static void listen_on_socket(const char *settings)
{
    char *address;
    ck_assert_int_gt(asprintf(&address, "unix:%s%s", socket_path(), settings), 0);
    server_listen(site.server, command_keep(address));
}

/* A port that nobody listened on a moment ago. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(probe, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(getsockname(probe, (struct sockaddr *)&address, &length), 0);
    close(probe);
    return ntohs(address.sin_port);
}

/* Starts the server with a locator that has this port in the place of %d; returns the port. */
static int start_on(const char *locator, int port)
{
    char text[64], *percent;
    snprintf(text, sizeof text, "%s", locator);
    percent = strchr(text, '%');
    snprintf(percent, sizeof text - (size_t)(percent - text), "%d", port);
    server_listen(site.server, text);
    server_start(site.server);
    return port;
}

static void expect_answers(const char *host, int port, bool answers)
{
    char url[64];
    snprintf(url, sizeof url, "http://%s:%d", host, port);
    struct client *client = client_new(url);
    struct answer *answer = client_get(client, "/healthz", NULL);
    ck_assert_msg((answer->status == 200) == answers, "%s: %d", url, answer->status);
    client_free(client);
}

START_TEST(a_port_alone_is_this_machine_by_both_families)
{
    const char *locators[] = {"%d", "localhost:%d"};
    for (size_t i = 0; i < 2; i++) {
        int port = start_on(locators[i], free_port());
        expect_answers("127.0.0.1", port, true);
        expect_answers("[::1]", port, true);
        expect_answers("127.0.0.2", port, false);
        server_expect_logged(site.server, "listening on", 2);
        server_stop(site.server);
    }
}
END_TEST

START_TEST(a_colon_and_a_port_is_every_interface)
{
    int port = start_on(":%d", free_port());
    expect_answers("127.0.0.2", port, true);
    expect_answers("[::1]", port, true);
}
END_TEST

START_TEST(every_interface_of_ipv6_takes_ipv4_too)
{
    int port = start_on("[::]:%d", free_port());
    expect_answers("127.0.0.1", port, true);
    expect_answers("[::1]", port, true);
    server_expect_logged(site.server, "(and by IPv4)", 1);
}
END_TEST

START_TEST(unless_ipv4_is_named_beside_it)
{
    const char *beside[] = {"0.0.0.0", "127.0.0.1"};
    for (size_t i = 0; i < 2; i++) {
        char locator[64];
        int port = free_port();
        server_reset(site.server);
        snprintf(locator, sizeof locator, "%s:%d", beside[i], port);
        server_add(site.server, "--listen");
        server_add(site.server, locator);
        start_on("[::]:%d", port);
        expect_answers("[::1]", port, true);
        expect_answers("127.0.0.1", port, true);
        expect_answers("127.0.0.2", port, i == 0);
        ck_assert_uint_eq(server_logged(site.server, "(and by IPv4)"), 0);
        server_stop(site.server);
    }
}
END_TEST

START_TEST(an_address_given_twice_is_opened_once)
{
    char locator[64];
    int port = free_port();
    snprintf(locator, sizeof locator, "localhost:%d", port);
    server_add(site.server, "--listen");
    server_add(site.server, locator);
    start_on("127.0.0.1:%d", port);
    server_expect_logged(site.server, "listening on", 2);
    expect_answers("[::1]", port, true);
}
END_TEST

START_TEST(a_name_that_cannot_be_found_is_told)
{
    const char *locators[] = {"name.invalid:8080", "[fe80::1%nowhere]:8080"};
    for (size_t i = 0; i < 2; i++) {
        const char *said = command_run((const char *[]){"--data", site.server->data, "--listen", locators[i], NULL}, 1);
        ck_assert_msg(strstr(said, locators[i]), "%s", said);
    }
}
END_TEST

/* The scope of a zone is a number of this machine; the loopback's has no address of that kind. */
START_TEST(a_zone_is_read)
{
    const char *said = command_run((const char *[]){"--data", site.server->data, "--listen", "[fe80::9%lo]:0", NULL},
                                   1);
    ck_assert_msg(strstr(said, "no interface of this machine has that address"), "%s", said);
}
END_TEST

START_TEST(healthcheck_asks_whatever_the_server_listens_on)
{
    const char *locators[] = {"%d", "localhost:%d", ":%d", "[::]:%d", "0.0.0.0:%d"};
    for (size_t i = 0; i < sizeof locators / sizeof *locators; i++) {
        start_on(locators[i], free_port());
        command_run((const char *[]){"healthcheck", "--listen", site.server->listen, NULL}, 0);
        server_stop(site.server);
    }
    listen_on_socket(",mode=0600");
    server_start(site.server);
    command_run((const char *[]){"healthcheck", "--listen", site.server->listen, NULL}, 0);
}
END_TEST

START_TEST(several_listeners_serve_the_same_stores)
{
    char *address;
    ck_assert_int_gt(asprintf(&address, "unix:%s", socket_path()), 0);
    const char *more[] = {"127.0.0.1:0", "[::1]:0", command_keep(address)};
    for (size_t i = 0; i < 3; i++) {
        server_add(site.server, "--listen");
        server_add(site.server, more[i]);
    }
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    for (size_t i = 0; i < 4; i++) {
        struct client *client = client_new(command_keep(server_url(site.server, i)));
        struct answer *answer = client_get(client, "/v1/stores/main/objects/k", NULL);
        ck_assert_msg(answer_is(answer, "v", 1), "listener %zu: %d", i, answer->status);
        client_free(client);
    }
}
END_TEST

START_TEST(a_port_in_use_is_told)
{
    site_start();
    struct server *second = server_new();
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%d", site.server->port);
    const char *output = command_run((const char *[]){"--data", second->data, "--listen", address, NULL}, 1);
    ck_assert_msg(strstr(output, address), "%s", output);
    server_free(second);
}
END_TEST

/* ---- unix sockets ----------------------------------------------------------------------------- */

START_TEST(who_cannot_listen_leaves_nothing_behind)
{
    struct stat folder;
    char *data, *address;
    site_start();
    ck_assert_int_gt(asprintf(&data, "%s/new", site.server->folder), 0);
    ck_assert_int_gt(asprintf(&address, "127.0.0.1:%d", site.server->port), 0);
    const char *arguments[] = {"--data", command_keep(data), "--listen", command_keep(address), "--stores", "a", NULL};
    ck_assert_ptr_nonnull(strstr(command_run(arguments, 1), "a process listens there"));
    ck_assert_int_ne(stat(data, &folder), 0);
}
END_TEST

START_TEST(a_unix_socket)
{
    listen_on_socket("");
    site_start();
    site_expect(site_put("k", "v", NULL), 201);
    site_expect(client_upload(site.client, site_object("large"), 2 << 20, 1, NULL), 201);
    site_expect_payload("large", 2 << 20, 1);
    server_stop(site.server);
    struct stat info;
    ck_assert_msg(stat(socket_path(), &info) != 0, "the socket stays behind");
}
END_TEST

static int connect_to_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path());
    ck_assert_int_eq(connect(handle, (struct sockaddr *)&address, sizeof address), 0);
    return handle;
}

/* Of who has no rate the log does not say that it is below it. */
START_TEST(who_is_silent_on_a_unix_socket_is_cut_for_that)
{
    server_add(site.server, "--idle-timeout");
    server_add(site.server, "1");
    listen_on_socket("");
    site_start();
    int socket = connect_to_socket();
    ck_assert(raw_send(socket, "PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx", site_object("k")));
    ck_assert(raw_closed(socket));
    close(socket);
    ck_assert(clock_until(CLOCK_PATIENCE,
                          server_logged(site.server, "of a unix socket, does not go on with its request") == 1));
    ck_assert_uint_eq(server_logged(site.server, "--least-rate"), 0);
}
END_TEST

START_TEST(a_socket_left_by_a_crash_is_replaced)
{
    listen_on_socket("");
    site_start();
    server_crash(site.server);
    site_start();
    site_expect(client_get(site.client, "/healthz", NULL), 200);
}
END_TEST

START_TEST(a_file_in_the_place_of_the_socket_is_not_removed)
{
    char *path = command_file("socket", "precious");
    char *address;
    ck_assert_int_gt(asprintf(&address, "unix:%s", path), 0);
    command_run((const char *[]){"--data", site.server->data, "--listen", command_keep(address), NULL}, 1);
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, 8);
}
END_TEST

static mode_t mode_of_socket(void)
{
    struct stat info;
    ck_assert_int_eq(lstat(socket_path(), &info), 0);
    ck_assert(S_ISSOCK(info.st_mode));
    return info.st_mode & 0777;
}

START_TEST(the_mode_of_a_socket_is_as_told_whatever_the_umask)
{
    const mode_t umasks[] = {0, 077, 0777};
    listen_on_socket(",mode=0660");
    for (size_t i = 0; i < sizeof umasks / sizeof *umasks; i++) {
        mode_t before = umask(umasks[i]);
        server_start(site.server);
        umask(before);
        ck_assert_uint_eq(mode_of_socket(), 0660);
        i % 2 ? server_crash(site.server) : server_stop(site.server);
        chmod(site.server->log, 0600);
    }
}
END_TEST

START_TEST(a_socket_gets_its_user_and_group)
{
    struct stat info;
    char settings[128];
    const struct group *group = getgrgid(getegid());
    ck_assert_ptr_nonnull(group);
    snprintf(settings, sizeof settings, ",group=%s,mode=600,user=%u", group->gr_name, geteuid());
    listen_on_socket(settings);
    site_start();
    ck_assert_uint_eq(mode_of_socket(), 0600);
    ck_assert_int_eq(lstat(socket_path(), &info), 0);
    ck_assert_uint_eq(info.st_gid, getegid());
    server_stop(site.server);
    const char *nobody[] = {"unix:/tmp/x,group=no-such-group", "unix:/tmp/x,user=4294967297"}; /* 1 in 32 bits */
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        const char *said = command_run((const char *[]){"--data", site.server->data, "--listen", nobody[i], NULL}, 1);
        ck_assert_ptr_nonnull(strstr(said, nobody[i]));
        ck_assert_ptr_nonnull(strstr(said, "there is no such"));
    }
}
END_TEST

START_TEST(a_live_socket_is_not_taken)
{
    struct server *second = server_new();
    listen_on_socket("");
    site_start();
    const char *said = command_run((const char *[]){"--data", second->data, "--listen", site.server->listen, NULL}, 1);
    ck_assert_msg(strstr(said, "a process listens there"), "%s", said);
    site_expect(client_get(site.client, "/healthz", NULL), 200);
    server_free(second);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        port_0_is_a_free_port,
        ipv6,
        a_free_port_is_the_same_for_both_families,
        a_port_alone_is_this_machine_by_both_families,
        a_colon_and_a_port_is_every_interface,
        every_interface_of_ipv6_takes_ipv4_too,
        unless_ipv4_is_named_beside_it,
        an_address_given_twice_is_opened_once,
        a_name_that_cannot_be_found_is_told,
        a_zone_is_read,
        healthcheck_asks_whatever_the_server_listens_on,
        several_listeners_serve_the_same_stores,
        a_port_in_use_is_told,
        who_cannot_listen_leaves_nothing_behind,
        a_unix_socket,
        who_is_silent_on_a_unix_socket_is_cut_for_that,
        a_socket_left_by_a_crash_is_replaced,
        a_file_in_the_place_of_the_socket_is_not_removed,
        the_mode_of_a_socket_is_as_told_whatever_the_umask,
        a_socket_gets_its_user_and_group,
        a_live_socket_is_not_taken,
    };
    return site_run("listen", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
