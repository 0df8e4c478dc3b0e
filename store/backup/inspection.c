/* inspection.c - reading the segments that are copied. See inspection.h. */
#include "store/backup/inspection.h"

#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>

/* A segment of the draft that is written anew. */
static const char anew_name[] = "anew";

/* ---- judging --------------------------------------------------------------------------------- */

void inspection_tell(struct inspection *inspection, const struct store_flaw *flaw, bool kept)
{
    inspection->flaws++;
    inspection->flaw(inspection->arg, flaw, kept);
}

void inspection_judge(struct inspection *inspection, uint64_t number, const struct store_flaw *flaw,
                      enum inspection_held held)
{
    if (held != INSPECTION_KNOWN && !inspection->as_it_is && !inspection->refused) {
        inspection->refused = number;
        inspection->reason = *flaw;
        inspection->reason.key = NULL;
    }
    inspection_tell(inspection, flaw, held == INSPECTION_HELD && !inspection->as_it_is);
}

/* Whether the copy had come beyond a position of the segment: it has one behind, or something stands there. An
 * errno. */
static int is_beyond(const struct inspection *inspection, const struct contents *copy, uint64_t position,
                     bool *ret_beyond)
{
    const struct stage *stage = inspection->stage;
    struct snapshot files;
    bool zero = true;
    int error = snapshot_take(stage->io, stage->present.log, &files);
    if (error)
        return error;
    *ret_beyond = snapshot_place(&files, inspection->number + 1) < files.count;
    snapshot_free(&files);
    if (!*ret_beyond)
        error = contents_zero(copy, position, UINT64_MAX, &zero);
    *ret_beyond = *ret_beyond || !zero;
    return error;
}

/* Compares the bytes between two positions with what the copy has there. What cannot be compared is not known. */
static enum inspection_held compare(const struct inspection *inspection, uint64_t from, uint64_t to)
{
    const struct stage *stage = inspection->stage;
    bool same = false, zero = true, beyond = from < SEGMENT_HEADER; /* it has the file */
    int file = stage->present.log < 0
                   ? -1
                   : numbered_open(stage->io, stage->present.log, inspection->number, segment_ending);
    if (file < 0)
        return INSPECTION_LACKED;
    const struct contents copy = {.io = stage->io, .file = file};
    int error = beyond ? 0 : is_beyond(inspection, &copy, to, &beyond);
    if (!error)
        error = contents_same(&inspection->bytes, &copy, from, to, &same);
    if (!error)
        error = contents_zero(&copy, from, to, &zero);
    stage->io->close(stage->io->self, file);
    if (!error && same && beyond)
        return INSPECTION_KNOWN;
    return !error && zero ? INSPECTION_LACKED : INSPECTION_HELD;
}

struct failure inspection_unreadable(struct inspection *inspection, uint64_t number)
{
    const struct stage *stage = inspection->stage;
    struct segment_header header = {0};
    bool held = stage->present.log >= 0 &&
                snapshot_header(stage->io, stage->present.log, inspection->survey.salt, number, &header);
    const struct store_flaw flaw = {.kind = STORE_FLAW_READ, .offset = header.base};
    inspection_judge(inspection, number, &flaw, held ? INSPECTION_HELD : INSPECTION_LACKED);
    return inspection->as_it_is ? failure_io(EIO) : failure_none();
}

static void told(void *arg, const struct store_flaw *flaw)
{
    struct inspection *inspection = arg;
    const struct segment *segment = inspection->survey.cursor.segment;
    bool header = flaw->kind == STORE_FLAW_HEADER;
    uint64_t from = header ? 0 : segment_position(segment, flaw->offset);
    inspection_judge(inspection, inspection->number, flaw,
                     compare(inspection, from, from + (header ? SEGMENT_HEADER : flaw->length)));
}

bool inspection_init(struct inspection *inspection, const struct stage *stage, uint64_t salt)
{
    *inspection = (struct inspection){.stage = stage};
    bool good = survey_init(&inspection->survey, stage->io, salt);
    inspection->survey.flaw = told;
    inspection->survey.arg = inspection;
    return good;
}

void inspection_free(struct inspection *inspection)
{
    survey_free(&inspection->survey);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Writes a file of the draft anew, which may be linked to others, with a time that its source has not. An errno. */
static int write_anew(const struct inspection *inspection, int file, uint64_t number)
{
    const struct io *io = inspection->survey.io;
    int folder = inspection->stage->draft.log;
    struct imprint imprint;
    char name[SEGMENT_NAME_MAX];
    int error = imprint_of(io, file, &imprint);
    int copy = error ? -1 : io_open_anew(io, folder, anew_name, O_RDWR);
    if (copy < 0)
        return error ? error : errno;
    const struct timespec written = imprint_older(&imprint);
    segment_name(number, name);
    error = io_copy_all(io, file, 0, copy, 0, imprint.size);
    if (!error && (io->fdatasync(io->self, copy) < 0 || io->set_written(io->self, copy, &written) < 0 ||
                   io->renameat(io->self, folder, anew_name, folder, name) < 0))
        error = errno;
    io->close(io->self, copy);
    return error;
}

int inspection_set_back(const struct inspection *inspection, uint64_t number)
{
    const struct io *io = inspection->survey.io;
    int file = numbered_open(io, inspection->stage->draft.log, number, segment_ending);
    if (file < 0)
        return errno;
    int error = write_anew(inspection, file, number);
    io->close(io->self, file);
    return error;
}

struct failure inspection_sealed(struct inspection *inspection, const struct snapshot_file *segment, uint64_t end)
{
    const struct io *io = inspection->survey.io;
    int file = numbered_open(io, inspection->stage->draft.log, segment->number, segment_ending);
    if (file < 0)
        return failure_io(errno);
    uint64_t before = inspection->flaws;
    inspection->number = segment->number;
    inspection->bytes = (struct contents){.io = io, .file = file};
    struct failure failure = survey_sealed(&inspection->survey, file, segment->imprint.size, end);
    if (!failure.error && inspection->flaws > before)
        failure = failure_of_errno(write_anew(inspection, file, segment->number));
    io->close(io->self, file);
    return failure;
}

struct failure inspection_growing(struct inspection *inspection, uint64_t number, int file, uint64_t size,
                                  uint64_t from, uint64_t *ret_position, uint64_t *ret_offset, bool *ret_flawed)
{
    uint64_t before = inspection->flaws;
    inspection->number = number;
    inspection->bytes = (struct contents){.io = inspection->survey.io, .file = file};
    struct failure failure = survey_growing(&inspection->survey, file, size, from, ret_position, ret_offset);
    *ret_flawed = inspection->flaws > before;
    return failure;
}
