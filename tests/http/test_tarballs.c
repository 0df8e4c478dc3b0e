/* Archives where something is in the way: rights that end at a prefix, limits, contents that are not what was said,
 * clients that vanish or are slow, and the end of the server.
 */
#include "tests/http/access.h"
#include "tests/http/clock.h"
#include "tests/http/payload.h"
#include "tests/http/raw.h"
#include "tests/http/site.h"
#include "tests/http/tarball.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* SMALL members are committed together, a LARGE one by itself, as soon as it is whole. */
enum { SMALL = 1000, LARGE = 300000 };

static struct raw_answer answer;

/* A member whose content is a payload; its seed is its size. */
static void add(struct tarball *ball, const char *name, size_t size)
{
    void *bytes = payload_new(size, size);
    tarball_add(ball, name, bytes, size, NULL);
    free(bytes);
}

static struct answer *send_in(const struct tarball *ball, const char *query, const char *header)
{
    char *target = client_text(site.client, "%s%s", site_target("/archive"), query);
    return client_send(site.client, "POST", target, ball->bytes, ball->length, header, NULL);
}

static struct answer *get_out(const char *query, const char *header)
{
    return client_get(site.client, client_text(site.client, "%s%s", site_target("/archive"), query), header, NULL);
}

static void expect_counts(struct answer *given, json_int_t objects, json_int_t refused)
{
    site_expect(given, 200);
    ck_assert_int_eq(answer_integer(given, "objects"), objects);
    ck_assert_int_eq(answer_integer(given, "refused"), refused);
}

static void expect_detail(struct answer *given, const char *text)
{
    ck_assert_msg(strstr(answer_string(given, "detail"), text), "%s", (char *)given->body);
}

/* Of the first refused member. */
static void expect_refusal(struct answer *given, const char *name, const char *reason)
{
    json_t *refusal = json_array_get(json_object_get(answer_json(given), "refusals"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(refusal, "name")), name);
    const char *told = json_string_value(json_object_get(refusal, "reason"));
    ck_assert_msg(strstr(told, reason), "%s", told);
}

/* ---- rights ---------------------------------------------------------------------------------- */

static const char *all_below(const char *prefix, const char *rights)
{
    return access_grant("\"main\"", prefix, rights);
}

static void start_with_tokens(void)
{
    access_start(access_join(access_token("all", access_grant("\"*\"", "", ACCESS_ALL), NULL),
                             access_token("writer", all_below("a/", "\"write\""), NULL),
                             access_token("reader", all_below("a/", "\"read\",\"list\""), NULL),
                             access_token("no-list", all_below("", "\"read\",\"write\""), NULL),
                             access_token("no-read", all_below("", "\"list\",\"write\""), NULL), NULL),
                 "");
    site_expect(client_send(site.client, "PUT", site_target(""), NULL, 0, access_bearer("all"), NULL), 201);
}

START_TEST(only_members_below_the_prefix_of_a_grant_come_in)
{
    struct tarball ball = {0};
    start_with_tokens();
    add(&ball, "a/1", SMALL);
    add(&ball, "b/2", SMALL);
    add(&ball, "a/3", LARGE);
    add(&ball, "b/4", LARGE);
    tarball_end(&ball);
    struct answer *given = send_in(&ball, "", access_bearer("writer"));
    expect_counts(given, 2, 2);
    expect_refusal(given, "b/2", "the right write is lacking");
    expect_counts(send_in(&ball, "?prefix=a/b", access_bearer("writer")), 4, 0);
    site_expect_kind(send_in(&ball, "?atomic=true", access_bearer("writer")), 422, "entry-refused");
    expect_counts(send_in(&ball, "?prefix=b/", access_bearer("writer")), 0, 4);
    site_expect_kind(send_in(&ball, "", access_bearer("reader")), 403, "forbidden");
    const char *names[] = {"a/1", "a/3", "a/ba/1", "a/ba/3", "a/bb/2", "a/bb/4", NULL};
    given = get_out("", access_bearer("all"));
    ck_assert(tarball_names(given->body, given->size, names));
    tarball_free(&ball);
}
END_TEST

