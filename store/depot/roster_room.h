/* roster_room.h - room for those who want descriptors or memory: idle stores are closed for them.
 *
 * Thread: any, without the roster's lock.
 */
#ifndef CAIRN_ROSTER_ROOM_H
#define CAIRN_ROSTER_ROOM_H

#include "store/depot/roster.h"

/* Closes the store that has been idle longest, if there is one with nothing under way; where there is none waits for
 * one that others are closing. False: nothing has come free. So whoever has met an end of descriptors or memory may
 * call it. Blocking. */
bool roster_make_room(struct roster *roster);

/* Has idle stores closed, in the background, until those that are being closed leave so many descriptors, or none is
 * idle any more; false: none is being closed. With each that is, the options' `vacated` is called. Does not block. */
bool roster_make_room_soon(struct roster *roster, size_t files);

#endif
