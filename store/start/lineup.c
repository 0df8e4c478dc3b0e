/* lineup.c - which files of a store's folder log/ are its log. lineup.h has the rules. */
#include "store/start/lineup.h"

#include "store/base/abreast.h"
#include "store/base/clock.h"
#include "store/base/error.h"
#include "store/log/husk.h"
#include "store/log/summary.h"
#include "store/read/inventory.h"
#include "store/read/keys.h"
#include "store/start/onset.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Numbers are given out one by one: what is named so far beyond all others was not named by this program. */
enum { FAR = 1 << 20 };

/* A file with a segment's name. */
struct candidate {
    uint64_t number;
    uint64_t size;
    int64_t written;         /* when it was written to last */
    struct segment *segment; /* owned until the log takes it; NULL: set aside, or of no use */
    bool proven;             /* its header is valid */
    bool old_husk;           /* of the version in which husks did not say where they end */
    bool grown;              /* a husk in the log that has to be written again */
    bool passed;             /* known to be of no use */
    uint64_t absorber;       /* number of the husk that stands for this one; 0: none */

    /* What was found in the file, until it is judged. */
    bool open;
    int file;     /* owned while that is so */
    int os_error; /* why it could not be opened, or looked at */
    struct failure read;
    struct segment_header header;
};

struct line {
    struct log *log;
    struct progress *progress;
    const struct notice *notice;
    struct cursor *cursor;
    struct store_detail *detail;
    struct candidate *candidates;
    size_t count;
    uint64_t *keys; /* numbers of the files of runs */
    size_t key_count;
    size_t first; /* of those that are being looked at side by side */
};

enum { AT_ONCE = 256 }; /* files that are open before they are judged, where that costs no descriptors */

/* ---- the names ------------------------------------------------------------------------------- */

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a;
    const struct candidate *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* The file of a number; NULL: there is none. */
static struct candidate *find_candidate(const struct line *line, uint64_t number)
{
    const struct candidate wanted = {.number = number};
    return bsearch(&wanted, line->candidates, line->count, sizeof wanted, compare_candidates);
}

/* Removes what an earlier life had prepared, and the summary of a segment that is gone; notes the keys, which have to
 * be looked at; leaves alone what is not the log's. */
static void clear_name(struct line *line, const char *name)
{
    struct log *log = line->log;
    uint64_t number;
    bool derived = summary_number(name, &number);
    if (derived && find_candidate(line, number))
        return;
    bool draft = husk_is_draft(name) || keys_is_draft(name) || summary_is_draft(name) || inventory_is_draft(name);
    if (derived || draft || prepared_is_name(name))
        log->io->unlinkat(log->io->self, log->folder, name, 0);
    else if (keys_number(name, &number))
        line->keys[line->key_count++] = number;
    else if (!inventory_is_name(name))
        notice_tell(line->notice, STORE_LOG_WARNING, "folder log holds %s, which is not cairn's: left alone", name);
}

/* Thread: any. */
static void sweep(void *arg, size_t at)
{
    const struct line *line = arg;
    keys_sweep(line->log, line->keys[at]);
}

static void sort_names(struct line *line, const char *names)
{
    uint64_t number;
    for (const char *name = names; *name; name += strlen(name) + 1)
        if (segment_number(name, &number))
            line->candidates[line->count++].number = number;
    qsort(line->candidates, line->count, sizeof *line->candidates, compare_candidates);
    for (const char *name = names; *name; name += strlen(name) + 1)
        if (!segment_number(name, &number))
            clear_name(line, name);
    abreast_run(io_at_once(line->log->io), line->key_count, sweep, line);
}

/* The numbers of all segments in order; an errno. */
static int line_list(struct line *line)
{
    struct log *log = line->log;
    char *names = io_list(log->io, log->folder);
    if (!names)
        return errno;
    size_t count = 0;
    for (const char *name = names; *name; name += strlen(name) + 1)
        count++;
    line->candidates = calloc(count + 1, sizeof *line->candidates);
    line->keys = calloc(count + 1, sizeof *line->keys);
    bool room = line->candidates && line->keys;
    if (room)
        sort_names(line, names);
    free(names);
    return room ? 0 : ENOMEM;
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct failure file_error(struct line *line, uint64_t number, int os_error)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(number, name);
    return failure_detail(line->detail, failure_io(os_error), "store %s: segment file %s: %s", line->notice->store,
                          name, strerror(os_error));
}

