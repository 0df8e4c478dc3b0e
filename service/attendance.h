/* attendance.h - which HTTP threads attend to their connections: one may be away, as long as another one is there.
 *
 * A thread that serves one connection alone, which waits for the disk, may as well wait for the disk itself: two
 * threads less have to be woken for one small write. While it is away whoever comes is given to those who are there.
 *
 * Thread: any.
 */
#ifndef CAIRN_ATTENDANCE_H
#define CAIRN_ATTENDANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct attendance {
    atomic_size_t present; /* threads */
};

void attendance_init(struct attendance *attendance, size_t threads);

/* One of them goes; false: it is the last one, and stays. */
bool attendance_leave(struct attendance *attendance);

/* It is there again. */
void attendance_return(struct attendance *attendance);

#endif
