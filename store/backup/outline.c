/* outline.c - the rows of the segments of a copy that is being made. See outline.h. */
#include "store/backup/outline.h"

#include "store/backup/snapshot.h"
#include "store/log/log.h"
#include "store/log/summary.h"

#include <errno.h>

/* Opens the file of a segment of the draft and learns what its header tells: where that is damaged, the base is what
 * the records say. */
static struct failure open_part(const struct outline *outline, const struct snapshot_file *file,
                                struct handle_alone *own, struct segment *ret_segment,
                                struct segment_header *ret_header)
{
    const struct io *io = outline->stage->io;
    bool found;
    *ret_segment = (struct segment){.number = file->number, .version = SEGMENT_VERSION, .prepared = file->imprint.size};
    *ret_header = (struct segment_header){0};
    int opened = numbered_open(io, outline->stage->draft.log, file->number, segment_ending);
    if (opened < 0)
        return failure_io(errno);
    handle_alone_init(own, io, opened);
    ret_segment->file = &own->file;
    struct failure failure = segment_read_header(io, opened, outline->salt, ret_header);
    cursor_begin(outline->cursor, ret_segment, file->imprint.size);
    if (failure.error == STORE_DAMAGED)
        return failure_io(cursor_find_base(outline->cursor, 0, SEGMENT_OFFSET_MAX, &ret_segment->base, &found));
    ret_segment->base = ret_header->base;
    ret_segment->version = ret_header->version;
    ret_segment->husk = ret_header->husk;
    return failure;
}

/* Where the records of a segment end, as a position: as the next one says, or, of the last, as it was read. */
static uint64_t end_of(const struct outline *outline, const struct segment *segment, const struct segment *next,
                       const struct segment_header *header)
{
    uint64_t size = segment->prepared;
    if (!next)
        return segment->number == outline->last && outline->last_end < size ? outline->last_end : size;
    if (header->front <= segment->base || header->front - segment->base > size)
        return size;
    return segment_position(segment, header->front);
}

static bool read_summary(const struct outline *outline, const struct segment *segment, uint64_t end,
                         struct rows *ret_rows)
{
    const struct log log = {
        .io = outline->stage->source_io, .folder = outline->stage->source.log, .salt = outline->salt};
    struct summary summary;
    return summary_read(&log, segment, end, &summary, ret_rows);
}

static struct failure read_records(const struct outline *outline, const struct segment *segment, uint64_t end,
                                   struct rows *ret_rows)
{
    struct cursor *cursor = outline->cursor;
    uint64_t position = SEGMENT_HEADER;
    cursor_begin(cursor, segment, end);
    while (position < end) {
        struct record record;
        enum cursor_found found;
        int error = cursor_look(cursor, position, false, &record, &found);
        if (!error && found == CURSOR_NOTHING) {
            error = cursor_find(cursor, position + RECORD_ALIGNMENT, &position, &record);
            rows_drop(ret_rows);
        } else if (!error) {
            if (!rows_take(ret_rows, position, &record))
                return failure_of(STORE_NO_MEMORY);
            position += record_length(&record);
        }
        if (error)
            return failure_io(error);
    }
    rows_drop(ret_rows);
    return failure_none();
}

static struct failure read_part(const struct outline *outline, const struct segment *segment, uint64_t end,
                                struct outline_part *ret_part)
{
    *ret_part = (struct outline_part){
        .number = segment->number, .base = segment->base, .knows_namesakes = segment_knows_namesakes(segment)};
    rows_init(&ret_part->rows, outline->salt);
    if (segment->husk || read_summary(outline, segment, end, &ret_part->rows))
        return failure_none();
    return read_records(outline, segment, end, &ret_part->rows);
}

static void close_part(const struct outline *outline, const struct segment *segment)
{
    const struct io *io = outline->stage->io;
    if (segment->file)
        io->close(io->self, handle_file(segment->file));
}

static struct failure read_one(const struct outline *outline, const struct snapshot *files, size_t at,
                               bool (*take)(void *arg, const struct outline_part *part), void *arg)
{
    bool last = at + 1 == files->count;
    struct handle_alone own;
    struct segment segment, next = {0};
    struct segment_header header, behind = {0};
    struct outline_part part;
    struct failure failure = last ? failure_none() : open_part(outline, &files->files[at + 1], &own, &next, &behind);
    close_part(outline, &next);
    if (failure.error)
        return failure;
    failure = open_part(outline, &files->files[at], &own, &segment, &header);
    if (!failure.error) {
        failure = read_part(outline, &segment, end_of(outline, &segment, last ? NULL : &next, &behind), &part);
        if (!failure.error && !take(arg, &part))
            failure = failure_of(STORE_NO_MEMORY);
        rows_free(&part.rows);
    }
    close_part(outline, &segment);
    return failure;
}

struct failure outline_read(const struct outline *outline, bool (*take)(void *arg, const struct outline_part *part),
                            void *arg)
{
    struct snapshot files;
    struct failure failure = failure_io(snapshot_take(outline->stage->io, outline->stage->draft.log, &files));
    if (failure.error)
        return failure;
    for (size_t at = snapshot_place(&files, outline->from); at < files.count && !failure.error; at++)
        failure = read_one(outline, &files, at, take, arg);
    snapshot_free(&files);
    return failure;
}