static void set_aside(struct line *line, struct candidate *candidate, const char *why)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(candidate->number, name);
    segment_release(candidate->segment);
    candidate->segment = NULL;
    notice_tell(line->notice, STORE_LOG_ERROR,
                "segment file %s %s: it is set aside and nothing in it counts, bring it back from a backup", name, why);
}

/* A husk that is damaged, or a segment that was put back in its place: nothing is missing. */
static void pass_over(struct line *line, struct candidate *candidate)
{
    char name[SEGMENT_NAME_MAX];
    segment_name(candidate->number, name);
    segment_release(candidate->segment);
    candidate->segment = NULL;
    candidate->passed = true;
    notice_tell(line->notice, STORE_LOG_WARNING,
                "segment file %s is not what compaction left of it: what it held was moved or deleted since, and "
                "nothing in it counts",
                name);
}

/* In the first version nothing told a husk from a segment that was cut to its header. */
static void take_for_husk(struct line *line, struct candidate *candidate, struct segment_header *header)
{
    header->husk = true;
    candidate->old_husk = true;
    notice_tell(
        line->notice, STORE_LOG_WARNING,
        "segment %016" PRIx64
        " is a header of the first version with nothing behind it: it is taken for one whose records were moved",
        candidate->number);
}

static struct failure candidate_make(struct line *line, struct candidate *candidate, int file,
                                     struct segment_header *header)
{
    if (candidate->proven && header->version < SEGMENT_VERSION_FULL && candidate->size == SEGMENT_HEADER)
        take_for_husk(line, candidate, header);
    uint64_t prepared = candidate->size < LOCATION_POSITION_MAX ? candidate->size : LOCATION_POSITION_MAX;
    if (header->husk)
        prepared = SEGMENT_HEADER;
    candidate->segment = segment_new(&line->log->files, file, header, prepared);
    if (candidate->segment) {
        candidate->segment->deleted = candidate->written;
        handle_rest(candidate->segment->file); /* there may be very many of them */
    }
    return failure_of(candidate->segment ? STORE_OK : STORE_NO_MEMORY);
}

/* What its file says. Takes that. */
static struct failure candidate_read(struct line *line, struct candidate *candidate)
{
    const struct io *io = line->log->io;
    struct segment_header header = candidate->header;
    struct failure failure = candidate->read;
    candidate->open = false;
    if (failure.error == STORE_IO || failure.error == STORE_TOO_NEW) {
        io->close(io->self, candidate->file);
        return failure_detail(line->detail, failure, "store %s: segment %016" PRIx64 ": %s", line->notice->store,
                              candidate->number, failure_text(failure));
    }
    candidate->proven = !failure.error;
    if (!candidate->proven)
        header = (struct segment_header){0};
    if (candidate->proven && header.number != candidate->number) {
        io->close(io->self, candidate->file);
        set_aside(line, candidate, "has the header of another segment");
        return failure_none();
    }
    header.number = candidate->number;
    return candidate_make(line, candidate, candidate->file, &header);
}

static void candidate_shut(const struct line *line, struct candidate *candidate)
{
    if (candidate->open)
        line->log->io->close(line->log->io->self, candidate->file);
    candidate->open = false;
}

/* Reads what is in its file, and judges nothing. Thread: any. */
static void candidate_look(const struct line *line, struct candidate *candidate)
{
    const struct io *io = line->log->io;
    char name[SEGMENT_NAME_MAX];
    struct stat status = {0};
    segment_name(candidate->number, name);
    candidate->file = io->openat(io->self, line->log->folder, name, O_RDWR, 0);
    candidate->open = candidate->file >= 0;
    candidate->os_error = candidate->open && io->fstat(io->self, candidate->file, &status) == 0 ? 0 : errno;
    candidate->size = (uint64_t)status.st_size;
    candidate->written = (int64_t)status.st_mtim.tv_sec * CLOCK_SECOND + status.st_mtim.tv_nsec;
    if (!candidate->os_error)
        candidate->read = segment_read_header(io, candidate->file, line->log->salt, &candidate->header);
}

static void look_at(void *arg, size_t number)
{
    const struct line *line = arg;
    candidate_look(line, &line->candidates[line->first + number]);
}