START_TEST(what_goes_out_is_asked_for_below_the_prefix_of_a_grant)
{
    struct tarball ball = {0};
    start_with_tokens();
    add(&ball, "a/1", SMALL);
    add(&ball, "a/b/2", SMALL);
    add(&ball, "b", SMALL);
    tarball_end(&ball);
    expect_counts(send_in(&ball, "", access_bearer("all")), 3, 0);
    site_expect_kind(get_out("", access_bearer("reader")), 403, "forbidden");
    site_expect_kind(get_out("?prefix=a", access_bearer("reader")), 403, "forbidden");
    site_expect_kind(get_out("?prefix=b", access_bearer("reader")), 403, "forbidden");
    const char *all[] = {"a/1", "a/b/2", NULL};
    struct answer *given = get_out("?prefix=a/", access_bearer("reader"));
    site_expect(given, 200);
    ck_assert(tarball_names(given->body, given->size, all));
    given = get_out("?prefix=a%2Fb", access_bearer("reader"));
    site_expect(given, 200);
    ck_assert(tarball_names(given->body, given->size, all + 1));
    given = get_out("", access_bearer("no-list"));
    site_expect_kind(given, 403, "forbidden");
    expect_detail(given, "lacks the right list");
    given = get_out("", access_bearer("no-read"));
    site_expect_kind(given, 403, "forbidden");
    expect_detail(given, "lacks the right read");
    site_expect_kind(get_out("?prefix=a/", access_bearer("writer")), 403, "forbidden");
    tarball_free(&ball);
}
END_TEST

/* ---- limits and conditions ------------------------------------------------------------------- */

static void limit(const char *limits)
{
    site_expect(client_send(site.client, "PATCH", site_target(""), limits, strlen(limits),
                            "Content-Type: application/json", NULL),
                200);
}

START_TEST(a_limit_that_is_reached_keeps_what_came_before)
{
    struct tarball ball = {0};
    char name[16];
    site_start();
    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%d", i);
        add(&ball, name, LARGE);
    }
    tarball_end(&ball);
    limit("{\"limits\":{\"objects\":3}}");
    struct answer *given = send_in(&ball, "", NULL);
    site_expect_kind(given, 507, "quota-exceeded");
    expect_detail(given, "; 3 objects of it are stored.");
    ck_assert_int_eq(site_figure("objects"), 3);
    site_expect_payload("2", LARGE, LARGE);
    limit("{\"limits\":{\"objects\":null,\"bytes\":1400000}}");
    given = send_in(&ball, "", NULL);
    site_expect_kind(given, 507, "quota-exceeded");
    expect_detail(given, "; 4 objects of it are stored.");
    ck_assert_int_eq(site_figure("live_bytes"), 4 * LARGE);
    given = send_in(&ball, "?atomic=true", NULL);
    site_expect_kind(given, 507, "quota-exceeded");
    expect_detail(given, "; 0 objects of it are stored.");
    limit("{\"limits\":{\"bytes\":null}}");
    given = send_in(&ball, "", NULL);
    expect_counts(given, 5, 0);
    ck_assert_int_eq(answer_integer(given, "created"), 1);
    tarball_free(&ball);
}
END_TEST

START_TEST(conditions_are_refused)
{
    struct tarball ball = {0};
    site_start();
    add(&ball, "a", SMALL);
    tarball_end(&ball);
    site_expect(send_in(&ball, "", "If-None-Match: *"), 400);
    site_expect(send_in(&ball, "", "If-Match: \"0123456789abcdef0123456789abcdef\""), 400);
    ck_assert_int_eq(site_figure("objects"), 0);
    expect_counts(send_in(&ball, "", NULL), 1, 0);
    site_expect(get_out("", "If-None-Match: *"), 200);
    site_expect(get_out("", "Range: bytes=0-9"), 200);
    tarball_free(&ball);
}
END_TEST

START_TEST(it_is_saved_under_the_name_that_is_asked_for)
{
    static const char field[] = "Content-Disposition";
    site_start();
    ck_assert_str_eq(answer_header(get_out("", NULL), field),
                     "attachment; filename=\"main.tar\"; filename*=UTF-8''main.tar");
    ck_assert_str_eq(answer_header(get_out("?prefix=a&download=%C3%BCber.tar", NULL), field),
                     "attachment; filename=\"_ber.tar\"; filename*=UTF-8''%C3%BCber.tar");
    site_expect_kind(get_out("?download=%0a", NULL), 400, "bad-parameter");
}
END_TEST

/* ---- contents that are not what was said ------------------------------------------------------- */

static char *record_of(const char *name, const char *digits)
{
    return client_text(site.client, "SCHILY.xattr.user.cairn.%s=%s", name, digits);
}

