/* attendance.c - counts those who are there. See attendance.h. */
#include "service/attendance.h"

void attendance_init(struct attendance *attendance, size_t threads)
{
    atomic_init(&attendance->present, threads);
}

bool attendance_leave(struct attendance *attendance)
{
    size_t present = atomic_load(&attendance->present);
    while (present > 1)
        if (atomic_compare_exchange_weak(&attendance->present, &present, present - 1))
            return true;
    return false;
}

void attendance_return(struct attendance *attendance)
{
    atomic_fetch_add(&attendance->present, 1);
}
