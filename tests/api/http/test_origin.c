/* origin.c, authority.c and disposition.c: origins that may be allowed, names of servers, names that files are saved
 * under. */
#include "api/http/authority.h"
#include "api/http/disposition.h"
#include "api/http/origin.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <string.h>

static struct slice slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

START_TEST(origins_as_browsers_write_them)
{
    const char *good[] = {"*",
                          "https://app.example",
                          "http://localhost:3000",
                          "https://127.0.0.1:8443",
                          "http://[::1]:8080",
                          "https://app.example:80",
                          "chrome-extension://abcdefgh",
                          "app://localhost:443"};
    const char *faulty[][2] = {
        {"", "scheme"},
        {"app.example", "scheme"},
        {"https://", "scheme"},
        {"null", "scheme"},
        {"https://app.example/", "slash"},
        {"https://app.example/page", "slash"},
        {"https://*.example", "name of a host"},
        {"https://a b", "name of a host"},
        {"https://app.example:443", "port"},
        {"http://localhost:80", "port"},
        {"https://app.example?", "name of a host"},
        {"https://user@app.example", "name of a host"},
        {"https://app.example:port", "name of a host"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(!origin_fault(good[i]), "%s: %s", good[i], origin_fault(good[i]));
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        const char *fault = origin_fault(faulty[i][0]);
        ck_assert_msg(fault && strstr(fault, faulty[i][1]), "%s: %s", faulty[i][0], fault);
    }
}
END_TEST

START_TEST(an_origin_has_an_end)
{
    char text[ORIGIN_MAX + 2] = "https://";
    memset(text + strlen(text), 'a', sizeof text - 1 - strlen(text));
    ck_assert_ptr_nonnull(origin_fault(text));
    text[ORIGIN_MAX] = '\0';
    ck_assert_ptr_null(origin_fault(text));
}
END_TEST

START_TEST(names_are_without_ports)
{
    const char *cases[][2] = {{"a.example", "a.example"},
                              {"a.example:80", "a.example"},
                              {"[::1]", "[::1]"},
                              {"[::1]:80", "[::1]"},
                              {"a:b:80", "a:b"},
                              {"", ""},
                              {":80", ""},
                              {"[::1", "[:"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(slice_is(authority_name(slice(cases[i][0])), cases[i][1]), "%s", cases[i][0]);
}
END_TEST

START_TEST(names_that_a_server_may_go_by)
{
    const char *names[] = {"a.example", "A-b_c.Example", "localhost", "[::1]", "127.0.0.1"};
    const char *faulty[][2] = {{"*", "patterns"},        {"*.example", "patterns"}, {"a.", "dot"},
                               {"a.example.", "dot"},    {".", "neither"},          {"", "neither"},
                               {".a", "neither"},        {"a..b", "neither"},       {"a b", "neither"},
                               {"a/b", "neither"},       {"a@b", "neither"},        {"\xc3\xa9", "neither"},
                               {"::1", "neither"},       {"[::1", "neither"},       {"[::1].a", "neither"},
                               {"a.example:80", "port"}, {"[::1]:1", "port"},       {"127.0.0.1:80", "port"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_msg(!authority_name_fault(names[i]), "%s: %s", names[i], authority_name_fault(names[i]));
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++) {
        const char *fault = authority_name_fault(faulty[i][0]);
        ck_assert_msg(fault && strstr(fault, faulty[i][1]), "%s: %s", faulty[i][0], fault);
    }
}
END_TEST

START_TEST(names_that_nobody_can_point_elsewhere)
{
    const char *fixed[] = {"",          "localhost", "box",   "a.localhost",     "A.LOCALHOST",
                           "127.0.0.1", "10.0.0.1",  "[::1]", "[::ffff:1.2.3.4]"};
    const char *free[] = {"a.example",      "a.example.", "localhost.",        ".",         "a.localhost.",
                          "a.notlocalhost", "1.2.3.4.a",  "localhost.example", ".localhost"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        ck_assert_msg(authority_is_fixed(slice(fixed[i])), "%s", fixed[i]);
    for (size_t i = 0; i < sizeof free / sizeof *free; i++)
        ck_assert_msg(!authority_is_fixed(slice(free[i])), "%s", free[i]);
}
END_TEST

START_TEST(a_request_without_a_host_is_of_no_origin)
{
    ck_assert(!origin_is_of("http://a.example", slice("")));
    ck_assert(!origin_is_of("null", slice("null")));
    ck_assert(origin_is_of("HTTP://A.example", slice("a.EXAMPLE")));
}
END_TEST

/* Apps and extensions have names of their own choice. */
START_TEST(only_pages_of_the_web_are_at_home)
{
    const char *schemes[] = {"javascript", "capacitor", "ionic", "chrome-extension", "file", "x"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        char origin[64];
        snprintf(origin, sizeof origin, "%s://localhost:8080", schemes[i]);
        ck_assert_msg(!origin_is_of(origin, slice("localhost:8080")), "%s", origin);
        snprintf(origin, sizeof origin, "%s://localhost", schemes[i]);
        ck_assert_msg(!origin_is_of(origin, slice("localhost")), "%s", origin);
    }
    ck_assert(origin_is_of("http://localhost:8080", slice("localhost:8080")));
    ck_assert(origin_is_of("https://localhost:8080", slice("localhost:8080")));
}
END_TEST

/* Every byte of a name comes in its place, and the text never gets longer than it may. */
START_TEST(names_of_all_bytes)
{
    char text[DISPOSITION_SIZE], name[DISPOSITION_NAME_MAX];
    for (int byte = 0; byte < 256; byte++) {
        memset(name, byte, sizeof name);
        bool valid = byte >= ' ' && byte < 0x7f;
        ck_assert_int_eq(disposition_name_valid(name, sizeof name), valid);
        if (!valid)
            continue;
        disposition_write(text, name, sizeof name);
        ck_assert_uint_lt(strlen(text), sizeof text);
        const char *plain = strchr(text, '"') + 1, *end = strchr(plain, '"');
        ck_assert_int_eq(end - plain, DISPOSITION_NAME_MAX);
        ck_assert_ptr_eq(strstr(end, "\"; filename*=UTF-8''"), end);
    }
    char longer[DISPOSITION_NAME_MAX + 1];
    memset(longer, 'a', sizeof longer);
    ck_assert(!disposition_name_valid(longer, sizeof longer));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {origins_as_browsers_write_them,
                            an_origin_has_an_end,
                            names_are_without_ports,
                            names_that_a_server_may_go_by,
                            names_that_nobody_can_point_elsewhere,
                            a_request_without_a_host_is_of_no_origin,
                            only_pages_of_the_web_are_at_home,
                            names_of_all_bytes};
    return UNIT_RUN("origin", tests);
}