/* What the fields of an upload told travels with it, and comes in only with a content that has it. */
START_TEST(digests_go_out_and_come_in)
{
    static const size_t sizes[] = {SMALL, LARGE};
    site_start();
    for (size_t i = 0; i < 2; i++) {
        char *bytes = payload_new(sizes[i], i), *sha256 = payload_sha256_field(bytes, sizes[i]),
             *md5 = payload_md5_field(bytes, sizes[i]);
        site_expect(client_send(site.client, "PUT", site_object("k"), bytes, sizes[i],
                                client_text(site.client, "Content-Digest: %s", sha256),
                                client_text(site.client, "Content-MD5: %s", md5), NULL),
                    i == 0 ? 201 : 200);
        struct answer *out = get_out("", NULL), *got;
        struct tarball ball = {.bytes = (char *)out->body, .length = out->size};
        expect_counts(send_in(&ball, "?prefix=in/", NULL), 1, 0);
        got = site_get("in/k", NULL);
        ck_assert_str_eq(answer_header(got, "Repr-Digest"), sha256);
        ck_assert_str_eq(answer_header(got, "Content-MD5"), md5);
        ball.bytes[ball.length - 2048] ^= 1;
        got = send_in(&ball, "?prefix=bad/", NULL);
        expect_counts(got, 0, 1);
        expect_refusal(got, "k", "its content is not what its records etag, sha256 and md5 say");
        site_expect_kind(send_in(&ball, "?prefix=bad/&atomic=true", NULL), 422, "entry-refused");
        site_expect(site_get("bad/k", NULL), 404);
        free(bytes), free(sha256), free(md5);
        site_expect(site_delete("in/k", NULL), 200);
    }
}
END_TEST

/* The others come in, in front of it and behind. */
START_TEST(a_member_with_another_digest_is_left_out)
{
    struct tarball ball = {0};
    site_start();
    add(&ball, "1", SMALL);
    tarball_add(&ball, "2", "changed", 7, record_of("md5", "5d41402abc4b2a76b9719d911017c592"), NULL);
    tarball_add(&ball, "3", "hello", 5, record_of("md5", "5d41402abc4b2a76b9719d911017c592"), NULL);
    tarball_add(&ball, "4", "hello", 5, record_of("md5", "5D41402ABC4B2A76B9719D911017C592"), NULL);
    tarball_add(&ball, "5", "hello", 5, record_of("sha256", "5d41"), NULL);
    add(&ball, "6", SMALL);
    tarball_end(&ball);
    struct answer *given = send_in(&ball, "", NULL);
    expect_counts(given, 3, 3);
    expect_refusal(given, "2", "its content is not what its records etag, sha256 and md5 say");
    site_expect_payload("1", SMALL, SMALL);
    site_expect_text("3", "hello");
    site_expect_payload("6", SMALL, SMALL);
    tarball_free(&ball);
}
END_TEST

/* A bit that has changed on the way, in an archive of objects that were put without a digest. */
START_TEST(what_has_not_the_etag_that_its_record_says_is_left_out)
{
    static const size_t sizes[] = {1, SMALL, LARGE};
    site_start();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        site_expect(client_upload(site.client, site_object("k"), sizes[i], i, NULL), i == 0 ? 201 : 200);
        struct answer *out = get_out("", NULL), *got;
        struct tarball ball = {.bytes = (char *)out->body, .length = out->size};
        expect_counts(send_in(&ball, "?prefix=in/", NULL), 1, 0);
        site_expect_payload("in/k", sizes[i], i);
        site_expect(site_delete("in/k", NULL), 200);
        size_t padding = -sizes[i] % 512;
        ball.bytes[ball.length - 1024 - padding - 1] ^= 1;
        got = send_in(&ball, "?prefix=in/", NULL);
        expect_counts(got, 0, 1);
        expect_refusal(got, "k", "its content is not what its records etag, sha256 and md5 say");
        site_expect_kind(send_in(&ball, "?prefix=in/&atomic=true", NULL), 422, "entry-refused");
        ck_assert_int_eq(site_figure("objects"), 1);
    }
    site_expect_blobs(1);
}
END_TEST

START_TEST(what_is_no_etag_is_refused)
{
    static const char *const values[] = {"", "\"\"", "0123456789abcdef0123456789abcdef",
                                         "\"0123456789ABCDEF0123456789ABCDEF\"", "'0123456789abcdef0123456789abcdef'"};
    site_start();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct tarball ball = {0};
        tarball_add(&ball, "k", "hello", 5, record_of("etag", values[i]), NULL);
        tarball_end(&ball);
        struct answer *given = send_in(&ball, "", NULL);
        expect_counts(given, 0, 1);
        expect_refusal(given, "k", "its record etag is not 32 hexadecimal digits in lower case, in quotes");
        tarball_free(&ball);
    }
}
END_TEST

