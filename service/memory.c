/* memory.c - gives memory back. See memory.h. */
#include "service/memory.h"

#include "service/process.h"

#include <malloc.h>

enum { GROWTH = 16 << 20 }; /* bytes that are worth the trouble */

void memory_look(struct memory *memory, size_t requests)
{
    bool was_quiet = memory->quiet;
    memory->quiet = requests == 0;
    if (!was_quiet || !memory->quiet)
        return;
    uint64_t now = process_memory();
    if (now >= memory->settled + GROWTH) {
        malloc_trim(0);
        memory->settled = process_memory();
    } else if (now < memory->settled) {
        memory->settled = now;
    }
}
