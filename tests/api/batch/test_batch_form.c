/* batch_form.c: multipart/form-data becomes puts, or the first fault in it is named. */
#include "api/batch/batch_form.h"
#include "api/batch/entries.h"
#include "tests/lib/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static struct entries entries;
static char *body;

static bool read_bytes(const char *bytes, size_t length, size_t limit)
{
    entries_free(&entries);
    free(body);
    body = malloc(length + (length == 0));
    memcpy(body, bytes, length);
    entries.limit = limit;
    return batch_form_read(body, length, "xyz", &entries);
}

static void expect(const char *text)
{
    ck_assert_msg(read_bytes(text, strlen(text), 100), "%s: %s", text, entries.fault.sentence);
}

static void expect_put(size_t index, const char *key, const char *payload)
{
    const struct store_op *op = &entries.ops[index];
    ck_assert_uint_gt(entries.count, index);
    ck_assert_int_eq(op->kind, STORE_PUT);
    ck_assert_uint_eq(op->key.length, strlen(key));
    ck_assert_mem_eq(op->key.bytes, key, strlen(key));
    ck_assert_uint_eq(op->key.hash, store_key_of(key, strlen(key)).hash);
    ck_assert_uint_eq(op->size, strlen(payload));
    ck_assert_mem_eq(op->payload, payload, strlen(payload));
}

START_TEST(boundaries)
{
    const struct {
        const char *type, *boundary; /* NULL: none */
    } types[] = {
        {"multipart/form-data; boundary=xyz", "xyz"},
        {"multipart/form-data;boundary=xyz", "xyz"},
        {"multipart/form-data; charset=utf-8; BOUNDARY=\"a b:c\" ; x=y", "a b:c"},
        {"multipart/form-data; boundary=------------------------d74496d66958873e",
         "------------------------d74496d66958873e"},
        {"multipart/form-data; x=\"; boundary=no\"; boundary=yes", "yes"},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary", NULL},
        {"multipart/form-data; boundary=a; boundary=b", NULL},
        {"multipart/form-data; boundary=a b", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary=\"\"", NULL},
        {"multipart/form-data; boundary=\"xyz", NULL},
        {"multipart/form-data; boundary=\"xyz \"", NULL},
        {"multipart/form-data; boundary=\"x\x7fz\"", NULL},
        {"multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
         "1234567890123456789012345678901234567890123456789012345678901234567890"},
        {"multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", NULL},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char boundary[BATCH_FORM_BOUNDARY_MAX + 1];
        bool found = batch_form_boundary(types[i].type, boundary);
        ck_assert_msg(found == (types[i].boundary != NULL), "%s", types[i].type);
        if (found)
            ck_assert_str_eq(boundary, types[i].boundary);
    }
}
END_TEST

START_TEST(parts_are_puts_in_order)
{
    expect("--xyz\r\n" HEAD("a") "one\r\n--xyz\r\n" HEAD("dir/b c") "\r\n--xyz\r\n" HEAD("a") "two\r\n\r\n--xyz--\r\n");
    ck_assert_uint_eq(entries.count, 3);
    expect_put(0, "a", "one");
    expect_put(1, "dir/b c", "");
    expect_put(2, "a", "two\r\n");
}
END_TEST

START_TEST(preamble_epilogue_and_blanks_after_the_boundary)
{
    expect("preamble --xyz\r\n\r\n--xyz \t\r\n" HEAD("a") "one\r\n--xyz-- \r\nepilogue\r\n--xyz\r\nignored");
    ck_assert_uint_eq(entries.count, 1);
    expect_put(0, "a", "one");
    expect("--xyz--");
    ck_assert_uint_eq(entries.count, 0);
}
END_TEST

/* What only looks like a delimiter belongs to the payload. */
START_TEST(lookalikes_of_the_delimiter)
{
    const char *payloads[] = {"\n--xyz\n",     "\r\n--xy",     "\r\n--xyzz",      "\r\n--xyz-",
                              "\r\n--xyz x",   "\r\n--xyz\rx", "\r\r\n--x",       "\r\n-\r\n--xyz.",
                              "\r\n--XYZ\r\n", "\r\n\r\n--xy", "\r\n--xyz\t-- \n"};
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        char text[300];
        snprintf(text, sizeof text, "--xyz\r\n" HEAD("a") "%s\r\n--xyz--\r\n", payloads[i]);
        expect(text);
        ck_assert_uint_eq(entries.count, 1);
        expect_put(0, "a", payloads[i]);
    }
}
END_TEST

