/* replica.c - the copy of one store. replica.h tells how. */
#include "store/backup/replica.h"

#include "store/backup/snapshot.h"
#include "store/backup/survey.h"
#include "store/backup/tree.h"
#include "store/base/clock.h"
#include "store/disk/blobs.h"
#include "store/disk/note.h"
#include "store/disk/numbered.h"
#include "store/disk/settings.h"
#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS_MAX = 100,
    RESTED = 10, /* seconds after which the time of the last change tells that there was none since */
    DRAFT_NAME_MAX = STORE_NAME_MAX + 8,
};

/* The name of the last segment until its copy is whole. It has no number then: a file that has one and the time of its
 * source is taken for that. */
static const char tail_name[] = "tail";

/* The text files of a store. */
enum { NOTE_SETTINGS, NOTE_REACH, NOTE_HORIZON, NOTES };
static const char *const note_names[NOTES] = {"settings", "reach", "horizon"};

struct note {
    bool there;
    size_t length;
    char text[NOTE_MAX];
};

/* The segment that is written to, as far as it has been copied. */
struct tail {
    uint64_t number;
    struct imprint imprint; /* of the source, before it was read last */
    int64_t looked;         /* when that was */
    int file;               /* the copy; -1: none */
    uint64_t end;           /* so many bytes of it */
    uint64_t offset;        /* and where in the log that is */
};

struct replica {
    const struct replica_places *places;
    struct stage stage;
    struct survey survey;
    struct snapshot snapshot; /* of the round under way */
    struct table surveyed;    /* segment -> inode of the file whose records were read */
    struct tail tail;
    struct note notes[NOTES];
    char draft_name[DRAFT_NAME_MAX];
};

/* A copy in the making, and one that has given its place away. No two of any stores have one name. */
static void name_draft(const char *name, char ret_draft[DRAFT_NAME_MAX])
{
    (void)snprintf(ret_draft, DRAFT_NAME_MAX, "%s.new", name);
}

static void name_old(const char *name, char ret_old[DRAFT_NAME_MAX])
{
    (void)snprintf(ret_old, DRAFT_NAME_MAX, "%s.old", name);
}

/* ---- notes ----------------------------------------------------------------------------------- */

/* What tells of losses must be no newer than the log that is copied behind it; an errno. */
static int read_note(const struct io *io, int folder, int which, struct note *ret_note)
{
    *ret_note = (struct note){0};
    int error = note_read(io, folder, note_names[which], 0, ret_note->text, &ret_note->length);
    ret_note->there = !error;
    return error == ENOENT ? 0 : error;
}

static int write_note(struct replica *replica, int which)
{
    const struct note *note = &replica->notes[which];
    const struct io *io = replica->stage.io;
    int folder = replica->stage.draft.folder;
    if (note->there)
        return note_write(io, folder, note_names[which], note->text, note->length);
    return io->unlinkat(io->self, folder, note_names[which], 0) < 0 && errno != ENOENT ? errno : 0;
}

