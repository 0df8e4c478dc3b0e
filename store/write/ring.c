/* ring.c - the buffers of an upload. */
#include "store/write/ring.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

bool ring_map(struct ring *ring)
{
    void *bytes = mmap(NULL, RING_BUFFERS * RING_BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ring->bytes = bytes == MAP_FAILED ? NULL : bytes;
    return ring->bytes != NULL;
}

void ring_unmap(struct ring *ring)
{
    if (ring->bytes)
        munmap(ring->bytes, RING_BUFFERS * RING_BUFFER);
    ring->bytes = NULL;
}

/* ---- its memory ------------------------------------------------------------------------------- */

size_t ring_touched(const struct ring *ring)
{
    assert(lock_is_mine(ring->lock));
    size_t touched = 0;
    for (unsigned i = 0; i < RING_BUFFERS; i++)
        touched += ring->touched[i];
    return touched;
}

void ring_relax(struct ring *ring)
{
    assert(lock_is_mine(ring->lock));
    for (unsigned i = 0; i < RING_BUFFERS; i++)
        if (i != ring->filled % RING_BUFFERS && ring->lengths[i] == 0 && ring->touched[i] > 0) {
            madvise(ring->bytes + (size_t)i * RING_BUFFER, RING_BUFFER, MADV_DONTNEED);
            ring->touched[i] = 0;
        }
}

size_t ring_lacks(const struct ring *ring, size_t bytes)
{
    assert(lock_is_mine(ring->lock));
    unsigned at = ring->filled % RING_BUFFERS;
    size_t needed = ring_steps(ring->lengths[at] + bytes);
    return needed > ring->touched[at] ? needed - ring->touched[at] : 0;
}

void ring_touch(struct ring *ring, size_t more)
{
    assert(lock_is_mine(ring->lock));
    ring->touched[ring->filled % RING_BUFFERS] += more;
}

/* ---- filling ---------------------------------------------------------------------------------- */

size_t ring_room(const struct ring *ring, size_t wanted)
{
    assert(lock_is_mine(ring->lock));
    size_t room = RING_BUFFER - ring->lengths[ring->filled % RING_BUFFERS];
    return wanted < room ? wanted : room;
}

size_t ring_room_touched(const struct ring *ring)
{
    assert(lock_is_mine(ring->lock));
    unsigned at = ring->filled % RING_BUFFERS;
    return ring->touched[at] - ring->lengths[at];
}

void ring_append(struct ring *ring, const void *bytes, size_t length)
{
    unsigned at = ring->filled % RING_BUFFERS;
    assert(length <= ring->touched[at] - ring->lengths[at]);
    memcpy(ring->bytes + (size_t)at * RING_BUFFER + ring->lengths[at], bytes, length);
    ring->lengths[at] += length;
}

bool ring_is_begun(const struct ring *ring)
{
    assert(lock_is_mine(ring->lock));
    return ring->full < RING_BUFFERS && ring->lengths[ring->filled % RING_BUFFERS] > 0;
}

bool ring_is_filled(const struct ring *ring)
{
    assert(lock_is_mine(ring->lock));
    return ring->lengths[ring->filled % RING_BUFFERS] == RING_BUFFER;
}

void ring_push(struct ring *ring)
{
    assert(lock_is_mine(ring->lock) && ring->full < RING_BUFFERS);
    ring->filled++;
    ring->full++;
}

/* ---- emptying --------------------------------------------------------------------------------- */

unsigned ring_front(const struct ring *ring, unsigned char **ret_bytes, size_t *ret_length)
{
    assert(lock_is_mine(ring->lock) && ring->full > 0);
    unsigned first = ring->emptied % RING_BUFFERS;
    unsigned most = ring->full < RING_BUFFERS - first ? ring->full : RING_BUFFERS - first;
    unsigned count = 1;
    while (count < most && ring->lengths[first + count - 1] == RING_BUFFER) /* behind one that is not filled is a gap */
        count++;
    *ret_bytes = ring->bytes + (size_t)first * RING_BUFFER;
    *ret_length = (size_t)(count - 1) * RING_BUFFER + ring->lengths[first + count - 1];
    return count;
}

void ring_pop(struct ring *ring, unsigned count)
{
    assert(lock_is_mine(ring->lock) && count <= ring->full);
    for (unsigned i = 0; i < count; i++)
        ring->lengths[(ring->emptied + i) % RING_BUFFERS] = 0;
    ring->emptied += count;
    ring->full -= count;
}
