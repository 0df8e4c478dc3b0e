/* rules_json.c, rules.c, token.c and visitor.c: what an access file says, and whom it lets in. */
#include "api/access/rights.h"
#include "api/access/rules_json.h"
#include "api/access/visitor.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The sums of "secret" and of "other". */
#define SECRET "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define OTHER  "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa"
#define THIRD  "0000000000000000000000000000000000000000000000000000000000000000"

#define READ_ALL "{\"stores\":[\"*\"],\"rights\":[\"read\"]}"

static struct rules *rules_of(const char *text)
{
    struct rules_json_fault fault = {0};
    struct rules *rules = rules_json_read(text, strlen(text), &fault);
    ck_assert_msg(rules, "line %zu: %s", fault.line, fault.sentence);
    return rules;
}

static void expect_fault(const char *text, size_t line, const char *words)
{
    struct rules_json_fault fault = {0};
    ck_assert_msg(!rules_json_read(text, strlen(text), &fault), "%s", text);
    ck_assert_msg(fault.line == line && strstr(fault.sentence, words), "%s: line %zu: %s", text, fault.line,
                  fault.sentence);
}

static const struct token *find(const struct rules *rules, const char *text)
{
    struct token_sum sum = token_sum_of(text, strlen(text));
    return rules_token(rules, &sum);
}

START_TEST(all_that_a_file_may_hold)
{
    struct rules *rules = rules_of(
        "{\"tokens\":[{\"name\":\"ci\",\"sha256\":\"" SECRET "\",\"expires\":\"2027-01-01T00:00:00Z\",\"grants\":["
        "{\"stores\":[\"photos\",\"tenant-*\"],\"prefix\":\"a\\u0000b\",\"rights\":[\"read\",\"list\"]}]},"
        "{\"name\":\"none\",\"sha256\":\"" OTHER "\",\"expires\":null,\"grants\":[]}],"
        "\"anonymous\":[" READ_ALL "],\"link_keys\":[{\"name\":\"web\",\"secret\":\"0123456789abcdef\"}]}");
    const struct token *ci = find(rules, "secret");
    ck_assert_str_eq(ci->name, "ci");
    ck_assert_int_eq(ci->expires, 1798761600);
    ck_assert_uint_eq(ci->grants.count, 1);
    ck_assert_uint_eq(ci->grants.items[0].store_count, 2);
    ck_assert_uint_eq(ci->grants.items[0].prefix_length, 3);
    ck_assert_mem_eq(ci->grants.items[0].prefix, "a\0b", 3);
    ck_assert_uint_eq(ci->grants.items[0].rights, RIGHT_READ | RIGHT_LIST);
    ck_assert_int_eq(find(rules, "other")->expires, TOKEN_NEVER);
    ck_assert_ptr_null(find(rules, "Secret"));
    ck_assert_uint_eq(rules->anonymous.count, 1);
    ck_assert_str_eq(rules_link_key(rules, "web", 3)->secret, "0123456789abcdef");
    ck_assert_ptr_null(rules_link_key(rules, "we", 2));
    rules_release(rules);
    rules_release(rules_of("{}"));
}
END_TEST

/* What is told names the line and the value. */
START_TEST(what_makes_a_file_invalid)
{
    expect_fault("", 1, "not JSON");
    expect_fault("[]", 1, "an object is missing");
    expect_fault("{\n\"tokens\": [],\n\"tokenz\": []}", 3, "\"tokenz\"");
    expect_fault("{\"tokens\":[],\"tokens\":[]}", 1, "tokens is given twice");
    expect_fault("{} x", 1, "not JSON");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\n\"sha256\":\"" SECRET "\"}]}", 2, "grants is missing");
    expect_fault("{\"tokens\":[\n{\"name\":\"a b\"}]}", 2, "\"a b\"");
    expect_fault("{\"tokens\":[{\"name\":\"a\\n\\n\\n\",\n", 1, "name");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\n\n\"sha256\":\"12\"}]}", 3, "\"12\"");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\"expires\":\"soon\"}]}", 1, "\"soon\"");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\"expires\":17}]}", 1, "expires: a string is missing");
    expect_fault("{\"anonymous\":[{\"stores\":[\"A\"]}]}", 1, "\"A\"");
    expect_fault("{\"anonymous\":[{\"stores\":[\"a\"],\"rights\":[\"raed\"]}]}", 1, "\"raed\"");
    expect_fault("{\"anonymous\":[{\"rights\":[\"read\"]}]}", 1, "stores is missing");
    expect_fault("{\"anonymous\":[{\"stores\":[\"a\"],\"rights\":[\"read\"],\"prefx\":\"a/\"}]}", 1, "\"prefx\"");
    expect_fault("{\"anonymous\":[{\"stores\":[\"a\"],\"rights\":[\"read\"],\"prefix\":null}]}", 1, "prefix");
    expect_fault("{\"link_keys\":[{\"name\":\"a\",\"secret\":\"short\"}]}", 1, "secret");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\"sha256\":\"" SECRET "\",\"grants\":[]},"
                 "{\"name\":\"a\",\"sha256\":\"" OTHER "\",\"grants\":[]}]}",
                 1, "\"a\" is given twice");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\"sha256\":\"" SECRET "\",\"grants\":[]},"
                 "{\"name\":\"b\",\"sha256\":\"" SECRET "\",\"grants\":[]}]}",
                 1, "same sha256");
    expect_fault("{\"tokens\":[{\"name\":\"a\",\"sha256\":\"" SECRET "\",\"grants\":[]},\n"
                 "{\"name\":\"b\",\"sha256\":\"" SECRET "\",\"grants\":[]},\n"
                 "{\"name\":\"c\",\"sha256\":\"" OTHER "\",\"grants\":[]}\n]}",
                 2, "\"a\" and \"b\" have");
    expect_fault("{\"link_keys\":[{\"name\":\"a\",\"secret\":\"0123456789abcdef\"},\n"
                 "{\"name\":\"b\",\"secret\":\"0123456789abcdef\"},\n"
                 "{\"name\":\"a\",\"secret\":\"0123456789abcdef\"}\n]}",
                 3, "link key: the name \"a\" is given twice");
}
END_TEST

