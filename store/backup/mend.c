/* mend.c - a segment that is damaged at the source. See mend.h. */
#include "store/backup/mend.h"

#include "store/log/segment.h"

#include <errno.h>
#include <string.h>

struct failure mend_begin(struct mend *mend, const struct io *io, uint64_t salt, int folder, uint64_t number)
{
    struct imprint imprint;
    struct segment_header header;
    *mend = (struct mend){.present = {.io = io, .file = -1}};
    if (!survey_init(&mend->mine, io, salt) || !cursor_init(&mend->theirs, io, salt))
        return failure_of(STORE_NO_MEMORY);
    int file = folder < 0 ? -1 : numbered_open(io, folder, number, segment_ending);
    if (file < 0)
        return failure_none();
    int error = imprint_of(io, file, &imprint);
    if (error || segment_read_header(io, file, salt, &header).error || header.husk || header.number != number) {
        io->close(io->self, file);
        return failure_io(error);
    }
    mend->present.file = file;
    mend->present.base = header.base;
    mend->present_size = imprint.size;
    return failure_none();
}

void mend_end(struct mend *mend)
{
    const struct io *io = mend->present.io;
    if (mend->present.file >= 0)
        io->close(io->self, mend->present.file);
    survey_free(&mend->mine);
    cursor_free(&mend->theirs);
}

/* ---- side by side ---------------------------------------------------------------------------- */

static bool is_same(const struct record *a, const struct record *b)
{
    return a->type == b->type && a->time == b->time && a->group == b->group && a->key_hash == b->key_hash &&
           a->size == b->size && a->blob == b->blob && memcmp(&a->digest, &b->digest, sizeof a->digest) == 0;
}

/* What stands at a position of both. */
struct pair {
    struct record mine;
    struct record theirs;
    bool mine_whole;
    bool theirs_whole;
};

/* An errno. */
static int look(struct mend *mend, uint64_t position, struct pair *ret_pair)
{
    enum cursor_found mine, theirs = CURSOR_NOTHING;
    int error = cursor_look(&mend->mine.cursor, position, true, &ret_pair->mine, &mine);
    if (!error && position < mend->present_size)
        error = cursor_look(&mend->theirs, position, true, &ret_pair->theirs, &theirs);
    ret_pair->mine_whole = !error && mine == CURSOR_WHOLE;
    ret_pair->theirs_whole = !error && theirs == CURSOR_WHOLE;
    return error;
}

/* The next position at which one of them has a record; an errno. */
static int find_next(struct mend *mend, uint64_t *position)
{
    struct record record;
    uint64_t from = *position + RECORD_ALIGNMENT, theirs = UINT64_MAX;
    int error = cursor_find(&mend->mine.cursor, from, position, &record);
    if (!error && from < mend->present_size)
        error = cursor_find(&mend->theirs, from, &theirs, &record);
    if (!error && theirs < *position)
        *position = theirs;
    return error;
}

/* Goes through both. With `file` (else -1) what is missing there is taken. *ret_same: no record tells another history.
 * An errno. */
static int walk(struct mend *mend, const struct segment *mine, uint64_t size, int file, bool *ret_same)
{
    const struct io *io = mend->present.io;
    uint64_t position = SEGMENT_HEADER;
    int error = 0;
    cursor_begin(&mend->mine.cursor, mine, size);
    cursor_begin(&mend->theirs, &mend->present, mend->present_size);
    *ret_same = true;
    while (position < size && !error && *ret_same) {
        struct pair pair;
        error = look(mend, position, &pair);
        if (error)
            return error;
        *ret_same = !(pair.mine_whole && pair.theirs_whole) || is_same(&pair.mine, &pair.theirs);
        if (!pair.mine_whole && !pair.theirs_whole) {
            error = find_next(mend, &position);
            continue;
        }
        size_t length = record_length(pair.mine_whole ? &pair.mine : &pair.theirs);
        if (!pair.mine_whole && file >= 0)
            error = io_copy_all(io, mend->present.file, position, file, position, length);
        position += length;
    }
    return error;
}

/* ---- mending --------------------------------------------------------------------------------- */

static struct failure open_mine(struct mend *mend, int file, uint64_t size, struct segment *ret_mine, bool *ret_told,
                                bool *ret_fits)
{
    struct segment_header header;
    struct failure failure = survey_open(&mend->mine, file, size, ret_mine, &header, ret_told);
    *ret_fits = !failure.error && (!*ret_told || (!header.husk && header.base == mend->present.base));
    ret_mine->base = mend->present.base;
    return failure;
}

struct failure mend_file(struct mend *mend, int file, uint64_t *size)
{
    const struct io *io = mend->present.io;
    struct segment mine;
    bool told, fits, same = false;
    if (mend->present.file < 0)
        return failure_none();
    if (*size < mend->present_size) {
        if (io->ftruncate(io->self, file, (off_t)mend->present_size) < 0)
            return failure_of_errno(errno);
        *size = mend->present_size;
    }
    struct failure failure = open_mine(mend, file, *size, &mine, &told, &fits);
    if (failure.error || !fits)
        return failure;
    int error = walk(mend, &mine, *size, -1, &same);
    if (!error && same && !told)
        error = io_copy_all(io, mend->present.file, 0, file, 0, SEGMENT_HEADER);
    if (!error && same)
        error = walk(mend, &mine, *size, file, &same);
    return failure_of_errno(error);
}

struct failure mend_compare(struct mend *mend, int file, uint64_t size, bool *ret_same)
{
    struct segment mine;
    bool told, fits;
    *ret_same = true;
    if (mend->present.file < 0)
        return failure_none();
    struct failure failure = open_mine(mend, file, size, &mine, &told, &fits);
    return failure.error || !fits ? failure : failure_io(walk(mend, &mine, size, -1, ret_same));
}

bool mend_has(struct mend *mend, int file, uint64_t size, const struct store_flaw *flaw)
{
    struct segment segment;
    struct segment_header header;
    struct record record;
    enum cursor_found found = CURSOR_NOTHING;
    bool told;
    if (survey_open(&mend->mine, file, size, &segment, &header, &told).error || !told)
        return false;
    if (flaw->kind == STORE_FLAW_HEADER)
        return true;
    uint64_t position = flaw->offset < segment.base ? size : segment_position(&segment, flaw->offset);
    return position < size && !cursor_look(&mend->mine.cursor, position, true, &record, &found) &&
           found == CURSOR_WHOLE;
}
