/* continuity.c - whether the segments of a log follow one behind the other. See continuity.h. */
#include "store/backup/continuity.h"

#include "store/log/record.h"

#include <stdlib.h>

/* What the header of a segment tells. */
struct link {
    uint64_t number;
    uint64_t size;
    bool told; /* it is valid */
    struct segment_header header;
};

struct line {
    const struct continuity *continuity;
    struct snapshot copy; /* of the copy that there is */
    struct link *links;
    size_t count;
    uint64_t oldest; /* what the segments before this number held was moved or died */
};

/* ---- telling --------------------------------------------------------------------------------- */

/* Between a segment and the one in front of it, or in front of the first. What the copy lacks there, too, is known. */
static enum inspection_held held_between(const struct line *line, size_t at)
{
    const struct stage *stage = line->continuity->stage;
    const struct link *link = &line->links[at];
    uint64_t in_front = at > 0 ? line->links[at - 1].number : 0;
    size_t place = snapshot_place(&line->copy, link->number);
    bool between = place > 0 && line->copy.files[place - 1].number > in_front;
    struct segment_header header;
    if (between)
        return INSPECTION_HELD;
    return snapshot_has(&line->copy, link->number) &&
                   snapshot_header(stage->io, stage->present.log, line->continuity->salt, link->number, &header) &&
                   header.base == link->header.base && header.front == link->header.front
               ? INSPECTION_KNOWN
               : INSPECTION_LACKED;
}

/* Judges a flaw of a segment. The next run reads anew the one at which it shows, so that the store does not count as
 * unchanged. */
static struct failure judge(const struct line *line, size_t at, uint64_t number, const struct store_flaw *flaw,
                            enum inspection_held held)
{
    struct inspection *inspection = line->continuity->inspection;
    inspection_judge(inspection, number, flaw, held);
    bool stays = !inspection->refused && at < line->count;
    return failure_of_errno(stays ? inspection_set_back(inspection, line->links[at].number) : 0);
}

static struct failure tell_gap(const struct line *line, size_t at, uint64_t from)
{
    uint64_t base = line->links[at].header.base;
    const struct store_flaw flaw = {
        .kind = STORE_FLAW_LOG, .offset = from < base ? from : base, .length = from < base ? base - from : 0};
    return judge(line, at, at > 0 ? line->links[at - 1].number + 1 : SEGMENT_FIRST, &flaw, held_between(line, at));
}

/* A file that stands where it cannot. */
static struct failure tell_stray(const struct line *line, size_t at)
{
    const struct link *link = &line->links[at];
    const struct store_flaw flaw = {.kind = STORE_FLAW_FILE, .offset = link->header.base, .length = link->size};
    return judge(line, at, link->number, &flaw, held_between(line, at));
}

/* ---- what is between two ----------------------------------------------------------------------- */

/* Whether the next segment was begun when this one was the last: then it says where this one ends. */
static bool tells_end(const struct link *link, const struct link *next)
{
    return next->number == link->number + 1 + next->header.skipped;
}

/* Whether a segment was lost when another one behind it was begun, and has come back since. */
static bool came_back(const struct link *link, const struct link *behind)
{
    return link->number + behind->header.skipped >= behind->number;
}

