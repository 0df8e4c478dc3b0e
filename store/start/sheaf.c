/* sheaf.c - the rows of all segments side by side. */
#include "store/start/sheaf.h"

#include "store/base/mapping.h"

#include <errno.h>
#include <stdlib.h>

enum {
    HELD_MAX = (64 << 20) / SUMMARY_ROW,    /* rows that lie in memory although there are summaries of them */
    BUFFERS_MAX = (16 << 20) / SUMMARY_ROW, /* rows in all buffers together */
    BUFFER_MIN = SUMMARY_PIECE,
    BUFFER_MAX = 32 * SUMMARY_PIECE,
};

void sheaf_init(struct sheaf *sheaf, struct index *index, const struct log *log)
{
    *sheaf = (struct sheaf){.index = index, .log = log};
}

void sheaf_free(struct sheaf *sheaf)
{
    for (size_t i = 0; i < sheaf->count; i++)
        mapping_free(sheaf->sources[i].rows, sheaf->sources[i].capacity * sizeof(struct row));
    free(sheaf->sources);
}

bool sheaf_may_hold(const struct sheaf *sheaf, uint64_t rows)
{
    return sheaf->held + rows <= HELD_MAX;
}

static bool grow(struct sheaf *sheaf)
{
    size_t capacity = sheaf->capacity ? sheaf->capacity * 2 : 16;
    struct sheaf_source *moved = realloc(sheaf->sources, capacity * sizeof *moved);
    if (!moved)
        return false;
    sheaf->sources = moved;
    sheaf->capacity = capacity;
    return true;
}

static bool add(struct sheaf *sheaf, struct sheaf_source source)
{
    if (sheaf->count == sheaf->capacity && !grow(sheaf))
        return false;
    sheaf->sources[sheaf->count++] = source;
    sheaf->rows += source.count;
    sheaf->held += source.held;
    return true;
}

bool sheaf_add(struct sheaf *sheaf, struct segment *segment, struct rows *rows)
{
    if (!add(sheaf, (struct sheaf_source){.segment = segment,
                                          .rows = rows->list,
                                          .capacity = rows->capacity,
                                          .held = rows->count,
                                          .count = rows->count}))
        return false;
    rows_init(rows, rows->salt);
    return true;
}

bool sheaf_add_summary(struct sheaf *sheaf, struct segment *segment, uint64_t count, uint64_t rows_check)
{
    return add(sheaf,
               (struct sheaf_source){.segment = segment, .count = count, .rest = count, .rows_check = rows_check});
}

/* A buffer for each source that is read, within what all of them may have. */
static bool buffers_make(struct sheaf *sheaf)
{
    size_t files = 0;
    for (size_t i = 0; i < sheaf->count; i++)
        files += sheaf->sources[i].rest > 0;
    sheaf->buffer = BUFFERS_MAX / (files + 1) / SUMMARY_PIECE * SUMMARY_PIECE;
    if (sheaf->buffer > BUFFER_MAX)
        sheaf->buffer = BUFFER_MAX;
    if (sheaf->buffer < BUFFER_MIN)
        sheaf->buffer = BUFFER_MIN;
    for (size_t i = 0; i < sheaf->count; i++) {
        struct sheaf_source *source = &sheaf->sources[i];
        if (source->rest == 0)
            continue;
        source->capacity = source->rest < sheaf->buffer ? (size_t)source->rest : sheaf->buffer;
        source->rows = mapping_new(source->capacity * sizeof *source->rows);
        if (!source->rows)
            return false;
    }
    return true;
}

/* The summary of a source is of no use any more, and goes: the next start reads the segment. */
static struct failure give_up(struct sheaf *sheaf, const struct sheaf_source *source, struct failure failure)
{
    sheaf->unread = source->segment->number;
    if (failure.error == STORE_DAMAGED || failure.os_error == EIO)
        summary_remove(sheaf->log, sheaf->unread);
    return failure;
}

/* Reads the next rows of a source. They were proven when it was added: at the end it is seen that they still are those.
 */
static struct failure refill(struct sheaf *sheaf, struct sheaf_source *source)
{
    size_t count = source->rest < sheaf->buffer ? (size_t)source->rest : sheaf->buffer;
    uint64_t from = source->count - source->rest;
    int os_error = summary_rows(sheaf->log, source->segment->number, from, count, &source->check, source->rows);
    if (os_error)
        return give_up(sheaf, source, failure_of_errno(os_error));
    source->at = 0;
    source->held = count;
    source->rest -= count;
    if (source->rest == 0 && source->check != source->rows_check)
        return give_up(sheaf, source, failure_of(STORE_DAMAGED));
    return failure_none();
}

/* Rows that are not in order do not come. */
static struct failure all_came(struct sheaf *sheaf)
{
    for (size_t i = 0; i < sheaf->count; i++) {
        const struct sheaf_source *source = &sheaf->sources[i];
        if (source->at < source->held || source->rest > 0)
            return give_up(sheaf, source, failure_of(STORE_DAMAGED));
    }
    return failure_none();
}

/* Hands over what a source has of a part. */
static struct failure run_source(struct sheaf *sheaf, struct sheaf_source *source, struct replay *replay, uint64_t part)
{
    for (;;) {
        if (source->at == source->held && source->rest > 0) {
            struct failure failure = refill(sheaf, source);
            if (failure.error)
                return failure;
        }
        if (source->at == source->held || replay_part_of(replay, &source->rows[source->at]) != part)
            return failure_none();
        if (!replay_row(replay, source->segment, &source->rows[source->at++]))
            return failure_of(STORE_NO_MEMORY);
    }
}

static struct failure run_part(struct sheaf *sheaf, struct replay *replay, uint64_t part)
{
    struct failure failure = failure_none();
    for (size_t i = 0; i < sheaf->count && !failure.error; i++)
        failure = run_source(sheaf, &sheaf->sources[i], replay, part);
    if (!failure.error && !replay_end_part(replay, part))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

struct failure sheaf_run(struct sheaf *sheaf, struct replay *replay, const atomic_bool *halt)
{
    struct failure failure = failure_of(buffers_make(sheaf) ? STORE_OK : STORE_NO_MEMORY);
    for (uint64_t part = 0; part < replay->parts && !failure.error; part++) {
        index_lock(sheaf->index);
        failure = atomic_load(halt) ? failure_of(STORE_DRAINING) : run_part(sheaf, replay, part);
        index_unlock(sheaf->index);
    }
    return failure.error ? failure : all_came(sheaf);
}