/* Zeros in its midst look like its end: what stands behind them is not passed over. */
START_TEST(an_archive_with_a_hole_is_refused)
{
    static const size_t holes[] = {512, 1024, 4096}, found[] = {512, 1024 + 512 /* it was to be a header */, 4096};
    site_start();
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        struct tarball ball = {0};
        add(&ball, "1", LARGE);
        size_t first = ball.length;
        add(&ball, "2", LARGE);
        tarball_end(&ball);
        memset(ball.bytes + first, 0, holes[i]);
        struct answer *given = send_in(&ball, "", NULL);
        site_expect_kind(given, 400, "bad-body");
        expect_detail(given, client_text(site.client, "refused at byte %zu: ", first + found[i]));
        expect_detail(given, "it is damaged");
        expect_detail(given, "1 objects of it are stored");
        site_expect(site_delete("1", NULL), 200);
        site_expect_kind(send_in(&ball, "?atomic=true", NULL), 400, "bad-body");
        ck_assert_int_eq(site_figure("objects"), 0);
        tarball_free(&ball);
    }
}
END_TEST

enum { OWN_MEMBER = 2048 /* bytes of a small one of ours: two blocks of records, its header and its content */ };

/* An archive of "a", "b" and "c". */
static struct tarball get_own(void)
{
    static const char *const keys[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        site_expect(site_put(keys[i], keys[i], "Content-Type: text/plain", "Cairn-Meta-Owner: ada", NULL), 201);
    struct answer *out = get_out("", NULL);
    struct tarball ball = {.bytes = malloc(out->size), .length = out->size};
    ck_assert(ball.bytes && ball.length == 3 * OWN_MEMBER + 1024);
    memcpy(ball.bytes, out->body, out->size);
    return ball;
}

/* Zeros in the place of all records look like the end of an archive, and the member like the first of another one. */
START_TEST(a_member_that_has_lost_its_records_does_not_come_in)
{
    site_start();
    struct tarball ball = get_own();
    for (size_t i = 0; i < 3; i++) {
        struct tarball hole = {.bytes = malloc(ball.length), .length = ball.length};
        memcpy(hole.bytes, ball.bytes, ball.length);
        memset(hole.bytes + i * OWN_MEMBER, 0, 1024);
        struct answer *given = send_in(&hole, client_text(site.client, "?prefix=%zu/", i), NULL);
        expect_counts(given, 2, 1);
        expect_refusal(given, &"a\0b\0c"[2 * i], "it has lost its records, as etag");
        site_expect_kind(send_in(&hole, "?prefix=all/&atomic=true", NULL), 422, "entry-refused");
        tarball_free(&hole);
    }
    ck_assert_int_eq(site_figure("objects"), 3 + 3 * 2);
    tarball_free(&ball);
}
END_TEST

START_TEST(records_that_lost_their_member_are_a_fault)
{
    site_start();
    struct tarball ball = get_own();
    memset(ball.bytes + OWN_MEMBER + 1024, 0, 1024);
    struct answer *given = send_in(&ball, "?prefix=in/", NULL);
    site_expect_kind(given, 400, "bad-body");
    expect_detail(given, "behind its records, stand zeros: it is damaged");
    ck_assert_int_eq(site_figure("objects"), 3);
    tarball_free(&ball);
}
END_TEST

/* With another owner than we write. */
static void add_foreign(struct tarball *ball, const char *name)
{
    size_t at = ball->length;
    tarball_add(ball, name, name, strlen(name), NULL);
    char *block = ball->bytes + at;
    block[114] = '1';
    snprintf(block + 148, 8, "%06lo", strtoul(block + 148, NULL, 8) + 1);
}

/* Behind its end, or in its place, as `tar -r` adds files. */
START_TEST(others_may_stand_behind_one_of_ours)
{
    site_start();
    for (size_t i = 0; i < 2; i++) {
        struct tarball ball = get_own();
        ball.length -= i * 1024;
        add_foreign(&ball, "d");
        tarball_end(&ball);
        expect_counts(send_in(&ball, "?prefix=in/", NULL), 4, 0);
        site_expect_text("in/d", "d");
        site_expect(client_send(site.client, "DELETE", site_target("?force=true"), NULL, 0, NULL), 204);
        ck_assert(clock_until(CLOCK_PATIENCE,
                              client_send(site.client, "PUT", site_target(""), NULL, 0, NULL)->status == 201));
        tarball_free(&ball);
    }
}
END_TEST

START_TEST(archives_may_follow_each_other)
{
    static const char *const queries[] = {"?prefix=a/", "?prefix=b/&atomic=true"};
    struct tarball ball = {0};
    site_start();
    add(&ball, "1", SMALL);
    tarball_end(&ball);
    add(&ball, "2", LARGE);
    tarball_end(&ball);
    for (size_t i = 0; i < 2; i++)
        expect_counts(send_in(&ball, queries[i], NULL), 2, 0);
    ck_assert_int_eq(site_figure("objects"), 4);
    ball.length -= 1500; /* the second one has no end */
    struct answer *given = send_in(&ball, "?atomic=true", NULL);
    site_expect_kind(given, 400, "bad-body");
    expect_detail(given, "it ends before its end");
    ck_assert_int_eq(site_figure("objects"), 4);
    tarball_free(&ball);
}
END_TEST

START_TEST(no_time_to_come_is_no_expiry)
{
    static const char *const values[] = {"0", "-1", "soon", "", "253402300799", "Mon, 29 Feb 2094 16:00:00 GMT"};
    site_start();
    site_expect(site_put("k", "old", NULL), 201);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct tarball ball = {0};
        tarball_add(&ball, "k", "new", 3, record_of("cairn_expires", values[i]), NULL);
        tarball_end(&ball);
        struct answer *given = send_in(&ball, "", NULL);
        expect_counts(given, 0, 1);
        expect_refusal(given, "k", "neither an HTTP date nor a number of seconds to come");
        tarball_free(&ball);
    }
    site_expect_text("k", "old");
}
END_TEST

