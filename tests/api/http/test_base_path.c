/* base_path.c: what can be one, and which paths stand below it. */
#include "api/http/base_path.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(what_can_be_one)
{
    char longest[BASE_PATH_MAX + 2] = "/";
    const char *good[] = {"/files", "/tools/cairn", "/a.b-c_d~9", "/..."};
    const char *bad[] = {"",   "/",       "files", "/files/", "//", "//files", "/a//b",
                         "/.", "/a/../b", "/a b",  "/%66",    "/ä", "/a?b",    "/a;b"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(!base_path_fault(good[i]), "%s: %s", good[i], base_path_fault(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(base_path_fault(bad[i]), "%s", bad[i]);
    memset(longest + 1, 'a', BASE_PATH_MAX - 1);
    ck_assert(!base_path_fault(longest));
    longest[BASE_PATH_MAX] = 'a';
    ck_assert(base_path_fault(longest));
}
END_TEST

static void expect(const char *base, const char *path, const char *rest)
{
    struct slice slice = {path, strlen(path)};
    ck_assert_msg(base_path_take(base, &slice) == (rest != NULL), "%s of %s", base, path);
    ck_assert_msg(slice_is(slice, rest ? rest : path), "%s of %s leaves %.*s", base, path, (int)slice.length,
                  slice.start);
}

START_TEST(what_stands_below_it)
{
    expect("/files", "/files/v1/stores", "/v1/stores");
    expect("/files", "/files/", "/");
    expect("/files", "/files//a", "//a");
    expect("/files", "/files", NULL);
    expect("/files", "/filesystem/", NULL);
    expect("/files", "/", NULL);
    expect("/files", "/Files/", NULL);
    expect("/files", "/fil%65s/", NULL);
    expect("/files", "/x/files/", NULL);
    expect("/a/b", "/a/b/c", "/c");
    expect("/a/b", "/a/c", NULL);
    expect("", "/a", "/a");
}
END_TEST

int main(void)
{
    const TTest *tests[] = {what_can_be_one, what_stands_below_it};
    return UNIT_RUN("base_path", tests);
}
