/* vanguard.c - the summaries of sealed segments, before their turn. See vanguard.h. */
#include "store/start/vanguard.h"

#include "store/base/abreast.h"
#include "store/start/extent.h"

void vanguard_init(struct vanguard *vanguard, const struct log *log)
{
    *vanguard = (struct vanguard){.log = log};
}

void vanguard_free(struct vanguard *vanguard)
{
    for (size_t i = 0; i < vanguard->count; i++)
        if (vanguard->reports[i].held)
            rows_free(&vanguard->reports[i].rows);
}

/* Whether there is room for so many rows, which is taken then. */
static bool take_room(void *arg, uint64_t rows)
{
    struct vanguard *vanguard = arg;
    size_t allowed = atomic_load(&vanguard->allowed);
    while (rows <= allowed)
        if (atomic_compare_exchange_weak(&vanguard->allowed, &allowed, allowed - (size_t)rows))
            return true;
    return false;
}

/* Thread: any. */
static void read_one(void *arg, size_t number)
{
    struct vanguard *vanguard = arg;
    struct report *report = &vanguard->reports[number];
    const struct chain *chain = &vanguard->log->chain;
    size_t at = vanguard->first + number;
    const struct segment *segment = chain->segments[at];
    const struct segment *next = at + 1 < chain->count ? chain->segments[at + 1] : NULL;
    *report = (struct report){0};
    if (segment_is_husk(segment) || !extent_is_sealed(segment, next))
        return;
    report->counts = summary_read_if(vanguard->log, segment, extent_limit(segment, next), take_room, vanguard,
                                     &report->summary, &report->rows);
    report->held = report->counts && report->rows.list;
}

struct report vanguard_ask(struct vanguard *vanguard, size_t at, size_t allowed)
{
    const struct log *log = vanguard->log;
    if (at < vanguard->first || at >= vanguard->first + vanguard->count) {
        size_t most = log->io->far ? VANGUARD_MAX : 1, rest = log->chain.count - at;
        vanguard_free(vanguard);
        vanguard->first = at;
        vanguard->count = rest < most ? rest : most;
        atomic_store(&vanguard->allowed, allowed);
        abreast_run(io_at_once(log->io), vanguard->count, read_one, vanguard);
    }
    struct report *report = &vanguard->reports[at - vanguard->first], asked = *report;
    report->held = false;
    return asked;
}
