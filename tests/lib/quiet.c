/* quiet.c - see quiet.h. */
#include "tests/lib/quiet.h"

#include "tests/lib/patience.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether a thread sleeps; how often it has been taken from a processor so far is added to *switches. */
static bool thread_sleeps(const char *id, uint64_t *switches)
{
    char path[64], line[128], state = 0;
    uint64_t count;
    snprintf(path, sizeof path, "/proc/self/task/%.16s/status", id);
    FILE *status = fopen(path, "re");
    if (!status)
        return false; /* it has just ended */
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "State: %c", &state) != 1 &&
            (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &count) == 1 ||
             sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &count) == 1))
            *switches += count;
    fclose(status);
    return state == 'S';
}

/* The same of all other threads. */
static bool others_sleep(uint64_t *ret_switches)
{
    bool sleep = true;
    DIR *threads = opendir("/proc/self/task");
    if (!threads)
        abort();
    *ret_switches = 0;
    for (const struct dirent *thread; sleep && (thread = readdir(threads));)
        if (thread->d_name[0] != '.' && atoi(thread->d_name) != gettid())
            sleep = thread_sleeps(thread->d_name, ret_switches);
    closedir(threads);
    return sleep;
}

static bool is_quiet(void)
{
    uint64_t before, after;
    return others_sleep(&before) && others_sleep(&after) && before == after;
}

bool quiet_comes(void)
{
    bool quiet = false;
    WAIT_UNTIL((quiet = is_quiet()));
    return quiet;
}
