/* left_out.h - which tests are not for a pool of a cluster, and why: one table for all of them.
 *
 * It counts where TEST_POOL is set (tests/http/pool.h), or TEST_ON_MEDIUM (fixture.h). Everything else runs there as it
 * does on a disk.
 *
 * Thread: any.
 */
#ifndef CAIRN_TESTS_LEFT_OUT_H
#define CAIRN_TESTS_LEFT_OUT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>

/* Adds to a case what is not left out of these tests of a program: its folder, as in "http", and its name. False, and
 * told on stderr: the table has a test of the program that is not among them. */
bool left_out_add(TCase *tcase, const char *folder, const char *program, const TTest *const *tests, size_t count);

#endif
