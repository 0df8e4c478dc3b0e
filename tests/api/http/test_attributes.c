/* attributes.c: what goes in comes out, limits, and bytes that are no attributes. */
#include "api/http/attributes.h"
#include "store/store.h"
#include "tests/lib/unit.h"

#include <stdlib.h>
#include <string.h>

static bool next(const struct attributes *attributes, size_t *position, struct attribute *ret_attribute)
{
    return attributes_next(attributes->bytes, attributes->length, position, ret_attribute);
}

static void expect(const struct attribute *attribute, enum attribute_tag tag, const char *value)
{
    ck_assert_int_eq(attribute->tag, tag);
    ck_assert_uint_eq(attribute->value_length, strlen(value));
    ck_assert_mem_eq(attribute->value, value, attribute->value_length);
}

/* In front of all others, whenever it comes, where the engine looks for it. */
START_TEST(when_it_expires_comes_first)
{
    for (unsigned first = 0; first < 2; first++) {
        struct attributes attributes = {0};
        struct attribute attribute;
        size_t position = 0;
        if (first)
            ck_assert_int_eq(attributes_set_expiry(&attributes, 1234567890), ATTRIBUTES_OK);
        ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", "text/plain"),
                         ATTRIBUTES_OK);
        if (!first)
            ck_assert_int_eq(attributes_set_expiry(&attributes, 1234567890), ATTRIBUTES_OK);
        ck_assert_int_eq(attributes_set_expiry(&attributes, 1), ATTRIBUTES_TWICE);
        ck_assert_int_eq(store_expiry(attributes.bytes, attributes.length), 1234567890);
        ck_assert(next(&attributes, &position, &attribute));
        ck_assert_int_eq(attribute.tag, ATTRIBUTE_EXPIRY);
        ck_assert(next(&attributes, &position, &attribute));
        expect(&attribute, ATTRIBUTE_CONTENT_TYPE, "text/plain");
        ck_assert(!next(&attributes, &position, &attribute));
        attributes_free(&attributes);
    }
}
END_TEST

/* What other attributes begin with says nothing of it, nor do too few bytes, nor a time before all others. */
START_TEST(without_it_there_is_none)
{
    struct attributes attributes = {0};
    unsigned char bytes[STORE_EXPIRY];
    ck_assert_int_eq(store_expiry(NULL, 0), 0);
    ck_assert_int_eq(attributes_add_meta(&attributes, "a", 1, "a value that is long enough"), ATTRIBUTES_OK);
    ck_assert_int_eq(store_expiry(attributes.bytes, attributes.length), 0);
    attributes_free(&attributes);
    store_expiry_write(bytes, 5);
    ck_assert_int_eq(store_expiry(bytes, sizeof bytes), 5);
    ck_assert_int_eq(store_expiry(bytes, sizeof bytes - 1), 0);
    store_expiry_write(bytes, -5);
    ck_assert_int_eq(store_expiry(bytes, sizeof bytes), 0);
}
END_TEST

START_TEST(what_goes_in_comes_out)
{
    struct attributes attributes = {0};
    const uint8_t sum[ATTRIBUTES_SHA256] = "0123456789abcdef0123456789abcde";
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", "text/plain"),
                     ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "Colour", 6, "r\xc3\xb6t\tx"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_digest(&attributes, ATTRIBUTE_SHA256, sum, sizeof sum), ATTRIBUTES_OK);
    struct attribute attribute;
    size_t position = 0;
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_CONTENT_TYPE, "text/plain");
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_META, "r\xc3\xb6t\tx");
    ck_assert_str_eq(attribute.name, "colour");
    ck_assert(next(&attributes, &position, &attribute));
    ck_assert_int_eq(attribute.tag, ATTRIBUTE_SHA256);
    ck_assert_uint_eq(attribute.value_length, sizeof sum);
    ck_assert_mem_eq(attribute.value, sum, sizeof sum);
    ck_assert(!next(&attributes, &position, &attribute));
    attributes_free(&attributes);
}
END_TEST

START_TEST(nothing_is_no_bytes)
{
    struct attributes attributes = {0};
    struct attribute attribute;
    size_t position = 0;
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", ""), ATTRIBUTES_OK);
    ck_assert_uint_eq(attributes.length, 0);
    ck_assert(!next(&attributes, &position, &attribute));
}
END_TEST

START_TEST(an_empty_value_is_kept)
{
    struct attributes attributes = {0};
    struct attribute attribute;
    size_t position = 0;
    ck_assert_int_eq(attributes_add_meta(&attributes, "", 0, "x"), ATTRIBUTES_NO_NAME);
    ck_assert_int_eq(attributes_add_meta(&attributes, "Tag", 3, ""), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "tag", 3, "x"), ATTRIBUTES_TWICE);
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_META, "");
    ck_assert_str_eq(attribute.name, "tag");
    ck_assert(!next(&attributes, &position, &attribute));
    attributes_free(&attributes);
}
END_TEST

