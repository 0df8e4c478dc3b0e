/* tail.c - the copy of the segment that is written to. See tail.h. */
#include "store/backup/tail.h"

#include "store/base/clock.h"
#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>

enum { RESTED = 10 }; /* seconds after which the time of the last change tells that there was none since */

static const char tail_name[] = "tail";

void tail_init(struct tail *tail, struct stage *stage, struct inspection *inspection)
{
    *tail = (struct tail){.stage = stage, .inspection = inspection, .file = -1};
}

void tail_close(struct tail *tail)
{
    const struct io *io = tail->stage->io;
    if (tail->file >= 0)
        io->close(io->self, tail->file);
    tail_init(tail, tail->stage, tail->inspection);
}

/* ---- following ------------------------------------------------------------------------------- */

/* Goes on with the file of the last round, or begins one; an errno. */
static int begin(struct tail *tail, const struct snapshot_file *last)
{
    const struct io *io = tail->stage->io;
    if (tail->file >= 0 && tail->number == last->number && imprint_same_file(&tail->imprint, &last->imprint))
        return 0;
    tail_close(tail);
    tail->file = io_open_anew(io, tail->stage->draft.log, tail_name, O_RDWR);
    if (tail->file < 0)
        return errno;
    tail->number = last->number;
    return 0;
}

/* Copies what has come to it. */
static struct failure follow(struct tail *tail, int file)
{
    uint64_t size = tail->imprint.size, from = tail->end, end = from;
    bool flawed;
    struct failure failure = inspection_growing(tail->inspection, tail->number, file, size, from, &end, &tail->offset,
                                                &flawed);
    if (failure.os_error == EIO)
        return inspection_unreadable(tail->inspection, tail->number);
    tail->flawed = tail->flawed || (!failure.error && flawed);
    if (failure.error || end <= from)
        return failure;
    failure = failure_of_errno(io_copy_all(tail->stage->io, file, from, tail->file, from, end - from));
    if (failure.error)
        return failure;
    stage_advance(tail->stage, end - from);
    tail->end = end;
    return failure_none();
}

struct failure tail_take(struct tail *tail, const struct snapshot_file *last, bool *ret_gone)
{
    const struct io *io = tail->stage->source_io;
    struct imprint imprint;
    int file = numbered_open(io, tail->stage->source.log, last->number, segment_ending);
    *ret_gone = file < 0 && errno == ENOENT;
    if (file < 0)
        return *ret_gone ? failure_none() : failure_io(errno);
    int64_t now = clock_now(CLOCK_REALTIME);
    struct failure failure = failure_io(imprint_of(io, file, &imprint));
    *ret_gone = !failure.error && !imprint_same_file(&imprint, &last->imprint);
    if (!failure.error && !*ret_gone)
        failure = failure_of_errno(begin(tail, last));
    if (!failure.error && !*ret_gone) {
        tail->imprint = imprint;
        tail->looked = now;
        failure = follow(tail, file);
    }
    io->close(io->self, file);
    return failure;
}

/* ---- its end --------------------------------------------------------------------------------- */

/* The time that the copy gets. That of the source says that nothing was written since only where it had rested as it
 * was read: within a tick of the clock a file may change twice. Else, and where it is damaged, it is one that the
 * source will not have again. */
static struct timespec time_of(const struct tail *tail)
{
    const struct timespec *source = &tail->imprint.written;
    int64_t written = (int64_t)source->tv_sec * CLOCK_SECOND + source->tv_nsec;
    bool rested = tail->looked - written > (int64_t)RESTED * CLOCK_SECOND;
    return rested && !tail->flawed ? *source : imprint_older(&tail->imprint);
}

int tail_finish(struct tail *tail, bool roomy)
{
    const struct io *io = tail->stage->io;
    int folder = tail->stage->draft.log;
    char name[SEGMENT_NAME_MAX];
    if (tail->file < 0)
        return 0;
    const struct timespec time = time_of(tail);
    segment_name(tail->number, name);
    int error = io->ftruncate(io->self, tail->file, (off_t)tail->imprint.size) < 0 ? errno : 0;
    if (!error && roomy)
        error = io_write_zeros(io, tail->file, tail->end, tail->imprint.size);
    if (!error && (io->fdatasync(io->self, tail->file) < 0 || io->set_written(io->self, tail->file, &time) < 0 ||
                   io->renameat(io->self, folder, tail_name, folder, name) < 0))
        error = errno;
    return error;
}
