/* test_attendance.c - the last one stays. */
#include "service/attendance.h"
#include "tests/lib/unit.h"

#include <check.h>

START_TEST(all_but_one_may_go)
{
    struct attendance attendance;
    attendance_init(&attendance, 3);
    ck_assert(attendance_leave(&attendance));
    ck_assert(attendance_leave(&attendance));
    ck_assert(!attendance_leave(&attendance));
    attendance_return(&attendance);
    ck_assert(attendance_leave(&attendance));
    ck_assert(!attendance_leave(&attendance));
}
END_TEST

START_TEST(who_is_alone_stays)
{
    struct attendance attendance;
    attendance_init(&attendance, 1);
    ck_assert(!attendance_leave(&attendance));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {all_but_one_may_go, who_is_alone_stays};
    return UNIT_RUN("attendance", tests);
}