/* The first second of 1970 is as past as any other, though no object can be told to expire then. */
START_TEST(what_expired_long_ago_is_left_out)
{
    static const char *const dates[] = {"Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:10 GMT",
                                        "Mon, 01 Dec 1969 00:00:00 GMT"};
    struct tarball ball = {0};
    site_start();
    for (size_t i = 0; i < 3; i++)
        tarball_add(&ball, "k", "new", 3, record_of("cairn_expires", dates[i]), NULL);
    add(&ball, "other", SMALL);
    tarball_end(&ball);
    struct answer *given = send_in(&ball, "?atomic=true", NULL);
    expect_counts(given, 1, 0);
    ck_assert_int_eq(answer_integer(given, "expired"), 3);
    site_expect(site_get("k", NULL), 404);
    tarball_free(&ball);
}
END_TEST

/* Folders had such names before there was a type for them; what has content is a file all the same. */
START_TEST(a_file_whose_name_ends_with_a_slash_comes_in)
{
    struct tarball ball = {0};
    site_start();
    tarball_add(&ball, "empty/", "", 0, NULL);
    tarball_add(&ball, "full/", "hello", 5, NULL);
    tarball_add(&ball, "last", "hello", 5, NULL);
    tarball_end(&ball);
    expect_counts(send_in(&ball, "", NULL), 2, 0);
    site_expect_text("full/", "hello");
    site_expect_text("last", "hello");
    site_expect(site_get("empty/", NULL), 404);
    tarball_free(&ball);
}
END_TEST

/* A name need not be text. */
START_TEST(a_refused_name_is_told_as_far_as_it_is_text)
{
    struct tarball ball = {0};
    site_start();
    tarball_add(&ball, "\xff", "hello", 5, record_of("md5", "0"), NULL);
    tarball_end(&ball);
    struct answer *given = send_in(&ball, "", NULL);
    expect_counts(given, 0, 1);
    json_t *refusal = json_array_get(json_object_get(answer_json(given), "refusals"), 0);
    ck_assert(json_is_null(json_object_get(refusal, "name")));
    given = send_in(&ball, "?atomic=true", NULL);
    site_expect_kind(given, 422, "entry-refused");
    expect_detail(given, "is refused, and nothing is stored");
    tarball_free(&ball);
}
END_TEST

/* ---- clients that vanish or are slow ----------------------------------------------------------- */

/* Three members; begins to send them, but for a part of the last one. */
static int begin_in(struct tarball *ball, const char *query, size_t missing)
{
    int socket = raw_connect(site.server->port);
    add(ball, "1", LARGE);
    add(ball, "2", SMALL);
    add(ball, "3", LARGE);
    tarball_end(ball);
    ck_assert(raw_send(socket, "POST %s%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", site_target("/archive"),
                       query, ball->length));
    ck_assert(raw_send_bytes(socket, ball->bytes, ball->length - missing));
    return socket;
}

