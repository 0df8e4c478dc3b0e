/* sheaf.c - the rows of all segments side by side. */
#include "store/start/sheaf.h"

#include "store/base/mapping.h"

#include <errno.h>
#include <stdlib.h>

enum {
    HELD_MAX = (64 << 20) / SUMMARY_ROW,    /* rows that lie in memory although there are summaries of them */
    BUFFERS_MAX = (16 << 20) / SUMMARY_ROW, /* rows in all buffers together */
    BUFFER_MIN = 256,
    BUFFER_MAX = 8192,
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

bool sheaf_add(struct sheaf *sheaf, struct segment *segment, struct rows *rows, uint64_t count)
{
    if (sheaf->count == sheaf->capacity && !grow(sheaf))
        return false;
    struct sheaf_source *source = &sheaf->sources[sheaf->count++];
    *source = (struct sheaf_source){.segment = segment, .count = count, .rest = rows ? 0 : count};
    sheaf->rows += count;
    if (!rows)
        return true;
    source->rows = rows->list;
    source->capacity = rows->capacity;
    source->held = rows->count;
    sheaf->held += rows->count;
    rows_init(rows, rows->salt);
    return true;
}

/* A buffer for each source that is read, within what all of them may have. */
static bool buffers_make(struct sheaf *sheaf)
{
    size_t files = 0;
    for (size_t i = 0; i < sheaf->count; i++)
        files += sheaf->sources[i].rest > 0;
    sheaf->buffer = BUFFERS_MAX / (files + 1);
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

/* Reads the next rows of a source. What cannot be read goes, so that the next start reads the segment. */
static struct failure refill(struct sheaf *sheaf, struct sheaf_source *source)
{
    size_t count = source->rest < sheaf->buffer ? (size_t)source->rest : sheaf->buffer;
    uint64_t number = source->segment->number;
    int os_error = summary_rows(sheaf->log, number, source->count - source->rest, count, source->rows);
    if (os_error) {
        sheaf->unread = number;
        if (os_error == EIO)
            summary_remove(sheaf->log, number);
        return failure_of_errno(os_error);
    }
    source->at = 0;
    source->held = count;
    source->rest -= count;
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
    return failure;
}
