/* extension.c - whether a log is that of a copy, gone on. See extension.h. */
#include "store/backup/extension.h"

#include "store/backup/contents.h"
#include "store/backup/landmarks.h"
#include "store/log/record.h"

#include <errno.h>

/* A segment of the copy that there is, and where its records end. */
struct part {
    uint64_t number;
    struct imprint imprint;
    struct segment_header header;
    int file; /* -1: of a husk, or of one that tells nothing: it is damaged */
    uint64_t end;
};

struct look {
    const struct extension *extension;
    struct snapshot copy;
    struct survey survey; /* of its records */
    uint64_t written;     /* the number of its last segment with records; 0: none has any */
    uint64_t written_end; /* and the position where these end */
};

/* ---- the copy -------------------------------------------------------------------------------- */

/* The position where the records of a segment of the copy end: as the next one says or, where it does not, as they
 * are read. */
static struct failure find_end(struct look *look, size_t at, struct part *part)
{
    const struct extension *extension = look->extension;
    const struct stage *stage = extension->stage;
    const struct segment segment = {.base = part->header.base};
    struct segment_header next;
    uint64_t offset;
    bool told = at + 1 < look->copy.count &&
                snapshot_header(stage->io, stage->present.log, extension->salt, look->copy.files[at + 1].number, &next);
    if (!told || next.number != part->number + 1 + next.skipped)
        return survey_growing(&look->survey, part->file, part->imprint.size, 0, &part->end, &offset);
    part->end = next.front > segment.base ? segment_position(&segment, next.front) : SEGMENT_HEADER;
    if (part->end > part->imprint.size)
        part->end = part->imprint.size;
    return failure_none();
}

static struct failure open_part(struct look *look, size_t at, struct part *ret_part)
{
    const struct stage *stage = look->extension->stage;
    const struct snapshot_file *file = &look->copy.files[at];
    *ret_part = (struct part){.number = file->number, .imprint = file->imprint};
    ret_part->file = numbered_open(stage->io, stage->present.log, file->number, segment_ending);
    if (ret_part->file < 0)
        return failure_io(errno);
    struct failure failure = segment_read_header(stage->io, ret_part->file, look->extension->salt, &ret_part->header);
    bool tells = !failure.error && !ret_part->header.husk && ret_part->header.number == file->number;
    if (tells)
        return find_end(look, at, ret_part);
    stage->io->close(stage->io->self, ret_part->file);
    ret_part->file = -1;
    return failure.error == STORE_DAMAGED ? failure_none() : failure;
}

/* ---- beside the source's --------------------------------------------------------------------- */

/* Whether a husk stands for all that a segment of the copy has. */
static bool stands_for(const struct segment_header *husk, const struct part *part)
{
    return husk->husk && husk->base <= part->header.base && husk->end >= part->header.base + part->end - SEGMENT_HEADER;
}

/* Whether compaction has moved what a segment had that is not there any more: the last one in front tells, if there is
 * one. An errno. */
static int was_moved(const struct extension *extension, const struct part *part, bool *ret_moved)
{
    const struct stage *stage = extension->stage;
    size_t place = snapshot_place(extension->files, part->number);
    struct segment_header header;
    bool told = false;
    int error = place == 0 ? 0
                           : snapshot_read_header(stage->io, stage->draft.log, extension->salt,
                                                  extension->files->files[place - 1].number, &header, &told);
    *ret_moved = told ? stands_for(&header, part) : part->number < extension->oldest;
    return error;
}

/* Whether each whole record of the copy stands in the other file as well; an errno. What is damaged in the copy says
 * nothing. */
static int compare_records(struct look *look, const struct part *part, const struct contents *other, bool *ret_same)
{
    const struct contents own = {.io = other->io, .file = part->file};
    struct handle_alone handle;
    const struct segment segment = {.file = &handle.file, .base = part->header.base};
    struct cursor *cursor = &look->survey.cursor;
    uint64_t position = SEGMENT_HEADER;
    int error = contents_same(&own, other, position, part->end, ret_same);
    if (error || *ret_same)
        return error;
    *ret_same = true;
    handle_alone_init(&handle, own.io, part->file);
    cursor_begin(cursor, &segment, part->end);
    while (position < part->end && *ret_same && !error) {
        struct record record;
        enum cursor_found found;
        error = cursor_look(cursor, position, true, &record, &found);
        size_t length = !error && found != CURSOR_NOTHING ? record_length(&record) : 0;
        if (!error && found == CURSOR_WHOLE)
            error = contents_same(&own, other, position, position + length, ret_same);
        if (!error && found == CURSOR_NOTHING)
            error = cursor_find(cursor, position + RECORD_ALIGNMENT, &position, &record);
        position += length;
    }
    return error;
}