/* A member is there as soon as it is whole, or committed with those behind it. */
static void wait_for_members(json_int_t count)
{
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("objects") == count));
}

static void expect_nothing_under_way(void)
{
    ck_assert(clock_until(CLOCK_PATIENCE, site_figure("writes_in_flight") == 0 && site_figure("bytes_in_flight") == 0));
}

START_TEST(who_vanishes_leaves_whole_members)
{
    site_start();
    for (int i = 0; i < 2; i++) {
        struct tarball ball = {0};
        int socket = begin_in(&ball, "", 200000);
        wait_for_members(2);
        if (i == 0)
            close(socket);
        else
            raw_reset(socket);
        expect_nothing_under_way();
        site_expect_payload("1", LARGE, LARGE);
        site_expect_payload("2", SMALL, SMALL);
        site_expect(site_get("3", NULL), 404);
        site_expect_blobs(1);
        site_expect(site_delete("1", NULL), 200);
        site_expect(site_delete("2", NULL), 200);
        tarball_free(&ball);
    }
}
END_TEST

/* It has closed its own side only, and reads. */
START_TEST(who_sends_half_is_told_how_much_is_stored)
{
    struct tarball ball = {0};
    site_start();
    int socket = begin_in(&ball, "", 200000);
    shutdown(socket, SHUT_WR);
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 400);
    ck_assert_msg(strstr(answer.body, "; 2 objects of it are stored."), "%s", answer.body);
    close(socket);
    ck_assert_int_eq(site_figure("objects"), 2);
    tarball_free(&ball);
}
END_TEST

enum leaving { LEAVES, BREAKS, LISTENS, LEAVINGS };

/* Sends so many bytes of an archive, and goes. */
static void send_cut(const struct tarball *ball, const char *query, size_t length, bool chunked, enum leaving leaving)
{
    int socket = raw_connect(site.server->port);
    char coding[64] = "Transfer-Encoding: chunked";
    if (!chunked)
        snprintf(coding, sizeof coding, "Content-Length: %zu", ball->length);
    ck_assert(raw_send(socket, "POST %s%s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", site_target("/archive"), query, coding));
    ck_assert(!chunked || raw_send(socket, "%zx\r\n", ball->length));
    ck_assert(raw_send_bytes(socket, ball->bytes, length));
    if (leaving == BREAKS) { /* what the server has not read by then is lost in any case */
        ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
        raw_reset(socket);
        return;
    }
    shutdown(socket, SHUT_WR);
    if (leaving == LISTENS)
        ck_assert(raw_receive(socket, &answer));
    close(socket);
}

/* Cut there, by whatever end and framing, it leaves so many members, and none where all of them are one transaction. */
static void expect_cut(const struct tarball *ball, size_t length, int members)
{
    static unsigned number;
    char told[64];
    snprintf(told, sizeof told, "; %d objects of it are stored.", members);
    for (int i = 0; i < 2 * LEAVINGS; i++) {
        enum leaving leaving = (enum leaving)(i / 2);
        char *query = client_text(site.client, "?prefix=%u/", number++);
        json_int_t before = site_figure("objects");
        send_cut(ball, client_text(site.client, "%s&atomic=true", query), length, i % 2, leaving);
        expect_nothing_under_way();
        ck_assert_int_eq(site_figure("objects"), before);
        send_cut(ball, query, length, i % 2, leaving);
        ck_assert_msg(leaving != LISTENS || strstr(answer.body, told), "%s", answer.body);
        if (!clock_until(CLOCK_PATIENCE, site_figure("objects") == before + members))
            ck_abort_msg("at byte %zu, way %d: %lld in place of %d", length, i, site_figure("objects") - before,
                         members);
        expect_nothing_under_way();
        ck_assert_int_eq(site_figure("objects"), before + members);
    }
}

/* A member is whole with the last byte of its content: nothing behind it has to come. */
START_TEST(each_member_that_has_come_stays_wherever_the_archive_is_cut)
{
    static const size_t sizes[] = {SMALL, LARGE};
    site_start();
    for (size_t i = 0; i < 2; i++) {
        struct tarball ball = {0};
        add(&ball, "1", SMALL);
        add(&ball, "2", SMALL);
        size_t second = ball.length;
        add(&ball, "3", sizes[i]);
        size_t third = ball.length, padding = -sizes[i] % 512;
        tarball_end(&ball);
        expect_cut(&ball, 100, 0);
        expect_cut(&ball, 600, 0);
        expect_cut(&ball, second - 600, 1);
        expect_cut(&ball, second, 2);
        expect_cut(&ball, second + 100, 2);
        expect_cut(&ball, third - padding - 1, 2);
        expect_cut(&ball, third - padding, 3);
        expect_cut(&ball, third - 1, 3);
        expect_cut(&ball, third, 3);
        expect_cut(&ball, third + 100, 3);
        expect_cut(&ball, third + 600, 3);
        expect_cut(&ball, ball.length - 1, 3);
        tarball_free(&ball);
    }
    site_expect_payload("143/3", LARGE, LARGE);
}
END_TEST

