/* fields.c: which fields may come once, how lists are joined, and what a value ends with. */
#include "api/http/fields.h"
#include "tests/lib/unit.h"

#include <string.h>
#include <strings.h>

START_TEST(fields_that_frame_come_once)
{
    char value[] = "1";
    const char *once[] = {"Host", "content-length", "TRANSFER-ENCODING", "Destination", "Range"};
    for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
        struct fields fields = {0};
        enum field twice;
        ck_assert_int_eq(fields_add(&fields, once[i], strlen(once[i]), value, 1, &twice), FIELDS_OK);
        ck_assert_int_eq(fields_add(&fields, once[i], strlen(once[i]), value, 1, &twice), FIELDS_TWICE);
        ck_assert_int_eq(strcasecmp(field_name(twice), once[i]), 0);
        fields_free(&fields);
    }
}
END_TEST

START_TEST(tokens_are_wiped_however_often_they_come)
{
    struct fields fields = {0};
    enum field twice;
    char values[3][16] = {"Bearer first", "Bearer second", "Bearer third"};
    static const char nothing[sizeof values];
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(fields_add(&fields, "authorization", 13, values[i], strlen(values[i]), &twice),
                         i == 0 ? FIELDS_OK : FIELDS_TWICE);
    ck_assert_str_eq(fields.values[FIELD_AUTHORIZATION], "Bearer first");
    fields_wipe_token(&fields);
    ck_assert_ptr_null(fields.values[FIELD_AUTHORIZATION]);
    ck_assert_mem_eq(values, nothing, sizeof values);
    fields_wipe_token(&fields);
    fields_free(&fields);
}
END_TEST

START_TEST(lists_of_several_lines_are_joined)
{
    struct fields fields = {0};
    enum field twice;
    char values[][4] = {"a", "b ", "c\t"};
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(fields_add(&fields, "If-Match", 8, values[i], strlen(values[i]), &twice), FIELDS_OK);
    ck_assert_str_eq(fields.values[FIELD_IF_MATCH], "a, b, c");
    fields_free(&fields);
}
END_TEST

/* Each field that is known, and one that is kept with an object. */
START_TEST(blanks_behind_a_value_are_no_part_of_it)
{
    const char *blanks[] = {"", " ", "\t", " \t  "};
    for (unsigned field = 0; field <= FIELDS; field++)
        for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
            const char *name = field < FIELDS ? field_name((enum field)field) : FIELD_META_PREFIX "A";
            struct fields fields = {0};
            enum field twice;
            char value[16];
            stpcpy(stpcpy(value, "a \tb"), blanks[i]);
            ck_assert_int_eq(fields_add(&fields, name, strlen(name), value, strlen(value), &twice), FIELDS_OK);
            ck_assert_str_eq(value, "a \tb");
            ck_assert(field == FIELDS || fields.values[field] == value);
            fields_free(&fields);
        }
    struct fields fields = {0};
    enum field twice;
    char empty[] = " \t";
    ck_assert_int_eq(fields_add(&fields, "Expect", 6, empty, strlen(empty), &twice), FIELDS_OK);
    ck_assert_str_eq(empty, "");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {fields_that_frame_come_once, tokens_are_wiped_however_often_they_come,
                            lists_of_several_lines_are_joined, blanks_behind_a_value_are_no_part_of_it};
    return UNIT_RUN("fields", tests);
}
