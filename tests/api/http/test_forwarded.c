/* host.c and forwarded.c: addresses and networks as they are written, and who stands behind proxies. */
#include "api/http/forwarded.h"
#include "tests/lib/unit.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/un.h>

static struct network network(const char *text)
{
    struct network network;
    ck_assert_msg(network_parse(text, strlen(text), &network), "%s", text);
    return network;
}

static struct host host(const char *text)
{
    struct host host = {.unix_socket = true};
    ck_assert_msg(strcmp(text, "unix") == 0 || host_parse(text, strlen(text), &host), "%s", text);
    return host;
}

static void expect_text(struct host host, const char *text)
{
    char written[HOST_TEXT_SIZE];
    host_write(&host, written);
    ck_assert_str_eq(written, text);
}

START_TEST(addresses_as_proxies_write_them)
{
    const char *cases[][2] = {{"203.0.113.7", "203.0.113.7"},
                              {"203.0.113.7:51234", "203.0.113.7"},
                              {"2001:DB8::7", "2001:db8::7"},
                              {"[2001:db8::7]", "2001:db8::7"},
                              {"[2001:db8::7]:443", "2001:db8::7"},
                              {"::ffff:203.0.113.7", "203.0.113.7"},
                              {"::", "::"}};
    const char *others[] = {
        "",        "unknown",   "_hidden",      "203.0.113",         "203.0.113.7:", "203.0.113.7:x",
        "[::1",    "[::1]443",  "[::1]:65536",  "[203.0.113.7]",     "::1%lo",       "203.0.113.7 ",
        "\"::1\"", "localhost", "1.2.3.4.5",    "203.0.113.256",     "[]",           "]",
        ":80",     "[::1]:",    "fe80::1%eth0", "203.0.113.7:123456"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_text(host(cases[i][0]), cases[i][1]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct host none;
        ck_assert_msg(!host_parse(others[i], strlen(others[i]), &none), "%s", others[i]);
    }
}
END_TEST

START_TEST(the_other_end_of_a_socket)
{
    struct sockaddr_in inet = {.sin_family = AF_INET};
    struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    inet_pton(AF_INET, "203.0.113.7", &inet.sin_addr);
    inet_pton(AF_INET6, "2001:db8::7", &inet6.sin6_addr);
    expect_text(host_of_socket((struct sockaddr *)&inet), "203.0.113.7");
    expect_text(host_of_socket((struct sockaddr *)&inet6), "2001:db8::7");
    expect_text(host_of_socket((struct sockaddr *)&local), "unix");
    inet_pton(AF_INET6, "::ffff:203.0.113.7", &inet6.sin6_addr); /* over a socket of both families */
    expect_text(host_of_socket((struct sockaddr *)&inet6), "203.0.113.7");
}
END_TEST

START_TEST(what_networks_hold)
{
    const struct {
        const char *network, *host;
        bool holds;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.1.2.3", "10.1.2.3", true},
        {"10.1.2.3", "10.1.2.2", false},
        {"10.1.2.3/31", "10.1.2.2", true},
        {"192.168.4.0/22", "192.168.7.9", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"0.0.0.0/0", "203.0.113.7", true},
        {"0.0.0.0/0", "2001:db8::7", false},
        {"::/0", "203.0.113.7", true},
        {"2001:db8::/32", "2001:db8:1::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1", "::1", true},
        {"unix", "unix", true},
        {"unix", "127.0.0.1", false},
        {"::/0", "unix", false},
        {"::ffff:10.0.0.0/104", "10.9.9.9", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network whole = network(cases[i].network);
        struct host one = host(cases[i].host);
        ck_assert_msg(network_holds(&whole, &one) == cases[i].holds, "%s %s", cases[i].network, cases[i].host);
    }
}
END_TEST

START_TEST(what_is_no_network)
{
    const char *others[] = {"",       "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/x",     "10.0.0.0/8/8",
                            "::/129", "/8",          "Unix",        "unix:",          "10.0.0.1:80",
                            "[::1]",  "localhost",   "10.0.0.0/-1", "10.0.0.0/000008"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct network none;
        ck_assert_msg(!network_parse(others[i], strlen(others[i]), &none), "%s", others[i]);
    }
}
END_TEST

START_TEST(the_right_most_address_that_is_not_trusted)
{
    const struct network trusted[] = {network("10.0.0.0/8"), network("unix"), network("2001:db8::/32")};
    const struct {
        const char *peer, *field, *client;
    } cases[] = {
        {"203.0.113.7", NULL, "203.0.113.7"},
        {"203.0.113.7", "198.51.100.1", "203.0.113.7"}, /* who is not trusted may write what they like */
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1", "198.51.100.1"},
        {"unix", "198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, /* the first one is the client's own invention */
        {"10.0.0.1", "6.6.6.6,198.51.100.1 ,\t10.0.0.2", "198.51.100.1"},
        {"10.0.0.1", "198.51.100.1, 10.0.0.2, [2001:db8::9]:80", "198.51.100.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"}, /* all of them proxies: the first one asks for itself */
        {"10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "198.51.100.1, , ,", "198.51.100.1"},
        {"10.0.0.1", ", ,", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1 6.6.6.6", "10.0.0.1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct host peer = host(cases[i].peer);
        expect_text(forwarded_client(trusted, 3, &peer, cases[i].field), cases[i].client);
    }
    struct host peer = host("10.0.0.1");
    expect_text(forwarded_client(NULL, 0, &peer, "198.51.100.1"), "10.0.0.1");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {addresses_as_proxies_write_them, the_other_end_of_a_socket, what_networks_hold,
                            what_is_no_network, the_right_most_address_that_is_not_trusted};
    return UNIT_RUN("forwarded", tests);
}
