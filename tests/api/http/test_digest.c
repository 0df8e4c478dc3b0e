/* digest.c: the fields that tell digests, the sums, and what is answered. */
#include "api/http/digest.h"
#include "tests/lib/unit.h"

#include <string.h>

/* Of "hello", as other tools print them. */
#define SHA256 "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define MD5    "XUFAKrxLKna5cZ2REBfFkg=="
#define ZERO   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static bool verify(const char *list, const char *md5, const char *content)
{
    struct digest digest;
    digest_init(&digest);
    if (list)
        ck_assert_msg(digest_expect_list(&digest, list), "%s", list);
    if (md5)
        ck_assert_msg(digest_expect_md5(&digest, md5), "%s", md5);
    for (; *content != '\0'; content++)
        digest_update(&digest, content, 1);
    return digest_verify(&digest);
}

START_TEST(a_right_sum_is_verified)
{
    ck_assert(verify("sha-256=:" SHA256 ":", NULL, "hello"));
    ck_assert(verify(NULL, MD5, "hello"));
    ck_assert(verify("sha-256=:" SHA256 ":", MD5, "hello"));
}
END_TEST

START_TEST(a_wrong_sum_is_seen)
{
    ck_assert(!verify("sha-256=:" SHA256 ":", NULL, "hellO"));
    ck_assert(!verify("sha-256=:" SHA256 ":", NULL, ""));
    ck_assert(!verify(NULL, MD5, "hellO"));
    ck_assert(!verify("sha-256=:" ZERO ":", MD5, "hello"));
    ck_assert(!verify("sha-256=:" SHA256 ":", "AAAAAAAAAAAAAAAAAAAAAA==", "hello"));
}
END_TEST

START_TEST(two_that_differ_never_match)
{
    ck_assert(!verify("sha-256=:" SHA256 ":, sha-256=:" ZERO ":", NULL, "hello"));
    ck_assert(!verify("sha-256=:" ZERO ":, sha-256=:" SHA256 ":", NULL, "hello"));
    ck_assert(verify("sha-256=:" SHA256 ":, sha-256=:" SHA256 ":", NULL, "hello"));
}
END_TEST

START_TEST(other_algorithms_are_passed_over)
{
    ck_assert(verify("md5=:x:, sha-512=::", NULL, "anything"));
    ck_assert(verify("unixsum=:AAA=:,sha-256=:" SHA256 ":;a=b , x", NULL, "hello"));
    ck_assert(!verify("unixsum=:AAA=:,sha-256=:" SHA256 ":", NULL, "other"));
    ck_assert(verify("sha-2567=:x:", NULL, "hello"));
    ck_assert(verify("sha-256=:" SHA256 ":;a=\"x, sha-256=:" ZERO ":\"", NULL, "hello"));
    ck_assert(verify("x;a=\"\\\",SHA-256=\",sha-256=:" SHA256 ":", NULL, "hello"));
}
END_TEST

START_TEST(what_is_malformed)
{
    const char *lists[] = {"sha-256",
                           "SHA-256=:" SHA256 ":",
                           "unixsum=:AAA=:, Sha-256=:" SHA256 ":",
                           "sha-256*\xff=:" SHA256 ":",
                           "sha-256=",
                           "sha-256=" SHA256,
                           "sha-256=:" SHA256,
                           "sha-256=::",
                           "sha-256=:" MD5 ":",
                           "sha-256=:" SHA256 ":x",
                           "sha-256=:!" SHA256 ":",
                           "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC:"};
    const char *sums[] = {"", "x", SHA256, MD5 "x", "XUFAKrxLKna5cZ2REBfFk", "XUFAKrxLKna5cZ2REBfF"};
    struct digest digest;
    digest_init(&digest);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        ck_assert_msg(!digest_expect_list(&digest, lists[i]), "%s", lists[i]);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        ck_assert_msg(!digest_expect_md5(&digest, sums[i]), "%s", sums[i]);
}
END_TEST

START_TEST(a_sum_that_no_one_told_is_made_when_wanted)
{
    struct digest digest;
    char text[DIGEST_SHA256_SIZE];
    digest_init(&digest);
    digest_want_sha256(&digest);
    digest_update(&digest, "hello", 5);
    ck_assert(digest_verify(&digest));
    ck_assert(!digest.sha256.told);
    digest_write_sha256(text, digest.sha256.expected);
    ck_assert_str_eq(text, "sha-256=:" SHA256 ":");
}
END_TEST

START_TEST(sums_are_written_as_they_are_read)
{
    struct digest digest;
    char sha256[DIGEST_SHA256_SIZE], md5[DIGEST_MD5_SIZE];
    digest_init(&digest);
    ck_assert(digest_expect_list(&digest, "sha-256=:" SHA256 ":"));
    ck_assert(digest_expect_md5(&digest, MD5));
    digest_write_sha256(sha256, digest.sha256.expected);
    digest_write_md5(md5, digest.md5.expected);
    ck_assert_str_eq(sha256, "sha-256=:" SHA256 ":");
    ck_assert_str_eq(md5, MD5);
}
END_TEST

START_TEST(a_reader_says_what_it_wants)
{
    const char *wanted[] = {"sha-256=1", "sha-256=10",      "md5=3, sha-256=9",    "sha-512=0,sha-256=1",
                            "sha-256",   "sha-256;a=\",\"", "sha-256=0, sha-256=1"};
    const char *unwanted[] = {
        "sha-256=0", "sha-512=9", "", "sha-2567=1", "md5=1, sha-256=0", "sha-256=1, sha-256=0", "md5;a=\", sha-256\""};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        ck_assert_msg(digest_wants_sha256(wanted[i]), "%s", wanted[i]);
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        ck_assert_msg(!digest_wants_sha256(unwanted[i]), "%s", unwanted[i]);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_right_sum_is_verified,           a_wrong_sum_is_seen,         two_that_differ_never_match,
        other_algorithms_are_passed_over,  what_is_malformed,           a_sum_that_no_one_told_is_made_when_wanted,
        sums_are_written_as_they_are_read, a_reader_says_what_it_wants,
    };
    return UNIT_RUN("digest", tests);
}
