/* inspection.h - reading the segments that are copied, and what is done about those that are damaged at the source:
 * what the copy that there is has of them comes in their place (mend.h), and each flaw is told.
 *
 * A segment with a flaw gets a time in the copy that its source has not. So the next run reads it anew, and tells of it
 * as long as it is there.
 *
 * Thread: one.
 */
#ifndef CAIRN_INSPECTION_H
#define CAIRN_INSPECTION_H

#include "store/backup/mend.h"
#include "store/backup/snapshot.h"
#include "store/backup/stage.h"
#include "store/backup/survey.h"

struct inspection {
    const struct stage *stage; /* borrowed */
    struct survey survey;
    bool as_it_is; /* nothing of the copy that there is comes in the place of what is damaged */
    uint64_t flaws;

    /* Is told of each. `kept`: the copy has it. */
    void (*flaw)(void *arg, const struct store_flaw *flaw, bool kept);
    void *arg;

    struct mend *mend; /* while flaws are told: by which it is seen whether the copy ... */
    int mended;        /* ... has in this file */
    uint64_t size;     /* ... of that size what is lost */
};

/* False when memory is out; inspection_free() it in any case. */
bool inspection_init(struct inspection *inspection, const struct stage *stage, uint64_t salt);
void inspection_free(struct inspection *inspection);

/* Reads the records of a sealed segment that is in the draft. `end` is where they end, as a position; 0: that is not
 * known. Blocking. */
struct failure inspection_sealed(struct inspection *inspection, const struct snapshot_file *file, uint64_t end);

/* survey_growing(), of a file of the source. *ret_flawed: there are flaws, for inspection_mend(). Blocking. */
struct failure inspection_growing(struct inspection *inspection, int file, uint64_t size, uint64_t from,
                                  uint64_t *ret_position, uint64_t *ret_offset, bool *ret_flawed);

/* What was read so, from there on, has been copied to another file, which is mended. Blocking. */
struct failure inspection_mend(struct inspection *inspection, int file, uint64_t size, uint64_t from, uint64_t number,
                               int copy);

/* Has the next run read a segment of the draft anew. An errno. Blocking. */
int inspection_set_back(const struct inspection *inspection, uint64_t number);

/* One more flaw. */
void inspection_tell(struct inspection *inspection, const struct store_flaw *flaw, bool kept);

#endif
