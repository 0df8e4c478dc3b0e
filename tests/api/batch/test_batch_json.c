/* batch_json.c: JSON becomes operations, or the first fault in it is named. */
#include "api/batch/batch_json.h"
#include "api/batch/entries.h"
#include "tests/lib/unit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct entries entries;
static char *body;
static unsigned flags;

static bool read_body(const char *text, size_t limit)
{
    size_t length = strlen(text);
    entries_free(&entries);
    free(body);
    body = malloc(length + (length == 0));
    memcpy(body, text, length);
    entries.limit = limit;
    flags = 0;
    return batch_json_read(body, length, &entries, &flags);
}

static void expect(const char *text)
{
    ck_assert_msg(read_body(text, 100), "%s: %s", text, entries.fault.sentence);
}

static void expect_key(const struct store_key *key, const char *bytes, size_t length)
{
    ck_assert_uint_eq(key->length, length);
    ck_assert_mem_eq(key->bytes, bytes, length);
    ck_assert_uint_eq(key->hash, store_key_of(bytes, length).hash);
}

START_TEST(a_put_with_everything)
{
    expect("{\"operations\":[{\"meta\":{\"Colour\":\"red\",\"n\":\"\xc3\xbc\"},\"content_type\":\"text/plain\","
           "\"if_match\":\"\\\"99aa06d3014798d86001c324468d497f\\\"\",\"data\":\"aGVsbG8=\",\"key\":\"a/"
           "b\",\"op\":\"put\"}"
           "]}");
    const struct store_op *op = &entries.ops[0];
    ck_assert_uint_eq(entries.count, 1);
    ck_assert_int_eq(op->kind, STORE_PUT);
    expect_key(&op->key, "a/b", 3);
    ck_assert_uint_eq(op->size, 5);
    ck_assert_mem_eq(op->payload, "hello", 5);
    ck_assert(op->condition.match_listed);
    ck_assert_uint_eq(op->condition.match_count, 1);
    ck_assert_uint_eq(op->condition.match[0].bytes[0], 0x99);
    struct attribute attribute;
    size_t position = 0;
    const char *const values[] = {"red", "\xc3\xbc", "text/plain"};
    for (int i = 0; i < 3; i++) {
        ck_assert(attributes_next(op->attributes, op->attributes_length, &position, &attribute));
        ck_assert_uint_eq(attribute.value_length, strlen(values[i]));
        ck_assert_mem_eq(attribute.value, values[i], attribute.value_length);
    }
    ck_assert(!attributes_next(op->attributes, op->attributes_length, &position, &attribute));
}
END_TEST

START_TEST(every_kind_in_order)
{
    expect("{\"allow_empty\":true,\"operations\":[{\"op\":\"put\",\"key_base64\":\"//4A\",\"data\":\"\"},"
           "{\"op\":\"delete\",\"key_hash\":\"4da10dd61a0116b0\",\"if_none_match\":\"*\"},"
           "{\"op\":\"rename\",\"key\":\"a\\u0000\",\"to_hash\":\"00000000000000fF\",\"overwrite\":false},"
           "{\"op\":\"copy\",\"key\":\"a\",\"to_base64\":\"Yg==\",\"overwrite\":true}],\"allow_null_bytes\":false}");
    const struct store_op *ops = entries.ops;
    ck_assert_uint_eq(entries.count, 4);
    ck_assert_uint_eq(flags, STORE_ALLOW_EMPTY);
    expect_key(&ops[0].key, "\xff\xfe\0", 3);
    ck_assert_uint_eq(ops[0].size, 0);
    ck_assert_int_eq(ops[1].kind, STORE_DELETE);
    ck_assert_ptr_null(ops[1].key.bytes);
    ck_assert_uint_eq(ops[1].key.hash, 0x4da10dd61a0116b0);
    ck_assert(ops[1].condition.absent && !ops[1].condition.exists);
    ck_assert_int_eq(ops[2].kind, STORE_RENAME);
    expect_key(&ops[2].key, "a\0", 2);
    ck_assert_uint_eq(ops[2].target.hash, 0xff);
    ck_assert(ops[2].keep_target);
    ck_assert_int_eq(ops[3].kind, STORE_COPY);
    expect_key(&ops[3].target, "b", 1);
    ck_assert(!ops[3].keep_target);
}
END_TEST

