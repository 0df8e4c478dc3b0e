/* stage.c - the folder of a store that is being made. See stage.h. */
#include "store/backup/stage.h"

#include "store/backup/carriage.h"
#include "store/backup/contents.h"
#include "store/backup/snapshot.h"
#include "store/disk/blobs.h"
#include "store/disk/numbered.h"
#include "store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum {
    AT_ONCE = 64, /* files that are open before the first is copied, and synced one behind the other */
    BLOBS_MIN = 64,
};

bool stage_blobs_push(struct stage_blobs *blobs, const struct stage_blob *blob)
{
    if (blobs->count == blobs->capacity) {
        size_t capacity = blobs->capacity ? blobs->capacity * 2 : BLOBS_MIN;
        struct stage_blob *moved = realloc(blobs->list, capacity * sizeof *moved);
        if (!moved)
            return false;
        blobs->list = moved;
        blobs->capacity = capacity;
    }
    blobs->list[blobs->count++] = *blob;
    return true;
}

void stage_advance(struct stage *stage, uint64_t bytes)
{
    stage->bytes_copied += bytes;
    meter_advance(stage->meter, bytes);
}

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

void stage_close(struct stage *stage)
{
    stage_store_close(stage->source_io, &stage->source);
    stage_store_close(stage->io, &stage->present);
    stage_store_close(stage->io, &stage->draft);
    free(stage->doubtful.list);
    stage->doubtful = (struct stage_blobs){0};
}

/* Whether an error is that of the source's disk, which does not give all bytes of a file. */
static bool is_unreadable(const struct carriage *carriage, int error)
{
    const struct contents source = {.io = carriage->stage->source_io, .file = carriage->from};
    struct store_digest digest;
    return error == EIO && contents_digest(&source, carriage->imprint.size, &digest) == EIO;
}

/* ---- segments -------------------------------------------------------------------------------- */

int stage_segment(struct stage *stage, uint64_t number, const struct imprint *imprint, enum stage_way *ret_way)
{
    struct carriage carriage;
    int error = carriage_begin(&carriage, stage, CARRIAGE_SEGMENT, number);
    bool gone = error == ENOENT || (!error && (!imprint_same_file(&carriage.imprint, imprint) ||
                                               !imprint_same_bytes(&carriage.imprint, imprint)));
    if (gone)
        *ret_way = STAGE_GONE;
    if (!error && !gone && !carriage_settle(&carriage, ret_way)) {
        error = carriage_copy(&carriage);
        if (!error)
            error = carriage_finish(&carriage);
    }
    if (!gone && is_unreadable(&carriage, error)) {
        *ret_way = STAGE_UNREADABLE;
        error = 0;
    }
    carriage_end(&carriage);
    return gone ? 0 : error;
}

/* ---- blobs ----------------------------------------------------------------------------------- */

/* Opens one that has to be copied; an errno. *ret_open: it has to be. */
static int open_blob(struct stage *stage, const struct stage_blob *blob, struct carriage *carriage, bool *ret_open)
{
    bool same;
    enum stage_way way;
    *ret_open = false;
    int error = carriage_begin(carriage, stage, CARRIAGE_BLOB, blob->number);
    bool doubtful = error == ENOENT ||
                    (!error && blob->size != STORE_SIZE_UNKNOWN && blob->size != carriage->imprint.size) ||
                    (!error && carriage_is_present(carriage, &same) && !same);
    if (doubtful)
        error = stage_blobs_push(&stage->doubtful, blob) ? 0 : ENOMEM;
    else if (!error)
        *ret_open = !carriage_settle(carriage, &way);
    if (!*ret_open)
        carriage_end(carriage);
    return error;
}

/* A blob on its way. */
struct passage {
    const struct stage_blob *blob;
    struct carriage carriage;
};

/* Opens those that have to be copied, so that none of them goes while another is copied; an errno. */
static int open_blobs(struct stage *stage, const struct stage_blob *blobs, size_t count, struct passage *passages,
                      size_t *ret_open)
{
    int error = 0;
    *ret_open = 0;
    for (size_t i = 0; i < count && !error; i++) {
        bool open;
        passages[*ret_open].blob = &blobs[i];
        error = open_blob(stage, &blobs[i], &passages[*ret_open].carriage, &open);
        *ret_open += open;
    }
    return error;
}

