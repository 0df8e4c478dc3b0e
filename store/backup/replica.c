/* replica.c - the copy of one store. replica.h tells how. */
#include "store/backup/replica.h"

#include "store/backup/continuity.h"
#include "store/backup/doubts.h"
#include "store/backup/extension.h"
#include "store/backup/inspection.h"
#include "store/backup/likeness.h"
#include "store/backup/notes.h"
#include "store/backup/presence.h"
#include "store/backup/snapshot.h"
#include "store/backup/stage.h"
#include "store/backup/tail.h"
#include "store/backup/tree.h"
#include "store/disk/blobs.h"
#include "store/disk/numbered.h"
#include "store/disk/settings.h"
#include "store/log/segment.h"
#include "store/start/onset.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 100 };

struct replica {
    const struct replica_order *order;
    const char *name;
    uint64_t salt;
    bool replaced; /* the copy that there is is of another store of that name */
    bool mute;     /* its settings do not tell of which */
    struct stage stage;
    struct inspection inspection;
    struct snapshot snapshot; /* of the round under way */
    struct table read;        /* segment -> imprint_token() of the file whose records were read */
    struct tail tail;
    struct notes notes;
    bool begun;    /* the log is one file, and nothing tells that more than its first group was on disk: ... */
    bool nothing;  /* ... not even that */
    uint64_t lost; /* number of a segment of the copy that the source has not as it was; 0: none */
    char draft_name[PLACES_DRAFT_MAX];
};

/* ---- a round --------------------------------------------------------------------------------- */

/* Where the records of a sealed segment end, as the one behind it tells; 0: it does not, or cannot know. An errno. */
static int end_of(const struct replica *replica, size_t at, uint64_t *ret_end)
{
    const struct stage *stage = &replica->stage;
    const struct snapshot_file *files = replica->snapshot.files;
    struct segment_header header, next;
    bool told;
    *ret_end = 0;
    int error = snapshot_read_header(stage->source_io, stage->source.log, replica->salt, files[at + 1].number, &next,
                                     &told);
    if (error || !told || next.number != files[at].number + 1 + next.skipped)
        return error == EIO ? 0 : error; /* that one will be read itself */
    error = snapshot_read_header(stage->io, stage->draft.log, replica->salt, files[at].number, &header, &told);
    const struct segment segment = {.base = told ? header.base : next.front};
    if (next.front > segment.base)
        *ret_end = segment_position(&segment, next.front);
    return error;
}

/* Reads the records of a sealed segment, unless they are, with its blobs, in the copy that there is. */
static struct failure inspect(struct replica *replica, size_t at, enum stage_way way)
{
    const struct snapshot_file *file = &replica->snapshot.files[at];
    uint64_t end;
    if (way == STAGE_KEPT)
        return failure_none();
    struct failure failure = failure_io(end_of(replica, at, &end));
    if (!failure.error)
        failure = inspection_sealed(&replica->inspection, file, end);
    if (!failure.error && !table_set(&replica->read, file->number, imprint_token(&file->imprint)))
        failure = failure_of(STORE_NO_MEMORY);
    return failure;
}

/* *ret_gone: one of the files is another one by now. */
static struct failure take_sealed(struct replica *replica, bool *ret_gone)
{
    struct failure failure = failure_none();
    *ret_gone = false;
    for (size_t i = 0; i + 1 < replica->snapshot.count && !failure.error && !*ret_gone; i++) {
        const struct snapshot_file *file = &replica->snapshot.files[i];
        enum stage_way way = STAGE_GONE;
        if (table_get(&replica->read, file->number) == imprint_token(&file->imprint))
            continue;
        failure = failure_of_errno(stage_segment(&replica->stage, file->number, &file->imprint, &way));
        *ret_gone = way == STAGE_GONE;
        if (!failure.error && way == STAGE_UNREADABLE)
            failure = inspection_unreadable(&replica->inspection, file->number);
        else if (!failure.error && !*ret_gone)
            failure = inspect(replica, i, way);
    }
    return failure;
}

