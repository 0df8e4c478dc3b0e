/* test_referral.c - where an answer that another server has the store may lead, and the token with it. */
#include "service/referral.h"
#include "tests/lib/unit.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PATH "/v1/stores/a/objects/k?x=1"

static const char ours[] = "urn:problem-type:cairn:elsewhere";

static const struct {
    const char *base, *location, *type;
    const char *next;  /* NULL: nobody is asked */
    const char *words; /* in the reason */
} cases[] = {
    {"http://a:1", "http://b:2" PATH, ours, "http://b:2", NULL},
    {"http://a:1/below", "http://b:2/below" PATH, ours, "http://b:2/below", NULL},
    {"http://a:1", "https://b" PATH, ours, "https://b", NULL},
    {"https://a", "HTTPS://b" PATH, ours, "HTTPS://b", NULL},
    {"https://a", "https://[::1]:8080" PATH, ours, "https://[::1]:8080", NULL},
    /* a token that was shown within TLS is not shown without */
    {"https://a", "http://b:2" PATH, ours, NULL, "no token is shown there"},
    {"HTTPS://a", "http://b:2" PATH, ours, NULL, "no token is shown there"},
    /* nobody but cairn sends a token anywhere */
    {"http://a:1", "http://b:2" PATH, NULL, NULL, "not by cairn"},
    {"http://a:1", "http://b:2" PATH, "urn:problem-type:cairn:not-here", NULL, "not by cairn"},
    {"http://a:1", NULL, ours, NULL, "not by cairn"},
    /* and to nothing but what was asked for */
    {"http://a:1", "http://b:2/v1/stores/b/objects/k?x=1", ours, NULL, "not told"},
    {"http://a:1", "http://b:2" PATH "#part", ours, NULL, "not told"},
    {"http://a:1", PATH, ours, NULL, "not told"},
    {"http://a:1", "//b:2" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://" PATH, ours, NULL, "not told"},
    {"http://a:1", "ftp://b:2" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://user@b:2" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://b:2/@c" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://b:2\\c" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://b:2?" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://b:2/#" PATH, ours, NULL, "not told"},
    {"http://a:1", "http://b 2" PATH, ours, NULL, "not told"},
};

START_TEST(who_has_the_store_is_asked_and_nobody_else)
{
    char *next = NULL;
    json_t *problem = cases[_i].type ? json_pack("{s:s}", "type", cases[_i].type) : NULL;
    const char *sentence = referral_read(cases[_i].base, PATH, cases[_i].location, problem, &next);
    if (cases[_i].next) {
        ck_assert_msg(!sentence, "%s", sentence);
        ck_assert_str_eq(next, cases[_i].next);
    } else {
        ck_assert_ptr_nonnull(sentence);
        ck_assert_msg(strstr(sentence, cases[_i].words), "%s", sentence);
        ck_assert_ptr_null(next);
    }
    free(next);
    json_decref(problem);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("referral");
    TCase *tcase = tcase_create("referral");
    tcase_add_loop_test(tcase, who_has_the_store_is_asked_and_nobody_else, 0, sizeof cases / sizeof *cases);
    suite_add_tcase(suite, tcase);
    return unit_conclude(suite);
}
