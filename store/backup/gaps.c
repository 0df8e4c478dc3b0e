/* gaps.c - segments that the source has lost. See gaps.h. */
#include "store/backup/gaps.h"

#include <errno.h>

void gaps_init(struct gaps *gaps, struct stage *stage, uint64_t salt)
{
    *gaps = (struct gaps){.stage = stage, .salt = salt};
    table_init(&gaps->lost, salt);
}

void gaps_free(struct gaps *gaps)
{
    table_free(&gaps->lost);
}

bool gaps_have(const struct gaps *gaps, uint64_t number)
{
    return table_get(&gaps->lost, number) != 0;
}

/* Whether a husk of the source stands for a segment that begins at an offset: the last file in front of it. */
static bool was_compacted(const struct gaps *gaps, const struct snapshot *source, uint64_t number, uint64_t base)
{
    struct segment_header header;
    size_t at = 0;
    while (at < source->count && source->files[at].number < number)
        at++;
    return at > 0 &&
           snapshot_header(gaps->stage->source_io, gaps->stage->source.log, gaps->salt, source->files[at - 1].number,
                           &header) &&
           header.husk && header.end > base;
}

static bool add(struct gaps *gaps, uint64_t number)
{
    return table_set(&gaps->lost, number, 1);
}

/* A segment that the copy has and the source has not. */
static struct failure keep(struct gaps *gaps, const struct snapshot *source, const struct snapshot_file *file,
                           struct inspection *inspection)
{
    struct segment_header header;
    if (!snapshot_header(gaps->stage->io, gaps->stage->present.log, gaps->salt, file->number, &header) ||
        was_compacted(gaps, source, file->number, header.base))
        return failure_none();
    int error = stage_keep_segment(gaps->stage, file->number);
    if (error || !add(gaps, file->number))
        return failure_of_errno(error ? error : ENOMEM);
    const struct store_flaw flaw = {.kind = STORE_FLAW_LOG,
                                    .offset = header.base,
                                    .length = file->imprint.size > SEGMENT_HEADER ? file->imprint.size - SEGMENT_HEADER
                                                                                  : 0};
    inspection_tell(inspection, &flaw, true);
    return failure_none();
}

struct failure gaps_keep(struct gaps *gaps, const struct snapshot *source, struct inspection *inspection)
{
    struct snapshot copy = {0};
    const struct snapshot_file *last = snapshot_last(source);
    if (gaps->stage->present.log < 0 || !last)
        return failure_none();
    struct failure failure = failure_io(snapshot_take(gaps->stage->io, gaps->stage->present.log, &copy));
    for (size_t i = 0; i < copy.count && !failure.error; i++)
        if (copy.files[i].number < last->number && !snapshot_has(source, copy.files[i].number))
            failure = keep(gaps, source, &copy.files[i], inspection);
    snapshot_free(&copy);
    return failure;
}
