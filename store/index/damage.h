/* damage.h - what was found damaged of what a store holds: by recovery, by reads, by a verification.
 *
 * Each finding counts once, however often it is met. What is found of a blob is news only while an object needs it, and
 * what a look at the file tells is forgotten when the file is well again.
 */
#ifndef CAIRN_DAMAGE_H
#define CAIRN_DAMAGE_H

#include "store/base/table.h"

#include <stdatomic.h>

struct index;

/* Guarded by the index's lock, but for what is atomic. */
struct damage {
    uint64_t bytes;                   /* of the log */
    struct table records;             /* offset -> 1, of those that are counted in it */
    struct table blobs;               /* number -> what was found of it */
    atomic_bool gaps;                 /* parts of the log are missing or damaged: they may come back */
    atomic_uint_fast64_t behind_gaps; /* number of the first segment behind all of them */
};

/* What was found of a blob. What a look at the file tells, each read looks at again: the file may come back. */
enum blob_damage {
    BLOB_DAMAGE_NONE,
    BLOB_DAMAGE_MISSING,
    BLOB_DAMAGE_SIZE,
    BLOB_DAMAGE_DIGEST, /* only a verification compares it: such a blob is not served until one has found it whole */
};

void damage_init(struct damage *damage, uint64_t salt);
void damage_free(struct damage *damage);

/* So many bytes of the log are damaged or missing, all in front of the segment of this number. Thread: the one that
 * opens the store. */
void damage_found_gaps(struct index *index, uint64_t bytes, uint64_t behind_gaps);

/* A part of the segment of this number is damaged or cannot be read, of which recovery did not know: it had only looked
 * at the summary, or the damage came later. What it held may come back. Thread: any. */
void damage_found_gap(struct index *index, uint64_t number);

/* Whether parts of the log are known to be missing or damaged: they may come back, with objects that were deleted
 * since. Thread: any, once recovery is done. */
bool damage_has_gaps(const struct index *index);

/* Whether a part of the log that is missing or damaged lies behind the segment in a slot, or in it. */
bool damage_has_gap_behind(const struct index *index, uint32_t slot);

/* Counts the record of a length that stands at an offset as damaged; false when it is known already. */
bool damage_found_record(struct index *index, uint64_t offset, uint32_t length);

/* Takes down what was found of a blob, if an object needs it; true when that is news. */
bool damage_found_blob(struct index *index, uint64_t blob, enum blob_damage damage);
enum blob_damage damage_of_blob(struct index *index, uint64_t blob);

/* Bytes of the log that were found damaged; how many blobs that objects need were, and how many were missing. */
void damage_count(struct index *index, uint64_t *ret_bytes, uint64_t *ret_damaged, uint64_t *ret_missing);

#endif
