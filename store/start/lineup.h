/* lineup.h - which files of a store's folder log/ are its log.
 *
 * A segment stands where its header says. Where the header is not valid, any record in the file tells, since each knows
 * its own offset. A file is set aside that has neither, that has the header of another segment, or that would begin
 * before the segment in front of it or in the middle of what a husk stands for: it stays where it is, nothing in it
 * counts, and everybody who asks is told (struct log_stray). Its number stays used, so that it finds its place again
 * when it comes back from a backup.
 *
 * Of husks in a row the first is made to stand for all, where the life before has not come to that (husk.h). One that a
 * crash has kept from going stands in the middle of the first, and goes now.
 */
#ifndef CAIRN_LINEUP_H
#define CAIRN_LINEUP_H

#include "store/base/error.h"
#include "store/base/notice.h"
#include "store/index/progress.h"
#include "store/log/cursor.h"
#include "store/store.h"

/* Opens the files and adds them to the store's log in order; removes what an earlier life had been preparing. Damaged
 * files are no error; STORE_IO, STORE_TOO_NEW, STORE_NO_MEMORY, STORE_TOO_LARGE. Blocking.
 * Thread: the one that opens the store. */
struct failure lineup(struct log *log, struct progress *progress, const struct notice *notice, struct cursor *cursor,
                      struct store_detail *ret_detail);

#endif
