/* changes.c: what is told when the access file says something else than before. */
#include "api/access/changes.h"
#include "api/access/rules_json.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define B "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"

static char *token(const char *name, const char *sum, const char *rest)
{
    char *text;
    ck_assert_int_gt(asprintf(&text, "{\"name\":\"%s\",\"sha256\":\"%s\",%s}", name, sum, rest), 0);
    return text;
}

static struct rules *rules_of(const char *tokens, const char *rest)
{
    char *text;
    struct rules_json_fault fault = {0};
    int length = asprintf(&text, "{\"tokens\":[%s]%s}", tokens, rest);
    struct rules *rules = rules_json_read(text, (size_t)length, &fault);
    ck_assert_msg(rules, "%s: %s", text, fault.sentence);
    free(text);
    return rules;
}

/* Frees what it is given. */
static void expect(struct rules *before, struct rules *after, const char *told)
{
    char *changes = changes_told(before, after);
    ck_assert_str_eq(changes, told);
    free(changes);
    rules_release(before);
    rules_release(after);
}

#define READ "\"grants\":[{\"stores\":[\"s\"],\"rights\":[\"read\"]}]"

/* The same token but for one thing. */
START_TEST(each_part_of_a_token_counts)
{
    const char *others[] = {
        "\"grants\":[]",
        "\"grants\":[{\"stores\":[\"t\"],\"rights\":[\"read\"]}]",
        "\"grants\":[{\"stores\":[\"s\",\"t\"],\"rights\":[\"read\"]}]",
        "\"grants\":[{\"stores\":[\"s\"],\"rights\":[\"list\"]}]",
        "\"grants\":[{\"stores\":[\"s\"],\"prefix\":\"a\",\"rights\":[\"read\"]}]",
        ("\"expires\":\"2027-01-01T00:00:00Z\"," READ),
    };
    char *one = token("ci", A, READ);
    expect(rules_of(one, ""), rules_of(one, ""), "");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char *other = token("ci", A, others[i]);
        expect(rules_of(one, ""), rules_of(other, ""), "; token changed: ci");
        free(other);
    }
    char *rolled = token("ci", B, READ);
    expect(rules_of(one, ""), rules_of(rolled, ""), "; token changed: ci");
    free(rolled);
    free(one);
}
END_TEST

START_TEST(names_tell_what_came_and_went)
{
    char *a = token("a", A, READ), *b = token("b", B, READ), *moved = token("c", A, READ);
    char both[600];
    snprintf(both, sizeof both, "%s,%s", b, a);
    expect(rules_of("", ""), rules_of(both, ""), "; token added: a, b");
    expect(rules_of(both, ""), rules_of(b, ""), "; token removed: a");
    expect(rules_of(a, ""), rules_of(moved, ""), "; token added: c; token removed: a");
    expect(rules_of(a, ""), rules_of(a, ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"}]"),
           "; link key added: web");
    expect(rules_of(a, ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"}]"),
           rules_of(a, ",\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdeg\"}]"),
           "; link key changed: web");
    expect(rules_of(a, ""), rules_of(a, ",\"anonymous\":[{\"stores\":[\"s\"],\"rights\":[\"read\"]}]"),
           "; what is allowed without a token changed");
    free(a);
    free(b);
    free(moved);
}
END_TEST

START_TEST(of_many_the_number_is_told)
{
    char tokens[4096] = "", sum[65], *end = tokens;
    for (int i = 0; i < 23; i++) {
        snprintf(sum, sizeof sum, "%064x", i);
        char *one = token((char[]){(char)('a' + i), '\0'}, sum, "\"grants\":[]");
        end += sprintf(end, "%s%s", i == 0 ? "" : ",", one);
        free(one);
    }
    expect(rules_of("", ""), rules_of(tokens, ""),
           "; token added: a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t and 3 more");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {each_part_of_a_token_counts, names_tell_what_came_and_went, of_many_the_number_is_told};
    return UNIT_RUN("changes", tests);
}