/* Whether what was copied is what was stored; an errno. */
static int is_right(const struct stage *stage, const struct passage *passage, bool *ret_right)
{
    const struct contents copy = {.io = stage->io, .file = passage->carriage.to};
    struct store_digest digest;
    *ret_right = true;
    if (passage->blob->size == STORE_SIZE_UNKNOWN)
        return 0;
    int error = contents_digest(&copy, passage->blob->size, &digest);
    *ret_right = !error && memcmp(&digest, &passage->blob->digest, sizeof digest) == 0;
    return error;
}

/* Copies one. Where the source's disk fails, or what it gives is not what was stored, the blob is in doubt, and nothing
 * of it stays. An errno. */
static int carry_blob(struct stage *stage, struct passage *passage)
{
    struct carriage *carriage = &passage->carriage;
    bool right = true;
    int error = carriage_copy(carriage);
    if (!error)
        error = is_right(stage, passage, &right);
    if (right && !is_unreadable(carriage, error))
        return error;
    numbered_remove(stage->io, stage->draft.blobs, carriage->number, blobs_ending);
    if (!stage_blobs_push(&stage->doubtful, passage->blob))
        return ENOMEM;
    carriage_end(carriage);
    return 0;
}

static int carry_blobs(struct stage *stage, struct passage *passages, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && !error; i++)
        error = carry_blob(stage, &passages[i]);
    for (size_t i = 0; i < count && !error; i++)
        if (passages[i].carriage.to >= 0)
            error = carriage_finish(&passages[i].carriage);
    return error;
}

int stage_take_blobs(struct stage *stage, const struct stage_blobs *blobs)
{
    struct passage passages[AT_ONCE];
    int error = 0;
    for (size_t at = 0; at < blobs->count && !error; at += AT_ONCE) {
        size_t open = 0;
        size_t some = blobs->count - at < AT_ONCE ? blobs->count - at : AT_ONCE;
        error = open_blobs(stage, blobs->list + at, some, passages, &open);
        if (!error)
            error = carry_blobs(stage, passages, open);
        for (size_t i = 0; i < open; i++)
            carriage_end(&passages[i].carriage);
    }
    return error;
}

int stage_take_as_it_is(struct stage *stage, uint64_t blob)
{
    struct carriage carriage;
    numbered_remove(stage->io, stage->draft.blobs, blob, blobs_ending);
    int error = carriage_begin(&carriage, stage, CARRIAGE_BLOB, blob);
    if (!error)
        error = carriage_copy(&carriage);
    if (!error)
        error = carriage_finish(&carriage);
    carriage_end(&carriage);
    return error == ENOENT ? 0 : error;
}

int stage_keep(struct stage *stage, uint64_t blob, const struct timespec *written)
{
    const struct io *io = stage->io;
    struct imprint imprint = {0};
    int error = carriage_keep(stage, blob);
    int file = error ? -1 : numbered_open(io, stage->draft.blobs, blob, blobs_ending);
    if (file < 0)
        return error ? error : errno;
    error = imprint_of(io, file, &imprint);
    if (!error && (io->fdatasync(io->self, file) < 0 || (written && io->set_written(io->self, file, written) < 0)))
        error = errno;
    io->close(io->self, file);
    stage->files_kept++;
    stage->bytes_kept += imprint.size;
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
        bool kept = numbered_read(name, ending, &number) && wanted(arg, number);
        if (!kept && io->unlinkat(io->self, folder, name, 0) < 0)
            error = errno;
    }
    free(names);
    return error;
}

/* ---- how much there is ------------------------------------------------------------------------- */

/* The bytes of segments that the copy has not. How far the last one is written shows when it is read. */
static void measure_log(const struct stage *stage)
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
            meter_expect(stage->meter, file->imprint.size);
    }
    snapshot_free(&snapshot);
}

/* The same of blobs, by their names: nearly all that both have are the same. */
static void measure_blobs(const struct stage *stage)
{
    char *names = io_list(stage->source_io, stage->source.blobs);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        uint64_t blob;
        struct imprint imprint;
        if (numbered_read(name, blobs_ending, &blob) &&
            (stage->present.blobs < 0 ||
             imprint_find(stage->io, stage->present.blobs, blob, blobs_ending, &imprint) == ENOENT) &&
            imprint_find(stage->source_io, stage->source.blobs, blob, blobs_ending, &imprint) == 0)
            meter_expect(stage->meter, imprint.size);
    }
    free(names);
}

void stage_measure(const struct stage *stage)
{
    measure_log(stage);
    measure_blobs(stage);
}