/* The time to read a file grows with its length, not with the square of it: that is how long nobody is let in. */
START_TEST(many_tokens_are_read_in_no_time)
{
    enum { MANY = 50000, ONE = 160 };
    char *text = malloc((size_t)MANY * ONE);
    size_t length = (size_t)sprintf(text, "{\"tokens\":[");
    for (int i = 0; i < MANY; i++)
        length += (size_t)sprintf(
            text + length, "%s{\"name\":\"tenant-of-ours-%d\",\"sha256\":\"%064d\",\"grants\":[]}", i ? "," : "", i, i);
    strcpy(text + length, "]}");
    clock_t begin = clock();
    struct rules *rules = rules_of(text);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    ck_assert_uint_eq(rules->token_count, MANY);
    ck_assert_msg(seconds < 3, "%.1f s", seconds);
    rules_release(rules);
    free(text);
}
END_TEST

START_TEST(a_token_in_a_field)
{
    const struct token_sum expected = token_sum_of("secret", 6);
    const char *good[] = {"Bearer secret", "bearer secret",          "BEARER   secret",
                          "Basic Og==",    "Basic dXNlcjpzZWNyZXQ=", "Basic OnNlY3JldA=="};
    const char *bad[] = {"",
                         "Bearer",
                         "Bearer ",
                         "secret",
                         "Digest secret",
                         "Bearersecret",
                         "Basic",
                         "Basic c2VjcmV0",
                         "Basic !!!",
                         "Basic dXNlcjpzZWNyZXQ"};
    struct token_sum sum;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(token_in_field(good[i], &sum), "%s", good[i]);
        ck_assert_msg(token_sum_equal(&sum, &expected) == (i != 3), "%s", good[i]); /* the fourth has an empty one */
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!token_in_field(bad[i], &sum), "%s", bad[i]);
    ck_assert(token_in_field("Bearer secret ", &sum));
    ck_assert(!token_sum_equal(&sum, &expected));
}
END_TEST

START_TEST(a_basic_field_of_any_length)
{
    struct token_sum sum;
    char field[4096];
    for (size_t length = 0; length < sizeof field - sizeof "Basic "; length++) {
        memcpy(field, "Basic ", 6);
        memset(field + 6, 'A', length);
        field[6 + length] = '\0';
        ck_assert(!token_in_field(field, &sum));
    }
}
END_TEST

START_TEST(new_tokens_are_new)
{
    char first[TOKEN_TEXT_SIZE], second[TOKEN_TEXT_SIZE];
    ck_assert(token_make(first) && token_make(second));
    ck_assert_str_ne(first, second);
    ck_assert_uint_eq(strlen(first), strlen("cairn_") + 43);
    ck_assert_uint_eq(strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(first));
}
END_TEST

