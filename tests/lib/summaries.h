/* summaries.h - what may become of the summaries beside the segments of a log while it is closed: they stay, go, or
 * come to be anything. What a store holds is the same afterwards.
 *
 * Thread: any, while nobody has the log open.
 */
#ifndef CAIRN_TESTS_SUMMARIES_H
#define CAIRN_TESTS_SUMMARIES_H

#include "store/disk/io.h"
#include "tests/lib/prng.h"

/* What is done to one. */
enum spoiling {
    SPOIL_NOTHING,
    SPOIL_REMOVE,
    SPOIL_CUT,     /* it ends anywhere */
    SPOIL_FLIP,    /* one bit of it is another */
    SPOIL_FOREIGN, /* it is the summary of another segment */
    SPOIL_EMPTY,
    SPOILINGS
};

/* Does so to each summary in the folder of a log, or to each what chance says; how many there were. Nothing happens to
 * a folder that is not there. */
unsigned summaries_spoil(const struct io *io, const char *folder, enum spoiling spoiling);
unsigned summaries_spoil_some(const struct io *io, const char *folder, struct prng *prng);

#endif
