/* likeness.h - whether a copy is what its source is, as far as that is seen from outside.
 *
 * Thread: one.
 */
#ifndef CAIRN_LIKENESS_H
#define CAIRN_LIKENESS_H

#include "store/backup/stage.h"

/* Whether there is a copy, and nothing has happened to the store since it was made: it has the same log, the same
 * notes, and the source has all blobs that it has. `read`: the last segment may have another time, which it gets where
 * it was copied soon after it was written to; then its bytes tell. An errno. Blocking. */
int likeness_find(const struct stage *stage, bool read, bool *ret_alike);

#endif
