/* sheaf.c - the rows of all segments side by side. */
#include "store/start/sheaf.h"

#include "store/base/abreast.h"
#include "store/base/mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    HELD_MAX = (64 << 20) / SUMMARY_ROW,    /* rows that lie in memory although there are summaries of them */
    BUFFERS_MAX = (16 << 20) / SUMMARY_ROW, /* rows in all buffers together */
    BUFFER_MIN = SUMMARY_PIECE,
    BUFFER_MAX = 32 * SUMMARY_PIECE,
    AHEAD = 4, /* rows of a source that are on their way to the processor */
};

static const unsigned __int128 over = ~(unsigned __int128)0; /* the turn of a source that has none any more */

void sheaf_init(struct sheaf *sheaf, struct index *index, const struct log *log)
{
    *sheaf = (struct sheaf){.index = index, .log = log};
}

void sheaf_free(struct sheaf *sheaf)
{
    for (size_t i = 0; i < sheaf->count; i++)
        mapping_free(sheaf->sources[i].rows, sheaf->sources[i].capacity * sizeof(struct row));
    free(sheaf->sources);
    free(sheaf->turns);
}

size_t sheaf_room(const struct sheaf *sheaf)
{
    return sheaf->held < HELD_MAX ? (size_t)(HELD_MAX - sheaf->held) : 0;
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

/* Reads the next rows of a source behind those that it has left. They were proven when it was added: at the end it is
 * seen that they still are those. Thread: any. */
static void refill(const struct sheaf *sheaf, struct sheaf_source *source)
{
    size_t left = source->held - source->at;
    size_t room = (source->capacity - left) / SUMMARY_PIECE * SUMMARY_PIECE;
    size_t count = source->rest <= source->capacity - left ? (size_t)source->rest : room;
    uint64_t from = source->count - source->rest;
    memmove(source->rows, source->rows + source->at, left * sizeof *source->rows);
    source->at = 0;
    source->failure = summary_rows(sheaf->log, source->segment, from, count, &source->check, source->rows + left);
    source->held = source->failure.error ? left : left + count;
    source->rest -= source->failure.error ? 0 : count;
    if (!source->failure.error && source->rest == 0 && source->check != source->rows_check)
        source->failure = failure_of(STORE_DAMAGED);
}

/* Whether a source has used up half of its rows, or all. */
static bool is_due(const struct sheaf_source *source)
{
    size_t left = source->held - source->at, room = source->capacity - left;
    return source->rest > 0 && (left == 0 || (left <= room && room >= SUMMARY_PIECE));
}

static void refill_if_due(void *arg, size_t number)
{
    struct sheaf *sheaf = arg;
    if (is_due(&sheaf->sources[number]))
        refill(sheaf, &sheaf->sources[number]);
}

/* Reads what there is to be read for those sources that are due. */
static struct failure refill_all(struct sheaf *sheaf)
{
    abreast_run(io_at_once(sheaf->log->io), sheaf->count, refill_if_due, sheaf);
    for (size_t i = 0; i < sheaf->count; i++)
        if (sheaf->sources[i].failure.error)
            return give_up(sheaf, &sheaf->sources[i], sheaf->sources[i].failure);
    return failure_none();
}

/* When a source has no rows left. What is read from afar is read for all that are due, side by side: the others would
 * come to their end soon after this one. */
static struct failure go_on(struct sheaf *sheaf, struct sheaf_source *source)
{
    if (source->at < source->held || source->rest == 0)
        return failure_none();
    if (sheaf->log->io->far)
        return refill_all(sheaf);
    refill(sheaf, source);
    return source->failure.error ? give_up(sheaf, source, source->failure) : failure_none();
}

/* ---- the merge ------------------------------------------------------------------------------- */

static unsigned __int128 turn_of(const struct sheaf *sheaf, size_t at)
{
    const struct sheaf_source *source = &sheaf->sources[at];
    return source->at < source->held ? (unsigned __int128)source->rows[source->at].order << 64 | (at + 1) : over;
}

/* Sends the turn of a source from its leaf to the root: where another one is earlier, that goes on instead. */
static void send(struct sheaf *sheaf, size_t source, unsigned __int128 turn)
{
    for (size_t at = (sheaf->count + source) / 2; at > 0; at /= 2) {
        unsigned __int128 other = sheaf->turns[at];
        bool loses = turn > other;
        sheaf->turns[at] = loses ? turn : other;
        turn = loses ? other : turn;
    }
    sheaf->turns[0] = turn;
}

/* Before all have been sent, those that win are nobody's. */
static struct failure begin(struct sheaf *sheaf)
{
    sheaf->turns = calloc(sheaf->count + 1, sizeof *sheaf->turns);
    if (!sheaf->turns || !buffers_make(sheaf))
        return failure_of(STORE_NO_MEMORY);
    sheaf->turns[0] = over;
    struct failure failure = refill_all(sheaf);
    for (size_t i = 0; i < sheaf->count && !failure.error; i++)
        send(sheaf, i, turn_of(sheaf, i));
    return failure;
}

/* Hands the next row over. Of a summary that has changed, those that were read now may not come behind the last. */
static struct failure hand_over(struct sheaf *sheaf, struct replay *replay)
{
    unsigned __int128 turn = sheaf->turns[0];
    size_t at = (size_t)((uint64_t)turn - 1);
    struct sheaf_source *source = &sheaf->sources[at];
    const struct row *row = &source->rows[source->at++];
    __builtin_prefetch(row + AHEAD);
    if (!replay_row(replay, source->segment, row))
        return failure_of(STORE_NO_MEMORY);
    struct failure failure = go_on(sheaf, source);
    if (failure.error)
        return failure;
    unsigned __int128 next = turn_of(sheaf, at);
    if (next < turn)
        return give_up(sheaf, source, failure_of(STORE_DAMAGED));
    send(sheaf, at, next);
    return failure_none();
}

static struct failure run_shard(struct sheaf *sheaf, struct replay *replay, size_t shard)
{
    struct failure failure = failure_none();
    while (!failure.error && sheaf->turns[0] != over && table_shard_of((uint64_t)(sheaf->turns[0] >> 64)) == shard)
        failure = hand_over(sheaf, replay);
    if (!failure.error && !replay_end_shard(replay, shard))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

struct failure sheaf_run(struct sheaf *sheaf, struct replay *replay, const atomic_bool *halt)
{
    struct failure failure = begin(sheaf);
    for (size_t shard = 0; shard < TABLE_SHARDS && !failure.error; shard++) {
        index_lock(sheaf->index);
        failure = atomic_load(halt) ? failure_of(STORE_DRAINING) : run_shard(sheaf, replay, shard);
        index_unlock(sheaf->index);
    }
    return failure;
}
