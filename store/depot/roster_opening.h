/* roster_opening.h - opening the stores of a roster.
 *
 * It is the work of threads for that alone. A store is taken first, where several processes share the folder. When as
 * many are open as may be, or memory or descriptors are out, idle ones make room for it; and where descriptors stay
 * scarce stores are opened in turn (scarcity.h). When it is open, or cannot be, those who wait for it are told.
 *
 * Thread: any.
 */
#ifndef CAIRN_ROSTER_OPENING_H
#define CAIRN_ROSTER_OPENING_H

#include "store/depot/roster.h"

/* The store of an entry that is in no queue is opened soon. Lock held. */
void roster_begin_opening(struct roster_entry *entry);

#endif
