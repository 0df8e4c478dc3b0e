/* imprint.c - what a start would find in the log of a small store. imprint.h tells what for. */
#include "store/start/imprint.h"

#include "store/disk/fingerprint.h"
#include "store/index/load.h"

#include <fcntl.h>
#include <stdlib.h>

enum { OBJECTS_MAX = 64 }; /* of a store, so that very many of these take little */

struct imprint {
    struct fingerprint folder; /* log/ */
    struct fingerprint file;   /* of the one segment, of which the following is known, too */
    struct segment_header header;
    uint64_t prepared;
    uint64_t used;
    int64_t deleted;
    uint64_t puts;
    uint64_t dead;
    uint64_t tombstones;

    bool marked; /* the log */
    uint64_t live_bytes;
    uint64_t next_blob;
    size_t count;
    struct table_entry entries[]; /* as the index has them: hash and location */
};

/* ---- taking one ------------------------------------------------------------------------------ */

/* Whether all that a start finds in the log stands in one file, at its beginning, and nothing of it is in doubt. Lock
 * held. */
static bool log_is_plain(const struct log *log)
{
    const struct segment *only = chain_last(&log->chain);
    return log->chain.count == 1 && only->version == SEGMENT_VERSION && only->base == 0 && !segment_is_husk(only) &&
           !only->headless && !log->doubtful && log->stray_count == 0;
}

/* Whether each object is found by its hash alone, in the log, and nothing is damaged. Lock held. */
static bool index_is_plain(const struct index *index, const struct blobs *blobs)
{
    const struct damage *damage = &index->damage;
    return index->locations.count == index->objects && index->objects <= OBJECTS_MAX && blobs->needs.count == 0 &&
           blobs->doubts.count == 0 && damage->bytes == 0 && damage->records.count == 0 && !damage_has_gaps(index);
}

/* Lock held. */
static struct imprint *imprint_new(const struct index *index, const struct log *log, const struct blobs *blobs)
{
    const struct segment *only = log->active;
    struct imprint *imprint = malloc(sizeof *imprint + index->locations.count * sizeof imprint->entries[0]);
    if (!imprint)
        return NULL;
    *imprint = (struct imprint){.header = segment_header_of(only),
                                .prepared = only->prepared,
                                .used = only->used,
                                .deleted = only->deleted,
                                .puts = only->puts,
                                .dead = only->dead,
                                .tombstones = only->tombstones,
                                .marked = log->marked,
                                .live_bytes = index->live_bytes,
                                .next_blob = atomic_load(&blobs->next),
                                .count = index->locations.count};
    table_copy(&index->locations, imprint->entries);
    return imprint;
}

struct imprint *imprint_take(struct index *index, const struct log *log, const struct blobs *blobs)
{
    struct imprint *imprint = NULL;
    log_assert_concluded(log);
    index_lock_shared(index);
    if (log_is_plain(log) && index_is_plain(index, blobs))
        imprint = imprint_new(index, log, blobs);
    index_unlock(index);
    if (!imprint)
        return NULL;
    if (fingerprint_take(&imprint->folder, log->io, log->folder) &&
        fingerprint_take(&imprint->file, log->io, handle_file(log->active->file)))
        return imprint;
    imprint_free(imprint);
    return NULL;
}

void imprint_free(struct imprint *imprint)
{
    free(imprint);
}

/* ---- applying it ----------------------------------------------------------------------------- */

/* The segment, as it was; NULL: it is not, or cannot be had. */
static struct segment *find_segment(const struct imprint *imprint, const struct log *log)
{
    const struct io *io = log->io;
    if (!fingerprint_fits(&imprint->folder, io, log->folder))
        return NULL;
    int file = segment_open(io, log->folder, imprint->header.number, O_RDWR);
    if (file < 0)
        return NULL;
    if (!fingerprint_fits(&imprint->file, io, file)) {
        io->close(io->self, file);
        return NULL;
    }
    struct segment *segment = segment_new(&log->files, file, &imprint->header, imprint->prepared);
    if (!segment)
        return NULL;
    segment->used = imprint->used;
    segment->deleted = imprint->deleted;
    segment->puts = imprint->puts;
    segment->live = imprint->count;
    segment->dead = imprint->dead;
    segment->tombstones = imprint->tombstones;
    return segment;
}

/* False when memory is out. */
static bool fill_index(const struct imprint *imprint, struct index *index)
{
    index_lock(index);
    bool filled = load_few(index, imprint->entries, imprint->count);
    index->objects = imprint->count;
    index->live_bytes = imprint->live_bytes;
    index->dead_bytes = imprint->dead + imprint->tombstones;
    index_publish(index);
    index_unlock(index);
    return filled;
}

struct failure imprint_apply(const struct imprint *imprint, struct index *index, struct log *log, struct blobs *blobs,
                             bool *ret_fits)
{
    struct segment *segment = find_segment(imprint, log);
    log_assert_unowned(log);
    *ret_fits = segment != NULL;
    if (!segment)
        return failure_none();
    enum store_error error = log_adopt(log, segment);
    if (error) {
        segment_release(segment);
        return failure_of(error);
    }
    log_note_mark(log, imprint->marked);
    log_resume(log, segment_end(segment), false);
    atomic_store(&blobs->next, imprint->next_blob);
    return failure_of(fill_index(imprint, index) ? STORE_OK : STORE_NO_MEMORY);
}
