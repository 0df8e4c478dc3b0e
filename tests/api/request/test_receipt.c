/* receipt.c and jsontext.c: receipts as JSON, with keys of every kind, read back by another JSON library. */
#include "api/request/receipt.h"
#include "tests/lib/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(struct jsontext *text)
{
    json_error_t error;
    ck_assert(!text->failed);
    json_t *json = json_loadb(text->bytes, text->length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json, "%s in %.*s", error.text, (int)text->length, text->bytes);
    jsontext_free(text);
    return json;
}

static json_t *write_receipt(const void *key, size_t length, bool exists, bool existed)
{
    const struct store_receipt values = {.key = key,
                                         .key_length = length,
                                         .key_hash = 0x0123456789abcdef,
                                         .offset = UINT64_MAX / 2,
                                         .size = 42,
                                         .digest = {{0xff, [15] = 1}},
                                         .existed = existed};
    struct jsontext text = {0};
    receipt_write(&text, "photos", &values, exists);
    return parse(&text);
}

static const char *string(const json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

START_TEST(a_receipt_has_all_its_members)
{
    json_t *json = write_receipt("cat", 3, true, false);
    ck_assert_uint_eq(json_object_size(json), 7);
    ck_assert_str_eq(string(json, "store"), "photos");
    ck_assert_str_eq(string(json, "key"), "cat");
    ck_assert_str_eq(string(json, "key_hash"), "0123456789abcdef");
    ck_assert_int_eq(json_integer_value(json_object_get(json, "offset")), (json_int_t)(UINT64_MAX / 2));
    ck_assert_int_eq(json_integer_value(json_object_get(json, "size")), 42);
    ck_assert_str_eq(string(json, "etag"), "\"ff000000000000000000000000000001\"");
    ck_assert(json_is_true(json_object_get(json, "created")));
    json_decref(json);
}
END_TEST

START_TEST(a_replaced_object_was_not_created)
{
    json_t *json = write_receipt("cat", 3, true, true);
    ck_assert(json_is_false(json_object_get(json, "created")));
    json_decref(json);
}
END_TEST

START_TEST(a_deleted_object_has_no_etag)
{
    json_t *json = write_receipt("cat", 3, false, false);
    ck_assert(json_is_null(json_object_get(json, "etag")));
    ck_assert(json_is_false(json_object_get(json, "created")));
    json_decref(json);
}
END_TEST

START_TEST(every_character_survives_escaping)
{
    char key[128 + 9];
    for (size_t i = 0; i < 128; i++)
        key[i] = (char)i;
    memcpy(key + 128, "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", 9);
    json_t *json = write_receipt(key, sizeof key, true, false);
    json_t *read = json_object_get(json, "key");
    ck_assert_uint_eq(json_string_length(read), sizeof key);
    ck_assert_mem_eq(json_string_value(read), key, sizeof key);
    json_decref(json);
}
END_TEST

START_TEST(a_key_that_is_not_utf8_comes_in_base64)
{
    json_t *json = write_receipt("\xff\x00", 2, true, false);
    ck_assert(json_is_null(json_object_get(json, "key")));
    ck_assert_str_eq(string(json, "key_base64"), "/wA=");
    json_decref(json);
}
END_TEST

START_TEST(an_object_without_a_key_has_a_null)
{
    json_t *json = write_receipt(NULL, 0, true, false);
    ck_assert(json_is_null(json_object_get(json, "key")));
    ck_assert_ptr_null(json_object_get(json, "key_base64"));
    json_decref(json);
}
END_TEST

START_TEST(a_kept_receipt_outlives_its_key)
{
    char key[] = "cat";
    struct store_receipt values = {.key = key, .key_length = 3, .offset = 7};
    struct store_key known = store_key_of("dog", 3), same = store_key_of("cat", 3);
    struct receipt receipt = {0};
    ck_assert(receipt_keep(&receipt, &values, &known));
    memset(key, 'x', 3);
    ck_assert_mem_eq(receipt.values.key, "cat", 3);
    receipt_free(&receipt);
    receipt = (struct receipt){0};
    memcpy(key, "cat", 3);
    ck_assert(receipt_keep(&receipt, &values, &same));
    ck_assert_ptr_eq(receipt.values.key, same.bytes);
    ck_assert_ptr_null(receipt.key);
    ck_assert_uint_eq(receipt.values.offset, 7);
}
END_TEST

START_TEST(nested_values_get_their_commas)
{
    struct jsontext text = {0};
    jsontext_open(&text, '{');
    jsontext_name(&text, "a");
    jsontext_open(&text, '[');
    for (int i = 0; i < 1000; i++) {
        jsontext_open(&text, '[');
        jsontext_number(&text, 18446744073709551615U);
        jsontext_number(&text, 0);
        jsontext_null(&text);
        jsontext_bool(&text, true);
        jsontext_close(&text, ']');
    }
    jsontext_close(&text, ']');
    jsontext_field(&text, "b", NULL);
    jsontext_close(&text, '}');
    ck_assert_int_eq(strncmp(text.bytes, "{\"a\":[[18446744073709551615,0,null,true],[", 41), 0);
    ck_assert_int_eq(strncmp(text.bytes + text.length - 15, "rue]],\"b\":null}", 15), 0);
    jsontext_free(&text);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        a_receipt_has_all_its_members,     a_replaced_object_was_not_created,      a_deleted_object_has_no_etag,
        every_character_survives_escaping, a_key_that_is_not_utf8_comes_in_base64, an_object_without_a_key_has_a_null,
        a_kept_receipt_outlives_its_key,   nested_values_get_their_commas,
    };
    return UNIT_RUN("receipt", tests);
}
