/* problem.c: every error of the engine and every kind of problem has its answer. */
#include "api/http/problem.h"
#include "tests/lib/unit.h"

#include <errno.h>
#include <string.h>

START_TEST(every_kind_is_told)
{
    for (unsigned i = 0; i < PROBLEMS; i++) {
        const struct problem_kind *kind = problem_kind((enum problem)i);
        bool leads_on = i == PROBLEM_ELSEWHERE && kind->status == 307;
        ck_assert_msg(leads_on || (kind->status >= 400 && kind->status < 600), "%u", i);
        ck_assert_int_eq(strncmp(kind->type, "urn:problem-type:cairn:", 23), 0);
        ck_assert_uint_gt(strlen(kind->title), 0);
        ck_assert_msg((kind->status == 503 || kind->status == 423) == (kind->retry_after > 0), "%s", kind->type);
    }
}
END_TEST

START_TEST(no_two_kinds_share_a_type)
{
    for (unsigned i = 0; i < PROBLEMS; i++)
        for (unsigned k = 0; k < i; k++)
            ck_assert_str_ne(problem_kind((enum problem)i)->type, problem_kind((enum problem)k)->type);
}
END_TEST

START_TEST(errors_have_the_status_of_the_contract)
{
    const struct {
        enum store_error error;
        unsigned status;
    } cases[] = {{STORE_NO_STORE, 404},    {STORE_NO_OBJECT, 404},     {STORE_BAD_NAME, 400},
                 {STORE_BAD_KEY, 400},     {STORE_TOO_LARGE, 413},     {STORE_EMPTY, 422},
                 {STORE_NUL, 422},         {STORE_COLLISION, 409},     {STORE_CONDITION, 412},
                 {STORE_EXISTS, 412},      {STORE_SAME, 403},          {STORE_NOT_DRAINED, 409},
                 {STORE_DIGEST, 400},      {STORE_SIZE, 400},          {STORE_BUSY, 503},
                 {STORE_DRAINING, 503},    {STORE_FULL, 507},          {STORE_DAMAGED, 500},
                 {STORE_IO, 500},          {STORE_FAILED, 503},        {STORE_NO_UPLOAD, 404},
                 {STORE_UPLOAD_HELD, 423}, {STORE_UPLOAD_OFFSET, 409}, {STORE_UPLOAD_PARTS, 409},
                 {STORE_NO_MEMORY, 503},   {STORE_AGAIN, 503},         {STORE_QUOTA, 507},
                 {STORE_TOO_MANY, 507},    {STORE_ELSEWHERE, 503},     {STORE_MANY_UPLOADS, 507}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(problem_kind(problem_of(cases[i].error, 0))->status == cases[i].status, "%s",
                      store_error_text(cases[i].error));
}
END_TEST

/* They pass, and say nothing of the disk. */
START_TEST(want_of_descriptors_is_no_fault)
{
    ck_assert_int_eq(problem_of(STORE_IO, EMFILE), PROBLEM_BUSY);
    ck_assert_int_eq(problem_of(STORE_IO, ENFILE), PROBLEM_BUSY);
    ck_assert_int_eq(problem_of(STORE_IO, EIO), PROBLEM_INTERNAL);
    ck_assert_uint_gt(problem_kind(PROBLEM_BUSY)->retry_after, 0);
}
END_TEST

/* An entry left out of the table would read as the first problem, which no error of the engine is. */
START_TEST(no_error_was_forgotten)
{
    for (unsigned error = STORE_OK + 1; error < STORE_ERRORS; error++)
        ck_assert_msg(problem_of((enum store_error)error, 0) != PROBLEM_BAD_REQUEST, "%s",
                      store_error_text((enum store_error)error));
}
END_TEST

int main(void)
{
    const TTest *tests[] = {every_kind_is_told, no_two_kinds_share_a_type, errors_have_the_status_of_the_contract,
                            want_of_descriptors_is_no_fault, no_error_was_forgotten};
    return UNIT_RUN("problem", tests);
}
