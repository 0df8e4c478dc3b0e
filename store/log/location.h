/* location.h - where a record stands, packed into the 64 bits that the index keeps of it.
 *
 * Thread: any.
 */
#ifndef CAIRN_LOCATION_H
#define CAIRN_LOCATION_H

#include "store/log/record.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

struct location {
    uint32_t segment;  /* the slot in the log's chain */
    uint32_t position; /* bytes into the segment's file, a multiple of 8 */
    uint32_t length;   /* bytes of the record, a multiple of 8 */
    bool blob;         /* the payload is in a blob file */
};

enum {
    LOCATION_SEGMENT_BITS = 20,
    LOCATION_POSITION_BITS = 25,
    LOCATION_LENGTH_BITS = 18,
    LOCATION_UNIT = 8,
    LOCATION_SEGMENTS_MAX = 1 << LOCATION_SEGMENT_BITS,
    LOCATION_POSITION_MAX = LOCATION_UNIT << LOCATION_POSITION_BITS, /* exclusive; a segment's file never grows to it */
};
static_assert(LOCATION_SEGMENT_BITS + LOCATION_POSITION_BITS + LOCATION_LENGTH_BITS + 1 == 64,
              "a location has 64 bits");

/* Where a record stands that was read, or is to be written, at a position of a segment. */
static inline struct location location_of(uint32_t segment, uint64_t position, const struct record *record)
{
    return (struct location){.segment = segment,
                             .position = (uint32_t)position,
                             .length = (uint32_t)record_length(record),
                             .blob = record->blob != 0};
}

static inline struct location location_unpack(uint64_t packed)
{
    struct location location = {.blob = packed & 1};
    packed >>= 1;
    location.length = (uint32_t)(packed & ((1u << LOCATION_LENGTH_BITS) - 1)) * LOCATION_UNIT;
    packed >>= LOCATION_LENGTH_BITS;
    location.position = (uint32_t)(packed & ((1u << LOCATION_POSITION_BITS) - 1)) * LOCATION_UNIT;
    location.segment = (uint32_t)(packed >> LOCATION_POSITION_BITS);
    return location;
}

/* Never 0: a record is never shorter than its header. */
static inline uint64_t location_pack(struct location location)
{
    assert(location.segment < LOCATION_SEGMENTS_MAX && location.position < LOCATION_POSITION_MAX);
    assert(location.position % LOCATION_UNIT == 0 && location.length % LOCATION_UNIT == 0);
    assert(location.length > 0 && location.length / LOCATION_UNIT < 1u << LOCATION_LENGTH_BITS);
    uint64_t packed = location.segment;
    packed = packed << LOCATION_POSITION_BITS | location.position / LOCATION_UNIT;
    packed = packed << LOCATION_LENGTH_BITS | location.length / LOCATION_UNIT;
    packed = packed << 1 | (location.blob ? 1 : 0);
    struct location back = location_unpack(packed);
    assert(back.length == location.length && back.position == location.position && back.segment == location.segment);
    return packed;
}

#endif