/* With the draft's segment of the same number. */
static struct failure compare(struct look *look, const struct part *part, int file, bool *ret_same)
{
    const struct extension *extension = look->extension;
    const struct snapshot_file *last = snapshot_last(extension->files);
    const struct contents other = {.io = extension->stage->io, .file = file};
    struct segment_header header = {0};
    struct failure failure = segment_read_header(other.io, file, extension->salt, &header);
    *ret_same = true;
    if (failure.error == STORE_DAMAGED) /* what was read of it was judged */
        return failure_none();
    if (failure.error)
        return failure;
    *ret_same = header.husk
                    ? stands_for(&header, part)
                    : header.base == part->header.base && (part->number < last->number || extension->end >= part->end);
    return *ret_same && !header.husk ? failure_io(compare_records(look, part, &other, ret_same)) : failure;
}

/* Whether the draft has what a segment of the copy has. */
static struct failure look_at(struct look *look, const struct part *part, bool *ret_same)
{
    const struct extension *extension = look->extension;
    const struct stage *stage = extension->stage;
    struct imprint imprint;
    *ret_same = true;
    if (part->file < 0 || part->end <= SEGMENT_HEADER)
        return failure_none();
    look->written = part->number;
    look->written_end = part->end;
    if (!snapshot_has(extension->files, part->number))
        return failure_io(was_moved(extension, part, ret_same));
    int file = numbered_open(stage->io, stage->draft.log, part->number, segment_ending);
    if (file < 0)
        return failure_io(errno);
    struct failure failure = failure_io(imprint_of(stage->io, file, &imprint));
    *ret_same = !failure.error && imprint_same_bytes(&imprint, &part->imprint);
    if (!failure.error && !*ret_same)
        failure = compare(look, part, file, ret_same);
    stage->io->close(stage->io->self, file);
    return failure;
}

static struct failure look_at_all(struct look *look, uint64_t *ret_lost)
{
    const struct io *io = look->extension->stage->io;
    struct failure failure = failure_none();
    for (size_t at = 0; at < look->copy.count && !failure.error && *ret_lost == 0; at++) {
        struct part part;
        bool same = true;
        failure = open_part(look, at, &part);
        if (!failure.error)
            failure = look_at(look, &part, &same);
        if (part.file >= 0)
            io->close(io->self, part.file);
        if (!failure.error && !same)
            *ret_lost = part.number;
    }
    return failure;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Where the end of what was copied was moved. */
static struct failure look_at_landmarks(struct look *look, uint64_t *ret_lost)
{
    const struct extension *extension = look->extension;
    struct stage *stage = extension->stage;
    const struct landmarks landmarks = {.stage = stage,
                                        .cursor = &look->survey.cursor,
                                        .salt = extension->salt,
                                        .number = look->written,
                                        .number_end = look->written_end,
                                        .last = snapshot_last(extension->files)->number,
                                        .last_end = extension->end};
    struct segment_header header;
    bool kept = true;
    if (snapshot_has(extension->files, look->written) &&
        !(snapshot_header(stage->io, stage->draft.log, extension->salt, look->written, &header) && header.husk))
        return failure_none();
    struct failure failure = landmarks_look(&landmarks, &kept);
    if (!failure.error && !kept)
        *ret_lost = look->written;
    return failure;
}

struct failure extension_look(const struct extension *extension, uint64_t *ret_lost)
{
    const struct stage *stage = extension->stage;
    struct look look = {.extension = extension};
    *ret_lost = 0;
    if (stage->present.log < 0)
        return failure_none();
    struct failure failure = failure_io(snapshot_take(stage->io, stage->present.log, &look.copy));
    if (!failure.error && !survey_init(&look.survey, stage->io, extension->salt))
        failure = failure_of(STORE_NO_MEMORY);
    if (!failure.error)
        failure = look_at_all(&look, ret_lost);
    if (!failure.error && *ret_lost == 0 && look.written > 0 && extension->files->count > 0)
        failure = look_at_landmarks(&look, ret_lost);
    survey_free(&look.survey);
    snapshot_free(&look.copy);
    return failure;
}
