/* request_id.c: which names are taken from a client, and that those made here differ. */
#include "api/http/request_id.h"
#include "tests/lib/unit.h"

#include <string.h>

START_TEST(what_clients_send)
{
    const char *sane[] = {"a",
                          "7f6c0f4e-61d5-4b1e-8b5b-0f6f7a9d1c2e",
                          "Root=1-67891233-abcdef012345678912345678",
                          "01JDS0V3N2",
                          "a/b:c~d+e@f=",
                          "_.-"};
    const char *others[] = {"", " ", "a b", "a,b", "a\"b", "a\\b", "<a>", "a\tb", "\x01", "\x7f", "\xc3\xa9", "a;b"};
    for (size_t i = 0; i < sizeof sane / sizeof *sane; i++)
        ck_assert_msg(request_id_is_sane(sane[i]), "%s", sane[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!request_id_is_sane(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(the_longest)
{
    char text[REQUEST_ID_MAX + 2] = "";
    memset(text, 'x', REQUEST_ID_MAX);
    ck_assert(request_id_is_sane(text));
    text[REQUEST_ID_MAX] = 'x';
    ck_assert(!request_id_is_sane(text));
}
END_TEST

START_TEST(those_made_here_differ)
{
    char made[4][REQUEST_ID_MADE_SIZE];
    for (size_t i = 0; i < 4; i++) {
        request_id_make(made[i], i / 2, i % 2);
        ck_assert_uint_eq(strlen(made[i]), 32);
        ck_assert_uint_eq(strspn(made[i], "0123456789abcdef"), 32);
        ck_assert(request_id_is_sane(made[i]));
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(made[i], made[k]);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {what_clients_send, the_longest, those_made_here_differ};
    return UNIT_RUN("request_id", tests);
}
