/* mapping.c - memory in large pieces, which goes back to the system as soon as it is given back. */
#include "store/base/mapping.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *new_piece(size_t size, int flags)
{
    if (size < MAPPING_MIN)
        return calloc(1, size);
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

void *mapping_new(size_t size)
{
    return new_piece(size, 0);
}

void *mapping_new_present(size_t size)
{
    return new_piece(size, MAP_POPULATE);
}

/* The first mapping of what was malloc()'s so far. */
static void *promote(void *bytes, size_t size, size_t larger)
{
    void *moved = mapping_new(larger);
    if (moved && size > 0)
        memcpy(moved, bytes, size);
    if (moved)
        free(bytes);
    return moved;
}

void *mapping_grow(void *bytes, size_t size, size_t larger)
{
    assert(larger > size);
    if (size < MAPPING_MIN)
        return promote(bytes, size, larger);
    void *moved = mremap(bytes, size, larger, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

void mapping_free(void *bytes, size_t size)
{
    if (size < MAPPING_MIN)
        free(bytes);
    else if (bytes)
        munmap(bytes, size);
}
