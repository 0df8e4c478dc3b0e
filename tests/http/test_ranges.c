/* Range, If-Range, suffix ranges, several ranges in one answer (RFC 9110), for objects in the log and in blob files. */
#include "tests/http/payload.h"
#include "tests/http/site.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEED = 11, SMALL = 1000, LARGE = 2 << 20 };

static const struct {
    const char *key;
    size_t size;
} objects[] = {{"small", SMALL}, {"large", LARGE}};

static void put_objects(void)
{
    for (size_t i = 0; i < 2; i++)
        site_expect(client_upload(site.client, site_object(objects[i].key), objects[i].size, SEED, NULL), 201);
}

/* Expects the part from `first` to `last` of an object of that size. */
static void expect_part(const char *key, const char *range, size_t size, size_t first, size_t last)
{
    char *header = client_text(site.client, "Range: %s", range);
    struct answer *answer = client_download(site.client, site_object(key), SEED, first, header, NULL);
    ck_assert_msg(answer->status == 206, "%s of %s: %d", range, key, answer->status);
    ck_assert_uint_eq(answer->size, last - first + 1);
    ck_assert_msg(answer->whole, "%s of %s: other bytes", range, key);
    ck_assert_str_eq(answer_header(answer, "Content-Range"),
                     client_text(site.client, "bytes %zu-%zu/%zu", first, last, size));
    ck_assert_ptr_nonnull(answer_header(answer, "ETag"));
}

START_TEST(a_range_is_answered_by_its_bytes)
{
    put_objects();
    for (size_t i = 0; i < 2; i++) {
        size_t size = objects[i].size;
        expect_part(objects[i].key, "bytes=0-0", size, 0, 0);
        expect_part(objects[i].key, "bytes=0-99", size, 0, 99);
        expect_part(objects[i].key, "bytes=123-456", size, 123, 456);
        expect_part(objects[i].key, client_text(site.client, "bytes=%zu-%zu", size - 1, size - 1), size, size - 1,
                    size - 1);
        expect_part(objects[i].key, client_text(site.client, "bytes=0-%zu", size - 1), size, 0, size - 1);
    }
}
END_TEST

START_TEST(an_open_range_goes_to_the_end)
{
    put_objects();
    expect_part("small", "bytes=900-", SMALL, 900, SMALL - 1);
    expect_part("large", "bytes=1000000-", LARGE, 1000000, LARGE - 1);
    expect_part("large", "bytes=0-", LARGE, 0, LARGE - 1);
}
END_TEST

START_TEST(a_suffix_range_counts_from_the_end)
{
    put_objects();
    expect_part("small", "bytes=-1", SMALL, SMALL - 1, SMALL - 1);
    expect_part("small", "bytes=-300", SMALL, SMALL - 300, SMALL - 1);
    expect_part("large", "bytes=-70000", LARGE, LARGE - 70000, LARGE - 1);
    expect_part("small", "bytes=-5000", SMALL, 0, SMALL - 1);
}
END_TEST

START_TEST(a_last_byte_beyond_the_end_is_cut)
{
    put_objects();
    expect_part("small", "bytes=990-5000", SMALL, 990, SMALL - 1);
    expect_part("large", "bytes=2097000-99999999999999", LARGE, 2097000, LARGE - 1);
}
END_TEST

START_TEST(a_range_beyond_the_end_is_416)
{
    put_objects();
    const char *ranges[] = {"bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=18446744073709551615-"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct answer *answer = site_get("small", client_text(site.client, "Range: %s", ranges[i]), NULL);
        ck_assert_msg(answer->status == 416, "%s: %d", ranges[i], answer->status);
        site_expect_problem(answer, 416);
        ck_assert_str_eq(answer_header(answer, "Content-Range"), "bytes */1000");
    }
}
END_TEST

START_TEST(an_empty_object_has_no_part_but_all_of_it)
{
    const char *all[] = {"Range: bytes=0-", "Range: bytes=-5", "Range: bytes=0-9"};
    const char *beyond[] = {"Range: bytes=-0", "Range: bytes=1-", "Range: bytes=5-9"};
    site_expect(site_put("empty", "", NULL), 201);
    for (size_t i = 0; i < 3; i++) {
        struct answer *answer = site_get("empty", all[i], NULL);
        site_expect(answer, 200);
        ck_assert_uint_eq(answer->size, 0);
        ck_assert_ptr_null(answer_header(answer, "Content-Range"));
        answer = site_get("empty", beyond[i], NULL);
        site_expect_problem(answer, 416);
        ck_assert_str_eq(answer_header(answer, "Content-Range"), "bytes */0");
    }
}
END_TEST

