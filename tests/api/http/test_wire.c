/* wire.c and chunks.c: what of a byte stream is passed, however it is cut into pieces. */
#include "api/http/wire.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 16 };

/* What arrives, in pieces. */
struct stream {
    const char *bytes;
    size_t length, piece;
    size_t at, ends; /* read so far, and where the piece ends that has arrived */
};

static ssize_t read_stream(void *arg, void *buffer, size_t size)
{
    struct stream *stream = arg;
    size_t there = stream->ends - stream->at, length = there < size ? there : size;
    if (length == 0) {
        errno = EAGAIN;
        return stream->at == stream->length ? 0 : -1;
    }
    memcpy(buffer, stream->bytes + stream->at, length);
    stream->at += length;
    return (ssize_t)length;
}

static char passed[ROOM];
static size_t passed_length;
static struct fault fault;

/* Reads a stream as libmicrohttpd does: when a piece has arrived, until fewer bytes come than there is room for. */
static void pass(const char *bytes, size_t length, size_t piece, size_t capacity)
{
    struct stream stream = {.bytes = bytes, .length = length, .piece = piece};
    struct wire wire;
    wire_begin(&wire);
    passed_length = 0;
    while (stream.ends < length) {
        ssize_t got;
        stream.ends = stream.ends + piece < length ? stream.ends + piece : length;
        do {
            ck_assert_uint_le(passed_length + capacity, ROOM);
            got = wire_read(&wire, read_stream, &stream, passed + passed_length, capacity);
            passed_length += got > 0 ? (size_t)got : 0;
        } while (got == (ssize_t)capacity);
        ck_assert(wire.state == WIRE_FAULTY || stream.at == stream.ends);
    }
    const struct fault *found = wire_fault(&wire, wire.heads);
    fault = !found ? (struct fault){0} : *found;
    passed[passed_length] = '\0';
    wire_end(&wire);
}

/* In pieces and rooms of every size. */
static void expect(const char *bytes, size_t length, const char *expected, const char *sentence)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 11, 16, 31, 64, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            pass(bytes, length, sizes[i], sizes[k]);
            ck_assert_msg(strcmp(passed, expected) == 0, "pieces of %zu into %zu: %s\ninstead of %s", sizes[i],
                          sizes[k], passed, expected);
            if (!sentence)
                ck_assert_ptr_null(fault.sentence);
            else
                ck_assert_msg(fault.sentence && strstr(fault.sentence, sentence), "%s", fault.sentence);
        }
}

#define GET     "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
#define SIZED   "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
#define CHUNKED "PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define OTHER   "GET / HTTP/1.1\r\nHost: cairn\r\n\r\n"

static void expect_clean(const char *bytes, const char *expected)
{
    expect(bytes, strlen(bytes), expected, NULL);
}

static void expect_fault(const char *bytes, const char *expected, const char *sentence)
{
    expect(bytes, strlen(bytes), expected, sentence);
}

START_TEST(clean_messages_stay_as_they_are)
{
    const char *messages[] = {GET, GET GET GET, SIZED "hello" GET, CHUNKED "5\r\nhello\r\n0\r\n\r\n" GET,
                              CHUNKED "5\r\nhello\r\nC\r\n, wide world\r\n0\r\nContent-Digest: x\r\nB:\r\n\r\n" SIZED
                                      "hello" GET};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        expect_clean(messages[i], messages[i]);
}
END_TEST

START_TEST(what_means_nothing_is_left_out)
{
    expect_clean("\r\n\r\n" GET "\r\n" GET, GET GET);
    expect_clean("PUT /a HTTP/1.1\r\nHost: a \t\r\nContent-Length: 5 \r\n\r\nhello" GET, SIZED "hello" GET);
    expect_clean(CHUNKED "5;a=\"b\"\r\nhello\r\n5 ; c\r\nworld\r\n0;d\r\n\r\n" GET,
                 CHUNKED "5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n" GET);
    expect_clean(CHUNKED "0005\r\nhello\r\n000\r\n\r\n" GET, CHUNKED "05\r\nhello\r\n0\r\n\r\n" GET);
}
END_TEST