START_TEST(payloads_of_any_bytes)
{
    char text[600], *at = stpcpy(text, "--xyz\r\n" HEAD("bytes")), *payload = at;
    for (int i = 0; i < 256; i++)
        *at++ = (char)i;
    at = stpcpy(at, "\r\n--xyz--");
    ck_assert(read_bytes(text, (size_t)(at - text), 1));
    ck_assert_uint_eq(entries.ops[0].size, 256);
    ck_assert_mem_eq(entries.ops[0].payload, payload, 256);
}
END_TEST

START_TEST(names_and_their_escapes)
{
    const struct {
        const char *parameter, *key;
    } names[] = {
        {"name=\"a\"; filename=\"b; name=c\"", "a"},
        {"filename=\"x; name=no\"; name=\"yes\"", "yes"},
        {"NAME=token", "token"},
        {"name=\"a\";", "a"},
        {";; name=\"a\" ; ;\tfilename=x", "a"},
        {"name=\"q\\\"b\\\\s\\x\"", "q\"b\\\\s\\x"},
        {"name=\"dir\\\"; filename=\"f\"", "dir\\"},
        {"name=\"dir\\\"", "dir\\"},
        {"name=\"dir\\\\\" ;filename=f", "dir\\\\"},
        {"filename=\"f\\\"; name=\"dir\\\"", "dir\\"},
        {"name=\"a\\\"\"", "a\""},
        {"name=\"\\\"a\\\"b\"; filename=\"f\"", "\"a\"b"},
        {"name=\"a\"b\"", "a\"b"},
        {"name=\"\"\"", "\""},
        {"name=\"a;b\"", "a;b"},
        {"name=\"%22%0D%0a%41%\"", "\"\r\n%41%"},
        {"name=\"\xff\xfe%2\"", "\xff\xfe%2"},
        {"name=\"C:\\dir\\file\"", "C:\\dir\\file"},
        {"name*=utf-8''no; name=\"yes\"", "yes"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[300];
        snprintf(text, sizeof text, "--xyz\r\ncontent-disposition:form-data ;%s\r\n\r\nv\r\n--xyz--",
                 names[i].parameter);
        expect(text);
        expect_put(0, names[i].key, "v");
    }
}
END_TEST

START_TEST(attributes_of_a_part)
{
    expect("--xyz\r\nContent-Type: \t text/plain \r\nCairn-Meta-Colour: red\r\nX-Other: y\r\n"
           "Content-Transfer-Encoding: binary\r\n" HEAD("a") "v\r\n--xyz--");
    const struct store_op *op = &entries.ops[0];
    struct attribute attribute;
    size_t position = 0;
    ck_assert(attributes_next(op->attributes, op->attributes_length, &position, &attribute));
    ck_assert_int_eq(attribute.tag, ATTRIBUTE_CONTENT_TYPE);
    ck_assert_uint_eq(attribute.value_length, strlen("text/plain"));
    ck_assert_mem_eq(attribute.value, "text/plain", attribute.value_length);
    ck_assert(attributes_next(op->attributes, op->attributes_length, &position, &attribute));
    ck_assert_str_eq(attribute.name, "colour");
    ck_assert(!attributes_next(op->attributes, op->attributes_length, &position, &attribute));
    expect_put(0, "a", "v");
}
END_TEST

START_TEST(faults_of_a_part)
{
    const struct {
        const char *part, *sentence;
    } faults[] = {
        {"\r\nv", "needs a Content-Disposition"},
        {"", "needs a Content-Disposition"},
        {"X: y\r\n\r\nv", "needs a Content-Disposition"},
        {"X: y", "no end"},
        {"no field\r\n\r\nv", "not a field"},
        {": y\r\n\r\nv", "not a field"},
        {"Content-Type : a/b\r\n" HEAD("a") "v", "not a field"},
        {"Content-Disposition: form-data; name=\"a\";\r\n filename=\"b:c\"\r\n\r\nv", "not a field"},
        {"Content-Disposition: form-data\r\n\r\nv", "needs a name"},
        {"Content-Disposition: form-data; name=\"a\r\n\r\nv", "is not form-data; name=\"KEY\""},
        {"Content-Disposition: form-data; name=a b\r\n\r\nv", "is not form-data; name=\"KEY\""},
        {"Content-Disposition: form-data; name=a\"b\r\n\r\nv", "is not form-data; name=\"KEY\""},
        {"Content-Disposition: form-data; name\r\n\r\nv", "is not form-data; name=\"KEY\""},
        {"Content-Disposition: form-data; name=a; x\r\n\r\nv", "is not form-data; name=\"KEY\""},
        {"Content-Disposition: form-data; name=a; name=b\r\n\r\nv", "two names"},
        {"Content-Disposition: form-data; filename=\"x\\\"; name=\\\"no\"; name=\"yes\"\r\n\r\nv", "two names"},
        {"Content-Disposition: form-data; name=a\r\n" HEAD("b") "v", "one Content-Disposition"},
        {"Content-Type: a/b\r\nContent-Type: c/d\r\n" HEAD("a") "v", "Content-Type is given twice"},
        {"Content-Disposition: attachment; name=\"a\"\r\n\r\nv", "has to be form-data"},
        {HEAD("") "v", "1 to 1024 bytes"},
        {"Content-Transfer-Encoding: base64\r\n" HEAD("a") "dg==", "has to be binary"},
        {"Content-Type: a\x01\r\n" HEAD("a") "v", "control characters"},
        {"Cairn-Meta-A: x\r\nCairn-Meta-a: y\r\n" HEAD("a") "v", "the metadata a is given twice"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[400];
        snprintf(text, sizeof text, "--xyz\r\n" HEAD("good") "v\r\n--xyz\r\n%s\r\n--xyz--\r\n", faults[i].part);
        ck_assert_msg(!read_bytes(text, strlen(text), 100), "%s", text);
        ck_assert_msg(strstr(entries.fault.sentence, faults[i].sentence), "%s: %s", text, entries.fault.sentence);
        ck_assert_int_eq(entries.fault.problem, PROBLEM_ENTRY_REFUSED);
        ck_assert_uint_eq(entries.fault.index, 1);
    }
}
END_TEST

START_TEST(a_name_over_the_limit)
{
    char text[1200], name[STORE_KEY_MAX + 2];
    memset(name, 'k', sizeof name);
    for (int length = STORE_KEY_MAX; length <= STORE_KEY_MAX + 1; length++) {
        snprintf(text, sizeof text, "--xyz\r\nContent-Disposition: form-data; name=\"%.*s\"\r\n\r\nv\r\n--xyz--",
                 length, name);
        ck_assert_int_eq(read_bytes(text, strlen(text), 1), length == STORE_KEY_MAX);
    }
    ck_assert_ptr_nonnull(strstr(entries.fault.sentence, "1025"));
}
END_TEST

START_TEST(faults_of_the_body)
{
    const char *texts[] = {"",
                           "nonsense",
                           "--xyz",
                           "--xyz\r",
                           "--xy\r\n--xyz\n",
                           "--xyz\r\n",
                           "--xyz\r\n" HEAD("a") "v",
                           "--xyz\r\n" HEAD("a") "v\r\n--xyz",
                           "--xyz\r\n" HEAD("a") "v\n--xyz--"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ck_assert_msg(!read_bytes(texts[i], strlen(texts[i]), 100), "%s", texts[i]);
        ck_assert_int_eq(entries.fault.problem, PROBLEM_BAD_BODY);
        ck_assert_uint_eq(entries.fault.index, SIZE_MAX);
    }
}
END_TEST

START_TEST(the_number_of_parts_is_limited)
{
    const char *two = "--xyz\r\n" HEAD("a") "v\r\n--xyz\r\n" HEAD("b") "v\r\n--xyz--";
    ck_assert(read_bytes(two, strlen(two), 2));
    ck_assert(!read_bytes(two, strlen(two), 1));
    ck_assert_int_eq(entries.fault.problem, PROBLEM_TOO_LARGE);
}
END_TEST

/* The fields of a part are bounded: one that never ends is not searched through the whole body. */
START_TEST(a_head_without_an_end)
{
    const size_t length = 100000;
    char *text = malloc(length);
    memset(text, 'x', length);
    memcpy(text, "--xyz\r\n", 7);
    memcpy(text + length - 9, "\r\n--xyz--", 9);
    ck_assert(!read_bytes(text, length, 1));
    ck_assert_ptr_nonnull(strstr(entries.fault.sentence, "no end"));
    free(text);
}
END_TEST

/* Every prefix of a good body is a fault, and no byte beyond it is looked at. */
START_TEST(prefixes)
{
    const char *whole = "--xyz\r\nContent-Type: text/plain\r\n" HEAD("a\\\"%22") "v\r\n--xyz\r\n" HEAD(
        "b") "\r\n--xyz--";
    for (size_t length = 0; length < strlen(whole); length++)
        ck_assert_msg(!read_bytes(whole, length, 100), "%zu bytes", length);
    expect(whole);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {boundaries,
                            parts_are_puts_in_order,
                            preamble_epilogue_and_blanks_after_the_boundary,
                            lookalikes_of_the_delimiter,
                            payloads_of_any_bytes,
                            names_and_their_escapes,
                            attributes_of_a_part,
                            faults_of_a_part,
                            a_name_over_the_limit,
                            faults_of_the_body,
                            the_number_of_parts_is_limited,
                            a_head_without_an_end,
                            prefixes};
    return UNIT_RUN("batch_form", tests);
}
