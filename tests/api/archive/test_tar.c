/* tar_writer.c and tar_reader.c: members of more than 8 GiB, whose sizes no eleven octal digits hold; what may stand
 * behind the end. */
#include "api/archive/tar_reader.h"
#include "api/archive/tar_writer.h"
#include "tests/lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB (1ull << 30)

/* Reads what the text holds, up to the first member. */
static enum tar_step read_head(struct tar *tar, const struct tar_text *text)
{
    enum tar_step told = TAR_MORE;
    size_t used = 0;
    for (size_t at = 0; at < text->length && told == TAR_MORE; at += used)
        told = tar_step(tar, text->bytes + at, text->length - at, &used);
    return told;
}

/* Takes the sum of a header again. */
static void sum_up(char *block)
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
}

/* Reads a member with that field for its size, of twelve bytes, behind a record about it, unless that is NULL. */
static enum tar_step read_size(const char *field, const char *record, uint64_t *ret_size)
{
    struct tar tar = {0};
    struct tar_text text = {0}, records = {0};
    if (record)
        tar_record(&records, "size", record, strlen(record));
    tar_member(&text, &records, "name", 0, 0);
    char *block = text.bytes + text.length - TAR_BLOCK;
    memcpy(block + 124, field, 12);
    sum_up(block);
    enum tar_step told = read_head(&tar, &text);
    *ret_size = tar.size;
    tar_text_free(&text);
    tar_text_free(&records);
    tar_free(&tar);
    return told;
}

START_TEST(sizes_are_octal_or_binary)
{
    static const struct {
        const char *field;
        uint64_t size;
    } cases[] = {{"00000000000", 0},
                 {"          7 ", 7},
                 {"77777777777", 8 * GIB - 1},
                 {"777777777777", 64 * GIB - 1}, /* a digit in the place of the end */
                 {"\x80\0\0\0\0\0\0\0\0\0\0\x05", 5},
                 {"\x80\0\0\0\0\0\0\x02\0\0\0\0", 8 * GIB},
                 {"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t size = 1;
        ck_assert_int_eq(read_size(cases[i].field, NULL, &size), TAR_MEMBER);
        ck_assert_msg(size == cases[i].size, "size %zu is %llu", i, (unsigned long long)size);
    }
}
END_TEST

START_TEST(what_is_no_size_is_a_fault)
{
    static const char *const fields[] = {"0000000000x",
                                         "-0000000001",
                                         "00000000008",
                                         "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb", /* negative */
                                         "\x80\0\0\0\x80\0\0\0\0\0\0\0",
                                         "\x80\x01\0\0\0\0\0\0\0\0\0\0",
                                         "\x81\0\0\0\0\0\0\0\0\0\0\0"};
    uint64_t size;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        ck_assert_msg(read_size(fields[i], NULL, &size) == TAR_FAULT, "field %zu is a size", i);
}
END_TEST

START_TEST(records_tell_sizes_of_any_length)
{
    static const char *const wrong[] = {"", "-1", "1x", "0x10", "9223372036854775808", "99999999999999999999999"};
    uint64_t size;
    ck_assert_int_eq(read_size("00000000005", "8589934592", &size), TAR_MEMBER);
    ck_assert_uint_eq(size, 8 * GIB);
    ck_assert_int_eq(read_size("\x80\0\0\0\0\0\0\0\0\0\0\x05", "9223372036854775807", &size), TAR_MEMBER);
    ck_assert_uint_eq(size, INT64_MAX);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(read_size("00000000005", wrong[i], &size) == TAR_FAULT, "%s is a size", wrong[i]);
}
END_TEST

/* Takes `size` bytes of content from one buffer: what fills up the last block is not waited for. */
static void pass_content(struct tar *tar, uint64_t size)
{
    enum { PIECE = 1 << 20 };
    char *zeros = calloc(1, PIECE);
    uint64_t content = 0;
    size_t used;
    enum tar_step told = TAR_MORE;
    ck_assert_ptr_nonnull(zeros);
    while (told != TAR_DONE) {
        ck_assert(!tar_is_due(tar));
        told = tar_step(tar, zeros, PIECE, &used);
        ck_assert_int_eq(told, TAR_CONTENT);
        content += used;
        tar_took(tar, used);
        if (tar_is_due(tar))
            told = tar_step(tar, zeros, 0, &used);
    }
    ck_assert_uint_eq(used, 0);
    ck_assert_uint_eq(content, size);
    free(zeros);
}

START_TEST(large_members_are_written_and_read)
{
    static const uint64_t sizes[] = {8 * GIB - 1, 8 * GIB, 8 * GIB + 1, 20 * GIB + 511};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct tar tar = {0};
        struct tar_text text = {0}, records = {0};
        tar_member(&text, &records, "large", sizes[i], 0);
        ck_assert_int_eq(read_head(&tar, &text), TAR_MEMBER);
        ck_assert_uint_eq(tar.size, sizes[i]);
        pass_content(&tar, sizes[i]);
        text.length = 0;
        tar_padding(&text, sizes[i]);
        ck_assert_uint_eq((sizes[i] + text.length) % TAR_BLOCK, 0);
        tar_member(&text, &records, "small", 3, 0);
        ck_assert_int_eq(read_head(&tar, &text), TAR_MEMBER);
        ck_assert_uint_eq(tar.size, 3);
        ck_assert(tar.path_length == 5 && memcmp(tar.path, "small", 5) == 0);
        tar_text_free(&text);
        tar_text_free(&records);
        tar_free(&tar);
    }
}
END_TEST

