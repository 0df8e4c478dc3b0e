/* mend.h - a segment that is damaged at the source, and of which the copy that there is has what was lost.
 *
 * The log is only appended to: as far as both have a segment they have the same bytes in the same places. So where no
 * whole record stands at the source, the copy's is taken. Two histories of one store, as they begin where a folder is
 * brought back from an older copy, have the same names and places, but other records: where both have a whole record in
 * one place and these differ, nothing is taken.
 *
 * Thread: one.
 */
#ifndef CAIRN_MEND_H
#define CAIRN_MEND_H

#include "store/backup/survey.h"

struct mend {
    struct survey mine; /* reads what is mended; what it meets is told to nobody */
    struct cursor theirs;
    struct segment present; /* of the copy; its file is -1 where it has none that is of use */
    uint64_t present_size;
};

/* With the segment of that number in a folder of the copy, which may lack it (-1: all of them); mend_end() it in any
 * case. Blocking. */
struct failure mend_begin(struct mend *mend, const struct io *io, uint64_t salt, int folder, uint64_t number);
void mend_end(struct mend *mend);

/* Writes into a file that has the bytes of the source what it lacks. *size: of the file, which may become as long as
 * that of the copy. Blocking. */
struct failure mend_file(struct mend *mend, int file, uint64_t *size);

/* Whether both tell one history, as far as both have whole records in the same places. Blocking. */
struct failure mend_compare(struct mend *mend, int file, uint64_t size, bool *ret_same);

/* Whether what was flawed at the source is whole in the mended file. Blocking. */
bool mend_has(struct mend *mend, int file, uint64_t size, const struct store_flaw *flaw);

#endif