START_TEST(a_token_in_a_trailer_is_blanked)
{
    expect_clean(CHUNKED "1\r\nx\r\n0\r\nauthorizatioN: Bearer x\r\nB: 1\r\nAuthorization:y\r\n\r\n" GET,
                 CHUNKED "1\r\nx\r\n0\r\nauthorizatioN:         \r\nB: 1\r\nAuthorization: \r\n\r\n" GET);
    static const char others[] = CHUNKED
        "0\r\nAuthorizatio: 1\r\nAuthorizations: 2\r\nuthorization: 3\r\nxAuthorization: 4\r\n\r\n" GET;
    expect_clean(others, others);
}
END_TEST

/* Of a head in pieces, of one with a fault, and of a trailer. */
START_TEST(no_token_is_left_where_the_reader_reads)
{
    static const char *const messages[] = {
        GET "GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n",
        GET "GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secr",
        GET "GET /a HTTP/1.1\r\nAuthorization: Bearer secret\r\nHost : a\r\n\r\n",
        CHUNKED "1;a=1\r\nx\r\n0\r\nAuthorization: Bearer secret\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct stream stream = {.bytes = messages[i], .length = strlen(messages[i]), .ends = strlen(messages[i])};
        struct wire wire;
        char buffer[200] = "";
        wire_begin(&wire);
        ck_assert_int_gt(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), 0);
        ck_assert_ptr_null(memmem(buffer, sizeof buffer, "secr", 4));
        wire_end(&wire);
    }
}
END_TEST

START_TEST(nothing_is_expected_of_a_message_without_a_body)
{
    static const char other[] = "GET /a HTTP/1.1\r\nExpect: 100-continue, more\r\nHost: a\r\n\r\n";
    expect_clean("GET /a HTTP/1.1\r\nexpect:\t100-Continue \r\nHost: a\r\n\r\n" GET, GET GET);
    expect_clean("GET /a HTTP/1.1\r\nHost: a\r\nExpect:100-continue\r\n\r\n", GET);
    expect_clean(other, other);
}
END_TEST

START_TEST(what_is_expected_is_said_plainly)
{
#define PUT_HEAD(lines) "PUT /a HTTP/1.1\r\n" lines "Content-Length: 1\r\nHost: a\r\n\r\n"
    static const char *const forms[] = {
        PUT_HEAD("Expect: 100-continue\r\n"),
        PUT_HEAD("expect:\t100-Continue \r\n"),
        PUT_HEAD("Expect:100-continue,100-continue\r\n"),
        PUT_HEAD("Expect: ,100-continue,\r\n"),
        PUT_HEAD("Expect: 100-continue ,\r\n"),
        PUT_HEAD("Expect: \r\nExpect: 100-continue\r\n"),
        PUT_HEAD("Expect: 100-continue\r\nEXPECT: 100-continue\r\nExpect: ,\r\n"),
    };
    static const char *const others[] = {
        PUT_HEAD("Expect: 100-continued\r\n"),
        PUT_HEAD("Expect: 100-continue\r\nExpect: more\r\n"),
        PUT_HEAD("Expect: a=\"100-continue,100-continue\"\r\n"),
        PUT_HEAD("Expect: ,\r\n"),
        PUT_HEAD("Expecting: 100-continue\r\n"),
    };
    char message[256];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        snprintf(message, sizeof message, "%sx" GET, forms[i]);
        expect_clean(message, PUT_HEAD("Expect:100-continue\r\n") "x" GET);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(message, sizeof message, "%sx" GET, others[i]);
        expect_clean(message, message);
    }
}
END_TEST

START_TEST(a_head_is_not_passed_before_it_is_whole)
{
    expect_clean("GET /a HTTP/1.1\r\nHost: a\r\n", "");
    expect_clean(GET "GET /a HTTP/1.1\r", GET);
}
END_TEST

START_TEST(another_head_stands_for_one_with_a_fault)
{
    expect_fault("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" GET, OTHER, "blank");
    expect_fault(GET SIZED "hello"
                           "GET /a HTTP/1.1\r\nHost: a\r\nnonsense\r\n",
                 GET SIZED "hello" OTHER, "token");
    expect_fault(GET "GET /a HTTP/1.1\nHost: a\n\n", GET OTHER, "LF alone");
    expect_fault("GET /a HTTP/1.1\r\nHost: a\r\n\n", OTHER, "LF alone");
    expect_fault("\n", OTHER, "LF alone");
}
END_TEST

