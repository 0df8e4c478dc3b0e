/* unit.h - the main() of a test of one unit: a list of tests in one suite. */
#ifndef CAIRN_TESTS_UNIT_H
#define CAIRN_TESTS_UNIT_H

#include <check.h>
#include <stddef.h>

/* Runs the tests; returns the exit status. */
int unit_run(const char *name, const TTest *const *tests, size_t count);

/* With an array of tests. */
#define UNIT_RUN(name, tests) unit_run(name, tests, sizeof(tests) / sizeof *(tests))

#endif