/* What the copy has in the place of a segment: where it has one behind it, it was made without. */
static enum inspection_held held_at(const struct replica *replica, uint64_t number)
{
    const struct stage *stage = &replica->stage;
    struct snapshot copy = {0};
    if (stage->present.log >= 0)
        (void)snapshot_take(stage->io, stage->present.log, &copy);
    enum inspection_held held = snapshot_has(&copy, number)                  ? INSPECTION_HELD
                                : snapshot_place(&copy, number) < copy.count ? INSPECTION_KNOWN
                                                                             : INSPECTION_LACKED;
    snapshot_free(&copy);
    return held;
}

/* What has the name of a segment, and is no file. */
static void tell_odd(struct replica *replica)
{
    uint64_t number = replica->snapshot.odd;
    const struct store_flaw flaw = {.kind = STORE_FLAW_FILE};
    if (number == 0 || table_get(&replica->read, number) || !table_set(&replica->read, number, 1))
        return;
    inspection_judge(&replica->inspection, number, &flaw, held_at(replica, number));
}

/* Whether the log is what a crash has left of its first write (onset.h). */
static struct failure look_at_onset(struct replica *replica)
{
    const struct stage *stage = &replica->stage;
    const struct snapshot_file *file = snapshot_last(&replica->snapshot);
    struct cursor *cursor = &replica->inspection.survey.cursor;
    struct segment segment;
    struct segment_header header;
    bool told = true;
    replica->begun = replica->nothing = false;
    if (replica->snapshot.count != 1 || file->number != SEGMENT_FIRST || replica->notes.of[NOTES_REACH].there)
        return failure_none();
    int source = numbered_open(stage->source_io, stage->source.log, file->number, segment_ending);
    if (source < 0)
        return failure_io(errno == ENOENT ? 0 : errno);
    uint64_t size = file->imprint.size;
    struct failure failure = survey_open(&replica->inspection.survey, source, size, &segment, &header, &told);
    segment.prepared = size;
    segment.given = header.given;
    segment.version = header.version;
    if (!failure.error && segment.base == 0)
        failure = failure_io(onset_is_cut(cursor, &segment, told, &replica->begun));
    replica->nothing = replica->begun && !told;
    stage->source_io->close(stage->source_io->self, source);
    return failure;
}

/* Up to where the log's last segment is whole. *ret_gone: that is another one by now. */
static struct failure take_last(struct replica *replica, bool *ret_gone)
{
    const struct snapshot_file *last = snapshot_last(&replica->snapshot);
    struct failure failure = last ? look_at_onset(replica) : failure_none();
    if (!failure.error && last && !replica->nothing)
        return tail_take(&replica->tail, last, ret_gone);
    tail_close(&replica->tail);
    return failure;
}

/* *ret_settled: the log had just these files as its end was looked for. */
static struct failure take_log(struct replica *replica, bool *ret_settled)
{
    const struct io *io = replica->stage.source_io;
    struct snapshot after = {0};
    bool gone;
    *ret_settled = false;
    snapshot_free(&replica->snapshot);
    struct failure failure = failure_io(snapshot_take(io, replica->stage.source.log, &replica->snapshot));
    if (failure.error)
        return failure;
    tell_odd(replica);
    failure = take_sealed(replica, &gone);
    if (!failure.error && !gone)
        failure = take_last(replica, &gone);
    if (failure.error || gone)
        return failure;
    failure = failure_io(snapshot_take(io, replica->stage.source.log, &after));
    *ret_settled = !failure.error && snapshot_equal(&replica->snapshot, &after);
    if (replica->nothing)
        replica->snapshot.count = 0;
    snapshot_free(&after);
    return failure;
}

