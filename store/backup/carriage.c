/* carriage.c - one file of a store on its way into a copy. See carriage.h. */
#include "store/backup/carriage.h"

#include "store/backup/contents.h"
#include "store/disk/blobs.h"
#include "store/disk/numbered.h"
#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>

enum { STRIDE = 8 << 20 }; /* bytes between two looks at the meter */

static const char *ending_of(enum carriage_kind kind)
{
    return kind == CARRIAGE_SEGMENT ? segment_ending : blobs_ending;
}

static int folder_of(const struct stage_store *store, enum carriage_kind kind)
{
    return kind == CARRIAGE_SEGMENT ? store->log : store->blobs;
}

int carriage_begin(struct carriage *carriage, struct stage *stage, enum carriage_kind kind, uint64_t number)
{
    const struct io *io = stage->source_io;
    *carriage = (struct carriage){.stage = stage, .kind = kind, .number = number, .to = -1};
    carriage->from = numbered_open(io, folder_of(&stage->source, kind), number, ending_of(kind));
    if (carriage->from < 0)
        return errno == ELOOP ? ENOENT : errno;
    int error = imprint_of(io, carriage->from, &carriage->imprint);
    return !error && !carriage->imprint.file ? ENOENT : error;
}

void carriage_end(struct carriage *carriage)
{
    struct stage *stage = carriage->stage;
    if (carriage->from >= 0)
        stage->source_io->close(stage->source_io->self, carriage->from);
    if (carriage->to >= 0)
        stage->io->close(stage->io->self, carriage->to);
    carriage->from = carriage->to = -1;
}

/* ---- what is there ----------------------------------------------------------------------------- */

/* Whether an open file, which is known by this, has the bytes of the source. What cannot be read has not. */
static bool is_same(const struct carriage *carriage, int file, const struct imprint *imprint)
{
    const struct stage *stage = carriage->stage;
    const struct contents source = {.io = stage->source_io, .file = carriage->from};
    const struct contents copy = {.io = stage->io, .file = file};
    bool same = imprint_same_bytes(imprint, &carriage->imprint);
    if (same && stage->compare && contents_same(&source, &copy, 0, imprint->size, &same) != 0)
        same = false;
    return same;
}

/* One that cannot be looked at is there, and is not the same. */
static bool has(const struct carriage *carriage, const struct stage_store *store, bool *ret_same)
{
    const struct io *io = carriage->stage->io;
    struct imprint imprint;
    int folder = folder_of(store, carriage->kind);
    int file = folder < 0 ? -1 : numbered_open(io, folder, carriage->number, ending_of(carriage->kind));
    *ret_same = false;
    if (file < 0)
        return folder >= 0 && errno != ENOENT;
    *ret_same = imprint_of(io, file, &imprint) == 0 && is_same(carriage, file, &imprint);
    io->close(io->self, file);
    return true;
}

bool carriage_is_present(const struct carriage *carriage, bool *ret_same)
{
    return has(carriage, &carriage->stage->present, ret_same);
}

/* Whether it is in its place now, as the source has it: what a name there leads to may have changed. */
static bool link_from(struct carriage *carriage, int folder)
{
    const struct io *io = carriage->stage->io;
    const char *ending = ending_of(carriage->kind);
    int draft = folder_of(&carriage->stage->draft, carriage->kind);
    char name[NUMBERED_NAME_MAX];
    bool same;
    numbered_name(carriage->number, ending, name);
    if (io->linkat(io->self, folder, name, draft, name) < 0)
        return false;
    if (has(carriage, &carriage->stage->draft, &same) && same)
        return true;
    numbered_remove(io, draft, carriage->number, ending);
    return false;
}

static void count_kept(const struct carriage *carriage)
{
    carriage->stage->files_kept++;
    carriage->stage->bytes_kept += carriage->imprint.size;
}

bool carriage_settle(struct carriage *carriage, enum stage_way *ret_way)
{
    struct stage *stage = carriage->stage;
    bool kept, made;
    (void)carriage_is_present(carriage, &kept);
    *ret_way = kept ? STAGE_KEPT : STAGE_COPIED;
    (void)has(carriage, &stage->draft, &made);
    if (!made)
        numbered_remove(stage->io, folder_of(&stage->draft, carriage->kind), carriage->number,
                        ending_of(carriage->kind));
    if (made || (kept && link_from(carriage, folder_of(&stage->present, carriage->kind)))) {
        count_kept(carriage);
        return true;
    }
    if (!stage->link || !link_from(carriage, folder_of(&stage->source, carriage->kind)))
        return false;
    stage->files_copied++;
    return true;
}

/* ---- copying --------------------------------------------------------------------------------- */

static int open_target(struct carriage *carriage)
{
    const struct io *io = carriage->stage->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(carriage->number, ending_of(carriage->kind), name);
    carriage->to = io->openat(io->self, folder_of(&carriage->stage->draft, carriage->kind), name,
                              O_RDWR | O_CREAT | O_EXCL, 0600);
    return carriage->to < 0 ? errno : 0;
}

int carriage_copy(struct carriage *carriage)
{
    const struct io *io = carriage->stage->io;
    uint64_t size = carriage->imprint.size;
    int error = open_target(carriage);
    for (uint64_t at = 0; at < size && !error; at += STRIDE) {
        uint64_t length = size - at < STRIDE ? size - at : STRIDE;
        if (meter_is_halted(carriage->stage->meter))
            return ECANCELED;
        error = io_copy_all(io, carriage->from, at, carriage->to, at, length);
        if (error)
            return error;
        io->write_back(io->self, carriage->to, (off_t)at, (off_t)length);
        stage_advance(carriage->stage, length);
    }
    carriage->stage->files_copied += !error;
    return error;
}

int carriage_finish(struct carriage *carriage)
{
    const struct io *io = carriage->stage->io;
    if (io->fdatasync(io->self, carriage->to) < 0 ||
        io->set_written(io->self, carriage->to, &carriage->imprint.written) < 0)
        return errno;
    return 0;
}

/* ---- what the copy has -------------------------------------------------------------------- */

/* Where the file system cannot link, it is copied. An errno. */
static int copy_present(struct stage *stage, uint64_t blob)
{
    struct stage within = *stage;
    struct carriage carriage;
    within.source_io = stage->io;
    within.source = stage->present;
    int error = carriage_begin(&carriage, &within, CARRIAGE_BLOB, blob);
    if (!error)
        error = carriage_copy(&carriage);
    if (!error)
        error = carriage_finish(&carriage);
    carriage_end(&carriage);
    return error;
}

int carriage_keep(struct stage *stage, uint64_t blob)
{
    const struct io *io = stage->io;
    char name[NUMBERED_NAME_MAX];
    numbered_name(blob, blobs_ending, name);
    if (io->linkat(io->self, stage->present.blobs, name, stage->draft.blobs, name) == 0 || errno == EEXIST)
        return 0;
    return copy_present(stage, blob);
}