/* Where bytes are wrong what was gathered in front of them may be as well. */
START_TEST(what_is_gathered_goes_where_the_archive_is_damaged)
{
    struct tarball ball = {0};
    site_start();
    add(&ball, "1", LARGE);
    add(&ball, "2", SMALL);
    size_t second = ball.length;
    add(&ball, "3", SMALL);
    tarball_end(&ball);
    ball.bytes[second] ^= 1;
    struct answer *given = send_in(&ball, "", NULL);
    site_expect_kind(given, 400, "bad-body");
    expect_detail(given, "it is damaged; 1 objects of it are stored.");
    expect_nothing_under_way();
    ck_assert_int_eq(site_figure("objects"), 1);
    tarball_free(&ball);
}
END_TEST

START_TEST(of_one_transaction_nothing_stays)
{
    struct tarball ball = {0};
    site_start();
    int socket = begin_in(&ball, "?atomic=true", 1);
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    ck_assert_int_eq(site_figure("objects"), 0);
    raw_reset(socket);
    expect_nothing_under_way();
    ck_assert_int_eq(site_figure("objects"), 0);
    site_expect_blobs(0);
    tarball_free(&ball);
}
END_TEST

START_TEST(who_sends_no_more_is_cut)
{
    struct tarball ball = {0};
    server_add(site.server, "--idle-timeout=2");
    server_add(site.server, "--least-rate=1M");
    site_start();
    int socket = begin_in(&ball, "", 200000);
    ck_assert(raw_closed(socket));
    close(socket);
    expect_nothing_under_way();
    ck_assert_int_eq(site_figure("objects"), 2);
    site_expect_blobs(1);
    tarball_free(&ball);
}
END_TEST

enum { OUT = 16 << 20 };

