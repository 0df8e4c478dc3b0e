/* survey.c - reads the records of segments that are being copied. See survey.h. */
#include "store/backup/survey.h"

#include <errno.h>
#include <stdlib.h>

bool survey_init(struct survey *survey, const struct io *io, uint64_t salt)
{
    *survey = (struct survey){.io = io, .salt = salt};
    table_init(&survey->known, salt);
    return cursor_init(&survey->cursor, io, salt);
}

void survey_free(struct survey *survey)
{
    cursor_free(&survey->cursor);
    table_free(&survey->known);
    free(survey->named.list);
}

bool survey_know(struct survey *survey, uint64_t blob, bool *ret_fresh)
{
    *ret_fresh = table_get(&survey->known, blob) == 0;
    return !*ret_fresh || table_set(&survey->known, blob, 1);
}

/* ---- flaws ----------------------------------------------------------------------------------- */

static void tell(struct survey *survey, const struct store_flaw *flaw)
{
    if (survey->flaw)
        survey->flaw(survey->arg, flaw);
}

/* Bytes between two positions. */
static void tell_bytes(struct survey *survey, enum store_flaw_kind kind, uint64_t from, uint64_t to)
{
    const struct store_flaw flaw = {
        .kind = kind, .offset = segment_offset(survey->cursor.segment, from), .length = to - from};
    tell(survey, &flaw);
}

static void tell_payload(struct survey *survey, const struct record *record)
{
    const struct store_flaw flaw = {.kind = STORE_FLAW_PAYLOAD,
                                    .offset = record->offset,
                                    .length = record_length(record),
                                    .key = record->key,
                                    .key_length = record->key_length,
                                    .key_hash = record->key_hash};
    tell(survey, &flaw);
}

/* ---- records --------------------------------------------------------------------------------- */

/* An errno: ENOMEM. */
static int take_record(struct survey *survey, const struct record *record)
{
    const struct stage_blob blob = {.number = record->blob, .size = record->size, .digest = record->digest};
    bool fresh = false;
    if (record->type != RECORD_PUT || !record->blob)
        return 0;
    if (!survey_know(survey, record->blob, &fresh) || (fresh && !stage_blobs_push(&survey->named, &blob)))
        return ENOMEM;
    return 0;
}

struct failure survey_open(struct survey *survey, int file, uint64_t size, struct segment *ret_segment,
                           struct segment_header *ret_header, bool *ret_told)
{
    bool found;
    *ret_header = (struct segment_header){0};
    struct failure failure = segment_read_header(survey->io, file, survey->salt, ret_header);
    *ret_told = !failure.error;
    if (failure.error && failure.error != STORE_DAMAGED)
        return failure;
    handle_alone_init(&survey->own, survey->io, file);
    *ret_segment = (struct segment){.file = &survey->own.file, .base = ret_header->base};
    cursor_begin(&survey->cursor, ret_segment, size);
    if (*ret_told)
        return failure_none();
    return failure_io(cursor_find_base(&survey->cursor, 0, SEGMENT_OFFSET_MAX, &ret_segment->base, &found));
}

/* Where the next record stands behind a hole. *ret_proven: one behind it says that all in front of its group was on
 * disk, and so was the hole; several of one group may stand between. An errno. */
static int look_behind(struct survey *survey, uint64_t hole, uint64_t *ret_next, bool *ret_proven)
{
    struct cursor *cursor = &survey->cursor;
    uint64_t offset = segment_offset(cursor->segment, hole), at;
    struct record behind;
    int error = cursor_find(cursor, hole + RECORD_ALIGNMENT, &at, &behind);
    *ret_next = at;
    while (!error && at < cursor->limit && behind.group <= offset)
        error = cursor_find(cursor, at + RECORD_ALIGNMENT, &at, &behind);
    *ret_proven = !error && at < cursor->limit;
    return error;
}

/* What there is to read of a sealed segment. */
struct scope {
    uint64_t limit; /* so far there is something */
    uint64_t end;   /* so far there were records; 0: nobody tells */
};

/* Behind a hole: *position goes on to the next record. Where nobody tells the end of the records, what stands behind it
 * is no damage, but the rest of a write: unless a record behind the hole says that all in front of it was on disk. An
 * errno. */
static int at_hole(struct survey *survey, const struct scope *scope, uint64_t *position)
{
    uint64_t hole = *position;
    bool proven;
    int error = look_behind(survey, hole, position, &proven);
    if (error)
        return error;
    if (*position >= scope->limit)
        *position = scope->end ? scope->end : scope->limit;
    else if (!scope->end && !proven)
        return 0;
    if (scope->end || *position < scope->limit)
        tell_bytes(survey, STORE_FLAW_LOG, hole, *position);
    return 0;
}

