/* flow.h - bytes that are looked at where they stand: some are kept, others left out, which makes them fewer.
 *
 * What is kept lies before `out`; what is to be looked at lies from `in` to `end`.
 */
#ifndef CAIRN_API_FLOW_H
#define CAIRN_API_FLOW_H

#include <stddef.h>
#include <string.h>

struct flow {
    char *bytes;
    size_t out, in, end;
};

static inline size_t flow_left(const struct flow *flow)
{
    return flow->end - flow->in;
}

/* The next `length` bytes stay. */
static inline void flow_keep(struct flow *flow, size_t length)
{
    if (flow->out != flow->in)
        memmove(flow->bytes + flow->out, flow->bytes + flow->in, length);
    flow->out += length;
    flow->in += length;
}

/* They go. */
static inline void flow_drop(struct flow *flow, size_t length)
{
    flow->in += length;
}

#endif
