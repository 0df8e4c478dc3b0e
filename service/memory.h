/* memory.h - gives memory that is not needed any more back to the system.
 *
 * The allocator keeps what was freed below something that is in use: after large batches that is most of it, for as
 * long as the process lives. So when nothing is under way, and the process has grown since it last gave something back,
 * the allocator is told to look through all of it. That takes milliseconds, which nobody waits for then.
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
    bool quiet;       /* nothing was under way at the last look */
};

/* To be called every second or so, with the number of requests under way. */
void memory_look(struct memory *memory, size_t requests);

#endif