/* As clients of pydantic and Jackson send it: every member that there is, and null in those that are not meant. */
START_TEST(null_is_absent)
{
    expect("{\"allow_empty\":null,\"allow_null_bytes\":null,\"operations\":[{\"op\":\"delete\",\"key\":null,"
           "\"key_base64\":null,\"key_hash\":\"4da10dd61a0116b0\",\"data\":null,\"content_type\":null,\"meta\":null,"
           "\"to\":null,\"to_base64\":null,\"to_hash\":null,\"overwrite\":null,\"if_match\":null,"
           "\"if_none_match\":null},{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"a\":null}},"
           "{\"op\":\"delete\",\"key\":\"a\",\"meta\":{}}]}");
    ck_assert_uint_eq(entries.count, 3);
    ck_assert_uint_eq(flags, 0);
    ck_assert_int_eq(entries.ops[0].kind, STORE_DELETE);
    ck_assert_ptr_null(entries.ops[0].key.bytes);
    ck_assert_uint_eq(entries.ops[0].key.hash, 0x4da10dd61a0116b0);
    ck_assert(!entries.ops[0].condition.match_listed && !entries.ops[0].condition.absent);
    ck_assert_uint_eq(entries.ops[1].attributes_length, 0);
}
END_TEST

START_TEST(no_operations_are_a_batch)
{
    expect(" { \"operations\" : [ ] } ");
    ck_assert_uint_eq(entries.count, 0);
    ck_assert_uint_eq(flags, 0);
}
END_TEST

