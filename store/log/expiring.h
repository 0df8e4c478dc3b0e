/* expiring.h - the file that says that objects of a store may expire: "expiring", beside log/, and empty.
 *
 * A start does not read the records of a segment that has a summary, and that tells nothing of expiry. So the file is
 * on disk before the summary of a segment is written that has the record of an object that expires. Where it is missing
 * there is nothing to look for. It may be there although nothing expires any more: then a look at all objects finds
 * nothing, and removes it. Programs that do not know it leave it alone, whatever they do with the segments.
 *
 * Thread: any.
 */
#ifndef CAIRN_EXPIRING_H
#define CAIRN_EXPIRING_H

#include "store/log/log.h"

/* Whether it is there, as far as that can be told. Blocking, like all of these. */
bool expiring_is_told(const struct log *log);

/* Makes it, unless it is there. On disk when it returns; an errno. */
int expiring_tell(const struct log *log);

/* Removes it, if it is there; where that fails it stays, and does no harm. */
void expiring_untell(const struct log *log);

#endif
