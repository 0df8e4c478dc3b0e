/* stage.c - the folder of a store that is being made. See stage.h. */
#include "store/backup/stage.h"

#include "store/disk/blobs.h"
#include "store/disk/numbered.h"
#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 64,     /* files that are open before the first is copied, and synced one behind the other */
    STRIDE = 8 << 20, /* bytes between two looks at the meter */
};

/* ---- folders --------------------------------------------------------------------------------- */

static int open_folder(const struct io *io, int parent, const char *name, bool make, int *ret_folder)
{
    if (make && io->mkdirat(io->self, parent, name, 0700) < 0 && errno != EEXIST)
        return errno;
    *ret_folder = io->openat(io->self, parent, name, O_RDONLY | O_DIRECTORY, 0);
    return *ret_folder < 0 ? errno : 0;
}

int stage_store_open(const struct io *io, int parent, const char *name, bool make, struct stage_store *ret_store)
{
    struct stage_store store = {-1, -1, -1};
    int error = open_folder(io, parent, name, make, &store.folder);
    if (!error)
        error = open_folder(io, store.folder, "log", make, &store.log);
    if (!error)
        error = open_folder(io, store.folder, "blobs", make, &store.blobs);
    if (error)
        stage_store_close(io, &store);
    *ret_store = store;
    return error;
}

void stage_store_close(const struct io *io, struct stage_store *store)
{
    const int folders[] = {store->blobs, store->log, store->folder};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (folders[i] >= 0)
            io->close(io->self, folders[i]);
    *store = (struct stage_store){-1, -1, -1};
}

/* ---- one file -------------------------------------------------------------------------------- */

/* Which of the files of a store: what its name ends in, and the folders that it may be in. */
struct kind {
    const char *ending;
    int source;
    int present;
    int draft;
};

/* A file on its way. */
struct carriage {
    uint64_t number;
    int from;
    int to;
    struct imprint imprint; /* of the source */
};

void stage_advance(struct stage *stage, uint64_t bytes)
{
    struct stage_meter *meter = stage->meter;
    stage->bytes_copied += bytes;
    meter->done += bytes;
    if (meter->total < meter->done)
        meter->total = meter->done;
    if (meter->advanced)
        meter->advanced(meter->arg, meter->done, meter->total);
}

static bool has_same(const struct io *io, int folder, const struct kind *kind, const struct carriage *carriage)
{
    struct imprint imprint;
    return folder >= 0 && imprint_find(io, folder, carriage->number, kind->ending, &imprint) == 0 &&
           imprint_same_bytes(&imprint, &carriage->imprint);
}

static bool link_from(struct stage *stage, int folder, const struct kind *kind, uint64_t number)
{
    const struct io *io = stage->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(number, kind->ending, name);
    return io->linkat(io->self, folder, name, kind->draft, name) == 0;
}

static void keep(struct stage *stage, const struct carriage *carriage)
{
    stage->files_kept++;
    stage->bytes_kept += carriage->imprint.size;
}

/* Whether the file need not be copied: it is in its place, or was linked to it. */
static bool settle(struct stage *stage, const struct kind *kind, const struct carriage *carriage,
                   enum stage_way *ret_way)
{
    bool kept = has_same(stage->io, kind->present, kind, carriage);
    *ret_way = kept ? STAGE_KEPT : STAGE_COPIED;
    if (has_same(stage->io, kind->draft, kind, carriage)) {
        keep(stage, carriage);
        return true;
    }
    numbered_remove(stage->io, kind->draft, carriage->number, kind->ending);
    if (kept && link_from(stage, kind->present, kind, carriage->number)) {
        keep(stage, carriage);
        return true;
    }
    if (!stage->link || !link_from(stage, kind->source, kind, carriage->number))
        return false;
    stage->files_copied++;
    return true;
}

