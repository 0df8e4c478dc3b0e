/* sweeper.h - in the background: unfinished uploads that have expired are forgotten.
 *
 * A round looks at all of them, and the next one comes when the first of those that are left expires.
 *
 * Thread: its rounds are the upkeep's.
 */
#ifndef CAIRN_SWEEPER_H
#define CAIRN_SWEEPER_H

#include "store/write/uploads.h"

/* Has it begin whenever the uploads' sweeper is asked; uploads_stop() ends it. Behind uploads_init(). Thread: the one
 * that opens the store. */
void sweeper_init(struct uploads *uploads);

#endif
