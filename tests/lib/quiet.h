/* quiet.h - waiting until nothing goes on in the background.
 *
 *     ck_assert(quiet_comes());
 *     ck_assert(quiet_comes_to(server->pid));
 *
 * A pause in which nothing happens tells little: on a busy machine a thread that has work may get no processor for
 * longer. So the kernel is asked. Nothing goes on when all other threads of the program sleep and none of them has run
 * between two looks. One that sleeps until a certain time is asleep.
 *
 * Thread: the only one of the test's own; beside another process any.
 */
#ifndef CAIRN_TESTS_QUIET_H
#define CAIRN_TESTS_QUIET_H

#include <stdbool.h>
#include <sys/types.h>

/* Returns when nothing goes on; false: something goes on and on. */
bool quiet_comes(void);

/* The same in another process. */
bool quiet_comes_to(pid_t process);

#endif
