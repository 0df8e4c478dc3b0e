/* files.c - what a file system does in the place of requests: whole files written so that they last, and read.
 *
 *   files put|get|list THREADS FOLDER COUNT OF SECONDS [BYTES]
 *
 * Does it COUNT times, but begins nothing more after SECONDS. The files of the folder have the numbers from 0 to
 * OF - 1 in turn. A put creates one, or writes it anew, with so many bytes, and syncs it; that makes its name last as
 * well where the file system is CephFS. A get reads one. A list reads the folder, and size and time of all that is in
 * it. Prints, as many does, how many of these there were in a second, the median and 99th percentile of their
 * milliseconds, and their number.
 */
#include "bench/crew.h"

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORTION = 1 << 20 };

struct task {
    void (*work)(const struct task *task, size_t number, char *portion);
    int folder;
    size_t count, of, bytes;
    double end;
    atomic_size_t begun;
    double *seconds; /* of each */
};

static int open_file(const struct task *task, size_t number, int flags)
{
    char name[32];
    snprintf(name, sizeof name, "%zu", number % task->of);
    int file = openat(task->folder, name, flags | O_CLOEXEC, 0644);
    if (file < 0)
        err(1, "%s", name);
    return file;
}

static void put(const struct task *task, size_t number, char *portion)
{
    int file = open_file(task, number, O_WRONLY | O_CREAT | O_TRUNC);
    for (size_t left = task->bytes; left > 0;) {
        ssize_t count = write(file, portion, left < PORTION ? left : PORTION);
        if (count <= 0)
            err(1, "writing");
        left -= (size_t)count;
    }
    if (fsync(file) != 0 || close(file) != 0)
        err(1, "syncing");
}

static void get(const struct task *task, size_t number, char *portion)
{
    int file = open_file(task, number, O_RDONLY);
    size_t received = 0;
    for (ssize_t count; (count = read(file, portion, PORTION)) != 0; received += (size_t)count)
        if (count < 0)
            err(1, "reading");
    if (received != task->bytes)
        errx(1, "a file has %zu bytes, not %zu", received, task->bytes);
    close(file);
}

static void list(const struct task *task, size_t number, char *portion)
{
    (void)number, (void)portion;
    struct stat info;
    int again = openat(task->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    if (!folder)
        err(1, "listing");
    for (const struct dirent *entry; (entry = readdir(folder));)
        if (fstatat(task->folder, entry->d_name, &info, 0) != 0)
            err(1, "%s", entry->d_name);
    closedir(folder);
}

static void *run(void *arg)
{
    struct task *task = arg;
    char *portion = malloc(PORTION);
    if (!portion)
        err(1, "memory");
    memset(portion, 'x', PORTION);
    for (double begin; (begin = crew_now()) < task->end;) {
        size_t i = atomic_fetch_add(&task->begun, 1);
        if (i >= task->count)
            break;
        task->work(task, i, portion);
        task->seconds[i] = crew_now() - begin;
    }
    free(portion);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static void print(const struct task *task, double took)
{
    size_t done = task->begun < task->count ? task->begun : task->count;
    if (done == 0)
        errx(1, "there was no time for anything");
    qsort(task->seconds, done, sizeof *task->seconds, compare);
    printf("%.0f %.3f %.3f %zu\n", (double)done / took, task->seconds[done / 2] * 1e3,
           task->seconds[done - 1 - done / 100] * 1e3, done);
}

int main(int count, char **arguments)
{
    if (count < 7 || count > 8)
        errx(2, "usage: files put|get|list THREADS FOLDER COUNT OF SECONDS [BYTES]");
    struct task task = {.work = strcmp(arguments[1], "put") == 0   ? put
                                : strcmp(arguments[1], "get") == 0 ? get
                                                                   : list,
                        .folder = open(arguments[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                        .count = strtoul(arguments[4], NULL, 10),
                        .of = strtoul(arguments[5], NULL, 10),
                        .bytes = count > 7 ? strtoul(arguments[7], NULL, 10) : 0,
                        .end = crew_now() + strtod(arguments[6], NULL)};
    if (task.folder < 0)
        err(1, "%s", arguments[3]);
    if (task.count == 0 || task.of == 0)
        errx(2, "COUNT and OF are at least 1");
    task.seconds = calloc(task.count, sizeof *task.seconds);
    if (!task.seconds)
        err(1, "memory");
    print(&task, crew_run(strtoul(arguments[2], NULL, 10), run, &task));
    free(task.seconds);
    return 0;
}