/* RFC 9110, 14.2: a Range that is not understood is ignored. */
START_TEST(what_is_no_byte_range_is_ignored)
{
    put_objects();
    const char *ranges[] = {"bytes",     "bytes=", "bytes=a-b",   "bytes=5-3",  "lines=0-1",
                            "bytes=--1", "0-5",    "bytes=1-2-3", "bytes=0x1-2"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        char *header = client_text(site.client, "Range: %s", ranges[i]);
        struct answer *answer = client_download(site.client, site_object("small"), SEED, 0, header, NULL);
        ck_assert_msg(answer->status == 200, "%s: %d", ranges[i], answer->status);
        ck_assert(answer->whole && answer->size == SMALL);
    }
}
END_TEST

START_TEST(the_unit_has_no_case_and_spaces_do_not_matter)
{
    put_objects();
    expect_part("small", "Bytes=0-9", SMALL, 0, 9);
    struct answer *answer = site_get("small", "Range: bytes= 0-9 ", NULL);
    ck_assert_msg(answer->status == 206 || answer->status == 200, "got %d", answer->status);
}
END_TEST

START_TEST(head_ignores_the_range_or_answers_alike)
{
    put_objects();
    struct answer *answer = site_head("small", "Range: bytes=0-9", NULL);
    ck_assert_msg(answer->status == 200 || answer->status == 206, "got %d", answer->status);
    ck_assert_str_eq(answer_header(answer, "Content-Length"), answer->status == 206 ? "10" : "1000");
    ck_assert_str_eq(answer_header(answer, "Accept-Ranges"), "bytes");
}
END_TEST

/* ---- If-Range -------------------------------------------------------------------------------- */

START_TEST(if_range_with_the_etag_gives_the_part)
{
    put_objects();
    const char *etag = answer_header(site_head("small", NULL), "ETag");
    char *header = client_text(site.client, "If-Range: %s", etag);
    struct answer *answer = site_get("small", "Range: bytes=0-9", header, NULL);
    site_expect(answer, 206);
    ck_assert_uint_eq(answer->size, 10);
}
END_TEST

START_TEST(if_range_with_another_etag_gives_the_whole)
{
    put_objects();
    const char *headers[] = {"If-Range: \"00000000000000000000000000000000\"",
                             "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"};
    for (size_t i = 0; i < 2; i++) {
        struct answer *answer = client_download(site.client, site_object("small"), SEED, 0, "Range: bytes=10-19",
                                                headers[i], NULL);
        site_expect(answer, 200);
        ck_assert(answer->whole && answer->size == SMALL);
    }
}
END_TEST

START_TEST(if_range_with_a_weak_etag_gives_the_whole)
{
    put_objects();
    const char *etag = answer_header(site_head("small", NULL), "ETag");
    struct answer *answer = site_get("small", "Range: bytes=0-9", client_text(site.client, "If-Range: W/%s", etag),
                                     NULL);
    site_expect(answer, 200);
    ck_assert_uint_eq(answer->size, SMALL);
}
END_TEST

START_TEST(a_download_is_resumed_unless_the_object_changed)
{
    put_objects();
    char *condition = client_text(site.client, "If-Range: %s", answer_header(site_head("large", NULL), "ETag"));
    struct answer *rest = client_download(site.client, site_object("large"), SEED, LARGE / 2,
                                          client_text(site.client, "Range: bytes=%d-", LARGE / 2), condition, NULL);
    site_expect(rest, 206);
    ck_assert(rest->whole && rest->size == LARGE / 2);
    site_expect(client_upload(site.client, site_object("large"), LARGE, SEED + 1, NULL), 200);
    struct answer *all = client_download(site.client, site_object("large"), SEED + 1, 0,
                                         client_text(site.client, "Range: bytes=%d-", LARGE / 2), condition, NULL);
    site_expect(all, 200);
    ck_assert(all->whole && all->size == LARGE);
}
END_TEST

START_TEST(conditions_come_before_the_range)
{
    put_objects();
    const char *etag = answer_header(site_head("small", NULL), "ETag");
    site_expect(site_get("small", "Range: bytes=0-9", client_text(site.client, "If-None-Match: %s", etag), NULL), 304);
    site_expect(site_get("small", "Range: bytes=0-9", "If-Match: \"x\"", NULL), 412);
}
END_TEST

/* ---- several ranges -------------------------------------------------------------------------- */

static const char *boundary_of(struct answer *answer)
{
    const char *type = answer_header(answer, "Content-Type");
    ck_assert_ptr_nonnull(type);
    ck_assert_msg(strncmp(type, "multipart/byteranges", 20) == 0, "Content-Type: %s", type);
    const char *boundary = strstr(type, "boundary=");
    ck_assert_ptr_nonnull(boundary);
    boundary += strlen("boundary=");
    size_t quoted = *boundary == '"';
    return client_text(site.client, "--%.*s", (int)strcspn(boundary + quoted, "\"; "), boundary + quoted);
}