static int ask_out(void)
{
    site_expect(client_upload(site.client, site_object("k"), OUT, 9, NULL), 201);
    int socket = raw_connect(site.server->port);
    ck_assert(raw_send(socket, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", site_target("/archive")));
    return socket;
}

static int begin_out(void)
{
    int socket = ask_out();
    ck_assert(raw_receive_head(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    return socket;
}

/* And gives back what it has held: the file is closed. On a busy machine it may be cut before it sees a byte. */
START_TEST(who_reads_no_more_is_cut)
{
    server_add(site.server, "--idle-timeout=1");
    server_add(site.server, "--least-rate=1M");
    site_start();
    char byte;
    int socket = ask_out();
    ck_assert_int_ne(recv(socket, &byte, 1, MSG_PEEK), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, !server_has_open(site.server, "stores/main/blobs")));
    close(socket);
}
END_TEST

START_TEST(who_goes_away_keeps_nothing_open)
{
    site_start();
    int socket = begin_out();
    ck_assert(server_has_open(site.server, "stores/main/blobs"));
    raw_reset(socket);
    ck_assert(clock_until(CLOCK_PATIENCE, !server_has_open(site.server, "stores/main/blobs")));
}
END_TEST

/* ---- the end of the server --------------------------------------------------------------------- */

static void begin_to_drain(void)
{
    ck_assert_int_eq(kill(site.server->pid, SIGINT), 0);
    ck_assert(clock_until(CLOCK_PATIENCE, server_logged(site.server, "draining") > 0));
}

START_TEST(an_archive_on_its_way_in_is_finished)
{
    struct tarball ball = {0};
    site_start();
    int socket = begin_in(&ball, "", 200000);
    wait_for_members(2);
    begin_to_drain();
    ck_assert(raw_send_bytes(socket, ball.bytes + ball.length - 200000, 200000));
    ck_assert(raw_receive(socket, &answer));
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.body, "\"objects\":3,"));
    ck_assert(raw_closed(socket));
    close(socket);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    server_start(site.server);
    site_reconnect();
    site_expect_payload("3", LARGE, LARGE);
    tarball_free(&ball);
}
END_TEST

START_TEST(one_that_does_not_end_leaves_whole_members)
{
    struct tarball ball = {0};
    server_add(site.server, "--drain-timeout=0");
    site_start();
    int socket = begin_in(&ball, "", 200000);
    wait_for_members(2);
    begin_to_drain();
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    close(socket);
    server_start(site.server);
    site_reconnect();
    site_expect_payload("1", LARGE, LARGE);
    site_expect_payload("2", SMALL, SMALL);
    site_expect(site_get("3", NULL), 404);
    site_expect_blobs(1);
    tarball_free(&ball);
}
END_TEST

/* Small members that wait for others to be committed with have come, too. */
START_TEST(what_is_gathered_when_the_server_ends_stays)
{
    static const char *const queries[] = {"?prefix=", "?prefix=all/&atomic=true"};
    struct tarball ball = {0};
    int sockets[2];
    server_add(site.server, "--drain-timeout=0");
    site_start();
    add(&ball, "1", SMALL);
    add(&ball, "2", SMALL);
    for (size_t i = 0; i < 2; i++) {
        sockets[i] = raw_connect(site.server->port);
        ck_assert(raw_send(sockets[i], "POST %s%s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n",
                           site_target("/archive"), queries[i], ball.length + 10240));
        ck_assert(raw_send_bytes(sockets[i], ball.bytes, ball.length));
    }
    ck_assert(clock_until(CLOCK_PATIENCE, server_has_read_all(site.server)));
    begin_to_drain();
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
    close(sockets[0]), close(sockets[1]);
    server_start(site.server);
    site_reconnect();
    site_expect_payload("1", SMALL, SMALL);
    site_expect_payload("2", SMALL, SMALL);
    ck_assert_int_eq(site_figure("objects"), 2);
    tarball_free(&ball);
}
END_TEST

enum { LAST = 7 };

/* Bytes of all that comes behind the head, and the last of them. */
static size_t read_to_the_end(int socket, char last[LAST + 1])
{
    static char bytes[1 << 16];
    size_t sum = 0;
    ssize_t length;
    while ((length = recv(socket, bytes, sizeof bytes, 0)) > 0) {
        size_t fresh = length < LAST ? (size_t)length : LAST;
        memmove(last, last + fresh, LAST - fresh);
        memcpy(last + LAST - fresh, bytes + (size_t)length - fresh, fresh);
        sum += (size_t)length;
    }
    ck_assert_int_eq(length, 0);
    return sum;
}

START_TEST(one_on_its_way_out_is_finished)
{
    char last[LAST + 1] = "";
    site_start();
    int socket = begin_out();
    begin_to_drain();
    ck_assert_uint_gt(read_to_the_end(socket, last), OUT);
    ck_assert_str_eq(last, "\r\n0\r\n\r\n");
    close(socket);
    ck_assert_int_eq(server_wait(site.server, CLOCK_PATIENCE), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {only_members_below_the_prefix_of_a_grant_come_in,
                            what_goes_out_is_asked_for_below_the_prefix_of_a_grant,
                            a_limit_that_is_reached_keeps_what_came_before,
                            conditions_are_refused,
                            it_is_saved_under_the_name_that_is_asked_for,
                            digests_go_out_and_come_in,
                            a_member_with_another_digest_is_left_out,
                            what_has_not_the_etag_that_its_record_says_is_left_out,
                            what_is_no_etag_is_refused,
                            an_archive_with_a_hole_is_refused,
                            a_member_that_has_lost_its_records_does_not_come_in,
                            records_that_lost_their_member_are_a_fault,
                            others_may_stand_behind_one_of_ours,
                            archives_may_follow_each_other,
                            no_time_to_come_is_no_expiry,
                            what_expired_long_ago_is_left_out,
                            a_file_whose_name_ends_with_a_slash_comes_in,
                            a_refused_name_is_told_as_far_as_it_is_text,
                            who_vanishes_leaves_whole_members,
                            who_sends_half_is_told_how_much_is_stored,
                            each_member_that_has_come_stays_wherever_the_archive_is_cut,
                            what_is_gathered_goes_where_the_archive_is_damaged,
                            of_one_transaction_nothing_stays,
                            who_sends_no_more_is_cut,
                            who_reads_no_more_is_cut,
                            who_goes_away_keeps_nothing_open,
                            an_archive_on_its_way_in_is_finished,
                            one_that_does_not_end_leaves_whole_members,
                            what_is_gathered_when_the_server_ends_stays,
                            one_on_its_way_out_is_finished};
    return site_run("tarballs", tests, sizeof tests / sizeof *tests, SITE_OWN);
}
