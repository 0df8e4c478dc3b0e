/* process.c - asks the system about this process. See process.h. */
#include "service/process.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void read_memory(struct process_figures *figures)
{
    uint64_t pages = 0, resident = 0, size = (uint64_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return;
    if (fscanf(file, "%" SCNu64 " %" SCNu64, &pages, &resident) == 2) {
        figures->virtual_bytes = pages * size;
        figures->resident_bytes = resident * size;
    }
    fclose(file);
}

uint64_t process_memory(void)
{
    struct process_figures figures = {0};
    read_memory(&figures);
    return figures.resident_bytes;
}

/* From Linux 6.2 on the folder's size is their number. */
static uint64_t count_files(void)
{
    struct stat status;
    uint64_t count = 0;
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
        return (uint64_t)status.st_size;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count - 1; /* without the folder itself */
}

void process_figures(struct process_figures *ret_figures)
{
    struct timespec cpu = {0};
    struct rlimit limit = {0};
    *ret_figures = (struct process_figures){.open_files = count_files()};
    read_memory(ret_figures);
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
        ret_figures->cpu_seconds = (double)cpu.tv_sec + (double)cpu.tv_nsec * 1e-9;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret_figures->most_files = limit.rlim_cur;
}