/* Checks the part at `position` of the body and returns where the next delimiter begins. */
static size_t check_part(struct answer *answer, size_t position, const char *boundary, size_t size, const size_t *range)
{
    const char *body = (char *)answer->body;
    if (strncmp(body + position, "\r\n", 2) == 0)
        position += 2;
    ck_assert_msg(strncmp(body + position, boundary, strlen(boundary)) == 0, "no delimiter at %zu", position);
    const char *end = strstr(body + position, "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    char *head = client_text(site.client, "%.*s\r\n", (int)(end - body - (ptrdiff_t)position), body + position);
    char *expected = client_text(site.client, "Content-Range: bytes %zu-%zu/%zu\r\n", range[0], range[1], size);
    ck_assert_msg(strcasestr(head, expected), "%s is not in %s", expected, head);
    size_t start = (size_t)(end - body) + 4, length = range[1] - range[0] + 1;
    ck_assert_uint_le(start + length, answer->size);
    ck_assert_msg(payload_matches(body + start, length, SEED, range[0]), "other bytes in part %zu-%zu", range[0],
                  range[1]);
    return start + length;
}

static void expect_parts(const char *key, size_t size, const char *header, size_t ranges[][2], size_t count)
{
    struct answer *answer = site_get(key, header, NULL);
    site_expect(answer, 206);
    ck_assert_ptr_null(answer_header(answer, "Content-Range"));
    const char *boundary = boundary_of(answer);
    size_t position = 0;
    for (size_t i = 0; i < count; i++)
        position = check_part(answer, position, boundary, size, ranges[i]);
    char *last = client_text(site.client, "\r\n%s--", boundary);
    ck_assert_int_eq(strncmp((char *)answer->body + position, last, strlen(last)), 0);
}

START_TEST(two_ranges_come_as_multipart)
{
    put_objects();
    expect_parts("small", SMALL, "Range: bytes=0-9,500-519", (size_t[][2]){{0, 9}, {500, 519}}, 2);
    expect_parts("large", LARGE, "Range: bytes=0-9,1000000-1999999", (size_t[][2]){{0, 9}, {1000000, 1999999}}, 2);
}
END_TEST

START_TEST(several_ranges_with_a_suffix_and_spaces)
{
    put_objects();
    expect_parts("small", SMALL, "Range: bytes=1-2 , 10-12,\t-5", (size_t[][2]){{1, 2}, {10, 12}, {995, 999}}, 3);
}
END_TEST

START_TEST(of_several_ranges_those_beyond_the_end_are_left_out)
{
    put_objects();
    struct answer *answer = site_get("small", "Range: bytes=0-9,5000-6000", NULL);
    site_expect(answer, 206);
    const char *range = answer_header(answer, "Content-Range");
    if (range) {
        ck_assert_str_eq(range, "bytes 0-9/1000");
        ck_assert_uint_eq(answer->size, 10);
    } else {
        expect_parts("small", SMALL, "Range: bytes=0-9,5000-6000", (size_t[][2]){{0, 9}}, 1);
    }
    site_expect_problem(site_get("small", "Range: bytes=5000-6000,7000-", NULL), 416);
}
END_TEST

/* Many overlapping ranges must not make the server send many times what it holds. */
START_TEST(a_flood_of_ranges_is_not_amplified)
{
    put_objects();
    char *header = client_text(site.client, "Range: bytes=0-");
    for (int i = 0; i < 300; i++)
        header = client_text(site.client, "%s,0-", header);
    struct answer *answer = site_get("large", header, NULL);
    ck_assert_msg(answer->status == 200 || answer->status == 206 || answer->status == 416 || answer->status == 400,
                  "got %d", answer->status);
    ck_assert_uint_le(answer->size, 2 * LARGE);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_range_is_answered_by_its_bytes,
        an_open_range_goes_to_the_end,
        a_suffix_range_counts_from_the_end,
        a_last_byte_beyond_the_end_is_cut,
        a_range_beyond_the_end_is_416,
        an_empty_object_has_no_part_but_all_of_it,
        what_is_no_byte_range_is_ignored,
        the_unit_has_no_case_and_spaces_do_not_matter,
        head_ignores_the_range_or_answers_alike,
        if_range_with_the_etag_gives_the_part,
        if_range_with_another_etag_gives_the_whole,
        if_range_with_a_weak_etag_gives_the_whole,
        a_download_is_resumed_unless_the_object_changed,
        conditions_come_before_the_range,
        two_ranges_come_as_multipart,
        several_ranges_with_a_suffix_and_spaces,
        of_several_ranges_those_beyond_the_end_are_left_out,
        a_flood_of_ranges_is_not_amplified,
    };
    return site_run("ranges", tests, sizeof tests / sizeof *tests, SITE_SHARED);
}
