/* test_imprint.c - by what a file is known again. */
#include "store/backup/imprint.h"
#include "tests/lib/unit.h"

static const struct imprint known = {
    .device = 1, .inode = 12, .file = true, .size = 4096, .written = {.tv_sec = 1700000000, .tv_nsec = 5}};

START_TEST(a_file_is_known_again)
{
    struct imprint again = known;
    ck_assert_uint_ne(imprint_token(&known), 0);
    ck_assert_uint_eq(imprint_token(&again), imprint_token(&known));
}
END_TEST

/* An inode's number is free as soon as its file has gone, and the next one that is made gets it. */
START_TEST(who_takes_the_inode_of_another_is_not_it)
{
    struct imprint later = known, longer = known;
    later.written.tv_nsec++;
    longer.size++;
    ck_assert(imprint_same_file(&later, &known) && imprint_same_file(&longer, &known));
    ck_assert_uint_ne(imprint_token(&later), imprint_token(&known));
    ck_assert_uint_ne(imprint_token(&longer), imprint_token(&known));
}
END_TEST

START_TEST(another_inode_is_another_file)
{
    struct imprint other = known;
    other.inode++;
    ck_assert_uint_ne(imprint_token(&other), imprint_token(&known));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_is_known_again,
        who_takes_the_inode_of_another_is_not_it,
        another_inode_is_another_file,
    };
    return UNIT_RUN("imprint", tests);
}