/* *ret_settled: none of the blobs was in doubt that had not been before. */
static struct failure take_blobs(struct replica *replica, bool *ret_settled)
{
    struct stage_blobs *named = &replica->inspection.survey.named;
    size_t doubtful = replica->stage.doubtful.count;
    int error = stage_take_blobs(&replica->stage, named);
    named->count = 0;
    *ret_settled = replica->stage.doubtful.count == doubtful;
    return failure_of_errno(error);
}

static struct failure take_round(struct replica *replica, bool *ret_settled)
{
    struct stage *stage = &replica->stage;
    bool log_settled = false, blobs_settled = false;
    /* What tells of losses must be no newer than the log that is copied behind it. */
    struct failure failure = failure_io(
        notes_read(&replica->notes, stage->source_io, stage->source.folder, NOTES_REACH));
    if (!failure.error)
        failure = take_log(replica, &log_settled);
    if (replica->inspection.refused)
        return failure;
    if (!failure.error)
        failure = take_blobs(replica, &blobs_settled);
    *ret_settled = log_settled && blobs_settled;
    return failure;
}

/* ---- what the copy has already ---------------------------------------------------------------- */

/* Brings those blobs to their places that the copy has. */
static struct failure take_known_blobs(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    struct stage_blobs known = {0};
    bool fresh;
    int error = 0;
    char *names = stage->present.blobs < 0 ? NULL : io_list(stage->io, stage->present.blobs);
    if (stage->present.blobs >= 0 && !names)
        error = errno;
    for (const char *name = names; name && *name && !error; name += strlen(name) + 1) {
        struct stage_blob blob = {.size = STORE_SIZE_UNKNOWN};
        if (numbered_read(name, blobs_ending, &blob.number) &&
            !(survey_know(&replica->inspection.survey, blob.number, &fresh) && stage_blobs_push(&known, &blob)))
            error = ENOMEM;
    }
    free(names);
    if (!error)
        error = stage_take_blobs(stage, &known);
    free(known.list);
    return failure_of_errno(error);
}

/* ---- whether it is taken ------------------------------------------------------------------------ */

static bool is_wanted(void *arg, uint64_t number)
{
    const struct replica *replica = arg;
    return snapshot_has(&replica->snapshot, number);
}

static bool is_known(void *arg, uint64_t blob)
{
    const struct replica *replica = arg;
    return table_get(&replica->inspection.survey.known, blob) != 0;
}

static const char *reach_of(const struct notes *notes)
{
    return notes->of[NOTES_REACH].there ? notes->of[NOTES_REACH].text : "";
}

/* Whether nothing is missing in the log. */
static struct failure look_at_continuity(struct replica *replica)
{
    const struct stage *stage = &replica->stage;
    struct notes copied = {0};
    struct continuity continuity = {.stage = stage,
                                    .files = &replica->snapshot,
                                    .inspection = &replica->inspection,
                                    .salt = replica->salt,
                                    .end = replica->tail.offset,
                                    .begun = replica->begun};
    (void)reach_parse(reach_of(&replica->notes), replica->salt, &continuity.reach);
    int error = stage->present.folder < 0 ? 0 : notes_read(&copied, stage->io, stage->present.folder, NOTES_REACH);
    continuity.same_reach = notes_same(&copied, &replica->notes, NOTES_REACH);
    return error ? failure_io(error) : continuity_look(&continuity);
}

/* Whether it is the log of the copy that there is, gone on. */
static struct failure look_at_extension(struct replica *replica)
{
    struct reach reach = {0};
    (void)reach_parse(reach_of(&replica->notes), replica->salt, &reach);
    const struct extension extension = {.stage = &replica->stage,
                                        .files = &replica->snapshot,
                                        .salt = replica->salt,
                                        .oldest = reach.oldest,
                                        .end = replica->tail.end};
    struct failure failure = extension_look(&extension, &replica->lost);
    return !failure.error && replica->lost ? failure_of(STORE_GONE) : failure;
}