/* An errno. */
static int read_all(struct survey *survey, const struct scope *scope)
{
    uint64_t position = SEGMENT_HEADER;
    while (position < scope->limit) {
        struct record record;
        enum cursor_found found;
        int error = cursor_look(&survey->cursor, position, true, &record, &found);
        if (!error && found == CURSOR_NOTHING) {
            error = at_hole(survey, scope, &position);
        } else if (!error) {
            if (found == CURSOR_HEAD)
                tell_payload(survey, &record);
            error = take_record(survey, &record);
            position += record_length(&record);
        }
        if (error)
            return error;
    }
    if (position < scope->end) /* the file is shorter than it was */
        tell_bytes(survey, STORE_FLAW_LOG, position, scope->end);
    return 0;
}

struct failure survey_sealed(struct survey *survey, int file, uint64_t size, uint64_t end)
{
    struct segment segment;
    struct segment_header header;
    bool told;
    struct failure failure = survey_open(survey, file, size, &segment, &header, &told);
    if (failure.error || (told && header.husk))
        return failure;
    if (!told)
        tell_bytes(survey, STORE_FLAW_HEADER, SEGMENT_HEADER, 2 * SEGMENT_HEADER);
    const struct scope scope = {.limit = end && end < size ? end : size, .end = end};
    return failure_io(read_all(survey, &scope));
}

/* ---- the segment that is written to ------------------------------------------------------------ */

/* How far the reading of it has come. */
struct growth {
    uint64_t position;
    uint64_t whole; /* behind the last record of a transaction */
    bool looked;    /* the place where it stands was read again */
};

/* An errno. */
static int tell_growing(struct survey *survey, uint64_t from, uint64_t to)
{
    struct record record;
    enum cursor_found found;
    int error = cursor_look(&survey->cursor, from, true, &record, &found);
    if (!error && found == CURSOR_HEAD)
        tell_payload(survey, &record);
    else if (!error)
        tell_bytes(survey, STORE_FLAW_LOG, from, to);
    return error;
}

/* At a place where no whole record stands. Where there is one behind it that says that all in front of its group was on
 * disk, it was read before it was written: it is looked at once more. If it still is not there, it is damaged. Else it
 * is the end. An errno; *ret_end: nothing more counts. */
static int at_doubt(struct survey *survey, uint64_t size, struct growth *growth, bool *ret_end)
{
    const struct segment *segment = survey->cursor.segment;
    uint64_t next;
    bool proven;
    int error = look_behind(survey, growth->position, &next, &proven);
    if (error)
        return error;
    *ret_end = !proven;
    if (*ret_end)
        return 0;
    if (growth->looked) {
        error = tell_growing(survey, growth->position, next);
        growth->position = next;
    }
    growth->looked = !growth->looked;
    cursor_begin(&survey->cursor, segment, size);
    return error;
}

/* An errno. */
static int read_growing(struct survey *survey, uint64_t size, struct growth *growth)
{
    bool end = false;
    while (!end && growth->position < size) {
        struct record record;
        enum cursor_found found;
        int error = cursor_look(&survey->cursor, growth->position, true, &record, &found);
        if (!error && found != CURSOR_WHOLE) {
            error = at_doubt(survey, size, growth, &end);
        } else if (!error) {
            error = take_record(survey, &record);
            growth->position += record_length(&record);
            growth->looked = false;
            if (record.step + 1 == record.steps)
                growth->whole = growth->position;
        }
        if (error)
            return error;
    }
    return 0;
}

struct failure survey_growing(struct survey *survey, int file, uint64_t size, uint64_t from, uint64_t *ret_position,
                              uint64_t *ret_offset)
{
    struct segment segment;
    struct segment_header header;
    bool told;
    struct failure failure = survey_open(survey, file, size, &segment, &header, &told);
    if (failure.error)
        return failure;
    *ret_position = size;
    *ret_offset = header.husk ? header.end : 0;
    if (!told || header.husk)
        return survey_sealed(survey, file, size, 0);
    uint64_t begin = from > SEGMENT_HEADER ? from : SEGMENT_HEADER;
    struct growth growth = {.position = begin, .whole = begin};
    int error = read_growing(survey, size, &growth);
    *ret_position = growth.whole;
    *ret_offset = segment_offset(&segment, growth.whole);
    return failure_io(error);
}
