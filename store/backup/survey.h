/* survey.h - reads the records of segments that are being copied: which blobs they name, where those of the last one
 * end, and whether all of them are whole.
 *
 * Thread: one.
 */
#ifndef CAIRN_SURVEY_H
#define CAIRN_SURVEY_H

#include "store/base/table.h"
#include "store/disk/blobs.h"
#include "store/log/cursor.h"

struct survey {
    const struct io *io;
    uint64_t salt;
    struct cursor cursor;
    struct table known;     /* numbers of blobs that were named once */
    struct blob_list named; /* those of them that nobody has asked for yet */
    uint64_t records;
    uint64_t flaws; /* places where no record can be read, and payloads that are not those that were stored */
};

/* False when memory is out. */
bool survey_init(struct survey *survey, const struct io *io, uint64_t salt);
void survey_free(struct survey *survey);

/* Reads a segment that nobody writes to any more. Blocking. */
struct failure survey_sealed(struct survey *survey, int file, uint64_t size);

/* Reads the one that is written to, from a position on, where a transaction begins; 0: the first. *ret_position: behind
 * the last transaction that was written whole, and *ret_offset: where in the log that is. *ret_position is `size` where
 * the header does not tell where the records stand. Blocking. */
struct failure survey_growing(struct survey *survey, int file, uint64_t size, uint64_t from, uint64_t *ret_position,
                              uint64_t *ret_offset);

/* Takes down a number, so that nothing is done about it again; false when memory is out. *ret_fresh: it was not known
 * before. */
bool survey_know(struct survey *survey, uint64_t blob, bool *ret_fresh);

#endif
