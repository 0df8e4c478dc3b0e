/* arena.h - memory that is given back all at once.
 *
 * Thread: one at a time.
 */
#ifndef CAIRN_ARENA_H
#define CAIRN_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    size_t bytes; /* taken since the last reset */
};

/* NULL when memory is out. Aligned for any object. */
void *arena_take(struct arena *arena, size_t length);

/* Everything taken is gone; the first chunk is kept for the next time. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