static struct failure judge(struct replica *replica)
{
    bool as_it_is = replica->order->options->as_it_is;
    struct failure failure = look_at_continuity(replica);
    if (!failure.error && replica->inspection.refused)
        failure = failure_of(STORE_DAMAGED);
    return failure.error || as_it_is ? failure : look_at_extension(replica);
}

/* ---- blobs in doubt --------------------------------------------------------------------------- */

static void tell_doubt(void *arg, const struct store_flaw *flaw, bool kept)
{
    struct replica *replica = arg;
    inspection_tell(&replica->inspection, flaw, kept);
}

static struct failure set_back(void *arg, uint64_t segment)
{
    struct replica *replica = arg;
    return failure_of_errno(inspection_set_back(&replica->inspection, segment));
}

/* With the log of the draft as it will be. */
static struct failure settle_doubts(struct replica *replica)
{
    const struct doubts doubts = {.stage = &replica->stage,
                                  .outline = {.stage = &replica->stage,
                                              .cursor = &replica->inspection.survey.cursor,
                                              .salt = replica->salt,
                                              .last = replica->tail.number,
                                              .last_end = replica->tail.end},
                                  .as_it_is = replica->order->options->as_it_is,
                                  .flaw = tell_doubt,
                                  .lacks = set_back,
                                  .arg = replica};
    return doubts_settle(&doubts);
}

/* ---- completing it --------------------------------------------------------------------------- */

static int sync_folders(const struct stage *stage)
{
    const int folders[] = {stage->draft.blobs, stage->draft.log, stage->draft.folder};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (stage->io->fsync(stage->io->self, folders[i]) < 0)
            return errno;
    return 0;
}

/* An errno, also where there are none: no store is without. */
static int read_settings(struct replica *replica)
{
    const struct stage *stage = &replica->stage;
    int error = notes_read(&replica->notes, stage->source_io, stage->source.folder, NOTES_SETTINGS);
    return !error && !replica->notes.of[NOTES_SETTINGS].there ? ENOENT : error;
}

/* An errno. The limits may have been changed at any time, and the horizon is true of a log that is older than
 * itself. */
static int take_notes(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    int error = notes_read(&replica->notes, stage->source_io, stage->source.folder, NOTES_HORIZON);
    if (!error)
        error = read_settings(replica);
    for (enum notes_which which = 0; which < NOTES_COUNT && !error; which++)
        error = notes_write(&replica->notes, stage->io, stage->draft.folder, which);
    return error;
}

