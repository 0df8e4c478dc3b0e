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
    free(survey->named.blobs);
}

bool survey_know(struct survey *survey, uint64_t blob, bool *ret_fresh)
{
    *ret_fresh = table_get(&survey->known, blob) == 0;
    if (!*ret_fresh)
        return true;
    if (!table_reserve(&survey->known, blob))
        return false;
    table_put(&survey->known, blob, 1);
    table_reservations_end(&survey->known);
    return true;
}

/* ---- records --------------------------------------------------------------------------------- */

/* An errno: ENOMEM. */
static int take_record(struct survey *survey, const struct record *record, enum cursor_found found)
{
    bool fresh = false;
    survey->records++;
    survey->flaws += found == CURSOR_HEAD;
    if (record->type != RECORD_PUT || !record->blob)
        return 0;
    if (!survey_know(survey, record->blob, &fresh) || (fresh && !blob_list_push(&survey->named, record->blob)))
        return ENOMEM;
    return 0;
}

/* The segment, as far as a cursor has to know it. *ret_told: its header is valid. */
static struct failure open_segment(struct survey *survey, int file, uint64_t size, struct segment *ret_segment,
                                   struct segment_header *ret_header, bool *ret_told)
{
    *ret_header = (struct segment_header){0};
    struct failure failure = segment_read_header(survey->io, file, survey->salt, ret_header);
    *ret_told = !failure.error;
    if (failure.error && failure.error != STORE_DAMAGED)
        return failure;
    *ret_segment = (struct segment){.io = survey->io, .file = file, .base = ret_header->base};
    cursor_begin(&survey->cursor, ret_segment, size);
    return failure_none();
}

/* Where the header is damaged, the records tell. An errno. */
static int find_base(struct survey *survey, struct segment *segment)
{
    bool found;
    survey->flaws++;
    return cursor_find_base(&survey->cursor, 0, SEGMENT_OFFSET_MAX, &segment->base, &found);
}

/* What stands behind the end that the next segment tells may name blobs that are not there, and no more. An errno. */
static int read_all(struct survey *survey, uint64_t size)
{
    uint64_t position = SEGMENT_HEADER;
    while (position < size) {
        struct record record;
        enum cursor_found found;
        int error = cursor_look(&survey->cursor, position, true, &record, &found);
        if (!error && found == CURSOR_NOTHING) {
            uint64_t hole = position;
            error = cursor_find(&survey->cursor, position + RECORD_ALIGNMENT, &position, &record);
            survey->flaws += !error && position < size && record.group > segment_offset(survey->cursor.segment, hole);
        } else if (!error) {
            error = take_record(survey, &record, found);
            position += record_length(&record);
        }
        if (error)
            return error;
    }
    return 0;
}

struct failure survey_sealed(struct survey *survey, int file, uint64_t size)
{
    struct segment segment;
    struct segment_header header;
    bool told;
    struct failure failure = open_segment(survey, file, size, &segment, &header, &told);
    if (failure.error || (told && header.husk))
        return failure;
    int error = told ? 0 : find_base(survey, &segment);
    return failure_io(error ? error : read_all(survey, size));
}

/* ---- the segment that is written to ------------------------------------------------------------ */

/* How far the reading of it has come. */
struct growth {
    uint64_t position;
    uint64_t whole; /* behind the last record of a transaction */
    bool looked;    /* the place where it stands was read again */
};

/* At a place where no whole record stands. Where there is one behind it that says that all in front of its group was on
 * disk, it was read before it was written: it is looked at once more. If it still is not there, it is damaged. Else it
 * is the end. An errno; *ret_end: nothing more counts. */
static int at_hole(struct survey *survey, uint64_t size, struct growth *growth, bool *ret_end)
{
    const struct segment *segment = survey->cursor.segment;
    struct record behind;
    uint64_t next;
    int error = cursor_find(&survey->cursor, growth->position + RECORD_ALIGNMENT, &next, &behind);
    if (error)
        return error;
    *ret_end = next >= size || behind.group <= segment_offset(segment, growth->position);
    if (*ret_end)
        return 0;
    if (growth->looked) {
        survey->flaws++;
        growth->position = next;
    }
    growth->looked = !growth->looked;
    cursor_begin(&survey->cursor, segment, size);
    return 0;
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
            error = at_hole(survey, size, growth, &end);
        } else if (!error) {
            error = take_record(survey, &record, found);
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
    struct failure failure = open_segment(survey, file, size, &segment, &header, &told);
    if (failure.error)
        return failure;
    *ret_position = size;
    *ret_offset = header.husk ? header.end : 0;
    if (!told || header.husk)
        return survey_sealed(survey, file, size);
    uint64_t begin = from > SEGMENT_HEADER ? from : SEGMENT_HEADER;
    struct growth growth = {.position = begin, .whole = begin};
    int error = read_growing(survey, size, &growth);
    *ret_position = growth.whole;
    *ret_offset = segment_offset(&segment, growth.whole);
    return failure_io(error);
}
