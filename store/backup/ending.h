/* ending.h - the end of what is under way in a folder, a restoration or a transfer: all has come, or it is to be
 * without the rest.
 *
 * Thread: one.
 */
#ifndef CAIRN_ENDING_H
#define CAIRN_ENDING_H

#include "store/backup/premises.h"

/* What was restored to TO, which is open, is; or it is on disk as a backup. Blocking. */
struct failure ending_finish(struct premises *premises);

/* Ends what is under way in the folder TO alone, without what has not come. Blocking. */
struct failure ending_give_up(struct premises *premises);

#endif
