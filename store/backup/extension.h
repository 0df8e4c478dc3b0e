/* extension.h - whether the log of a copy that is being made is that of the copy that there is, gone on.
 *
 * The log is only appended to. So all that the copy has of it stands in the same places, or compaction has moved it,
 * and has left a husk that says so. What does not is lost, or is of another history, as it begins where a folder is
 * brought back from an older copy. Where compaction has moved the end of what was copied, the keys that were written
 * there tell (landmarks.h).
 *
 * Thread: one.
 */
#ifndef CAIRN_EXTENSION_H
#define CAIRN_EXTENSION_H

#include "store/backup/snapshot.h"
#include "store/backup/stage.h"
#include "store/backup/survey.h"

struct extension {
    struct stage *stage; /* borrowed, like the next; the log of its draft is as it will be */
    const struct snapshot *files;
    uint64_t salt;
    uint64_t oldest; /* what the segments before this number held was moved or died */
    uint64_t end;    /* position in the last one where its records end */
};

/* *ret_lost: the number of the first segment of the copy that is not in it as it was; 0: all are, as far as that can be
 * known. Blocking. */
struct failure extension_look(const struct extension *extension, uint64_t *ret_lost);

#endif
