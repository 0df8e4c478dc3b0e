/* autopsy.h - where a process stands that did not end when it should have: for the report of the test that waited.
 *
 * Thread: any.
 */
#ifndef CAIRN_TESTS_HTTP_AUTOPSY_H
#define CAIRN_TESTS_HTTP_AUTOPSY_H

#include <sys/types.h>

/* Tells on stderr what it runs, and of each of its threads what that waits for in the kernel; and where gdb is at hand,
 * and may, how it has come there. */
void autopsy(pid_t pid);

#endif
