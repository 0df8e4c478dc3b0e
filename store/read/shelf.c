/* shelf.c - the runs of one or more segments. shelf.h tells how they are kept. */
#include "store/read/shelf.h"

#include "store/read/binding.h"
#include "store/read/draft.h"
#include "store/read/keys.h"

#include <inttypes.h>
#include <stdlib.h>

enum { FALL = 4 }; /* a run in memory has so many times the entries of all behind it on its shelf */

void shelf_clear(struct shelf *shelf, size_t count)
{
    while (shelf->count > count)
        run_release(shelf->runs[--shelf->count]);
}

/* ---- what it has ----------------------------------------------------------------------------- */

struct run_source shelf_source(const struct shelf *shelf, uint64_t number)
{
    if (shelf->count == 0)
        return (struct run_source){0};
    const struct run *run = shelf->runs[shelf->count - 1];
    size_t low = 0;
    size_t high = run_source_count(run);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (run_source_at(run, middle).number < number)
            low = middle + 1;
        else
            high = middle;
    }
    struct run_source source = {0};
    if (low < run_source_count(run))
        source = run_source_at(run, low);
    return source.number == number ? source : (struct run_source){0};
}

bool shelf_covers(const struct shelf *shelf, uint64_t number, uint64_t records)
{
    return shelf_source(shelf, number).covered == records;
}

int shelf_is_made_of(const struct shelf *shelf, const struct stretch *stretch, bool *ret_made)
{
    uint64_t stamp;
    struct run_source source = shelf_source(shelf, stretch->segment->number);
    *ret_made = stretch->sealed && source.covered == stretch->records;
    int error = *ret_made ? segment_stamp(stretch->segment, &stamp) : 0;
    *ret_made = *ret_made && !error && source.stamp == stamp;
    return error;
}

bool shelf_lacks(const struct shelf *shelf)
{
    size_t count = 0;
    for (size_t i = 0; i < shelf->count && count == 0; i++)
        (void)run_lacks(shelf->runs[i], &count);
    return count > 0;
}

bool shelf_is_broken(const struct shelf *shelf)
{
    bool broken = false;
    for (size_t i = 0; i < shelf->count; i++)
        broken = broken || run_is_broken(shelf->runs[i]);
    return broken;
}

/* ---- in memory ------------------------------------------------------------------------------- */

/* Tells of the records that a run lacks. True when it lacks any. */
static bool tell_lacks(const struct reader *reader, const struct run *run, const struct segment *segment)
{
    size_t count;
    const uint64_t *lacks = run_lacks(run, &count);
    size_t fresh = 0;
    for (size_t i = 0; i < count; i++) {
        struct location location = location_unpack(lacks[i]);
        fresh += damage_found_record(reader->index, segment_offset(segment, location.position), location.length);
    }
    if (fresh > 0)
        notice_tell(reader->notice, STORE_LOG_ERROR,
                    "%zu records in segment %016" PRIx64 " are damaged: listings leave their objects out", fresh,
                    segment->number);
    return count > 0;
}

/* Makes one run of those from one on, in memory. */
static struct failure bind(struct shelf *shelf, size_t from, uint64_t salt)
{
    struct binding binding;
    struct run *run;
    uint64_t *lacks = NULL;
    bool more;
    const struct run_source source = run_last_source(shelf->runs[shelf->count - 1]);
    struct failure failure = binding_init(&binding, shelf->runs + from, shelf->count - from, salt, NULL, -1);
    if (!failure.error)
        failure = binding_go(&binding, SIZE_MAX, &more);
    if (!failure.error)
        failure = run_writer_take(&binding.writer, &source, &lacks, 0, &run);
    binding_free(&binding);
    if (failure.error)
        return failure;
    shelf_clear(shelf, from);
    shelf->runs[shelf->count++] = run;
    return failure_none();
}

/* Makes the sizes of the runs on a shelf fall again. */
static struct failure settle(struct shelf *shelf, uint64_t salt)
{
    size_t from = shelf->count - 1;
    uint64_t entries = run_entries(shelf->runs[from]) + 1;
    while (from > 0 && run_entries(shelf->runs[from - 1]) < FALL * entries)
        entries += run_entries(shelf->runs[--from]);
    return from + 1 < shelf->count ? bind(shelf, from, salt) : failure_none();
}

struct failure shelf_extend(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch)
{
    struct draft draft;
    struct run *run;
    const struct run_source source = {
        .number = stretch->segment->number, .covered = stretch->records, .stamp = RUN_NO_STAMP};
    uint64_t from = shelf->count > 0 ? run_last_source(shelf->runs[shelf->count - 1]).covered : SEGMENT_HEADER;
    draft_init(&draft);
    struct failure failure = draft_read(&draft, reader->index, reader->log, stretch->segment, from, stretch->records);
    if (!failure.error)
        failure = draft_run(&draft, &source, reader->log->salt, &run);
    draft_free(&draft);
    if (failure.error)
        return failure;
    shelf->runs[shelf->count++] = run;
    if (tell_lacks(reader, run, stretch->segment))
        return failure_none(); /* and is made again for the next listing */
    return settle(shelf, reader->log->salt);
}

/* ---- in a file ------------------------------------------------------------------------------- */

/* What comes while there are gaps is made for this life alone: it leaves out what may yet come back. */
struct failure shelf_file(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch)
{
    struct draft draft;
    struct run *run;
    struct run_source source;
    draft_init(&draft);
    struct failure failure = keys_draft(reader->index, reader->log, stretch->segment, stretch->records, &draft,
                                        &source);
    if (!failure.error && draft.lacks_count == 0 && source.stamp != RUN_NO_STAMP)
        shelf->filed = !keys_write(reader->log, &source, &draft, !damage_has_gaps(reader->index), &run).error;
    if (!failure.error && !shelf->filed)
        failure = draft_run(&draft, &source, reader->log->salt, &run);
    draft_free(&draft);
    if (failure.error)
        return failure;
    shelf->runs[shelf->count++] = run;
    (void)tell_lacks(reader, run, stretch->segment);
    return failure_none();
}

bool shelf_open(const struct reader *reader, struct shelf *shelf, const struct stretch *stretch)
{
    struct run *run;
    if (!stretch->sealed || damage_has_gaps(reader->index) ||
        keys_open(reader->log, stretch->segment->number, &run).error)
        return false;
    const struct shelf filed = {.runs = {run}, .count = 1};
    bool made;
    if (run_source_count(run) > 1 || shelf_is_made_of(&filed, stretch, &made) || !made) {
        run_release(run);
        return false;
    }
    run_rest(run);
    shelf_clear(shelf, 0);
    shelf->runs[shelf->count++] = run;
    shelf->filed = true;
    return true;
}
