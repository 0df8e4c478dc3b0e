/* unit.h - the main() of a test: a list of tests in one suite, or a suite of the test's own making. */
#ifndef CAIRN_TESTS_UNIT_H
#define CAIRN_TESTS_UNIT_H

#include <check.h>
#include <stddef.h>

/* Runs the tests, `setup` before and `teardown` after each (NULL: none); returns the exit status. */
int unit_run(const char *name, void (*setup)(void), void (*teardown)(void), const TTest *const *tests, size_t count);

/* Runs the suite and frees it; returns the exit status. */
int unit_conclude(Suite *suite);

/* The signal that ends a child process which does something: SIGABRT, where an assertion stops it; 0: none. */
int unit_signal_of(void (*act)(void));

/* With an array of tests. */
#define UNIT_RUN(name, tests) unit_run(name, NULL, NULL, tests, sizeof(tests) / sizeof *(tests))
#define UNIT_RUN_WITH(name, setup, teardown, tests)                                                                    \
    unit_run(name, setup, teardown, tests, sizeof(tests) / sizeof *(tests))

#endif
