/* landmarks.c - the keys that were written at the end of a copy. See landmarks.h. */
#include "store/backup/landmarks.h"

#include "store/backup/notes.h"
#include "store/backup/outline.h"
#include "store/backup/snapshot.h"
#include "store/base/table.h"
#include "store/index/horizon.h"

#include <stdlib.h>

/* What the copy knows last of the keys with one hash. */
struct mark {
    uint64_t offset;
    bool put;
    bool told;       /* the draft's log tells of the hash ... */
    uint64_t newest; /* ... last here */
};

struct look {
    struct table by_order; /* salted hash -> its mark, counted from 1 */
    struct mark *marks;
    size_t count;
};

/* ---- reading --------------------------------------------------------------------------------- */

static bool take_marks(void *arg, const struct outline_part *part)
{
    struct look *look = arg;
    struct mark *marks = realloc(look->marks, (look->count + part->rows.whole + 1) * sizeof *marks);
    if (!marks)
        return false;
    look->marks = marks;
    for (size_t i = 0; i < part->rows.whole; i++) {
        const struct row *row = &part->rows.list[i];
        bool put = row_type(row) == RECORD_PUT;
        size_t at = table_get(&look->by_order, row->order);
        uint64_t offset = part->base + row_position(row) - SEGMENT_HEADER;
        if (!put && row_type(row) != RECORD_TOMBSTONE)
            continue;
        if (at == 0 && !table_set(&look->by_order, row->order, look->count + 1))
            return false;
        if (at == 0 || offset > marks[at - 1].offset)
            marks[at ? at - 1 : look->count] = (struct mark){.offset = offset, .put = put};
        look->count += at == 0;
    }
    return true;
}

static bool take_newest(void *arg, const struct outline_part *part)
{
    struct look *look = arg;
    for (size_t i = 0; i < part->rows.whole; i++) {
        const struct row *row = &part->rows.list[i];
        uint64_t offset = part->base + row_position(row) - SEGMENT_HEADER;
        size_t at = row_type(row) == RECORD_MARK ? 0 : table_get(&look->by_order, row->order);
        if (at == 0)
            continue;
        struct mark *mark = &look->marks[at - 1];
        if (!mark->told || offset > mark->newest)
            mark->newest = offset;
        mark->told = true;
    }
    return true;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Where the first record of the draft's log stands. An errno. */
static int find_front(const struct landmarks *landmarks, uint64_t *ret_front)
{
    const struct stage *stage = landmarks->stage;
    struct snapshot files;
    struct segment_header header;
    bool told;
    int error = snapshot_take(stage->io, stage->draft.log, &files);
    *ret_front = UINT64_MAX;
    if (error)
        return error;
    for (size_t at = 0; at < files.count && *ret_front == UINT64_MAX && !error; at++) {
        uint64_t number = files.files[at].number;
        error = snapshot_read_header(stage->io, stage->draft.log, landmarks->salt, number, &header, &told);
        if (!error && told && !header.husk)
            *ret_front = header.base;
    }
    snapshot_free(&files);
    return error;
}

/* The offset from which on the source tells of every deletion: horizon.c has the rule. An errno. */
static int find_deletions(const struct landmarks *landmarks, uint64_t *ret_deletions)
{
    const struct stage *stage = landmarks->stage;
    struct notes notes = {0};
    struct horizon_text text = {0};
    uint64_t front;
    int error = find_front(landmarks, &front);
    if (!error)
        error = notes_read(&notes, stage->source_io, stage->source.folder, NOTES_HORIZON);
    if (error)
        return error;
    bool told = notes.of[NOTES_HORIZON].there && horizon_parse(notes.of[NOTES_HORIZON].text, landmarks->salt, &text);
    bool known = told && (front <= text.front || front <= text.deletions);
    *ret_deletions = known && text.deletions < front ? text.deletions : front;
    return 0;
}

static bool is_kept(const struct mark *mark, uint64_t deletions)
{
    return mark->told ? mark->newest >= mark->offset : !mark->put || deletions > mark->offset;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct failure read_both(const struct landmarks *landmarks, struct look *look)
{
    struct stage within = *landmarks->stage;
    within.draft = within.source = within.present;
    within.source_io = within.io;
    const struct outline copy = {.stage = &within,
                                 .cursor = landmarks->cursor,
                                 .salt = landmarks->salt,
                                 .last = landmarks->number,
                                 .last_end = landmarks->number_end,
                                 .from = landmarks->number};
    const struct outline draft = {.stage = landmarks->stage,
                                  .cursor = landmarks->cursor,
                                  .salt = landmarks->salt,
                                  .last = landmarks->last,
                                  .last_end = landmarks->last_end};
    struct failure failure = outline_read(&copy, take_marks, look);
    return failure.error || look->count == 0 ? failure : outline_read(&draft, take_newest, look);
}

struct failure landmarks_look(const struct landmarks *landmarks, bool *ret_kept)
{
    struct look look = {0};
    uint64_t deletions = 0;
    table_init(&look.by_order, landmarks->salt);
    struct failure failure = read_both(landmarks, &look);
    if (!failure.error)
        failure = failure_io(find_deletions(landmarks, &deletions));
    *ret_kept = true;
    for (size_t i = 0; i < look.count && !failure.error; i++)
        *ret_kept = *ret_kept && is_kept(&look.marks[i], deletions);
    table_free(&look.by_order);
    free(look.marks);
    return failure;
}
