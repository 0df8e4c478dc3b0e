/* doubts.h - blobs that the source has not, or not as they were stored: whether an object needs them up to the end of
 * the copy, and what is right.
 *
 * A blob goes when the last object that needed it has gone, and so most of them are of no use any more. One that is
 * still needed was lost at the source, or damaged: then what the copy has of it stays, where that is whole, and the
 * flaw is told.
 *
 * Thread: one.
 */
#ifndef CAIRN_DOUBTS_H
#define CAIRN_DOUBTS_H

#include "store/backup/outline.h"
#include "store/backup/stage.h"

struct doubts {
    struct stage *stage;          /* its log is as it will be; its doubtful blobs are settled */
    const struct outline outline; /* of that */
    bool as_it_is;                /* what the source has is taken, whatever the copy has */

    /* Is told of each that is needed, and not whole at the source. `kept`: the copy has it. */
    void (*flaw)(void *arg, const struct store_flaw *flaw, bool kept);
    /* Where the copy does not have it: of the segment that names it, which is to be read anew by the next run. Not
     * while the log is read. */
    struct failure (*lacks)(void *arg, uint64_t segment);
    void *arg;
};

/* Brings those that are needed to their places, and removes the others from the draft. Blocking, and long. */
struct failure doubts_settle(const struct doubts *doubts);

#endif
