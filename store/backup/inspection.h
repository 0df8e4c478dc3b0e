/* inspection.h - reading the segments that are copied, and judging what is flawed in them.
 *
 * A store whose log has a flaw is not copied, so that nothing of the copy that there is goes for it: it is refused.
 * What the copy has just so is known, and no reason: somebody has said once that it is to be taken as it is. A segment
 * with such a flaw gets a time in the copy that its source has not. So the next run reads it anew, and tells of it as
 * long as it is there.
 *
 * Thread: one.
 */
#ifndef CAIRN_INSPECTION_H
#define CAIRN_INSPECTION_H

#include "store/backup/contents.h"
#include "store/backup/snapshot.h"
#include "store/backup/stage.h"
#include "store/backup/survey.h"

struct inspection {
    const struct stage *stage; /* borrowed */
    struct survey survey;
    bool as_it_is; /* no flaw is a reason to refuse */
    uint64_t flaws;
    uint64_t refused;         /* number of the segment that has the first flaw which is one; 0: none has */
    struct store_flaw reason; /* that flaw, without a key */

    /* Is told of each. `kept`: the copy has it. */
    void (*flaw)(void *arg, const struct store_flaw *flaw, bool kept);
    void *arg;

    /* While one is read: its number, and its bytes. */
    uint64_t number;
    struct contents bytes;
};

/* False when memory is out; inspection_free() it in any case. */
bool inspection_init(struct inspection *inspection, const struct stage *stage, uint64_t salt);
void inspection_free(struct inspection *inspection);

/* Reads the records of a sealed segment that is in the draft. `end` is where they end, as a position; 0: that is not
 * known. Blocking. */
struct failure inspection_sealed(struct inspection *inspection, const struct snapshot_file *file, uint64_t end);

/* survey_growing(), of a file of the source with that number. *ret_flawed: there are flaws. Blocking. */
struct failure inspection_growing(struct inspection *inspection, uint64_t number, int file, uint64_t size,
                                  uint64_t from, uint64_t *ret_position, uint64_t *ret_offset, bool *ret_flawed);

/* Has the next run read a segment of the draft anew. An errno. Blocking. */
int inspection_set_back(const struct inspection *inspection, uint64_t number);

/* What the copy that there is has in the place of a flaw. */
enum inspection_held {
    INSPECTION_LACKED, /* nothing: it has not come so far */
    INSPECTION_KNOWN,  /* the same */
    INSPECTION_HELD,   /* what was there before */
};

/* A flaw of a segment, which may be one that is missing. */
void inspection_judge(struct inspection *inspection, uint64_t number, const struct store_flaw *flaw,
                      enum inspection_held held);

/* The disk of the source does not give a segment: nothing can be copied of it, even as it is. EIO then. */
struct failure inspection_unreadable(struct inspection *inspection, uint64_t number);

/* One that is no reason to refuse. */
void inspection_tell(struct inspection *inspection, const struct store_flaw *flaw, bool kept);

#endif
