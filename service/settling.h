/* settling.h - has the folder's objects be what the changes of a feed tell of them.
 *
 * What the folder has not is asked for. What comes may be newer than its change, and what does not come may be told of
 * further on: such a change stays unsettled. What the server cannot give is left out as damaged.
 *
 * Thread: one.
 */
#ifndef CAIRN_SETTLING_H
#define CAIRN_SETTLING_H

#include "service/pursuit.h"

/* Takes the changes of a page. Several of one object count as the last. What is told anew is not damaged any more, or
 * will be found so again. False: the pursuit says why. Blocking. */
bool settling_take(struct pursuit *pursuit, const json_t *changes);

/* At the end of the feed: what is still not as it was told is asked for anew. False: the same. Blocking. */
bool settling_ask_again(struct pursuit *pursuit);

#endif
