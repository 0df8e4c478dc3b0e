/* location.c - where a record stands, packed into the 64 bits that the index keeps of it. */
#include "store/log/location.h"

#include <assert.h>

enum { SEGMENT_BITS = 20, POSITION_BITS = 25, LENGTH_BITS = 18, UNIT = 8 };
static_assert(SEGMENT_BITS + POSITION_BITS + LENGTH_BITS + 1 == 64, "a location has 64 bits");

struct location location_of(uint32_t segment, uint64_t position, const struct record *record)
{
    return (struct location){.segment = segment,
                             .position = (uint32_t)position,
                             .length = (uint32_t)record_length(record),
                             .blob = record->blob != 0};
}

uint64_t location_pack(struct location location)
{
    assert(location.segment < LOCATION_SEGMENTS_MAX && location.position < LOCATION_POSITION_MAX);
    assert(location.position % UNIT == 0 && location.length % UNIT == 0);
    assert(location.length > 0 && location.length / UNIT < 1u << LENGTH_BITS);
    uint64_t packed = location.segment;
    packed = packed << POSITION_BITS | location.position / UNIT;
    packed = packed << LENGTH_BITS | location.length / UNIT;
    packed = packed << 1 | (location.blob ? 1 : 0);
    assert(location_unpack(packed).length == location.length && location_unpack(packed).position == location.position);
    return packed;
}

struct location location_unpack(uint64_t packed)
{
    struct location location = {.blob = packed & 1};
    packed >>= 1;
    location.length = (uint32_t)(packed & ((1u << LENGTH_BITS) - 1)) * UNIT;
    packed >>= LENGTH_BITS;
    location.position = (uint32_t)(packed & ((1u << POSITION_BITS) - 1)) * UNIT;
    location.segment = (uint32_t)(packed >> POSITION_BITS);
    return location;
}
