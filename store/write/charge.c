/* charge.c - the memory that an upload has taken. See charge.h. */
#include "store/write/charge.h"

bool charge_to(struct stream *stream, uint64_t bytes)
{
    if (bytes <= stream->charge)
        return true;
    bool taken = gate_take(stream->intake->gate, stream->charge, bytes - stream->charge);
    if (taken)
        stream->charge = bytes;
    return taken;
}

void charge_give_back(struct stream *stream)
{
    ring_relax(&stream->ring);
    uint64_t kept = ring_touched(&stream->ring);
    if (kept < RING_BUFFER)
        kept = RING_BUFFER;
    if (stream->charge <= kept)
        return;
    gate_return(stream->intake->gate, stream->charge - kept);
    stream->charge = kept;
}

/* Who has a buffer gets along: beyond it memory is taken while others find enough. */
static bool may_take_more(const struct stream *stream)
{
    return stream->charge < RING_BUFFER || !gate_is_pressed(stream->intake->gate);
}

bool charge_ring(struct stream *stream, size_t more)
{
    struct ring *ring = &stream->ring;
    uint64_t needed = ring_touched(ring) + more;
    if (needed > stream->charge && !(may_take_more(stream) && charge_to(stream, needed))) {
        ring_relax(ring);
        needed = ring_touched(ring) + more;
    }
    if (needed > stream->charge)
        return false;
    ring_touch(ring, more);
    return true;
}