START_TEST(blanks_around_a_value_are_no_part_of_it)
{
    struct attributes attributes = {0};
    struct attribute attribute;
    size_t position = 0;
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_EXPIRES, "Expires", " \t "), ATTRIBUTES_OK);
    ck_assert_uint_eq(attributes.length, 0);
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_EXPIRES, "Expires", "\t a b \t"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "a", 1, " \t"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "b", 1, " c d\t"), ATTRIBUTES_OK);
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_EXPIRES, "a b");
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_META, "");
    ck_assert(next(&attributes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_META, "c d");
    attributes_free(&attributes);
}
END_TEST

START_TEST(a_content_type_comes_once)
{
    struct attributes attributes = {0};
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", "a/b"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", "c/d"),
                     ATTRIBUTES_TWICE);
    attributes_free(&attributes);
}
END_TEST

START_TEST(a_name_comes_once_in_any_case)
{
    struct attributes attributes = {0};
    ck_assert_int_eq(attributes_add_meta(&attributes, "Name", 4, "1"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "Nam", 3, "2"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "nAMEs", 5, "3"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "nAME", 4, "4"), ATTRIBUTES_TWICE);
    attributes_free(&attributes);
}
END_TEST

START_TEST(a_value_is_text)
{
    struct attributes attributes = {0};
    const char *values[] = {"\xff", "a\xc3", "a\nb", "a\rb", "a\x7f", "\x01"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", values[i]),
                         ATTRIBUTES_NOT_TEXT);
        ck_assert_int_eq(attributes_add_meta(&attributes, "a", 1, values[i]), ATTRIBUTES_NOT_TEXT);
    }
    ck_assert_uint_eq(attributes.length, 0);
}
END_TEST

START_TEST(names_and_values_are_bounded_in_all)
{
    struct attributes attributes = {0};
    char value[ATTRIBUTES_TEXT_MAX + 2];
    memset(value, 'x', sizeof value);
    value[ATTRIBUTES_TEXT_MAX + 1] = '\0';
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", value),
                     ATTRIBUTES_TOO_LARGE);
    value[ATTRIBUTES_TEXT_MAX - sizeof "Content-TypeCairn-Meta-" + 1 - 10] = '\0';
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", value), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "12345", 5, "123456"), ATTRIBUTES_TOO_LARGE);
    ck_assert_int_eq(attributes_add_meta(&attributes, "12345", 5, "12345"), ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "a", 1, "b"), ATTRIBUTES_TOO_LARGE);
    attributes_free(&attributes);
}
END_TEST

/* Whatever the bytes are: reading them ends, and stays inside (the sanitizer watches). */
static void read_all(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length + (length == 0));
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, length);
    struct attribute attribute;
    size_t position = 0, read = 0;
    while (attributes_next(copy, length, &position, &attribute)) {
        read += attribute.value_length;
        ck_assert_uint_le(position, length);
        if (attribute.tag == ATTRIBUTE_META)
            read += strlen(attribute.name);
    }
    ck_assert_uint_le(read, length);
    free(copy);
}

START_TEST(other_bytes_are_no_attributes)
{
    struct attributes attributes = {0};
    ck_assert_int_eq(attributes_add_field(&attributes, ATTRIBUTE_CONTENT_TYPE, "Content-Type", "text/plain"),
                     ATTRIBUTES_OK);
    ck_assert_int_eq(attributes_add_meta(&attributes, "name", 4, "value"), ATTRIBUTES_OK);
    for (size_t length = 0; length <= attributes.length; length++)
        read_all(attributes.bytes, length);
    for (size_t i = 0; i < attributes.length; i++)
        for (unsigned byte = 0; byte < 256; byte += 15) {
            uint8_t kept = attributes.bytes[i];
            attributes.bytes[i] = (uint8_t)byte;
            read_all(attributes.bytes, attributes.length);
            attributes.bytes[i] = kept;
        }
    attributes_free(&attributes);
}
END_TEST

START_TEST(an_unknown_tag_is_passed_over)
{
    const uint8_t bytes[] = {1, 200, 2, 0, 'a', 'b', 1, 1, 0, 'x'};
    struct attribute attribute;
    size_t position = 0;
    ck_assert(attributes_next(bytes, sizeof bytes, &position, &attribute));
    ck_assert_int_eq((int)attribute.tag, 200);
    ck_assert(attributes_next(bytes, sizeof bytes, &position, &attribute));
    expect(&attribute, ATTRIBUTE_CONTENT_TYPE, "x");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        when_it_expires_comes_first,
        without_it_there_is_none,
        what_goes_in_comes_out,
        an_empty_value_is_kept,
        blanks_around_a_value_are_no_part_of_it,
        a_content_type_comes_once,
        nothing_is_no_bytes,
        a_name_comes_once_in_any_case,
        a_value_is_text,
        names_and_values_are_bounded_in_all,
        other_bytes_are_no_attributes,
        an_unknown_tag_is_passed_over,
    };
    return UNIT_RUN("attributes", tests);
}
