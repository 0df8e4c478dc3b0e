/* mapping.c - memory in large pieces, which goes back to the system as soon as it is given back. */
#include "store/base/mapping.h"

#include <stdlib.h>
#include <sys/mman.h>

void *mapping_new(size_t size)
{
    if (size < MAPPING_MIN)
        return calloc(1, size);
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

void mapping_free(void *bytes, size_t size)
{
    if (size < MAPPING_MIN)
        free(bytes);
    else if (bytes)
        munmap(bytes, size);
}