static int open_target(struct stage *stage, const struct kind *kind, struct carriage *carriage)
{
    const struct io *io = stage->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(carriage->number, kind->ending, name);
    carriage->to = io->openat(io->self, kind->draft, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    return carriage->to < 0 ? errno : 0;
}

/* The bytes, not yet on disk; an errno. */
static int carry(struct stage *stage, const struct carriage *carriage)
{
    uint64_t size = carriage->imprint.size;
    for (uint64_t at = 0; at < size; at += STRIDE) {
        uint64_t length = size - at < STRIDE ? size - at : STRIDE;
        int error = io_copy_all(stage->io, carriage->from, at, carriage->to, at, length);
        if (error)
            return error;
        stage->io->write_back(stage->io->self, carriage->to, (off_t)at, (off_t)length);
        stage_advance(stage, length);
    }
    stage->files_copied++;
    return 0;
}

/* Only what is on disk gets the time by which it is known to be whole. */
static int finish(struct stage *stage, const struct carriage *carriage)
{
    const struct io *io = stage->io;
    if (io->fdatasync(io->self, carriage->to) < 0 ||
        io->set_written(io->self, carriage->to, &carriage->imprint.written) < 0)
        return errno;
    return 0;
}

static void carriage_close(struct stage *stage, struct carriage *carriage)
{
    if (carriage->from >= 0)
        stage->source_io->close(stage->source_io->self, carriage->from);
    if (carriage->to >= 0)
        stage->io->close(stage->io->self, carriage->to);
}

/* Opens a file of the source; an errno. */
static int open_source(struct stage *stage, const struct kind *kind, struct carriage *carriage)
{
    carriage->from = numbered_open(stage->source_io, kind->source, carriage->number, kind->ending);
    return carriage->from < 0 ? errno : imprint_of(stage->source_io, carriage->from, &carriage->imprint);
}

/* ---- segments -------------------------------------------------------------------------------- */

int stage_segment(struct stage *stage, uint64_t number, const struct imprint *imprint, enum stage_way *ret_way)
{
    const struct kind kind = {segment_ending, stage->source.log, stage->present.log, stage->draft.log};
    struct carriage carriage = {.number = number, .from = -1, .to = -1, .imprint = *imprint};
    int error = open_source(stage, &kind, &carriage);
    bool gone = error == ENOENT || (!error && (!imprint_same_file(&carriage.imprint, imprint) ||
                                               !imprint_same_bytes(&carriage.imprint, imprint)));
    if (gone)
        *ret_way = STAGE_GONE;
    if (!error && !gone && !settle(stage, &kind, &carriage, ret_way)) {
        error = open_target(stage, &kind, &carriage);
        if (!error)
            error = carry(stage, &carriage);
        if (!error)
            error = finish(stage, &carriage);
    }
    carriage_close(stage, &carriage);
    return gone ? 0 : error;
}

/* ---- blobs ----------------------------------------------------------------------------------- */

/* Opens those that have to be copied, so that none of them goes while another is copied; an errno. */
static int open_blobs(struct stage *stage, const struct kind *kind, const uint64_t *blobs, size_t count,
                      struct carriage *carriages, size_t *ret_open, size_t *ret_gone)
{
    size_t open = 0;
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        struct carriage *carriage = &carriages[open];
        enum stage_way way;
        *carriage = (struct carriage){.number = blobs[i], .from = -1, .to = -1};
        error = open_source(stage, kind, carriage);
        if (error == ENOENT) {
            ++*ret_gone;
            error = 0;
        } else if (!error && !settle(stage, kind, carriage, &way)) {
            open++;
        } else {
            carriage_close(stage, carriage);
        }
    }
    *ret_open = open;
    return error;
}

static int carry_blobs(struct stage *stage, const struct kind *kind, struct carriage *carriages, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && !error; i++) {
        error = open_target(stage, kind, &carriages[i]);
        if (!error)
            error = carry(stage, &carriages[i]);
    }
    for (size_t i = 0; i < count && !error; i++)
        error = finish(stage, &carriages[i]);
    return error;
}

int stage_blobs(struct stage *stage, const uint64_t *blobs, size_t count, size_t *ret_gone)
{
    const struct kind kind = {blobs_ending, stage->source.blobs, stage->present.blobs, stage->draft.blobs};
    struct carriage carriages[AT_ONCE];
    int error = 0;
    *ret_gone = 0;
    for (size_t at = 0; at < count && !error; at += AT_ONCE) {
        size_t open = 0;
        size_t some = count - at < AT_ONCE ? count - at : AT_ONCE;
        error = open_blobs(stage, &kind, blobs + at, some, carriages, &open, ret_gone);
        if (!error)
            error = carry_blobs(stage, &kind, carriages, open);
        for (size_t i = 0; i < open; i++)
            carriage_close(stage, &carriages[i]);
    }
    return error;
}

/* ---- what is left of earlier runs ---------------------------------------------------------------- */

int stage_prune(struct stage *stage, int folder, const char *ending, bool (*wanted)(void *arg, uint64_t number),
                void *arg)
{
    const struct io *io = stage->io;
    char *names = io_list(io, folder);
    if (!names)
        return errno;
    int error = 0;
    for (const char *name = names; *name && !error; name += strlen(name) + 1) {
        uint64_t number;
        if (numbered_read(name, ending, &number) && !wanted(arg, number) && io->unlinkat(io->self, folder, name, 0) < 0)
            error = errno;
    }
    free(names);
    return error;
}
