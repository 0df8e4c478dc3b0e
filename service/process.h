/* process.h - what this process takes of the system. */
#ifndef CAIRN_PROCESS_H
#define CAIRN_PROCESS_H

#include <stdint.h>

struct process_figures {
    double cpu_seconds; /* in user and in system mode */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_files, most_files;
};

/* What cannot be found out is 0. Thread: any. */
void process_figures(struct process_figures *ret_figures);

/* Its resident bytes alone. Thread: any. */
uint64_t process_memory(void);

#endif
