/* likeness.c - whether a copy is what its source is. See likeness.h. */
#include "store/backup/likeness.h"

#include "store/backup/contents.h"
#include "store/backup/notes.h"
#include "store/backup/snapshot.h"
#include "store/disk/blobs.h"
#include "store/log/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether the source has all blobs that the copy has, as they are there; an errno. */
static int has_blobs(const struct stage *stage, bool *ret_has)
{
    char *names = io_list(stage->io, stage->present.blobs);
    int error = names ? 0 : errno;
    for (const char *name = names; name && *name && *ret_has; name += strlen(name) + 1) {
        uint64_t blob;
        struct imprint own, other;
        if (numbered_read(name, blobs_ending, &blob))
            *ret_has = !imprint_find(stage->source_io, stage->source.blobs, blob, blobs_ending, &own) &&
                       !imprint_find(stage->io, stage->present.blobs, blob, blobs_ending, &other) &&
                       imprint_same_bytes(&own, &other);
    }
    free(names);
    return error;
}

/* Whether the segment of that number has the same bytes in both; an errno. */
static int has_segment(const struct stage *stage, uint64_t number, bool *ret_has)
{
    const struct contents own = {stage->source_io,
                                 numbered_open(stage->source_io, stage->source.log, number, segment_ending)};
    int error = own.file < 0 ? errno : 0;
    if (error)
        return error;
    const struct contents other = {stage->io, numbered_open(stage->io, stage->present.log, number, segment_ending)};
    error = other.file < 0 ? errno : contents_same(&own, &other, 0, UINT64_MAX, ret_has);
    own.io->close(own.io->self, own.file);
    if (other.file >= 0)
        other.io->close(other.io->self, other.file);
    return error;
}

/* The same where nothing but the time of the last one is another. */
static int has_last(const struct stage *stage, const struct snapshot *source, struct snapshot *copy, bool *ret_has)
{
    const struct snapshot_file *own = snapshot_last(source);
    struct snapshot_file *other = copy->count > 0 ? &copy->files[copy->count - 1] : NULL;
    if (!own || !other || own->number != other->number)
        return 0;
    other->imprint.written = own->imprint.written;
    return snapshot_copied(source, copy) ? has_segment(stage, own->number, ret_has) : 0;
}

/* Whether both have the same log; an errno. */
static int has_log(const struct stage *stage, bool read, bool *ret_has)
{
    struct snapshot source = {0}, copy = {0};
    int error = snapshot_take(stage->source_io, stage->source.log, &source);
    if (!error)
        error = snapshot_take(stage->io, stage->present.log, &copy);
    *ret_has = !error && snapshot_copied(&source, &copy);
    if (!error && !*ret_has && read)
        error = has_last(stage, &source, &copy, ret_has);
    snapshot_free(&source);
    snapshot_free(&copy);
    return error;
}

int likeness_find(const struct stage *stage, bool read, bool *ret_alike)
{
    *ret_alike = false;
    if (stage->present.folder < 0)
        return 0;
    int error = has_log(stage, read, ret_alike);
    for (enum notes_which which = 0; which < NOTES_COUNT && !error && *ret_alike; which++) {
        struct notes own, other;
        error = notes_read(&own, stage->source_io, stage->source.folder, which);
        if (!error)
            error = notes_read(&other, stage->io, stage->present.folder, which);
        *ret_alike = !error && notes_same(&own, &other, which);
    }
    return error || !*ret_alike ? error : has_blobs(stage, ret_alike);
}
