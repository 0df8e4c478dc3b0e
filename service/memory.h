/* memory.h - gives memory that is not needed any more back to the system.
 *
 * The allocator keeps what was freed below something that is in use, for as long as the process lives; and of large
 * buffers it would learn to keep them, too. So large ones are the system's again as soon as they are freed. For all the
 * rest the allocator is told to look through what it has when nothing is under way, or half of a crowd has gone, and
 * the process has grown since it was last told. That takes milliseconds, which hardly anybody waits for then.
 *
 * Thread: one.
 */
#ifndef CAIRN_MEMORY_H
#define CAIRN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory {
    uint64_t settled; /* bytes: the least that the process has had since it last gave some back; 0: it never has */
    size_t most;      /* connections that there have been at once since */
    bool relieved;    /* nothing was under way at the last look, or half of a crowd had gone */
};

/* To be called first, before there is a second thread. `pool`: the data folder is in one. Then messages as large as a
 * piece of a file come and go, and to have the system give each of them anew takes as much CPU as the rest. */
void memory_init(struct memory *memory, bool pool);

/* To be called every second or so, with what is open and under way. */
void memory_look(struct memory *memory, size_t connections, size_t requests);

#endif
