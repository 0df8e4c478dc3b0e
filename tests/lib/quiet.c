/* quiet.c - see quiet.h. */
#include "tests/lib/quiet.h"

#include "tests/lib/patience.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether a thread of a process sleeps; how often it has been taken from a processor so far is added to *switches. */
static bool thread_sleeps(pid_t process, const char *id, uint64_t *switches)
{
    char path[64], line[128], state = 0;
    uint64_t count;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/status", (int)process, id);
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

/* The same of all its threads but this one. */
static bool others_sleep(pid_t process, uint64_t *ret_switches)
{
    char path[64];
    bool sleep = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *threads = opendir(path);
    if (!threads)
        return false; /* the process has ended */
    *ret_switches = 0;
    for (const struct dirent *thread; sleep && (thread = readdir(threads));)
        if (thread->d_name[0] != '.' && atoi(thread->d_name) != gettid())
            sleep = thread_sleeps(process, thread->d_name, ret_switches);
    closedir(threads);
    return sleep;
}

static bool is_quiet(pid_t process)
{
    uint64_t before, after;
    return others_sleep(process, &before) && others_sleep(process, &after) && before == after;
}

bool quiet_comes(void)
{
    return quiet_comes_to(getpid());
}

bool quiet_comes_to(pid_t process)
{
    bool quiet = false;
    WAIT_UNTIL((quiet = is_quiet(process)));
    return quiet;
}
