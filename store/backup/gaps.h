/* gaps.h - segments that the copy has and the source has not any more, although nothing there stands for them:
 * compaction leaves a husk in the place of what it has moved. They were lost, and stay.
 *
 * Thread: one.
 */
#ifndef CAIRN_GAPS_H
#define CAIRN_GAPS_H

#include "store/backup/inspection.h"
#include "store/backup/snapshot.h"
#include "store/backup/stage.h"
#include "store/base/table.h"

struct gaps {
    struct stage *stage; /* borrowed */
    uint64_t salt;
    struct table lost; /* number of a segment -> 1 */
};

void gaps_init(struct gaps *gaps, struct stage *stage, uint64_t salt);
void gaps_free(struct gaps *gaps);

/* Brings those to the draft that are missing in front of the last segment of the source, and tells of them.
 * Blocking. */
struct failure gaps_keep(struct gaps *gaps, const struct snapshot *source, struct inspection *inspection);

/* Whether a segment is one of them. */
bool gaps_have(const struct gaps *gaps, uint64_t number);

#endif
