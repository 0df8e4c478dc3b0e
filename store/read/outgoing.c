/* outgoing.c - runs whose files go when nobody reads them. See outgoing.h. */
#include "store/read/outgoing.h"

#include "store/read/keys.h"

#include <stdlib.h>

static uint64_t number_of(const struct run *run)
{
    return run_last_source(run).number;
}

static void let_go(struct outgoing *outgoing, size_t at)
{
    run_release(outgoing->runs[at]);
    outgoing->runs[at] = outgoing->runs[--outgoing->count];
}

void outgoing_free(struct outgoing *outgoing)
{
    while (outgoing->count > 0)
        let_go(outgoing, outgoing->count - 1);
    free(outgoing->runs);
}

bool outgoing_add(struct outgoing *outgoing, struct run *run)
{
    if (outgoing->count == outgoing->capacity) {
        size_t capacity = outgoing->capacity * 2 + 4;
        struct run **moved = realloc(outgoing->runs, capacity * sizeof(struct run *));
        if (!moved)
            return false;
        outgoing->runs = moved;
        outgoing->capacity = capacity;
    }
    outgoing->runs[outgoing->count++] = run_retain(run);
    return true;
}

void outgoing_sweep(struct outgoing *outgoing, const struct log *log)
{
    for (size_t at = outgoing->count; at-- > 0;) {
        if (run_is_shared(outgoing->runs[at]))
            continue;
        keys_remove(log, number_of(outgoing->runs[at]));
        let_go(outgoing, at);
    }
}

bool outgoing_has(const struct outgoing *outgoing, uint64_t number)
{
    for (size_t at = 0; at < outgoing->count; at++)
        if (number_of(outgoing->runs[at]) == number)
            return true;
    return false;
}

int outgoing_cede(struct outgoing *outgoing, uint64_t number)
{
    for (size_t at = outgoing->count; at-- > 0;) {
        if (number_of(outgoing->runs[at]) != number)
            continue;
        int error = run_is_shared(outgoing->runs[at]) ? run_keep(outgoing->runs[at]) : 0;
        if (error)
            return error;
        let_go(outgoing, at);
    }
    return 0;
}