/* Everything but its place. */
static struct failure complete(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    struct failure failure = failure_of_errno(tail_finish(&replica->tail, replica->order->options->restore));
    if (!failure.error)
        failure = judge(replica);
    if (!failure.error)
        failure = failure_of_errno(stage_prune(stage, stage->draft.log, segment_ending, is_wanted, replica));
    if (!failure.error)
        failure = settle_doubts(replica);
    if (!failure.error)
        failure = failure_of_errno(stage_prune(stage, stage->draft.blobs, blobs_ending, is_known, replica));
    if (!failure.error)
        failure = failure_of_errno(take_notes(replica));
    return failure.error ? failure : failure_of_errno(sync_folders(stage));
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Whether what has the name of a store is only still being removed; an errno. */
static int is_held(const struct replica_order *order, const char *name, bool *ret_held)
{
    struct trash *trash = &order->source->trash;
    int error = trash_learn(trash);
    return error ? error : trash_has_held(trash, name, ret_held);
}

/* What is read of a store that is being removed, or exchanged, is none of it: STORE_NO_STORE, whatever has failed. */
static struct failure check_there(const struct replica *replica, struct failure failure)
{
    const struct replica_order *order = replica->order;
    const struct folder *source = order->source;
    bool held = false;
    bool there = io_leads_to(source->io, source->stores, replica->name, replica->stage.source.folder);
    int error = there ? is_held(order, replica->name, &held) : 0;
    if (error)
        return failure.error ? failure : failure_io(error);
    return there && !held ? failure : failure_of(STORE_NO_STORE);
}

static struct failure take_rounds(struct replica *replica, struct backup_store *told)
{
    struct failure failure = take_known_blobs(replica);
    bool settled = false;
    while (!failure.error && !settled && !replica->inspection.refused) {
        if (told->rounds++ == ROUNDS_MAX)
            return failure_of(STORE_BUSY);
        failure = take_round(replica, &settled);
    }
    failure = check_there(replica, failure);
    if (!failure.error && replica->inspection.refused)
        return failure_of(STORE_DAMAGED);
    return failure.error ? failure : check_there(replica, complete(replica));
}

/* Opens that of the source. */
static struct failure open_source(struct replica *replica)
{
    const struct replica_order *order = replica->order;
    struct stage_store *source = &replica->stage.source;
    const struct io *io = order->source->io;
    struct settings settings;
    bool there;
    int error = stage_store_open(io, order->source->stores, replica->name, false, source);
    int unknown = error == ENOENT ? presence_is_there(order->source, replica->name, &there) : 0;
    if (error)
        return error == ENOENT && !unknown && !there ? failure_of(STORE_NO_STORE) : failure_io(error);
    struct failure failure = settings_read(io, source->folder, SETTINGS_OF_STORE, "store", &settings);
    if (failure.error)
        return check_there(replica, failure);
    replica->salt = settings.salt;
    return failure_none();
}

/* What lacks its log, or its blobs, is a copy all the same; an errno. */
static int find_part(struct replica *replica)
{
    const struct places *places = &replica->order->places;
    const struct io *io = places->io;
    int folder = io->openat(io->self, places->copies, replica->name, O_RDONLY | O_DIRECTORY, 0);
    replica->mute = folder >= 0;
    if (folder < 0)
        return errno == ENOENT ? 0 : errno;
    io->close(io->self, folder);
    return 0;
}

/* And that of the copy. One of another store of that name is of no use; damaged settings do not tell. */
static struct failure open_folders(struct replica *replica)
{
    const struct io *io = replica->order->places.io;
    struct stage_store *present = &replica->stage.present;
    struct settings settings;
    struct failure failure = open_source(replica);
    if (failure.error)
        return failure;
    int error = stage_store_open(io, replica->order->places.copies, replica->name, false, present);
    if (error == ENOENT)
        return failure_of_errno(find_part(replica));
    if (error)
        return failure_of_errno(error);
    failure = settings_read(io, present->folder, SETTINGS_OF_STORE, "store", &settings);
    if (failure.error == STORE_IO || failure.error == STORE_FENCED)
        return failure;
    replica->replaced = !failure.error && settings.salt != replica->salt;
    replica->mute = failure.error;
    if (replica->replaced)
        stage_store_close(io, present);
    return failure_none();
}

/* The folder that it is made in. What a run that was killed has left there goes on; it may be of another store, and
 * what leads elsewhere is none of it. */
static struct failure open_draft(struct replica *replica)
{
    const struct places *places = &replica->order->places;
    struct stage *stage = &replica->stage;
    struct settings other;
    int error = stage_store_open(places->io, places->drafts, replica->draft_name, true, &stage->draft);
    if (!error && !settings_read(places->io, stage->draft.folder, SETTINGS_OF_STORE, "store", &other).error &&
        other.salt == replica->salt)
        return failure_none();
    stage_store_close(places->io, &stage->draft);
    if (!error || error == ELOOP || error == ENOTDIR)
        error = tree_remove(places->io, places->drafts, replica->draft_name);
    if (!error)
        error = stage_store_open(places->io, places->drafts, replica->draft_name, true, &stage->draft);
    if (!error)
        error = read_settings(replica);
    if (!error)
        error = notes_write(&replica->notes, stage->io, stage->draft.folder, NOTES_SETTINGS);
    return failure_of_errno(error);
}

static void replica_init(struct replica *replica, const struct replica_order *order, const char *name)
{
    const struct stage_store none = {-1, -1, -1};
    *replica = (struct replica){.order = order,
                                .name = name,
                                .stage = {.io = order->places.io,
                                          .source_io = order->source->io,
                                          .source = none,
                                          .present = none,
                                          .draft = none,
                                          .link = order->options->link,
                                          .compare = order->options->compare,
                                          .meter = order->meter}};
    tail_init(&replica->tail, &replica->stage, &replica->inspection);
    places_draft(name, replica->draft_name);
}

static void replica_close(struct replica *replica)
{
    tail_close(&replica->tail);
    snapshot_free(&replica->snapshot);
    inspection_free(&replica->inspection);
    table_free(&replica->read);
    stage_close(&replica->stage);
}

static void tell_flaw(void *arg, const struct store_flaw *flaw, bool kept)
{
    const struct replica *replica = arg;
    const struct backup_options *options = replica->order->options;
    if (options->flaw)
        options->flaw(options->arg, replica->name, flaw, kept);
}

/* Which file it is about, and what to do: what the copy has whole of a segment that was sealed when it was copied can
 * take the place of the source's. */
static struct failure say_why(const struct replica *replica, struct failure failure, struct store_detail *detail)
{
    const struct stage *stage = &replica->stage;
    const struct inspection *inspection = &replica->inspection;
    uint64_t number = failure.error == STORE_GONE ? replica->lost : inspection->refused;
    struct snapshot copy = {0};
    if (number == 0 && replica->salt == 0)
        return failure_detail(
            detail, failure, "it is damaged: its file settings. The copy stays as it was; put the copy's in its place");
    if (number == 0)
        return failure;
    if (stage->present.log >= 0)
        (void)snapshot_take(stage->io, stage->present.log, &copy);
    bool there = snapshot_has(&replica->snapshot, number);
    bool sealed = copy.count > 0 && snapshot_has(&copy, number) && snapshot_last(&copy)->number != number;
    snapshot_free(&copy);
    if (failure.error == STORE_GONE)
        return failure_detail(detail, failure,
                              "its log has not, or not as it was copied, what log/%016" PRIx64
                              ".seg of the copy has: that was lost, or the store was brought back from an older copy. "
                              "The copy stays as it was; with --replace the store is taken as it is",
                              number);
    return failure_detail(
        detail, failure,
        "it is damaged: log/%016" PRIx64 ".seg, at offset %" PRIu64 ": %s. The copy stays as it was. %s", number,
        inspection->reason.offset,
        there || inspection->reason.kind == STORE_FLAW_FILE ? store_flaw_text(inspection->reason.kind)
                                                            : "the file is missing",
        sealed ? "Stop the server, put that file of the copy in the place of its own, and run this once more; or take "
                 "the store as it is with --replace"
               : "`cairnd check` tells what is lost; with --replace the store is taken as it is");
}

/* Where others have stores, too, one of that name is theirs, unless a run of this source that was cut short
 * has made it. */
static struct failure claim(const struct replica *replica)
{
    const struct places *places = &replica->order->places;
    bool there = replica->replaced || replica->mute || replica->stage.present.folder >= 0, own = false;
    if (!replica->order->options->beside)
        return failure_none();
    int error = places_is_own(places, replica->name, &own);
    if (error)
        return failure_of_errno(error);
    return replica->replaced || (there && !own) ? failure_of(STORE_EXISTS)
                                                : failure_of_errno(places_own(places, replica->name));
}

/* Whether the copy's log says that it is of this store, or there is nothing in it; an errno. */
static int look_at_log(const struct replica *replica, bool *ret_ours)
{
    const struct stage *stage = &replica->stage;
    struct snapshot copy = {0};
    struct segment_header header;
    *ret_ours = false;
    int error = stage->present.log < 0 ? 0 : snapshot_take(stage->io, stage->present.log, &copy);
    if (error || stage->present.log < 0)
        return error;
    *ret_ours = copy.count == 0;
    for (size_t i = 0; i < copy.count && !*ret_ours; i++)
        *ret_ours = snapshot_header(stage->io, stage->present.log, replica->salt, copy.files[i].number, &header);
    snapshot_free(&copy);
    return 0;
}

/* A copy that does not tell of which store it is gives way to none. */
static struct failure check_copy(const struct replica *replica, struct store_detail *detail)
{
    const struct backup_options *options = replica->order->options;
    bool ours = true;
    int error = replica->mute && !options->as_it_is ? look_at_log(replica, &ours) : 0;
    if (error)
        return failure_io(error);
    if (options->restore && !options->beside && replica->replaced) /* what was begun is of one source */
        return failure_detail(detail, failure_of(STORE_FOREIGN),
                              "what stands in its place is another store, of another source: it was left untouched");
    return ours ? failure_none()
                : failure_detail(detail, failure_of(STORE_FOREIGN),
                                 "its copy is damaged, and does not tell of which store it is: its file settings, or a "
                                 "part of its folder. It stays as it was; move it away, or take the store as it is "
                                 "with --replace");
}

/* With its folders open. */
static struct failure make(struct replica *replica, struct backup_store *told)
{
    const struct replica_order *order = replica->order;
    bool copied;
    struct failure failure = failure_io(likeness_find(&replica->stage, order->options->beside, &copied));
    copied = copied && !order->options->compare;
    if (failure.error)
        failure = check_there(replica, failure);
    table_init(&replica->read, replica->salt);
    if (!inspection_init(&replica->inspection, &replica->stage, replica->salt) && !failure.error)
        failure = failure_of(STORE_NO_MEMORY);
    replica->inspection.as_it_is = order->options->as_it_is;
    replica->inspection.flaw = tell_flaw;
    replica->inspection.arg = replica;
    told->unchanged = !failure.error && copied;
    if (failure.error)
        return failure;
    if (copied)
        return failure_of_errno(places_clear(&order->places, replica->name));
    failure = claim(replica);
    if (!failure.error)
        failure = open_draft(replica);
    if (!failure.error)
        failure = take_rounds(replica, told);
    return failure.error ? failure : failure_of_errno(places_change(&order->places, replica->name));
}

static void tell(const struct replica *replica, struct backup_store *told)
{
    const struct stage *stage = &replica->stage;
    told->replaced = replica->replaced;
    told->end_offset = replica->tail.offset;
    told->files_copied = stage->files_copied + (replica->tail.file >= 0);
    told->files_kept = stage->files_kept;
    told->bytes_copied = stage->bytes_copied;
    told->bytes_kept = stage->bytes_kept;
    told->flaws = replica->inspection.flaws;
}

void replica_measure(const struct replica_order *order, const char *name)
{
    struct replica replica;
    replica_init(&replica, order, name);
    if (!open_folders(&replica).error)
        stage_measure(&replica.stage);
    stage_close(&replica.stage);
}

struct failure replica_make(const struct replica_order *order, const char *name, struct backup_store *ret_told,
                            struct store_detail *ret_detail)
{
    struct replica replica;
    struct tenant tenant;
    *ret_told = (struct backup_store){.name = name};
    int error = folder_take_store(order->source->io, name, &tenant);
    if (error)
        return error == EWOULDBLOCK ? failure_of(STORE_ELSEWHERE)
               : error == ENOENT    ? failure_of(STORE_NO_STORE)
                                    : failure_io(error);
    replica_init(&replica, order, name);
    struct failure failure = open_folders(&replica);
    if (!failure.error)
        failure = check_copy(&replica, ret_detail);
    if (!failure.error)
        failure = make(&replica, ret_told);
    tell(&replica, ret_told);
    if (failure.error == STORE_DAMAGED || failure.error == STORE_GONE)
        failure = say_why(&replica, failure, ret_detail);
    replica_close(&replica);
    folder_leave_store(order->source->io, name);
    return failure;
}
