/* grant.c and rights.c: what a pattern and a prefix cover, and which rights come of it. */
#include "api/access/grant.h"
#include "api/access/rights.h"
#include "tests/lib/unit.h"

#include <string.h>

static struct grants grants;

static void allow(const char *pattern, const char *prefix, unsigned rights)
{
    struct grant *grant = grants_add(&grants);
    ck_assert(grant_add_store(grant, pattern, strlen(pattern)));
    grant->prefix = strdup(prefix);
    grant->prefix_length = strlen(prefix);
    grant->rights = rights;
}

static unsigned rights_on(const char *store, const char *key)
{
    return grants_rights(&grants, store, key, strlen(key));
}

static void none(void)
{
    grants_free(&grants);
}

START_TEST(a_pattern_is_a_name_in_which_a_star_is_any_characters)
{
    const struct {
        const char *pattern, *store;
        bool fits;
    } cases[] = {{"photos", "photos", true},
                 {"photos", "photos2", false},
                 {"photos", "photo", false},
                 {"tenant-*", "tenant-1", true},
                 {"tenant-*", "tenant-", true},
                 {"tenant-*", "tenant", false},
                 {"*", "anything", true},
                 {"*-logs", "web-logs", true},
                 {"*-logs", "web-logs-2", false},
                 {"a*c*e", "abcde", true},
                 {"a*c*e", "abcd", false},
                 {"a*a", "a", false},
                 {"**", "x", true},
                 {"*ab", "aab", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        allow(cases[i].pattern, "", RIGHT_READ);
        ck_assert_msg((rights_on(cases[i].store, "") == RIGHT_READ) == cases[i].fits, "%s and %s", cases[i].pattern,
                      cases[i].store);
        none();
    }
}
END_TEST

START_TEST(a_prefix_is_bytes)
{
    allow("s", "a", RIGHT_READ);
    allow("s", "b/", RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", "a"), RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", "ab"), RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", "b/"), RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", "b"), 0);
    ck_assert_uint_eq(rights_on("s", "bc"), 0);
    ck_assert_uint_eq(rights_on("s", ""), 0);
    none();
    allow("s", "", RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", ""), RIGHT_READ);
    ck_assert_uint_eq(rights_on("s", "x"), RIGHT_READ);
}
END_TEST

START_TEST(rights_of_several_grants_come_together)
{
    allow("s", "", RIGHT_READ);
    allow("s*", "in/", RIGHT_WRITE);
    allow("other", "", RIGHT_ADMIN);
    ck_assert_uint_eq(rights_on("s", "in/x"), RIGHT_READ | RIGHT_WRITE);
    ck_assert_uint_eq(rights_on("s", "out"), RIGHT_READ);
    ck_assert_uint_eq(rights_on("s2", "in/x"), RIGHT_WRITE);
    ck_assert_uint_eq(grants_rights_within(&grants, "s"), RIGHT_READ | RIGHT_WRITE);
    ck_assert_uint_eq(grants_rights_within(&grants, "none"), 0);
}
END_TEST

START_TEST(only_a_pattern_of_every_name_covers_them_all)
{
    allow("tenant-*", "", RIGHT_READ);
    ck_assert_uint_eq(rights_on("*", ""), 0);
    allow("*", "", RIGHT_ADMIN);
    ck_assert_uint_eq(rights_on("*", ""), RIGHT_ADMIN);
}
END_TEST

START_TEST(a_pattern_has_the_characters_of_names)
{
    ck_assert(grant_pattern_valid("a.b_c-9*", 8));
    ck_assert(!grant_pattern_valid("", 0));
    ck_assert(!grant_pattern_valid("A", 1));
    ck_assert(!grant_pattern_valid("a/b", 3));
    ck_assert(!grant_pattern_valid("a?", 2));
    ck_assert(!grant_pattern_valid("a\0b", 3));
}
END_TEST

START_TEST(a_demand_is_for_all_or_for_any)
{
    const struct demand all = {SCOPE_OBJECT, RIGHT_READ | RIGHT_DELETE, false};
    const struct demand any = {SCOPE_OBJECT, RIGHT_READ | RIGHT_DELETE, true};
    ck_assert_uint_eq(demand_lacks(&all, RIGHT_READ), RIGHT_DELETE);
    ck_assert_uint_eq(demand_lacks(&all, RIGHTS_ALL), 0);
    ck_assert_uint_eq(demand_lacks(&any, RIGHT_READ), 0);
    ck_assert_uint_eq(demand_lacks(&any, RIGHT_WRITE), RIGHT_READ | RIGHT_DELETE);
}
END_TEST

START_TEST(rights_have_names)
{
    char text[RIGHTS_TEXT_SIZE];
    rights_write(text, RIGHTS_ALL, " and ");
    ck_assert_str_eq(text, "read and list and write and delete and admin");
    rights_write(text, RIGHT_DELETE | RIGHT_READ, ",");
    ck_assert_str_eq(text, "read,delete");
    ck_assert_uint_eq(right_named("admin", 5), RIGHT_ADMIN);
    ck_assert_uint_eq(right_named("adm", 3), 0);
    ck_assert_uint_eq(right_named("Read", 4), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_pattern_is_a_name_in_which_a_star_is_any_characters,
        a_prefix_is_bytes,
        rights_of_several_grants_come_together,
        only_a_pattern_of_every_name_covers_them_all,
        a_pattern_has_the_characters_of_names,
        a_demand_is_for_all_or_for_any,
        rights_have_names,
    };
    return UNIT_RUN_WITH("grant", NULL, none, tests);
}