/* More tokens than a search looks at one by one. */
START_TEST(each_of_many_tokens_is_found)
{
    struct rules *rules = rules_new();
    rules->tokens = calloc(300, sizeof *rules->tokens);
    for (size_t i = 0; i < 300; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%zu", i);
        rules->tokens[rules->token_count++] = (struct token){.name = strdup(name),
                                                             .sum = token_sum_of(name, strlen(name))};
    }
    rules_sort(rules);
    for (size_t i = 0; i < 300; i++) {
        char name[8];
        snprintf(name, sizeof name, "t%zu", i);
        ck_assert_str_eq(find(rules, name)->name, name);
    }
    ck_assert_ptr_null(find(rules, "t300"));
    /* Two whose sums begin alike are told apart by the rest. */
    rules->tokens[10].sum = rules->tokens[11].sum;
    rules->tokens[10].sum.bytes[31] ^= 1;
    ck_assert_ptr_eq(rules_token(rules, &rules->tokens[11].sum), &rules->tokens[11]);
    ck_assert_ptr_eq(rules_token(rules, &rules->tokens[10].sum), &rules->tokens[10]);
    rules_release(rules);
}
END_TEST

START_TEST(the_root_token_takes_the_place_of_its_namesake)
{
    struct rules *rules = rules_of("{\"tokens\":[{\"name\":\"root\",\"sha256\":\"" SECRET "\",\"expires\":"
                                   "\"2020-01-01\",\"grants\":[]}]}");
    struct token_sum sum = token_sum_of("mine", 4);
    ck_assert(rules_set_root(rules, &sum));
    ck_assert_ptr_null(find(rules, "secret"));
    ck_assert_uint_eq(rules->token_count, 1);
    struct visitor visitor = {.rules = rules};
    ck_assert(visitor_show(&visitor, "Bearer mine", 1798761600));
    ck_assert_uint_eq(visitor_rights_everywhere(&visitor), RIGHTS_ALL);
    visitor_leave(&visitor);
}
END_TEST

/* Which of two with one sum is found would be chance. */
START_TEST(the_root_token_takes_the_place_of_the_same_token)
{
    struct rules *rules = rules_of("{\"tokens\":[{\"name\":\"ci\",\"sha256\":\"" SECRET "\",\"grants\":[]},"
                                   "{\"name\":\"root\",\"sha256\":\"" OTHER "\",\"grants\":[]},"
                                   "{\"name\":\"x\",\"sha256\":\"" THIRD "\",\"grants\":[]}]}");
    struct token_sum sum = token_sum_of("secret", 6);
    ck_assert(rules_set_root(rules, &sum));
    ck_assert_uint_eq(rules->token_count, 2);
    ck_assert_str_eq(find(rules, "secret")->name, "root");
    ck_assert_ptr_null(find(rules, "other"));
    rules_release(rules);
}
END_TEST

START_TEST(a_visitor_may_what_the_token_and_everybody_may)
{
    struct rules *rules = rules_of("{\"tokens\":[{\"name\":\"ci\",\"sha256\":\"" SECRET
                                   "\",\"expires\":\"2027-01-01T00:00:00Z\",\"grants\":["
                                   "{\"stores\":[\"s\"],\"prefix\":\"in/\",\"rights\":[\"write\"]}]}],"
                                   "\"anonymous\":[" READ_ALL "]}");
    struct visitor visitor = {.rules = rules};
    struct store_key key = store_key_of("in/x", 4), hash = store_key_of_hash(key.hash);
    ck_assert_uint_eq(visitor_rights(&visitor, "s", &key), RIGHT_READ);
    ck_assert_ptr_null(visitor_name(&visitor));
    ck_assert(!visitor_show(&visitor, "Bearer wrong", 0));
    ck_assert(!visitor_show(&visitor, "Bearer secret", 1798761600));
    ck_assert(visitor_show(&visitor, "Bearer secret", 1798761599));
    ck_assert_str_eq(visitor_name(&visitor), "ci");
    ck_assert_uint_eq(visitor_rights(&visitor, "s", &key), RIGHT_READ | RIGHT_WRITE);
    ck_assert_uint_eq(visitor_rights(&visitor, "s", &hash), RIGHT_READ);
    ck_assert_uint_eq(visitor_rights(&visitor, "s", NULL), RIGHT_READ);
    ck_assert_uint_eq(visitor_rights_within(&visitor, "s"), RIGHT_READ | RIGHT_WRITE);
    visitor_leave(&visitor);
    ck_assert_uint_eq(visitor_rights(&visitor, "s", &key), RIGHTS_ALL); /* no rules */
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        all_that_a_file_may_hold,
        what_makes_a_file_invalid,
        many_tokens_are_read_in_no_time,
        a_token_in_a_field,
        a_basic_field_of_any_length,
        new_tokens_are_new,
        each_of_many_tokens_is_found,
        the_root_token_takes_the_place_of_its_namesake,
        the_root_token_takes_the_place_of_the_same_token,
        a_visitor_may_what_the_token_and_everybody_may,
    };
    return UNIT_RUN("rules", tests);
}