static struct failure candidate_take(struct line *line, struct candidate *candidate)
{
    if (!candidate->os_error)
        return candidate_read(line, candidate);
    if (!candidate->open && candidate->os_error == EISDIR) {
        set_aside(line, candidate, "is a folder");
        return failure_none();
    }
    return file_error(line, candidate->number, candidate->os_error);
}

static struct failure candidate_open(struct line *line, struct candidate *candidate)
{
    candidate_look(line, candidate);
    return candidate_take(line, candidate);
}

/* All of them. What is far is looked at side by side. */
static struct failure open_candidates(struct line *line)
{
    const struct io *io = line->log->io;
    size_t most = io->far ? AT_ONCE : 1;
    struct failure failure = failure_none();
    while (line->first < line->count && !failure.error) {
        size_t count = line->count - line->first < most ? line->count - line->first : most;
        abreast_run(io_at_once(io), count, look_at, line);
        for (size_t i = 0; i < count && !failure.error; i++)
            failure = candidate_take(line, &line->candidates[line->first + i]);
        line->first += count;
    }
    return failure;
}

/* ---- a log that was just begun ---------------------------------------------------------------- */

/* Where nobody writes, as in a folder that is only read, a file without a header is no part of the log. */
static struct failure onset_read_again(struct line *line, struct candidate *candidate)
{
    segment_release(candidate->segment);
    candidate->segment = NULL;
    struct failure failure = candidate_open(line, candidate);
    struct segment *segment = candidate->segment;
    if (failure.error || !segment)
        return failure;
    if (segment->prepared < segment->given)
        segment->given = segment->prepared;
    if (!candidate->proven) {
        segment_release(segment);
        candidate->segment = NULL;
        candidate->passed = true;
    }
    return failure_none();
}