/* libmicrohttpd gets one byte of data more, or the end of the body. */
START_TEST(a_body_with_a_fault_ends_there)
{
    const struct {
        const char *body, *expected, *sentence;
    } cases[] = {
        {"zz\r\n", "0\r\n\r\n", "framed"},
        {"\r\n", "0\r\n\r\n", "framed"},
        {"5\nhello", "5\r\n?", "framed"},
        {"0\n", "0\r\n\r\n", "framed"},
        {"5x\r\n", "5\r\n?", "framed"},
        {"5 \r\n", "5\r\n?", "framed"},
        {"5;a\rb\r\n", "5\r\n?", "framed"},
        {"5;a\x01\r\n", "5\r\n?", "framed"},
        {"5;a\n", "5\r\n?", "framed"},
        {"5\r\nhelloXX\r\n", "5\r\nhello\r\n0\r\n\r\n", "framed"},
        {"5\r\nhello\n5\r\n", "5\r\nhello\r\n0\r\n\r\n", "framed"},
        {"5\r\nhello\r\r", "5\r\nhello\r\n0\r\n\r\n", "framed"},
        {"8000000000000000\r\n", "800000000000000\r\n?", "more than"},
        {"0\r\nnonsense\r\n\r\n", "0\r\nnonsense:\r\n\r\n", "trailer"},
        {"0\r\n folded\r\n\r\n", "0\r\n\r\n", "trailer"},
        {"0\r\na: b\n\r\n", "0\r\na: b\r\n\r\n", "trailer"},
        {"0\r\na: b\r\r\n", "0\r\na: b\r\n\r\n", "trailer"},
        {"0\r\na: \x01\r\n\r\n", "0\r\na: \r\n\r\n", "trailer"},
        {"0\r\n\r5", "0\r\n\r\n", "trailer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[256], expected[256];
        snprintf(message, sizeof message, CHUNKED "%s" GET, cases[i].body);
        snprintf(expected, sizeof expected, CHUNKED "%s", cases[i].expected);
        expect_fault(message, expected, cases[i].sentence);
    }
    expect(CHUNKED "5;\0\r\n", sizeof(CHUNKED "5;\0\r\n") - 1, CHUNKED "5\r\n?", "framed");
}
END_TEST

/* A message of `head`, `count` times `byte`, and `end`. */
static void pass_many(const char *head, char byte, size_t count, const char *end)
{
    size_t before = strlen(head);
    char *bytes = malloc(before + count + strlen(end) + 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, head, before);
    memset(bytes + before, byte, count);
    strcpy(bytes + before + count, end);
    pass(bytes, strlen(bytes), 1000, 500);
    free(bytes);
}

START_TEST(no_line_is_endless)
{
    pass_many("", 'a', 20000, "");
    ck_assert_int_eq(fault.problem, PROBLEM_TARGET_TOO_LONG);
    pass_many("GET / HTTP/1.1\r\nX: ", 'a', 20000, "");
    ck_assert_int_eq(fault.problem, PROBLEM_HEAD_TOO_LARGE);
    pass_many(CHUNKED, '0', 20000, "5\r\nhello\r\n0\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(fault.sentence, "far more"));
    pass_many(CHUNKED "5;", 'a', 20000, "\r\nhello\r\n0\r\n\r\n");
    ck_assert_ptr_nonnull(strstr(fault.sentence, "far more"));
    pass_many(CHUNKED "5;", 'a', 10000, "\r\nhello\r\n0\r\n\r\n");
    ck_assert_ptr_null(fault.sentence);
    ck_assert_str_eq(passed, CHUNKED "5\r\nhello\r\n0\r\n\r\n");
    pass_many(CHUNKED "0\r\na:", 'a', 20000, "\r\n\r\n");
    ck_assert_int_eq(fault.problem, PROBLEM_HEAD_TOO_LARGE);
}
END_TEST

/* A head in pieces is larger than what is read at a time, and what follows it comes with it. */
START_TEST(much_comes_with_the_end_of_a_head)
{
    char *message = NULL;
    ck_assert_int_gt(
        asprintf(&message,
                 GET "PUT /a HTTP/1.1\r\nHost: a\r\nX: %08000d\r\nContent-Length: 20000\r\n\r\n%020000d" GET SIZED
                     "hello",
                 1, 2),
        0);
    for (size_t piece = 1000; piece < 40000; piece += 3700)
        for (size_t capacity = 700; capacity < 20000; capacity += 2300) {
            pass(message, strlen(message), piece, capacity);
            ck_assert_ptr_null(fault.sentence);
            ck_assert_str_eq(passed, message);
        }
    free(message);
}
END_TEST

START_TEST(the_end_of_the_stream_is_told)
{
    struct stream stream = {.bytes = "GET", .length = 3, .ends = 3};
    struct wire wire;
    char buffer[10];
    wire_begin(&wire);
    ck_assert(!wire_is_amid_head(&wire));
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), -1);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert(wire_is_amid_head(&wire));
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), 0);
    wire_end(&wire);
}
END_TEST

