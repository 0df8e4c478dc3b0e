/* extent.h - up to where the records of a segment can count, by what the one behind it says.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_EXTENT_H
#define CAIRN_EXTENT_H

#include "store/log/segment.h"

/* Whether the next segment was begun when this one was the last: then it says where this one ends. NULL: there is
 * none. */
bool extent_is_told(const struct segment *segment, const struct segment *next);

/* Whether a segment was lost when the next one was begun, and has come back since. */
bool extent_came_back(const struct segment *segment, const struct segment *next);

/* Up to where the records of a segment can count: to where the log ended when the next one was begun, if any was. Where
 * this one was lost then and has come back since, room was left for it up to the next one's base. A file that was cut
 * has any length, and where its records end the log has an offset. */
uint64_t extent_limit(const struct segment *segment, const struct segment *next);

/* Whether a segment is sealed in the ordinary way: its header is valid, and the next one tells where it ends, which is
 * in its file. */
bool extent_is_sealed(const struct segment *segment, const struct segment *next);

#endif