/* The second of two operations is at fault. */
START_TEST(faults_of_an_operation)
{
    const struct {
        const char *op, *sentence;
    } faults[] = {
        {"1", "an operation is an object"},
        {"{}", "op is missing"},
        {"{\"op\":\"dance\",\"key\":\"a\"}", "op is \"dance\", and has to be put"},
        {"{\"op\":\"\",\"key\":\"a\"}", "op is \"\", and has to be put"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"cairn_expires\":\"\"}", "cairn_expires is \"\": it has to be"},
        {"{\"op\":\"put\",\"key_hash\":\"\",\"data\":\"\"}", "key_hash: a key hash is"},
        {"{\"op\":1,\"key\":\"a\"}", "op is a string"},
        {"{\"op\":\"delete\"}", "exactly one"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"key_hash\":\"4da10dd61a0116b0\"}", "exactly one"},
        {"{\"op\":\"delete\",\"key\":null}", "exactly one"},
        {"{\"op\":null,\"key\":\"a\"}", "op is missing"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":null}", "needs data"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"if_macth\":null}", "no member \"if_macth\""},
        {"{\"op\":\"delete\",\"key\":\"a\",\"key\":null}", "key is given twice"},
        {"{\"op\":\"delete\",\"key\":\"\"}", "1 to 1024 bytes"},
        {"{\"op\":\"delete\",\"key_base64\":\"\"}", "1 to 1024 bytes"},
        {"{\"op\":\"delete\",\"key_base64\":\"x\"}", "not base64"},
        {"{\"op\":\"delete\",\"key_hash\":\"4da10dd61a0116b\"}", "16 hexadecimal"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"key\":\"b\"}", "key is given twice"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"data\":\"\"}", "a delete has no data"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"meta\":{\"a\":\"b\"}}", "a delete has no meta"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"to\":\"b\"}", "a put has no to"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"if_macth\":\"*\"}", "no member \"if_macth\""},
        {"{\"op\":\"delete\",\"key\":\"a\",\"if_match\":\"x\"}", "if_match is"},
        {"{\"op\":\"delete\",\"key\":\"a\",\"if_none_match\":\"*\\u0000\"}", "if_none_match is"},
        {"{\"op\":\"put\",\"key\":\"a\"}", "needs data"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"!\"}", "data is not base64"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":[]}", "data is a string"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":[]}", "meta is an object"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"a\":1}}", "meta is an object"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"a b\":\"x\"}}", "token"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"\":\"x\"}}", "token"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"a\":\"x\",\"A\":\"y\"}}", "A is given twice"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"meta\":{\"a\":\"x\\ny\"}}", "control characters"},
        {"{\"op\":\"put\",\"key\":\"a\",\"data\":\"\",\"content_type\":\"a\\u0000b\"}", "Content-Type"},
        {"{\"op\":\"rename\",\"key\":\"a\"}", "to: an object is named"},
        {"{\"op\":\"copy\",\"key\":\"a\",\"to\":\"b\",\"overwrite\":0}", "overwrite is true or false"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[400];
        snprintf(text, sizeof text, "{\"operations\":[{\"op\":\"delete\",\"key\":\"a\"},%s]}", faults[i].op);
        ck_assert_msg(!read_body(text, 100), "%s", text);
        ck_assert_msg(strstr(entries.fault.sentence, faults[i].sentence), "%s: %s", text, entries.fault.sentence);
        ck_assert_int_eq(entries.fault.problem, PROBLEM_ENTRY_REFUSED);
        ck_assert_uint_eq(entries.fault.index, 1);
    }
}
END_TEST

START_TEST(faults_of_the_body)
{
    const struct {
        const char *text, *sentence;
    } faults[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"[]", "a batch is an object"},
        {"null", "a batch is an object"},
        {"{}", "needs a list of operations"},
        {"{\"operations\":null}", "needs a list of operations"},
        {"{\"operations\":[],\"operations\":null}", "operations is one list"},
        {"{\"operations\":[],\"allow_emtpy\":null}", "no member \"allow_emtpy\""},
        {"{\"operations\":{}}", "operations is one list"},
        {"{\"operations\":[],\"operations\":[]}", "operations is one list"},
        {"{\"operations\":[],\"allow_empty\":1}", "allow_empty is true or false"},
        {"{\"operations\":[],\"allow_null_bytes\":\"true\"}", "allow_null_bytes is true or false"},
        {"{\"operations\":[],\"allow_emtpy\":true}", "no member \"allow_emtpy\""},
        {"{\"operations\":[]}x", "something follows the end at byte 17"},
        {"{\"operations\":[{\"op\":\"put\",\"key\":\"a\"", "not JSON"},
        {"{\"operations\":[{\"op\":\"put\" \"key\"", "a comma is missing at byte 27"},
        {"{\"operations\":[{\"op\":\"put\",\"meta\":{\"a\":\"\\q\"}}]}", "not JSON"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        ck_assert_msg(!read_body(faults[i].text, 100), "%s", faults[i].text);
        ck_assert_msg(strstr(entries.fault.sentence, faults[i].sentence), "%s: %s", faults[i].text,
                      entries.fault.sentence);
        ck_assert_int_eq(entries.fault.problem, PROBLEM_BAD_BODY);
        ck_assert_uint_eq(entries.fault.index, SIZE_MAX);
    }
}
END_TEST

START_TEST(the_number_of_operations_is_limited)
{
    const char *two = "{\"operations\":[{\"op\":\"delete\",\"key\":\"a\"},{\"op\":\"delete\",\"key\":\"b\"}]}";
    ck_assert(read_body(two, 2));
    ck_assert(!read_body(two, 1));
    ck_assert_int_eq(entries.fault.problem, PROBLEM_TOO_LARGE);
    ck_assert_uint_eq(entries.fault.index, SIZE_MAX);
}
END_TEST

/* Every prefix of a good body is a fault, and no byte beyond it is looked at. */
START_TEST(prefixes)
{
    const char *whole =
        "{\"operations\":[{\"op\":\"put\",\"key\":\"\\u00fc\",\"data\":\"aGk=\",\"meta\":{\"a\":\"b\"}},"
        "{\"op\":\"copy\",\"key\":\"a\",\"to\":\"b\",\"overwrite\":true}],\"allow_empty\":true}";
    char text[400];
    for (size_t length = 0; length < strlen(whole); length++) {
        memcpy(text, whole, length);
        text[length] = '\0';
        ck_assert_msg(!read_body(text, 100), "%s", text);
    }
    expect(whole);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {a_put_with_everything,
                            every_kind_in_order,
                            null_is_absent,
                            no_operations_are_a_batch,
                            faults_of_an_operation,
                            faults_of_the_body,
                            the_number_of_operations_is_limited,
                            prefixes};
    return UNIT_RUN("batch_json", tests);
}
