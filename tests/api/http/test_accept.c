/* accept.c: qualities, ranges, what is named more exactly, and what is malformed. */
#include "api/http/accept.h"
#include "tests/lib/unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void expect(const char *accept, bool lines)
{
    bool prefers = accept_prefers(accept, "application/x-ndjson", "application/json");
    ck_assert_msg(prefers == lines, "%s", accept ? accept : "(none)");
}

START_TEST(who_says_nothing_gets_the_usual)
{
    const char *const texts[] = {NULL,          "", ",", "*/*", "application/*", "application/json", "text/html",
                                 "text/*;q=0.5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i], false);
}
END_TEST

START_TEST(a_type_is_asked_for_by_its_name)
{
    expect("application/x-ndjson", true);
    expect("Application/X-NDJSON", true);
    expect(" application/x-ndjson ,text/plain", true);
    expect("application/x-ndjson;charset=utf-8", true);
    expect("application/x-ndjso", false);
    expect("application/x-ndjsons", false);
    expect("application/x-ndjson/", false);
}
END_TEST

START_TEST(the_better_quality_wins)
{
    expect("application/json;q=0.5, application/x-ndjson", true);
    expect("application/json, application/x-ndjson;q=0.999", false);
    expect("application/json;q=0.998, application/x-ndjson;q=0.999", true);
    expect("application/x-ndjson;q=0.1, */*", false);
    expect("application/x-ndjson;Q=1.000 , application/json; q=0.9", true);
    expect("application/x-ndjson; q = 0.1, application/json;q=0.2", false);
}
END_TEST

START_TEST(the_more_exact_range_tells_the_quality)
{
    expect("application/json;q=0, */*", true);
    expect("application/json;q=0.2, application/*;q=0.8, */*;q=0.1", true);
    expect("application/x-ndjson;q=0, */*", false);
    expect("application/x-ndjson;q=0, application/json;q=0", false);
    expect("application/x-ndjson;q=0", false);
}
END_TEST

START_TEST(of_the_same_quality_the_one_that_is_named)
{
    expect("application/x-ndjson, */*", true);
    expect("*/*, application/x-ndjson", true);
    expect("application/x-ndjson;q=0.5, application/*;q=0.5", true);
    expect("application/x-ndjson, application/json", false);
    expect("application/json, application/x-ndjson, */*", false);
}
END_TEST

START_TEST(what_is_malformed_is_passed_over)
{
    const char *const qualities[] = {"2", "1.001", "0.1234", "-1", "a", "", ".5", "0,5", "01", "1.", "0x1"};
    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
        char accept[64];
        snprintf(accept, sizeof accept, "application/x-ndjson;q=%s", qualities[i]);
        expect(accept, strcmp(qualities[i], "1.") == 0); /* a point without decimals is allowed */
    }
    expect("application/x-ndjson;;q=0.5;;", true);
    expect("text/plain;a=\"b,c;d\\\"\", application/x-ndjson", true);
    expect("text/plain;a=\"application/x-ndjson\"", false);
    expect("text/plain;a=\", application/x-ndjson", false);
    expect("text/plain;a=\"\\", false);
    expect("application/x-ndjson;a=\"b;q=0\"", true);
}
END_TEST

START_TEST(a_coding_is_taken_by_who_names_it)
{
    static const struct {
        const char *accept_encoding;
        bool taken;
    } cases[] = {{NULL, false},
                 {"", false},
                 {"gzip", true},
                 {"GZip", true},
                 {"deflate, gzip, br, zstd", true},
                 {"gzip;q=0", false},
                 {"gzip;q=0.001", true},
                 {"*", true},
                 {"*;q=0", false},
                 {"gzip;q=0, *", false},
                 {"identity", false},
                 {"gzi", false},
                 {"gzip2", false},
                 {"*/*", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(accept_takes(cases[i].accept_encoding, "gzip") == cases[i].taken, "%s",
                      cases[i].accept_encoding ? cases[i].accept_encoding : "(none)");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        who_says_nothing_gets_the_usual,
        a_type_is_asked_for_by_its_name,
        the_better_quality_wins,
        the_more_exact_range_tells_the_quality,
        of_the_same_quality_the_one_that_is_named,
        what_is_malformed_is_passed_over,
        a_coding_is_taken_by_who_names_it,
    };
    return UNIT_RUN("accept", tests);
}
