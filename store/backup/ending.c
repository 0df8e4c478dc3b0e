/* ending.c - where the log of a copy ends. See ending.h. */
#include "store/backup/ending.h"

#include "store/backup/mend.h"
#include "store/backup/snapshot.h"
#include "store/log/segment.h"

#include <errno.h>

int ending_find(const struct stage *stage, uint64_t *ret_number)
{
    struct snapshot copy;
    *ret_number = 0;
    if (stage->present.log < 0)
        return 0;
    int error = snapshot_take(stage->io, stage->present.log, &copy);
    if (error)
        return error;
    const struct snapshot_file *last = snapshot_last(&copy);
    *ret_number = last ? last->number : 0;
    snapshot_free(&copy);
    return 0;
}

/* Whether there is nothing but zeros behind the position in the copy's file. An errno. */
static int ends_there(struct mend *mend, uint64_t position, bool *ret_ends)
{
    *ret_ends = true;
    if (mend->present_size <= position)
        return 0;
    cursor_begin(&mend->theirs, &mend->present, mend->present_size);
    return cursor_zeros(&mend->theirs, position, ret_ends);
}

struct failure ending_compare(const struct stage *stage, uint64_t salt, uint64_t number, uint64_t position,
                              bool *ret_same)
{
    struct mend mend;
    struct imprint imprint;
    struct segment_header header;
    *ret_same = true;
    if (snapshot_header(stage->io, stage->draft.log, salt, number, &header) && header.husk)
        return failure_none(); /* what it held is elsewhere by now */
    int file = numbered_open(stage->io, stage->draft.log, number, segment_ending);
    if (file < 0)
        return failure_io(errno == ENOENT ? 0 : errno);
    struct failure failure = mend_begin(&mend, stage->io, salt, stage->present.log, number);
    if (!failure.error)
        failure = failure_io(imprint_of(stage->io, file, &imprint));
    if (!failure.error)
        failure = mend_compare(&mend, file, imprint.size, ret_same);
    if (!failure.error && *ret_same && position > 0 && mend.present.file >= 0)
        failure = failure_io(ends_there(&mend, position, ret_same));
    stage->io->close(stage->io->self, file);
    mend_end(&mend);
    return failure;
}
