/* restored.h - whether a folder holds what was restored to it, and no more has happened since: a restoration that was
 * cut short while its bytes were compared has ended there, and nobody has been told.
 *
 * Thread: one.
 */
#ifndef CAIRN_RESTORED_H
#define CAIRN_RESTORED_H

#include "store/backup/premises.h"

/* Whether TO has a store just as FROM has it. Nothing is changed. Blocking. */
struct failure restored_look(const struct premises *premises, const char *name, bool *ret_same);

#endif