/* Where the file of a segment could have records, up to the end of the log. */
static uint64_t room_of(const struct link *link)
{
    uint64_t bytes = link->size > SEGMENT_HEADER ? link->size - SEGMENT_HEADER : 0;
    return (bytes + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}

/* Whether those in front of one have come back that fill the room which was left for files of their lengths. */
static bool fills_room(const struct line *line, size_t at)
{
    const struct link *next = &line->links[at], *first = next;
    uint64_t room = 0;
    while (at > 0 && line->links[at - 1].number + 1 == first->number && came_back(&line->links[at - 1], next)) {
        first = &line->links[--at];
        room += room_of(first);
    }
    return first != next && room >= next->header.base - first->header.base;
}

/* A husk of the first version does not say where it ends. */
static bool is_old_husk(const struct link *link)
{
    return link->header.version < SEGMENT_VERSION_FULL && link->size == SEGMENT_HEADER;
}

/* A husk that the one in front stands for as well, and whose removal a crash has undone. */
static bool was_absorbed(const struct link *link, const struct link *front)
{
    return front->header.husk && link->header.husk && link->header.base >= front->header.base &&
           link->header.end <= front->header.end;
}

/* Judges what is between a segment and the one in front of it. */
static struct failure look_between(struct line *line, size_t at)
{
    struct link *link = &line->links[at];
    const struct link *front = &line->links[at - 1];
    uint64_t base = link->header.base, end = front->header.husk ? front->header.end : link->header.front;
    if (!front->told || is_old_husk(front))
        return failure_none();
    if (was_absorbed(link, front)) {
        link->header.end = end;
        return failure_none();
    }
    if (base < (front->header.husk ? end : front->header.base))
        return tell_stray(line, at);
    bool tells = front->header.husk || tells_end(front, link);
    if ((tells && end >= base) || link->number <= line->oldest || fills_room(line, at))
        return failure_none();
    return tell_gap(line, at, tells ? end : front->header.base + room_of(front));
}

static struct failure look_at(struct line *line, size_t at)
{
    const struct link *link = &line->links[at];
    if (!link->told)
        return failure_none(); /* who has read it has told that */
    if (link->header.number != link->number)
        return tell_stray(line, at);
    if (at > 0)
        return look_between(line, at);
    return link->header.base > 0 && link->number > line->oldest ? tell_gap(line, at, 0) : failure_none();
}

/* ---- the end --------------------------------------------------------------------------------- */

/* What the last file has lost of its length. */
static struct failure look_at_length(const struct line *line)
{
    const struct continuity *continuity = line->continuity;
    const struct stage *stage = continuity->stage;
    const struct link *last = &line->links[line->count - 1];
    uint64_t given = last->header.given, from = last->size > SEGMENT_HEADER ? last->size : SEGMENT_HEADER;
    struct imprint copy = {0};
    if (!last->told || last->header.husk || given <= last->size || continuity->begun)
        return failure_none();
    const struct store_flaw flaw = {
        .kind = STORE_FLAW_LOG, .offset = last->header.base + from - SEGMENT_HEADER, .length = given - from};
    bool there = stage->present.log >= 0 &&
                 imprint_find(stage->io, stage->present.log, last->number, segment_ending, &copy) == 0;
    enum inspection_held held = copy.size > last->size ? INSPECTION_HELD : INSPECTION_KNOWN;
    return judge(line, line->count - 1, last->number, &flaw, there ? held : INSPECTION_LACKED);
}

/* What the log is known to have had behind its end. */
static struct failure look_at_reach(const struct line *line)
{
    const struct continuity *continuity = line->continuity;
    const struct reach *reach = &continuity->reach;
    uint64_t last = line->count > 0 ? line->links[line->count - 1].number : 0;
    uint64_t end = line->count > 0 ? continuity->end : 0;
    if (reach->segment < last || reach->offset <= end)
        return failure_none();
    const struct snapshot_file *copied = snapshot_last(&line->copy);
    const struct store_flaw flaw = {.kind = STORE_FLAW_LOG, .offset = end, .length = reach->offset - end};
    bool known = continuity->same_reach && (copied ? copied->number : 0) == last;
    enum inspection_held held = snapshot_has(&line->copy, reach->segment) ? INSPECTION_HELD : INSPECTION_LACKED;
    return judge(line, line->count > 0 ? line->count - 1 : 0, reach->segment, &flaw, known ? INSPECTION_KNOWN : held);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct failure read_links(struct line *line)
{
    int error = 0;
    const struct continuity *continuity = line->continuity;
    const struct stage *stage = continuity->stage;
    const struct snapshot *files = continuity->files;
    line->links = calloc(files->count + 1, sizeof *line->links);
    if (!line->links)
        return failure_of(STORE_NO_MEMORY);
    for (size_t at = 0; at < files->count && !error; at++) {
        struct link *link = &line->links[at];
        link->number = files->files[at].number;
        link->size = files->files[at].imprint.size;
        error = snapshot_read_header(stage->io, stage->draft.log, continuity->salt, link->number, &link->header,
                                     &link->told);
    }
    line->count = files->count;
    return failure_io(error);
}

struct failure continuity_look(const struct continuity *continuity)
{
    struct line line = {.continuity = continuity};
    const struct stage *stage = continuity->stage;
    struct failure failure = failure_none();
    if (stage->present.log >= 0)
        failure = failure_io(snapshot_take(stage->io, stage->present.log, &line.copy));
    if (!failure.error)
        failure = read_links(&line);
    bool reached = line.count > 0 && line.links[line.count - 1].number >= continuity->reach.segment;
    line.oldest = reached ? continuity->reach.oldest : 0;
    for (size_t at = 0; at < line.count && !failure.error; at++)
        failure = look_at(&line, at);
    if (!failure.error && line.count > 0)
        failure = look_at_length(&line);
    if (!failure.error)
        failure = look_at_reach(&line);
    free(line.links);
    snapshot_free(&line.copy);
    return failure;
}
