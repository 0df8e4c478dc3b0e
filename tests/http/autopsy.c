#include "tests/http/autopsy.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 128, TEXT = 256 };

/* The first line of a file of a thread; empty where it cannot be read. */
static void read_line(pid_t pid, const char *thread, const char *name, char text[TEXT])
{
    char path[PATH];
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/%s", (int)pid, thread, name);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(text, TEXT, file))
        text[0] = '\0';
    if (file)
        fclose(file);
    text[strcspn(text, "\n")] = '\0';
}

static void tell_threads(pid_t pid)
{
    char path[PATH], name[TEXT], wait[TEXT], call[TEXT];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        read_line(pid, entry->d_name, "comm", name);
        read_line(pid, entry->d_name, "wchan", wait);
        read_line(pid, entry->d_name, "syscall", call);
        fprintf(stderr, "  thread %s, %s: in %s, call %s\n", entry->d_name, name, wait, call);
    }
    if (folder)
        closedir(folder);
}

void autopsy(pid_t pid)
{
    char path[PATH], program[TEXT], command[TEXT];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(path, program, sizeof program - 1);
    program[length < 0 ? 0 : length] = '\0';
    fprintf(stderr, "process %d, which does not end, runs %s\n", (int)pid, program);
    tell_threads(pid);
    snprintf(
        command, sizeof command,
        "command -v gdb >/dev/null && timeout 60 gdb -p %d -batch -ex 'thread apply all bt 30' 2>&1 | tail -n 200 >&2",
        (int)pid);
    if (system(command) != 0)
        fputs("  gdb is not at hand, or may not look\n", stderr);
}
