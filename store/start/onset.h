/* onset.h - a log whose first segment a crash has met before its first group was on disk.
 *
 * The header and the name of a log's first segment come to the disk with its first group (log.h). So a crash before
 * that may leave the name, and any part of what was written: no header, or a file that is shorter than it was given. As
 * long as no record tells that others were on disk before it, nothing of it was acknowledged. That is the rule of the
 * torn tail (recover.h), for a tail that begins with the header. Then the header is written anew, the file has its
 * length again, and what its records tell is recovery's to judge: behind a hole where the first should stand none
 * counts, and where one does the log goes on in another segment.
 *
 * A record right behind a header that is not valid was written together with it: then the header was on disk, and has
 * been damaged.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_ONSET_H
#define CAIRN_ONSET_H

#include "store/log/cursor.h"
#include "store/log/log.h"

/* Whether the file of a log's first segment, all that there is of the log, is what such a crash has left. `proven`: its
 * header is valid. An errno. Blocking. */
int onset_is_cut(struct cursor *cursor, const struct segment *segment, bool proven, bool *ret_cut);

/* Gives the file its length, and its header where that is not valid; an errno. Blocking. */
int onset_mend(const struct log *log, const struct segment *segment, bool proven);

#endif
