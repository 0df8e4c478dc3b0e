/* inspection.c - reading the segments that are copied. See inspection.h. */
#include "store/backup/inspection.h"

#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>

/* A segment whose copy is being mended. */
static const char mended_name[] = "mended";

static void told(void *arg, const struct store_flaw *flaw)
{
    struct inspection *inspection = arg;
    bool kept = inspection->mend && mend_has(inspection->mend, inspection->mended, inspection->size, flaw);
    inspection_tell(inspection, flaw, kept);
}

bool inspection_init(struct inspection *inspection, const struct stage *stage, uint64_t salt)
{
    *inspection = (struct inspection){.stage = stage};
    return survey_init(&inspection->survey, stage->io, salt);
}

void inspection_free(struct inspection *inspection)
{
    survey_free(&inspection->survey);
}

void inspection_tell(struct inspection *inspection, const struct store_flaw *flaw, bool kept)
{
    inspection->flaws++;
    inspection->flaw(inspection->arg, flaw, kept);
}

/* From here on what the survey meets is told: with `mend`, which has mended a file, or NULL. */
static void tell_from_here(struct inspection *inspection, struct mend *mend, int mended, uint64_t size)
{
    inspection->mend = mend;
    inspection->mended = mended;
    inspection->size = size;
    inspection->survey.flaw = told;
    inspection->survey.arg = inspection;
}

static void tell_no_more(struct inspection *inspection)
{
    inspection->survey.flaw = NULL;
    inspection->mend = NULL;
}

/* What of the copy that there is may come in the place of what is damaged. */
static struct failure begin_mending(const struct inspection *inspection, uint64_t number, struct mend *ret_mend)
{
    int folder = inspection->as_it_is ? -1 : inspection->stage->present.log;
    return mend_begin(ret_mend, inspection->survey.io, inspection->survey.salt, folder, number);
}

/* ---- sealed ones ----------------------------------------------------------------------------- */

/* A file of its own with the bytes of the draft's, which may be linked to others. An errno. */
static int open_copy(const struct inspection *inspection, int file, uint64_t size, int *ret_copy)
{
    const struct io *io = inspection->survey.io;
    *ret_copy = io->openat(io->self, inspection->stage->draft.log, mended_name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    return *ret_copy < 0 ? errno : io_copy_all(io, file, 0, *ret_copy, 0, size);
}

/* Puts it in the place of the one that it was made of; an errno. */
static int place_copy(const struct inspection *inspection, int copy, const struct snapshot_file *segment)
{
    const struct io *io = inspection->survey.io;
    int folder = inspection->stage->draft.log;
    const struct timespec written = imprint_older(&segment->imprint);
    char name[SEGMENT_NAME_MAX];
    segment_name(segment->number, name);
    if (io->fdatasync(io->self, copy) < 0 || io->set_written(io->self, copy, &written) < 0 ||
        io->renameat(io->self, folder, mended_name, folder, name) < 0)
        return errno;
    return 0;
}

/* Mends one that is flawed, and tells what was wrong. */
static struct failure mend_sealed(struct inspection *inspection, const struct snapshot_file *segment, int file,
                                  uint64_t end)
{
    const struct io *io = inspection->survey.io;
    struct survey *survey = &inspection->survey;
    struct mend mend;
    int copy = -1;
    uint64_t size = segment->imprint.size, mended = size;
    struct failure failure = begin_mending(inspection, segment->number, &mend);
    if (!failure.error)
        failure = failure_of_errno(open_copy(inspection, file, size, &copy));
    if (!failure.error)
        failure = mend_file(&mend, copy, &mended);
    if (!failure.error)
        failure = failure_of_errno(place_copy(inspection, copy, segment));
    tell_from_here(inspection, &mend, copy, mended);
    if (!failure.error)
        failure = survey_sealed(survey, file, size, end);
    tell_no_more(inspection);
    if (!failure.error) /* what was mended may name blobs */
        failure = survey_sealed(survey, copy, mended, 0);
    if (copy >= 0)
        io->close(io->self, copy);
    mend_end(&mend);
    return failure;
}

struct failure inspection_sealed(struct inspection *inspection, const struct snapshot_file *segment, uint64_t end)
{
    const struct io *io = inspection->survey.io;
    struct survey *survey = &inspection->survey;
    int file = numbered_open(io, inspection->stage->draft.log, segment->number, segment_ending);
    if (file < 0)
        return failure_io(errno);
    uint64_t before = survey->flaws;
    struct failure failure = survey_sealed(survey, file, segment->imprint.size, end);
    if (!failure.error && survey->flaws > before)
        failure = mend_sealed(inspection, segment, file, end);
    io->close(io->self, file);
    return failure;
}

int inspection_set_back(const struct inspection *inspection, uint64_t number)
{
    const struct io *io = inspection->survey.io;
    struct snapshot_file segment = {.number = number};
    int copy = -1;
    int file = numbered_open(io, inspection->stage->draft.log, number, segment_ending);
    if (file < 0)
        return errno;
    int error = imprint_of(io, file, &segment.imprint);
    if (!error)
        error = open_copy(inspection, file, segment.imprint.size, &copy);
    if (!error)
        error = place_copy(inspection, copy, &segment);
    if (copy >= 0)
        io->close(io->self, copy);
    io->close(io->self, file);
    return error;
}

/* ---- the one that is written to ---------------------------------------------------------------- */

struct failure inspection_growing(struct inspection *inspection, int file, uint64_t size, uint64_t from,
                                  uint64_t *ret_position, uint64_t *ret_offset, bool *ret_flawed)
{
    struct survey *survey = &inspection->survey;
    uint64_t before = survey->flaws;
    struct failure failure = survey_growing(survey, file, size, from, ret_position, ret_offset);
    *ret_flawed = survey->flaws > before;
    return failure;
}

struct failure inspection_mend(struct inspection *inspection, int file, uint64_t size, uint64_t from, uint64_t number,
                               int copy)
{
    struct mend mend;
    uint64_t mended = size, position, offset;
    struct failure failure = begin_mending(inspection, number, &mend);
    if (!failure.error && inspection->survey.io->ftruncate(inspection->survey.io->self, copy, (off_t)size) < 0)
        failure = failure_of_errno(errno);
    if (!failure.error)
        failure = mend_file(&mend, copy, &mended);
    tell_from_here(inspection, &mend, copy, mended);
    if (!failure.error)
        failure = survey_growing(&inspection->survey, file, size, from, &position, &offset);
    tell_no_more(inspection);
    mend_end(&mend);
    return failure;
}