/* Where the log is one file, and nothing tells that it came any further, a crash may have met it at its beginning. */
static struct failure settle_onset(struct line *line, struct candidate *candidate)
{
    struct segment *segment = candidate->segment;
    bool cut = false;
    if (!segment || segment->number != SEGMENT_FIRST || segment->base > 0 || segment_is_husk(segment))
        return failure_none();
    int os_error = onset_is_cut(line->cursor, segment, candidate->proven, &cut);
    if (!os_error && cut) {
        notice_tell(line->notice, STORE_LOG_WARNING, "the log ended in the middle of its first write; it begins anew");
        os_error = onset_mend(line->log, segment, candidate->proven);
    }
    if (os_error)
        return file_error(line, candidate->number, os_error);
    return cut ? onset_read_again(line, candidate) : failure_none();
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Where the next segment begins that is sure to come behind: what a record tells of a base must fit in front of it. */
static uint64_t next_base(const struct line *line, size_t at, uint64_t least)
{
    for (size_t i = at + 1; i < line->count; i++) {
        const struct candidate *candidate = &line->candidates[i];
        if (candidate->segment && candidate->proven && candidate->segment->base >= least)
            return candidate->segment->base;
    }
    return SEGMENT_OFFSET_MAX;
}

/* Looks for the base of a segment whose header is damaged. */
static struct failure find_base(struct line *line, size_t at, uint64_t least)
{
    struct candidate *candidate = &line->candidates[at];
    struct segment *segment = candidate->segment;
    uint64_t base;
    bool found;
    cursor_begin(line->cursor, segment, segment->prepared);
    int os_error = cursor_find_base(line->cursor, least, next_base(line, at, least), &base, &found);
    if (os_error)
        return file_error(line, candidate->number, os_error);
    if (!found) {
        set_aside(line, candidate, "has neither a valid header nor a valid record that fits here");
        return failure_none();
    }
    segment->headless = true;
    segment->base = base;
    segment->front = base;
    notice_tell(line->notice, STORE_LOG_ERROR,
                "the header of segment %016" PRIx64 " is damaged; its records tell where it stands", candidate->number);
    return failure_none();
}

/* Whether a husk had been absorbed by the one in front of it before, but its removal never came to the disk. */
static bool was_absorbed(const struct segment *segment, const struct segment *front)
{
    return segment_is_husk(front) && segment_is_husk(segment) && segment->base >= front->base &&
           segment_end(segment) <= segment_end(front);
}

/* Where the next segment can begin at the earliest. What a husk stands for is elsewhere now, and nothing begins in the
 * middle of it; where a segment ends is not known before it has been read. */
static uint64_t least_base(const struct segment *front)
{
    if (!front)
        return 0;
    return segment_is_husk(front) ? segment_end(front) : front->base;
}

/* Sets aside what does not fit behind the segments that the log has so far; passes over what is known to be of no
 * use. */
static struct failure judge(struct line *line, size_t at)
{
    struct candidate *candidate = &line->candidates[at];
    const struct segment *front = line->log->active;
    uint64_t least = least_base(front);
    if (candidate->number < line->progress->told.oldest && !segment_is_husk(candidate->segment)) {
        pass_over(line, candidate);
        return failure_none();
    }
    if (!candidate->proven)
        return find_base(line, at, least);
    if (candidate->segment->base < least && !was_absorbed(candidate->segment, front))
        set_aside(line, candidate, "would begin before the end of the segment in front of it");
    return failure_none();
}

/* ---- husks ----------------------------------------------------------------------------------- */

/* What an old husk stands for ends where the next segment says that the log in front of it did, unless one was set
 * aside in between, which would never find its place again. */
static void learn_end(struct candidate *husk, struct segment *front, const struct segment *segment)
{
    for (const struct candidate *between = husk + 1; between->number < segment->number; between++)
        if (!between->absorber && !between->passed)
            return;
    if (segment->front > segment_end(front))
        front->used = segment_position(front, segment->front);
    husk->old_husk = false;
    husk->grown = true;
}

/* A husk behind a husk, with nothing missing between them: the one in front comes to stand for both. */
static bool absorb(struct line *line, struct candidate *candidate)
{
    struct segment *segment = candidate->segment;
    struct segment *front = line->log->active;
    if (!front || !segment_is_husk(front))
        return false;
    struct candidate *before = find_candidate(line, front->number);
    if (before->old_husk)
        learn_end(before, front, segment);
    if (!husk_reaches(front, segment))
        return false;
    if (segment->base == segment_end(front)) {
        front->used = segment_position(front, segment_end(segment));
        before->old_husk = candidate->old_husk;
    }
    before->grown = true;
    candidate->absorber = front->number;
    segment_release(segment);
    candidate->segment = NULL;
    return true;
}

/* The husks that this one has come to stand for are removed, once it says so on disk. */
static void remove_absorbed(const struct line *line, uint64_t absorber)
{
    const struct log *log = line->log;
    for (size_t i = 0; i < line->count; i++)
        if (line->candidates[i].absorber == absorber)
            husk_unlink(log, line->candidates[i].number);
}

/* Where a husk cannot be written, the old ones say the same together: it is tried again at the next start. */
static void write_grown(const struct line *line, const struct segment *segment)
{
    struct log *log = line->log;
    struct segment_header header = husk_header(segment);
    int file;
    if (!find_candidate(line, segment->number)->grown || husk_write(log, &header, &file))
        return;
    log->io->close(log->io->self, file);
    remove_absorbed(line, segment->number);
}

/* Nobody reads those that are husks; another file may be in the place of theirs. */
static struct failure settle_husks(struct line *line)
{
    const struct log *log = line->log;
    for (size_t at = 0; at < log->chain.count; at++) {
        const struct segment *segment = log->chain.segments[at];
        if (!segment_is_husk(segment))
            continue;
        int os_error = handle_keep(segment->file);
        if (os_error)
            return file_error(line, segment->number, os_error);
        write_grown(line, segment);
        handle_shut(segment->file);
    }
    return failure_none();
}

/* ---- taking in ------------------------------------------------------------------------------- */

/* The number of a file that was set aside is not given out again, unless it is out of all proportion. */
static struct failure stray_add(struct line *line, const struct candidate *candidate)
{
    struct log *log = line->log;
    struct log_stray stray = {.number = candidate->number, .size = candidate->size};
    stray.far = candidate->number >= log->next_number && candidate->number - log->next_number >= FAR;
    if (!stray.far)
        log_use_number(log, candidate->number);
    return failure_of(log_add_stray(log, &stray) ? STORE_OK : STORE_NO_MEMORY);
}

static struct failure take_in(struct line *line, size_t at)
{
    struct log *log = line->log;
    struct candidate *candidate = &line->candidates[at];
    if (candidate->segment) {
        struct failure failure = judge(line, at);
        if (failure.error)
            return failure;
    }
    if (candidate->passed) {
        log_use_number(log, candidate->number);
        return failure_none();
    }
    if (!candidate->segment)
        return stray_add(line, candidate);
    if (absorb(line, candidate)) {
        log_use_number(log, candidate->number);
        return failure_none();
    }
    enum store_error error = log_adopt(log, candidate->segment);
    if (!error)
        candidate->segment = NULL;
    return failure_of(error);
}

/* What was compacted is written again further on. Where the log does not come as far any more, somebody has brought
 * back an older one, and all that it has counts. */
static void doubt_reach(const struct line *line)
{
    if (line->count == 0 || line->candidates[line->count - 1].number < line->progress->told.segment)
        progress_doubt_oldest(line->progress);
}

/* ---- versions -------------------------------------------------------------------------------- */

/* The version that the header of a segment tells; 0: none. Husks may be of a later one than the records behind them. */
static uint64_t version_told(const struct segment *segment)
{
    return segment_is_husk(segment) || segment->headless ? 0 : segment->version;
}

/* That of the nearest segment in front of one which tells one. */
static uint64_t version_in_front(const struct chain *chain, size_t at)
{
    uint64_t version = 0;
    while (version == 0 && at > 0)
        version = version_told(chain->segments[--at]);
    return version;
}

/* That of the nearest one behind it. */
static uint64_t version_behind(const struct chain *chain, size_t at)
{
    uint64_t version = 0;
    while (version == 0 && ++at < chain->count)
        version = version_told(chain->segments[at]);
    return version;
}

/* No older version stands behind a newer one, so the neighbours of a segment whose header is damaged tell of which it
 * is. Where they do not, it is taken for one of the older, whose records end all of their hash: that brings back
 * nothing that was ended. */
static void settle_version(const struct line *line, size_t at)
{
    const struct chain *chain = &line->log->chain;
    struct segment *segment = chain->segments[at];
    uint64_t next = version_behind(chain, at);
    bool old = next > 0 && next < SEGMENT_VERSION_NAMESAKES;
    if (!old && version_in_front(chain, at) >= SEGMENT_VERSION_NAMESAKES) {
        segment->version = SEGMENT_VERSION_NAMESAKES;
        return;
    }
    segment->version = SEGMENT_VERSION_NAMESAKES - 1;
    if (!old)
        notice_tell(line->notice, STORE_LOG_WARNING,
                    "nothing tells whether segment %016" PRIx64
                    " is of version 2 or 3: it is read as one of version 2, and of several keys with one hash only the "
                    "one written last counts in it",
                    segment->number);
}

static void settle_versions(const struct line *line)
{
    const struct chain *chain = &line->log->chain;
    for (size_t at = 0; at < chain->count; at++)
        if (chain->segments[at]->headless)
            settle_version(line, at);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static struct failure line_up(struct line *line)
{
    int os_error = line_list(line);
    if (os_error)
        return failure_detail(line->detail, failure_of_errno(os_error), "store %s: folder log cannot be listed: %s",
                              line->notice->store, strerror(os_error));
    doubt_reach(line);
    struct failure failure = open_candidates(line);
    if (!failure.error && line->count == 1 && !progress_was_told(line->progress))
        failure = settle_onset(line, &line->candidates[0]);
    for (size_t i = 0; i < line->count && !failure.error; i++)
        failure = take_in(line, i);
    if (failure.error)
        return failure;
    failure = settle_husks(line);
    if (failure.error)
        return failure;
    settle_versions(line);
    os_error = log_keep_active(line->log);
    return os_error ? file_error(line, line->log->active->number, os_error) : failure_none();
}

struct failure lineup(struct log *log, struct progress *progress, const struct notice *notice, struct cursor *cursor,
                      struct store_detail *ret_detail)
{
    log_assert_unowned(log);
    struct line line = {.log = log, .progress = progress, .notice = notice, .cursor = cursor, .detail = ret_detail};
    struct failure failure = line_up(&line);
    for (size_t i = 0; i < line.count; i++) {
        candidate_shut(&line, &line.candidates[i]);
        segment_release(line.candidates[i].segment);
    }
    free(line.candidates);
    free(line.keys);
    return failure;
}
