/* roster_sweep.h - closes what nobody has used for too long, and ends the rest of what was closed to make room.
 *
 * Thread: the work is done by one that opens stores.
 */
#ifndef CAIRN_ROSTER_SWEEP_H
#define CAIRN_ROSTER_SWEEP_H

#include "store/depot/roster.h"

/* From here on that happens. */
void roster_begin_sweeping(struct roster *roster);

/* It does not any more. Blocking. */
void roster_end_sweeping(struct roster *roster);

#endif
