/* link.c - what a link says, and for what its signature holds. */
#include "api/access/link.h"
#include "tests/lib/unit.h"

#include <string.h>

#define EXPIRES "cairn-expires=1800000000"
#define NAMED   "cairn-key=web&" EXPIRES

enum { END = 1800000000 };

static const struct link_key web = {(char *)(uintptr_t) "web", (char *)(uintptr_t) "0123456789abcdef"};

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static struct link_target target_of(const char *method, const char *store, const char *object)
{
    return (struct link_target){.method = method, .store = store, .object = object, .object_length = strlen(object)};
}

static struct link link_of(const char *query)
{
    struct link link;
    ck_assert_msg(link_read(&link, slice_of(query)), "%s", query);
    return link;
}

static void expect_signature(struct link link, const struct link_target *target, const char *signature)
{
    link_sign(&link, &web, target);
    ck_assert_str_eq(link.signature, signature);
}

/* The signatures were made by Python's hmac and base64. */
START_TEST(a_signature_is_one_that_others_make)
{
    struct link_target get = target_of("GET", "photos", "a b");
    struct link_target put = {.method = "PUT", .store = "photos", .object = "a\n\0b", .object_length = 4};
    expect_signature(link_of(NAMED), &get, "qBt9q85gHgARdTK9riumxU4ybMj5619OgGFvYNROo0E");
    expect_signature(link_of(NAMED "&cairn-size=1000&cairn-type=image%2Fpng"), &put,
                     "xVFx4c9xeuhV4dLR-A4ftUmHUmS_5xP2EjbTN5WUsos");
}
END_TEST

START_TEST(a_link_holds_for_what_it_was_signed_for)
{
    struct link link = link_of(NAMED "&cairn-size=10&cairn-type=text/plain");
    struct link_target target = target_of("PUT", "photos", "ab");
    link_sign(&link, &web, &target);
    ck_assert(link_holds(&link, &web, &target, END - 1));
    ck_assert(!link_holds(&link, &web, &target, END));
    const struct link_target others[] = {target_of("GET", "photos", "ab"), target_of("PUT", "photo", "ab"),
                                         target_of("PUT", "photos", "a"), target_of("PUT", "photos", "abc")};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert(!link_holds(&link, &web, &others[i], 0));
    struct link_key secret = {web.name, (char *)(uintptr_t) "0123456789abcdeF"};
    ck_assert(!link_holds(&link, &secret, &target, 0));
    struct link changed = link;
    stpcpy(changed.size, "11");
    ck_assert(!link_holds(&changed, &web, &target, 0));
    changed = link;
    stpcpy(changed.type, "text/html");
    ck_assert(!link_holds(&changed, &web, &target, 0));
    changed = link;
    stpcpy(changed.expires, "1800000001");
    ck_assert(!link_holds(&changed, &web, &target, 0));
    changed = link;
    changed.signature[0] = changed.signature[0] == 'A' ? 'B' : 'A';
    ck_assert(!link_holds(&changed, &web, &target, 0));
    changed.signature[0] = '\0';
    ck_assert(!link_holds(&changed, &web, &target, 0));
}
END_TEST

START_TEST(a_link_is_read_from_any_query)
{
    struct link link = link_of("v=3&cairn-signature=abc&" EXPIRES "&cairn-key=w%65b&cairn-size=&x");
    ck_assert_str_eq(link.key, "web");
    ck_assert_str_eq(link.signature, "abc");
    ck_assert_str_eq(link.type, "");
    ck_assert_uint_eq(link_size_limit(&link), UINT64_MAX);
    link = link_of(NAMED "&cairn-size=0");
    ck_assert_uint_eq(link_size_limit(&link), 0);
    link = link_of(NAMED "&cairn-size=18446744073709551615");
    ck_assert_uint_eq(link_size_limit(&link), UINT64_MAX);
}
END_TEST

START_TEST(what_is_no_link)
{
    static const char *const queries[] = {
        "",
        "cairn-key=web",
        "cairn-key=web&cairn-expires=",
        "cairn-key=web&cairn-expires=-1",
        "cairn-key=web&cairn-expires=%2B1",
        "cairn-key=web&cairn-expires=1e9",
        "cairn-key=web&cairn-expires=0x10",
        "cairn-key=web&cairn-expires=9223372036854775808",
        "cairn-key=web&cairn-expires=000000000000000000001800000000",
        NAMED "&" EXPIRES,
        NAMED "&cairn-key=web",
        NAMED "&cairn-size=1&cairn-size=1",
        NAMED "&cairn-size=-1",
        NAMED "&cairn-size=18446744073709551616",
        NAMED "&cairn-type=a%0Ab",
        NAMED "&cairn-type=a%00b",
        NAMED "&cairn-type=%C3%A4",
        NAMED "&cairn-type=%zz",
        NAMED "&cairn-signature=0123456789012345678901234567890123456789012345",
    };
    struct link link;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        ck_assert_msg(!link_read(&link, slice_of(queries[i])), "%s", queries[i]);
}
END_TEST

START_TEST(a_query_has_a_link_when_it_has_any_part_of_one)
{
    ck_assert(link_in_query(slice_of("v=3&cairn-type=x")));
    ck_assert(link_in_query(slice_of("cairn-signature")));
    ck_assert(!link_in_query(slice_of("v=3&cairn-typ=x&xcairn-key=1")));
    ck_assert(!link_in_query((struct slice){0}));
}
END_TEST

START_TEST(what_is_written_is_read)
{
    char query[LINK_QUERY_SIZE], type[LINK_TYPE_SIZE];
    memset(type, '&', sizeof type - 1);
    type[sizeof type - 1] = '\0';
    struct link link = {.key = "a+b@c", .expires = "9223372036854775807", .size = "18446744073709551615"};
    struct link_target target = target_of("PUT", "photos", "k");
    stpcpy(link.type, type);
    link_sign(&link, &web, &target);
    link_write(&link, query);
    ck_assert_uint_lt(strlen(query), sizeof query);
    struct link again = link_of(query);
    ck_assert_str_eq(again.key, link.key);
    ck_assert_str_eq(again.type, link.type);
    ck_assert(link_holds(&again, &web, &target, 0));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_signature_is_one_that_others_make,
        a_link_holds_for_what_it_was_signed_for,
        a_link_is_read_from_any_query,
        what_is_no_link,
        a_query_has_a_link_when_it_has_any_part_of_one,
        what_is_written_is_read,
    };
    return UNIT_RUN("link", tests);
}