static bool note_same(const struct note *a, const struct note *b)
{
    return a->there == b->there && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* ---- the last segment ------------------------------------------------------------------------ */

static void tail_close(struct replica *replica)
{
    const struct io *io = replica->stage.io;
    if (replica->tail.file >= 0)
        io->close(io->self, replica->tail.file);
    replica->tail = (struct tail){.file = -1};
}

/* Goes on with the file of the last round, or begins one; an errno. */
static int tail_open(struct replica *replica, const struct snapshot_file *last)
{
    struct tail *tail = &replica->tail;
    const struct io *io = replica->stage.io;
    if (tail->file >= 0 && tail->number == last->number && imprint_same_file(&tail->imprint, &last->imprint))
        return 0;
    tail_close(replica);
    tail->file = io->openat(io->self, replica->stage.draft.log, tail_name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (tail->file < 0)
        return errno;
    tail->number = last->number;
    return 0;
}

/* Copies what has come to it. */
static struct failure tail_follow(struct replica *replica, int file)
{
    struct tail *tail = &replica->tail;
    struct stage *stage = &replica->stage;
    uint64_t size = tail->imprint.size;
    uint64_t end = tail->end;
    struct failure failure = survey_growing(&replica->survey, file, size, tail->end, &end, &tail->offset);
    if (failure.error || end <= tail->end)
        return failure;
    failure = failure_of_errno(io_copy_all(stage->io, file, tail->end, tail->file, tail->end, end - tail->end));
    if (failure.error)
        return failure;
    stage_advance(stage, end - tail->end);
    tail->end = end;
    return failure_none();
}

/* *ret_gone: the file is another one by now. */
static struct failure tail_take(struct replica *replica, const struct snapshot_file *last, bool *ret_gone)
{
    const struct io *io = replica->stage.source_io;
    struct tail *tail = &replica->tail;
    struct imprint imprint;
    int file = numbered_open(io, replica->stage.source.log, last->number, segment_ending);
    *ret_gone = file < 0 && errno == ENOENT;
    if (file < 0)
        return *ret_gone ? failure_none() : failure_io(errno);
    int64_t now = clock_now(CLOCK_REALTIME);
    struct failure failure = failure_io(imprint_of(io, file, &imprint));
    *ret_gone = !failure.error && !imprint_same_file(&imprint, &last->imprint);
    if (!failure.error && !*ret_gone)
        failure = failure_of_errno(tail_open(replica, last));
    if (!failure.error && !*ret_gone) {
        tail->imprint = imprint;
        tail->looked = now;
        failure = tail_follow(replica, file);
    }
    io->close(io->self, file);
    return failure;
}

/* The time that the copy gets. That of the source says that nothing was written since only where it had rested as it
 * was read: within a tick of the clock a file may change twice. Else it is one that the source will not have again. */
static struct timespec tail_time(const struct tail *tail)
{
    const struct timespec *source = &tail->imprint.written;
    int64_t written = (int64_t)source->tv_sec * CLOCK_SECOND + source->tv_nsec;
    bool rested = tail->looked - written > (int64_t)RESTED * CLOCK_SECOND;
    return clock_timespec(rested ? written : written - 1);
}

/* Makes it as long as a start expects it to be, durable, and a segment. An errno. */
static int tail_finish(struct replica *replica)
{
    const struct tail *tail = &replica->tail;
    const struct io *io = replica->stage.io;
    int folder = replica->stage.draft.log;
    char name[NUMBERED_NAME_MAX];
    if (tail->file < 0)
        return 0;
    const struct timespec time = tail_time(tail);
    numbered_name(tail->number, segment_ending, name);
    int error = io->ftruncate(io->self, tail->file, (off_t)tail->imprint.size) < 0 ? errno : 0;
    if (!error && replica->places->roomy)
        error = io_write_zeros(io, tail->file, tail->end, tail->imprint.size);
    if (!error && (io->fdatasync(io->self, tail->file) < 0 || io->set_written(io->self, tail->file, &time) < 0 ||
                   io->renameat(io->self, folder, tail_name, folder, name) < 0))
        error = errno;
    return error;
}

/* ---- a round --------------------------------------------------------------------------------- */

/* Reads the records of a sealed segment, unless they were read or, with its blobs, are in the copy that there is. */
static struct failure survey_segment(struct replica *replica, const struct snapshot_file *file, enum stage_way way)
{
    const struct io *io = replica->stage.io;
    uint64_t inode = (uint64_t)file->imprint.inode;
    if (way == STAGE_KEPT || table_get(&replica->surveyed, file->number) == inode)
        return failure_none();
    int own = numbered_open(io, replica->stage.draft.log, file->number, segment_ending);
    if (own < 0)
        return failure_io(errno);
    struct failure failure = survey_sealed(&replica->survey, own, file->imprint.size);
    io->close(io->self, own);
    if (failure.error)
        return failure;
    if (!table_reserve(&replica->surveyed, file->number))
        return failure_of(STORE_NO_MEMORY);
    table_put(&replica->surveyed, file->number, inode);
    table_reservations_end(&replica->surveyed);
    return failure_none();
}

/* *ret_gone: one of the files is another one by now. */
static struct failure take_sealed(struct replica *replica, bool *ret_gone)
{
    struct failure failure = failure_none();
    *ret_gone = false;
    for (size_t i = 0; i + 1 < replica->snapshot.count && !failure.error && !*ret_gone; i++) {
        const struct snapshot_file *file = &replica->snapshot.files[i];
        enum stage_way way = STAGE_GONE;
        failure = failure_of_errno(stage_segment(&replica->stage, file->number, &file->imprint, &way));
        *ret_gone = way == STAGE_GONE;
        if (!failure.error && !*ret_gone)
            failure = survey_segment(replica, file, way);
    }
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
    if (!failure.error)
        failure = take_sealed(replica, &gone);
    const struct snapshot_file *last = snapshot_last(&replica->snapshot);
    if (!failure.error && !gone && last)
        failure = tail_take(replica, last, &gone);
    if (failure.error || gone)
        return failure;
    failure = failure_io(snapshot_take(io, replica->stage.source.log, &after));
    *ret_settled = !failure.error && snapshot_equal(&replica->snapshot, &after);
    snapshot_free(&after);
    return failure;
}

/* *ret_settled: none of the blobs was gone that nobody had missed before. */
static struct failure take_blobs(struct replica *replica, bool *ret_settled)
{
    struct blob_list *named = &replica->survey.named;
    size_t gone = 0;
    int error = stage_blobs(&replica->stage, named->blobs, named->count, &gone);
    named->count = 0;
    *ret_settled = gone == 0;
    return failure_of_errno(error);
}

static struct failure take_round(struct replica *replica, bool *ret_settled)
{
    const struct io *io = replica->stage.source_io;
    int folder = replica->stage.source.folder;
    bool log_settled = false, blobs_settled = false;
    struct failure failure = failure_io(read_note(io, folder, NOTE_REACH, &replica->notes[NOTE_REACH]));
    if (!failure.error)
        failure = take_log(replica, &log_settled);
    if (!failure.error)
        failure = take_blobs(replica, &blobs_settled);
    *ret_settled = log_settled && blobs_settled;
    return failure;
}

/* ---- what the copy has already ---------------------------------------------------------------- */

static bool in_source(void *arg, uint64_t blob)
{
    const struct stage *stage = arg;
    struct imprint imprint;
    return imprint_find(stage->source_io, stage->source.blobs, blob, blobs_ending, &imprint) != ENOENT;
}

/* Brings those blobs to their places that the copy has. One that the source has not by now was of no use before the
 * first round began. */
static struct failure take_known_blobs(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    struct blob_list known = {0};
    size_t gone;
    bool fresh;
    int error = stage_prune(stage, stage->draft.blobs, blobs_ending, in_source, stage);
    char *names = error || stage->present.blobs < 0 ? NULL : io_list(stage->io, stage->present.blobs);
    if (!error && stage->present.blobs >= 0 && !names)
        error = errno;
    for (const char *name = names; name && *name && !error; name += strlen(name) + 1) {
        uint64_t blob;
        if (numbered_read(name, blobs_ending, &blob) &&
            !(survey_know(&replica->survey, blob, &fresh) && blob_list_push(&known, blob)))
            error = ENOMEM;
    }
    free(names);
    if (!error)
        error = stage_blobs(stage, known.blobs, known.count, &gone);
    free(known.blobs);
    return failure_of_errno(error);
}

/* Whether nothing has happened to the store since it was copied last; an errno. */
static int is_copied(struct replica *replica, bool *ret_copied)
{
    const struct stage *stage = &replica->stage;
    struct snapshot source = {0}, copy = {0};
    *ret_copied = false;
    if (stage->present.folder < 0)
        return 0;
    int error = snapshot_take(stage->source_io, stage->source.log, &source);
    if (!error)
        error = snapshot_take(stage->io, stage->present.log, &copy);
    *ret_copied = !error && snapshot_copied(&source, &copy);
    for (int which = 0; which < NOTES && !error && *ret_copied; which++) {
        struct note own, other;
        error = read_note(stage->source_io, stage->source.folder, which, &own);
        if (!error)
            error = read_note(stage->io, stage->present.folder, which, &other);
        *ret_copied = !error && note_same(&own, &other);
    }
    snapshot_free(&source);
    snapshot_free(&copy);
    return error;
}

/* ---- changing places ------------------------------------------------------------------------- */

static bool in_snapshot(void *arg, uint64_t number)
{
    return snapshot_has(arg, number);
}

static int sync_folders(const struct stage *stage)
{
    const int folders[] = {stage->draft.blobs, stage->draft.log, stage->draft.folder};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (stage->io->fsync(stage->io->self, folders[i]) < 0)
            return errno;
    return 0;
}

/* Everything but its place; an errno. The limits may have been changed at any time, and the horizon is true of a log
 * that is older than itself. */
static int complete(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    int error = tail_finish(replica);
    if (!error)
        error = stage_prune(stage, stage->draft.log, segment_ending, in_snapshot, &replica->snapshot);
    if (!error)
        error = read_note(stage->source_io, stage->source.folder, NOTE_HORIZON, &replica->notes[NOTE_HORIZON]);
    if (!error)
        error = read_note(stage->source_io, stage->source.folder, NOTE_SETTINGS, &replica->notes[NOTE_SETTINGS]);
    for (int which = 0; which < NOTES && !error; which++)
        error = write_note(replica, which);
    return error ? error : sync_folders(stage);
}

static int sync_places(const struct replica_places *places)
{
    if (places->io->fsync(places->io->self, places->copies) < 0 ||
        places->io->fsync(places->io->self, places->drafts) < 0)
        return errno;
    return 0;
}

/* Moves the copy that there is out of the way; an errno, 0 also where there is none. */
static int put_aside(const struct replica_places *places, const char *name)
{
    char old[DRAFT_NAME_MAX];
    name_old(name, old);
    int error = tree_remove(places->io, places->drafts, old);
    if (!error && places->io->renameat(places->io->self, places->copies, name, places->drafts, old) < 0)
        error = errno;
    return error == ENOENT ? 0 : error;
}

/* Where the file system cannot exchange two folders, a kill between the two renames leaves the new copy for the next
 * run to put it in its place. An errno. */
static int change_places(const struct replica_places *places, const char *name, const char *draft)
{
    const struct io *io = places->io;
    if (io->exchange(io->self, places->drafts, draft, places->copies, name) == 0)
        return 0;
    if (errno != ENOENT && errno != EINVAL && errno != ENOSYS)
        return errno;
    int error = put_aside(places, name);
    if (!error && io->renameat(io->self, places->drafts, draft, places->copies, name) < 0)
        error = errno;
    return error;
}

/* What is left of the copy before; an errno. */
static int remove_old(const struct replica_places *places, const char *name, const char *draft)
{
    char old[DRAFT_NAME_MAX];
    name_old(name, old);
    int error = tree_remove(places->io, places->drafts, draft);
    return error ? error : tree_remove(places->io, places->drafts, old);
}

/* ---- how much there is ------------------------------------------------------------------------- */

/* The bytes of segments that the copy has not. How far the last one is written shows when it is read. */
static void measure_log(const struct stage *stage, uint64_t *bytes)
{
    struct snapshot snapshot;
    if (snapshot_take(stage->source_io, stage->source.log, &snapshot))
        return;
    for (size_t i = 0; i + 1 < snapshot.count; i++) {
        const struct snapshot_file *file = &snapshot.files[i];
        struct imprint copy;
        if (stage->present.log < 0 ||
            imprint_find(stage->io, stage->present.log, file->number, segment_ending, &copy) ||
            !imprint_same_bytes(&copy, &file->imprint))
            *bytes += file->imprint.size;
    }
    snapshot_free(&snapshot);
}

/* The same of blobs, by their names: nearly all that both have are the same. */
static void measure_blobs(const struct stage *stage, uint64_t *bytes)
{
    char *names = io_list(stage->source_io, stage->source.blobs);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        uint64_t blob;
        struct imprint imprint;
        if (numbered_read(name, blobs_ending, &blob) &&
            (stage->present.blobs < 0 ||
             imprint_find(stage->io, stage->present.blobs, blob, blobs_ending, &imprint) == ENOENT) &&
            imprint_find(stage->source_io, stage->source.blobs, blob, blobs_ending, &imprint) == 0)
            *bytes += imprint.size;
    }
    free(names);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Whether the source still has the store: what is read of one that is being removed is none of it. */
static bool is_there(const struct replica *replica, const char *name)
{
    struct folder *source = replica->places->source;
    trash_learn(&source->trash);
    return io_leads_to(source->io, source->stores, name, replica->stage.source.folder) &&
           !trash_has_held(&source->trash, name);
}

static struct failure take_rounds(struct replica *replica, const char *name, struct backup_store *told)
{
    struct failure failure = take_known_blobs(replica);
    bool settled = false;
    while (!failure.error && !settled) {
        if (told->rounds++ == ROUNDS_MAX)
            return failure_of(STORE_BUSY);
        failure = take_round(replica, &settled);
    }
    if (!is_there(replica, name))
        return failure_of(STORE_NO_STORE);
    return failure.error ? failure : failure_of_errno(complete(replica));
}

/* Opens the three folders. A draft of another store of that name is of no use, and neither is such a copy. */
static struct failure open_folders(struct replica *replica, const char *name, uint64_t *ret_salt)
{
    const struct replica_places *places = replica->places;
    struct stage *stage = &replica->stage;
    struct settings settings, other;
    const struct io *io = places->source->io;
    int error = stage_store_open(io, places->source->stores, name, false, &stage->source);
    if (error)
        return error == ENOENT ? failure_of(STORE_NO_STORE) : failure_io(error);
    struct failure failure = settings_read(io, stage->source.folder, note_names[0], "store", &settings);
    if (failure.error)
        return failure;
    *ret_salt = settings.salt;
    error = stage_store_open(places->io, places->copies, name, false, &stage->present);
    if (!error && (settings_read(places->io, stage->present.folder, note_names[0], "store", &other).error ||
                   other.salt != settings.salt))
        stage_store_close(places->io, &stage->present);
    return failure_of_errno(error == ENOENT ? 0 : error);
}

/* The folder that it is made in. What a run that was killed has left there goes on; it may be of another store. */
static struct failure open_draft(struct replica *replica, uint64_t salt)
{
    const struct replica_places *places = replica->places;
    struct stage *stage = &replica->stage;
    struct settings other;
    int error = stage_store_open(places->io, places->drafts, replica->draft_name, true, &stage->draft);
    if (!error && !settings_read(places->io, stage->draft.folder, note_names[0], "store", &other).error &&
        other.salt == salt)
        return failure_none();
    stage_store_close(places->io, &stage->draft);
    if (!error)
        error = tree_remove(places->io, places->drafts, replica->draft_name);
    if (!error)
        error = stage_store_open(places->io, places->drafts, replica->draft_name, true, &stage->draft);
    if (!error)
        error = read_note(stage->source_io, stage->source.folder, NOTE_SETTINGS, &replica->notes[NOTE_SETTINGS]);
    return failure_of_errno(error ? error : write_note(replica, NOTE_SETTINGS));
}

static void replica_close(struct replica *replica)
{
    struct stage *stage = &replica->stage;
    tail_close(replica);
    snapshot_free(&replica->snapshot);
    survey_free(&replica->survey);
    table_free(&replica->surveyed);
    stage_store_close(stage->source_io, &stage->source);
    stage_store_close(stage->io, &stage->present);
    stage_store_close(stage->io, &stage->draft);
}

static void replica_init(struct replica *replica, const struct replica_places *places, const char *name)
{
    const struct stage_store none = {-1, -1, -1};
    *replica = (struct replica){.places = places,
                                .stage = {.io = places->io,
                                          .source_io = places->source->io,
                                          .source = none,
                                          .present = none,
                                          .draft = none,
                                          .link = places->link,
                                          .meter = places->meter},
                                .tail = {.file = -1}};
    name_draft(name, replica->draft_name);
}

/* With its folders open. */
static struct failure make(struct replica *replica, const char *name, uint64_t salt, struct backup_store *told)
{
    const struct replica_places *places = replica->places;
    bool copied;
    struct failure failure = failure_io(is_copied(replica, &copied));
    table_init(&replica->surveyed, salt);
    if (!failure.error && !survey_init(&replica->survey, places->io, salt))
        failure = failure_of(STORE_NO_MEMORY);
    told->unchanged = !failure.error && copied;
    if (failure.error)
        return failure;
    if (copied)
        return failure_of_errno(remove_old(places, name, replica->draft_name));
    failure = open_draft(replica, salt);
    if (!failure.error)
        failure = take_rounds(replica, name, told);
    if (failure.error)
        return failure;
    int error = change_places(places, name, replica->draft_name);
    if (!error)
        error = sync_places(places);
    if (!error)
        error = remove_old(places, name, replica->draft_name);
    return failure_of_errno(error);
}

static void tell(const struct replica *replica, struct backup_store *told)
{
    const struct stage *stage = &replica->stage;
    told->end_offset = replica->tail.offset;
    told->files_copied = stage->files_copied + (replica->tail.file >= 0);
    told->files_kept = stage->files_kept;
    told->bytes_copied = stage->bytes_copied;
    told->bytes_kept = stage->bytes_kept;
    told->flaws = replica->survey.flaws;
}

void replica_measure(const struct replica_places *places, const char *name)
{
    struct replica replica;
    uint64_t salt;
    replica_init(&replica, places, name);
    if (!open_folders(&replica, name, &salt).error) {
        measure_log(&replica.stage, &places->meter->total);
        measure_blobs(&replica.stage, &places->meter->total);
    }
    stage_store_close(places->source->io, &replica.stage.source);
    stage_store_close(places->io, &replica.stage.present);
}

struct failure replica_make(const struct replica_places *places, const char *name, struct backup_store *ret_told)
{
    struct replica replica;
    uint64_t salt = 0;
    *ret_told = (struct backup_store){.name = name};
    replica_init(&replica, places, name);
    struct failure failure = open_folders(&replica, name, &salt);
    if (!failure.error)
        failure = make(&replica, name, salt, ret_told);
    tell(&replica, ret_told);
    replica_close(&replica);
    return failure;
}

int replica_remove(const struct replica_places *places, const char *name)
{
    char draft[DRAFT_NAME_MAX];
    name_draft(name, draft);
    int error = put_aside(places, name);
    if (!error)
        error = sync_places(places);
    return error ? error : remove_old(places, name, draft);
}
