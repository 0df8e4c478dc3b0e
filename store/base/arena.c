/* arena.c - memory that is given back all at once. */
#include "store/base/arena.h"

#include <stdlib.h>

enum { CHUNK = 64 << 10, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used;
    size_t capacity;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void *arena_take(struct arena *arena, size_t length)
{
    length = (length + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->capacity - chunk->used < length) {
        size_t capacity = length > CHUNK ? length : CHUNK;
        chunk = malloc(sizeof *chunk + capacity);
        if (!chunk)
            return NULL;
        *chunk = (struct arena_chunk){.next = arena->chunks, .capacity = capacity};
        arena->chunks = chunk;
    }
    void *taken = chunk->bytes + chunk->used;
    chunk->used += length;
    arena->bytes += length;
    return taken;
}

void arena_reset(struct arena *arena)
{
    while (arena->chunks && (arena->chunks->next || arena->chunks->capacity > CHUNK)) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
    if (arena->chunks)
        arena->chunks->used = 0;
    arena->bytes = 0;
}

void arena_free(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
}
