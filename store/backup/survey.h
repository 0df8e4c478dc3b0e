/* survey.h - reads the records of segments that are being copied: which blobs they name, where those of the last one
 * end, and whether all of them are whole.
 *
 * Thread: one.
 */
#ifndef CAIRN_SURVEY_H
#define CAIRN_SURVEY_H

#include "store/backup/stage.h"
#include "store/base/table.h"
#include "store/log/cursor.h"
#include "store/store.h"

struct survey {
    const struct io *io;
    uint64_t salt;
    struct cursor cursor;
    struct handle_alone own;  /* the file that is read */
    struct table known;       /* numbers of blobs that were named once */
    struct stage_blobs named; /* those of them that nobody has asked for yet */

    /* Bytes that no valid record covers, payloads that are not those that were stored, headers. */
    void (*flaw)(void *arg, const struct store_flaw *flaw); /* is told of each; NULL: nobody is */
    void *arg;
};

/* False when memory is out. */
bool survey_init(struct survey *survey, const struct io *io, uint64_t salt);
void survey_free(struct survey *survey);

/* The segment of an open file of that size, as far as a cursor has to know it: its base by the header or, where that is
 * damaged, by the records. *ret_told: the header is valid; it may be that of a husk. */
struct failure survey_open(struct survey *survey, int file, uint64_t size, struct segment *ret_segment,
                           struct segment_header *ret_header, bool *ret_told);

/* Reads a segment that nobody writes to any more. `end` is where its records end, as a position; 0: that is not known.
 * Blocking. */
struct failure survey_sealed(struct survey *survey, int file, uint64_t size, uint64_t end);

/* Reads the one that is written to, from a position on, where a transaction begins; 0: the first. *ret_position: behind
 * the last transaction that was written whole, and *ret_offset: where in the log that is. *ret_position is `size` where
 * the header does not tell where the records stand. Blocking. */
struct failure survey_growing(struct survey *survey, int file, uint64_t size, uint64_t from, uint64_t *ret_position,
                              uint64_t *ret_offset);

/* Takes down a number, so that nothing is done about it again; false when memory is out. *ret_fresh: it was not known
 * before. */
bool survey_know(struct survey *survey, uint64_t blob, bool *ret_fresh);

#endif
