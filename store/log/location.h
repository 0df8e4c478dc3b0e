/* location.h - where a record stands, packed into the 64 bits that the index keeps of it.
 *
 * Thread: any.
 */
#ifndef CAIRN_LOCATION_H
#define CAIRN_LOCATION_H

#include "store/log/record.h"

#include <stdbool.h>
#include <stdint.h>

struct location {
    uint32_t segment;  /* the slot in the log's chain */
    uint32_t position; /* bytes into the segment's file, a multiple of 8 */
    uint32_t length;   /* bytes of the record, a multiple of 8 */
    bool blob;         /* the payload is in a blob file */
};

enum {
    LOCATION_SEGMENTS_MAX = 1 << 20,
    LOCATION_POSITION_MAX = 256 << 20, /* exclusive; a segment's file never grows to it */
};

/* Where a record stands that was read, or is to be written, at a position of a segment. */
struct location location_of(uint32_t segment, uint64_t position, const struct record *record);

/* Never 0: a record is never shorter than its header. */
uint64_t location_pack(struct location location);
struct location location_unpack(uint64_t packed);

#endif
