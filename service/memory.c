/* memory.c - gives memory back. See memory.h. */
#include "service/memory.h"

#include "service/process.h"

#include <malloc.h>

enum {
    GROWTH = 16 << 20, /* bytes that are worth the trouble */
    CROWD = 128,       /* connections */
    LARGE = 1 << 20,   /* bytes: larger than the buffers of uploads, which come and go all the time */
    PIECE = 5 << 20    /* the same of the messages to and from a pool, of up to 4 MiB */
};

/* The allocator would learn from each large buffer that is freed to keep those of its size: 32 MiB in the end, in each
 * of its arenas, and a look through them leaves out what lies at their ends. */
void memory_init(struct memory *memory, bool pool)
{
    int large = pool ? PIECE : LARGE;
    *memory = (struct memory){0};
    mallopt(M_MMAP_THRESHOLD, large);
    mallopt(M_TRIM_THRESHOLD, 2 * large);
}

/* One such look may fall between two requests. */
static bool is_relieved(struct memory *memory, size_t connections, size_t requests)
{
    bool before = memory->relieved;
    if (connections > memory->most)
        memory->most = connections;
    memory->relieved = requests == 0 || (memory->most >= CROWD && connections <= memory->most / 2);
    return before && memory->relieved;
}

void memory_look(struct memory *memory, size_t connections, size_t requests)
{
    uint64_t now = process_memory();
    if (now < memory->settled)
        memory->settled = now;
    if (!is_relieved(memory, connections, requests) || now < memory->settled + GROWTH)
        return;
    malloc_trim(0);
    *memory = (struct memory){.settled = process_memory(), .most = connections};
}
