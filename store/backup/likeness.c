/* likeness.c - whether a copy is what its source is. See likeness.h. */
#include "store/backup/likeness.h"

#include "store/backup/notes.h"
#include "store/backup/snapshot.h"
#include "store/disk/blobs.h"

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

/* Whether both have the same log; an errno. */
static int has_log(const struct stage *stage, bool *ret_has)
{
    struct snapshot source = {0}, copy = {0};
    int error = snapshot_take(stage->source_io, stage->source.log, &source);
    if (!error)
        error = snapshot_take(stage->io, stage->present.log, &copy);
    *ret_has = !error && snapshot_copied(&source, &copy);
    snapshot_free(&source);
    snapshot_free(&copy);
    return error;
}

int likeness_find(const struct stage *stage, bool *ret_alike)
{
    *ret_alike = false;
    if (stage->present.folder < 0)
        return 0;
    int error = has_log(stage, ret_alike);
    for (enum notes_which which = 0; which < NOTES_COUNT && !error && *ret_alike; which++) {
        struct notes own, other;
        error = notes_read(&own, stage->source_io, stage->source.folder, which);
        if (!error)
            error = notes_read(&other, stage->io, stage->present.folder, which);
        *ret_alike = !error && notes_same(&own, &other, which);
    }
    return error || !*ret_alike ? error : has_blobs(stage, ret_alike);
}
