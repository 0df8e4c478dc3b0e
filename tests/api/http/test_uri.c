/* uri.c: the forms of targets, escapes decoded exactly once, parameters, and paths written again. */
#include "api/http/uri.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void expect_split(const char *target, const char *path, const char *query)
{
    struct uri uri;
    ck_assert_msg(uri_split(target, strlen(target), &uri), "%s", target);
    ck_assert_msg(slice_is(uri.path, path), "%s: path %.*s", target, (int)uri.path.length, uri.path.start);
    ck_assert(!query ? !uri.query.start : slice_is(uri.query, query));
}

START_TEST(the_path_ends_at_the_first_question_mark)
{
    expect_split("/", "/", NULL);
    expect_split("/a/b", "/a/b", NULL);
    expect_split("/a?", "/a", "");
    expect_split("/a?b=c&d", "/a", "b=c&d");
    expect_split("/a?b?c", "/a", "b?c");
}
END_TEST

START_TEST(of_an_absolute_uri_only_the_path_counts)
{
    expect_split("http://host/a?b", "/a", "b");
    expect_split("http://host", "/", NULL);
    expect_split("https://[::1]:80", "/", NULL);
    expect_split("HTTPS://[::1]:80/a//b", "/a//b", NULL);
}
END_TEST

START_TEST(other_forms_blanks_and_fragments_are_refused)
{
    const char *targets[] = {"",
                             "*",
                             "a",
                             "host:80",
                             "ftp://host/a",
                             "http://",
                             "/a b",
                             "/a\tb",
                             "/a\x01",
                             "/a\x7f",
                             " /a",
                             "/a\n",
                             "http:///a",
                             "https:///a?b",
                             "http://host?/a",
                             "http://host?a=/b",
                             "/a#b",
                             "/a#",
                             "/a?b#c",
                             "http://host/a#b",
                             "http://user@host/a",
                             "http://user:word@host/a",
                             "http://host:80@other/a",
                             "http://host:port/a",
                             "http://host:99999/a",
                             "http://:80/a",
                             "http://[::1/a",
                             "http://[::1]:port/a"};
    struct uri uri;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        ck_assert_msg(!uri_split(targets[i], strlen(targets[i]), &uri), "%s", targets[i]);
    ck_assert(!uri_split("/a\0b", 4, &uri));
}
END_TEST