/* ---- the end ----------------------------------------------------------------------------------- */

/* An archive of one empty member, which ends in so many zeros. */
static void add_archive(struct tar_text *text, size_t zeros)
{
    struct tar_text records = {0};
    tar_member(text, &records, "name", 0, 0);
    memset(tar_room(text, zeros), 0, zeros);
    tar_text_free(&records);
}

/* Reads all of it in such pieces. Its members; or -1 - where it is at fault. */
static int64_t read_all(const struct tar_text *text, size_t piece, bool *ret_ended)
{
    struct tar tar = {0};
    int64_t members = 0;
    enum tar_step told = TAR_MORE;
    for (size_t at = 0, used; at < text->length && told != TAR_FAULT; at += used) {
        size_t length = text->length - at < piece ? text->length - at : piece;
        told = tar_step(&tar, text->bytes + at, length, &used);
        members += told == TAR_MEMBER;
    }
    *ret_ended = tar_has_ended(&tar);
    if (told == TAR_FAULT)
        members = -1 - (int64_t)tar.position;
    tar_free(&tar);
    return members;
}

/* The headers and records of one member are three blocks. */
enum { MEMBER = 3 * TAR_BLOCK, FILLED = TAR_RECORD - MEMBER };

START_TEST(zeros_and_whole_archives_may_follow_an_end)
{
    static const struct {
        size_t zeros, more; /* bytes of the one end, and of the other; 0: there is none */
        const char *behind;
        int64_t told;
    } cases[] = {{TAR_BLOCK, 0, "", 1},
                 {2 * TAR_BLOCK, 0, "", 1},
                 {2 * TAR_BLOCK + 1, 0, "", 1},
                 {100 * TAR_BLOCK, 0, "", 1},
                 {2 * TAR_BLOCK, 2 * TAR_BLOCK, "", 2},
                 {FILLED, FILLED, "", 2},
                 {FILLED + TAR_RECORD, 2 * TAR_BLOCK, "", 2},
                 {2 * TAR_BLOCK, FILLED, "", 2},
                 {TAR_BLOCK, 2 * TAR_BLOCK, "", -1 - (MEMBER + TAR_BLOCK)},
                 {3 * TAR_BLOCK, 2 * TAR_BLOCK, "", -1 - (MEMBER + 3 * TAR_BLOCK)},
                 {2 * TAR_BLOCK + 1, 2 * TAR_BLOCK, "", -1 - (MEMBER + 2 * TAR_BLOCK + 1)},
                 {TAR_BLOCK, 0, "x", -1 - (MEMBER + TAR_BLOCK)},
                 {5000, 0, "x", -1 - (MEMBER + 5000)}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tar_text text = {0};
        bool ended;
        add_archive(&text, cases[i].zeros);
        if (cases[i].more > 0)
            add_archive(&text, cases[i].more);
        size_t length = strlen(cases[i].behind);
        memcpy(tar_room(&text, length), cases[i].behind, length);
        for (size_t piece = 1; piece < TAR_RECORD; piece = 3 * piece + 1) {
            int64_t told = read_all(&text, piece, &ended);
            ck_assert_msg(told == cases[i].told, "case %zu by %zu: %lld", i, piece, (long long)told);
            ck_assert_int_eq(ended, told > 0);
        }
        tar_text_free(&text);
    }
}
END_TEST

/* What begins like another one has to end as well. */
START_TEST(the_beginning_of_another_archive_is_no_end)
{
    struct tar_text text = {0};
    bool ended;
    add_archive(&text, 2 * TAR_BLOCK);
    memset(tar_room(&text, 5), 'x', 5);
    ck_assert_int_eq(read_all(&text, text.length, &ended), 1);
    ck_assert(!ended);
    tar_text_free(&text);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {sizes_are_octal_or_binary,
                            what_is_no_size_is_a_fault,
                            records_tell_sizes_of_any_length,
                            large_members_are_written_and_read,
                            zeros_and_whole_archives_may_follow_an_end,
                            the_beginning_of_another_archive_is_no_end};
    return UNIT_RUN("tar", tests);
}
