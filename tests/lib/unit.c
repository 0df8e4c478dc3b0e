#include "tests/lib/unit.h"

#include "tests/lib/left_out.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT = 180 }; /* seconds for one test: for what hangs, not for what a busy machine delays */

int unit_conclude(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int unit_run(const char *name, void (*setup)(void), void (*teardown)(void), const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    if (!getenv("CK_DEFAULT_TIMEOUT")) /* a sanitized program gets more */
        tcase_set_timeout(all, TIMEOUT);
    tcase_add_checked_fixture(all, setup, teardown);
    bool known = left_out_add(all, "store", name, tests, count);
    suite_add_tcase(suite, all);
    int status = unit_conclude(suite);
    return known ? status : EXIT_FAILURE;
}

int unit_signal_of(void (*act)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        act();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