/* Half a close does not overtake answers. */
START_TEST(the_end_waits_for_the_answers)
{
    static const char bytes[] = GET GET;
    char buffer[200];
    struct stream stream = {.bytes = bytes, .length = sizeof bytes - 1, .ends = sizeof bytes - 1};
    struct wire wire;
    wire_begin(&wire);
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), sizeof bytes - 1);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), -1);
        ck_assert_int_eq(errno, EAGAIN);
        ck_assert(wire_answered(&wire));
    }
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), 0);
    wire_end(&wire);
}
END_TEST

/* What is left out makes room for another read, which finds the end: the reader learns of it after the bytes. */
START_TEST(an_end_that_comes_with_the_last_bytes_is_told)
{
    static const char bytes[] = "\r\n" GET;
    struct stream stream = {.bytes = bytes, .length = sizeof bytes - 1, .ends = sizeof bytes - 1};
    struct wire wire;
    char buffer[200];
    wire_begin(&wire);
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof bytes - 1), sizeof bytes - 3);
    ck_assert(wire_answered(&wire));
    ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), 0);
    wire_end(&wire);
}
END_TEST

/* Half a close amid a body. One more byte comes, for which the reader finds the fault; the end waits for its answer. */
START_TEST(a_body_that_ends_too_early_has_a_fault)
{
    static const char *const bodies[] = {GET SIZED "hel", GET CHUNKED "5\r\nhel"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct stream stream = {.bytes = bodies[i], .length = strlen(bodies[i]), .ends = strlen(bodies[i])};
        struct wire wire;
        char buffer[200];
        wire_begin(&wire);
        ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), (ssize_t)strlen(bodies[i]));
        ck_assert_ptr_null(wire_fault(&wire, 2));
        ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), 1);
        ck_assert_ptr_null(wire_fault(&wire, 1));
        ck_assert_ptr_nonnull(strstr(wire_fault(&wire, 2)->sentence, "ends before"));
        ck_assert_uint_eq(wire_fault(&wire, 2)->position, 3);
        ck_assert_int_eq(wire_read(&wire, read_stream, &stream, buffer, sizeof buffer), -1);
        ck_assert_int_eq(errno, EAGAIN);
        wire_end(&wire);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        clean_messages_stay_as_they_are,
        what_means_nothing_is_left_out,
        a_token_in_a_trailer_is_blanked,
        no_token_is_left_where_the_reader_reads,
        nothing_is_expected_of_a_message_without_a_body,
        what_is_expected_is_said_plainly,
        a_head_is_not_passed_before_it_is_whole,
        another_head_stands_for_one_with_a_fault,
        a_body_with_a_fault_ends_there,
        no_line_is_endless,
        much_comes_with_the_end_of_a_head,
        the_end_of_the_stream_is_told,
        the_end_waits_for_the_answers,
        an_end_that_comes_with_the_last_bytes_is_told,
        a_body_that_ends_too_early_has_a_fault,
    };
    return UNIT_RUN("wire", tests);
}
