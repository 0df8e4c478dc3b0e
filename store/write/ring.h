/* ring.h - the buffers of an upload: filled by whoever sends, one after the other, and emptied by a job.
 *
 * They lie one behind the other in memory that is mapped, not allocated: aligned, only as large as what is touched, and
 * given back to the system at once, where an allocator would keep it. What is touched is counted, for others want
 * memory, too.
 *
 * Thread: the lock held. But the bytes of the buffer to fill are the one's who sends until it is pushed, and those of
 * the buffers that are full are the job's until it takes them off.
 */
#ifndef CAIRN_RING_H
#define CAIRN_RING_H

#include "store/base/lock.h"

#include <stddef.h>

enum {
    RING_BUFFERS = 4,
    RING_BUFFER = 256 << 10,
    RING_STEP = 16 << 10, /* memory of a buffer is touched by so much */
};

struct ring {
    const struct lock *lock; /* the stream's */
    unsigned char *bytes;    /* NULL: not mapped */
    size_t lengths[RING_BUFFERS];
    size_t touched[RING_BUFFERS]; /* bytes that are in memory */
    unsigned filled;              /* counts the buffers that were filled: the next one is to be */
    unsigned emptied;             /* the same of those that were emptied */
    unsigned full;
};

/* Bytes in whole steps. */
static inline size_t ring_steps(size_t bytes)
{
    return (bytes + RING_STEP - 1) / RING_STEP * RING_STEP;
}

/* Maps the memory; false: there is none. Unmaps it; not mapped is allowed. Thread: any. */
bool ring_map(struct ring *ring);
void ring_unmap(struct ring *ring);

/* ---- its memory ------------------------------------------------------------------------------- */

/* Bytes that are in memory. */
size_t ring_touched(const struct ring *ring);

/* Gives the system back the memory of buffers that are neither full nor being filled. */
void ring_relax(struct ring *ring);

/* The memory that the buffer to fill lacks for so many bytes more; lets so much be touched. */
size_t ring_lacks(const struct ring *ring, size_t bytes);
void ring_touch(struct ring *ring, size_t more);

/* ---- filling ---------------------------------------------------------------------------------- */

/* How many of `wanted` bytes the buffer to fill can take; the same without any memory more. */
size_t ring_room(const struct ring *ring, size_t wanted);
size_t ring_room_touched(const struct ring *ring);

/* Copies bytes into the buffer to fill. Thread: the one that sends, without the lock. */
void ring_append(struct ring *ring, const void *bytes, size_t length);

/* Whether the buffer to fill has any bytes, or can take no more. */
bool ring_is_begun(const struct ring *ring);
bool ring_is_filled(const struct ring *ring);

/* Hands that buffer on. */
void ring_push(struct ring *ring);

/* ---- emptying --------------------------------------------------------------------------------- */

/* The full buffers that lie one behind the other from the first on, and how many; there is one. */
unsigned ring_front(const struct ring *ring, unsigned char **ret_bytes, size_t *ret_length);

/* So many are empty. */
void ring_pop(struct ring *ring, unsigned count);

#endif