START_TEST(escapes_are_decoded_once)
{
    const struct {
        const char *text, *bytes;
        size_t length;
    } cases[] = {{"", "", 0},
                 {"abc", "abc", 3},
                 {"a%2Fb", "a/b", 3},
                 {"a%2fb", "a/b", 3},
                 {"%25%32%35", "%25", 3},
                 {"%00", "\0", 1},
                 {"%ff%FE", "\xff\xfe", 2},
                 {"a+b", "a+b", 3},
                 {".././/", ".././/", 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[32];
        size_t length;
        ck_assert(uri_decode(slice_of(cases[i].text), bytes, &length));
        ck_assert_uint_eq(length, cases[i].length);
        ck_assert_mem_eq(bytes, cases[i].bytes, length);
    }
}
END_TEST

START_TEST(a_text_is_decoded_where_it_stands)
{
    char text[] = "%61%62c%64";
    size_t length;
    ck_assert(uri_decode(slice_of(text), text, &length));
    ck_assert_uint_eq(length, 4);
    ck_assert_mem_eq(text, "abcd", 4);
}
END_TEST

START_TEST(broken_escapes_are_refused)
{
    const char *texts[] = {"%", "%1", "a%", "%zz", "%1g", "%g1", "%%41", "% 1", "%-1", "%+1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char bytes[16];
        size_t length;
        ck_assert_msg(!uri_decode(slice_of(texts[i]), bytes, &length), "%s", texts[i]);
    }
}
END_TEST

START_TEST(parameters_are_found_and_decoded)
{
    char value[8];
    struct slice query = slice_of("a=1&bb=%26+x&c&=z&a=2&long=12345678&full=%31%32%33%34567");
    ck_assert_int_eq(uri_parameter(query, "a", value, sizeof value), URI_PARAMETER_FOUND);
    ck_assert_str_eq(value, "1");
    ck_assert_int_eq(uri_parameter(query, "bb", value, sizeof value), URI_PARAMETER_FOUND);
    ck_assert_str_eq(value, "& x");
    ck_assert_int_eq(uri_parameter(query, "c", value, sizeof value), URI_PARAMETER_FOUND);
    ck_assert_str_eq(value, "");
    ck_assert_int_eq(uri_parameter(query, "b", value, sizeof value), URI_PARAMETER_ABSENT);
    ck_assert_int_eq(uri_parameter(query, "long", value, sizeof value), URI_PARAMETER_MALFORMED);
    ck_assert_int_eq(uri_parameter(query, "full", value, sizeof value), URI_PARAMETER_FOUND);
    ck_assert_str_eq(value, "1234567"); /* its bytes fit, however they are escaped */
    ck_assert_int_eq(uri_parameter((struct slice){0}, "a", value, sizeof value), URI_PARAMETER_ABSENT);
}
END_TEST

START_TEST(broken_parameters_are_told)
{
    char value[8];
    ck_assert_int_eq(uri_parameter(slice_of("a=%"), "a", value, sizeof value), URI_PARAMETER_MALFORMED);
    ck_assert_int_eq(uri_parameter(slice_of("a=%00"), "a", value, sizeof value), URI_PARAMETER_MALFORMED);
}
END_TEST

START_TEST(parameters_come_one_by_one)
{
    struct slice query = slice_of("&a=1&&b&=c&d==e&"), name, value;
    const char *const pairs[][2] = {{"a", "1"}, {"b", ""}, {"", "c"}, {"d", "=e"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        ck_assert(uri_next_parameter(&query, &name, &value));
        ck_assert_msg(slice_is(name, pairs[i][0]) && slice_is(value, pairs[i][1]), "%zu", i);
    }
    ck_assert(!uri_next_parameter(&query, &name, &value));
    query = (struct slice){0};
    ck_assert(!uri_next_parameter(&query, &name, &value));
}
END_TEST

START_TEST(dot_segments_are_seen_through_their_escapes)
{
    const char *with[] = {".", "..", "/.", "/..", "/./a", "/a/../b", "/%2e", "/%2E.", "/a/.%2e/b", "/%2e%2E", "../a"};
    const char *without[] = {"", "/", "/a", "/...", "/a.", "/.a", "/..a/b", "/%2e%2e%2e", "/%2f", "/.%2", "/%2", "//"};
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        ck_assert_msg(uri_has_dot_segment(slice_of(with[i])), "%s", with[i]);
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        ck_assert_msg(!uri_has_dot_segment(slice_of(without[i])), "%s", without[i]);
}
END_TEST

START_TEST(any_bytes_survive_being_written_and_read)
{
    char bytes[256], text[3 * sizeof bytes], back[sizeof text];
    size_t length;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    struct slice written = {text, uri_encode(text, bytes, sizeof bytes)};
    for (size_t i = 0; i < written.length; i++)
        ck_assert(text[i] > ' ' && text[i] < 0x7f && !strchr("?#\"<>\\^`{|}[]", text[i]));
    ck_assert(uri_decode(written, back, &length));
    ck_assert_uint_eq(length, sizeof bytes);
    ck_assert_mem_eq(back, bytes, sizeof bytes);
}
END_TEST

START_TEST(no_dot_segment_is_written)
{
    const struct {
        const char *bytes, *text;
    } cases[] = {{"a/../../b", "a%2F..%2F..%2Fb"},
                 {"a/./b", "a%2F.%2Fb"},
                 {"../a/b", "..%2Fa/b"},
                 {"a/b/.", "a/b%2F."},
                 {"/..", "%2F.."},
                 {"./", ".%2F"},
                 {"a/b//..", "a/b/%2F.."},
                 {"a/.../b", "a/.../b"},
                 {"..a/.b/c.", "..a/.b/c."},
                 {"a/%2e%2e/b", "a/%252e%252e/b"},
                 {"a//b/", "a//b/"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        size_t length = uri_encode(text, cases[i].bytes, strlen(cases[i].bytes));
        struct slice written = {text, length};
        ck_assert_msg(slice_is(written, cases[i].text), "%s: %.*s", cases[i].bytes, (int)length, text);
        ck_assert(!uri_has_dot_segment(written));
    }
    ck_assert(uri_is_dots(".", 1) && uri_is_dots("..", 2));
    ck_assert(!uri_is_dots("", 0) && !uri_is_dots("...", 3) && !uri_is_dots(".a", 2) && !uri_is_dots("/", 1));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        the_path_ends_at_the_first_question_mark,
        of_an_absolute_uri_only_the_path_counts,
        other_forms_blanks_and_fragments_are_refused,
        escapes_are_decoded_once,
        a_text_is_decoded_where_it_stands,
        broken_escapes_are_refused,
        parameters_are_found_and_decoded,
        broken_parameters_are_told,
        parameters_come_one_by_one,
        dot_segments_are_seen_through_their_escapes,
        no_dot_segment_is_written,
        any_bytes_survive_being_written_and_read,
    };
    return UNIT_RUN("uri", tests);
}
