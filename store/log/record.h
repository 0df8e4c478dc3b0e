/* record.h - the bytes of one write in a store's log.
 *
 * A record on disk; integers are little-endian, the whole is padded with zeros to 8 bytes:
 *
 *      0  check        XXH3-64 of bytes 8 up to the end of the attributes, seeded with the store's salt
 *      8  offset       the record's own position in the log: a record knows where it stands
 *     16  group        offset of the first record of its group commit: all before was on disk
 *     24  time         nanoseconds since 1970
 *     32  key hash     XXH3-64 of the key
 *     40  size         bytes of the payload
 *     48  digest       XXH3-128 of the payload, canonical
 *     64  blob         number of the file that holds the payload, 0 when it follows inline
 *     72  step         index of the record in its transaction
 *     76  steps        records in the transaction
 *     80  key length   0 when the object is known by its hash only
 *     82  attributes length
 *     84  type         put, tombstone, mark, sweep
 *     85  zeros        three bytes
 *     88  key, attributes, inline payload
 *
 * Valid is a record whose check matches, whose offset is where it was read, whose lengths stay in their bounds, and
 * whose key, if it has one, has the key hash. The salt never leaves the data folder, so no payload can imitate a
 * record; the offset is never used twice, so nothing an earlier life left in a segment is ever taken for new. The
 * digest inside the check covers the payload, so a record is whole when both match.
 *
 * A transaction is `steps` records one behind the other; it counts when all of them are valid. A mark
 * holds nothing: written when a store is closed, it says that all before it was acknowledged.
 *
 * A put or a tombstone speaks of one object. A sweep ends all objects of its hash, whatever their names, whose records
 * stand in front of an offset, which is its attributes (8 bytes): its own when that is 0.
 *
 * Thread: any.
 */
#ifndef CAIRN_RECORD_H
#define CAIRN_RECORD_H

#include "store/store.h"

enum record_type { RECORD_PUT = 1, RECORD_TOMBSTONE = 2, RECORD_MARK = 3, RECORD_SWEEP = 4 };

enum {
    RECORD_HEADER = 88,
    RECORD_ALIGNMENT = 8,
    RECORD_SWEEP_ATTRIBUTES = 8,
    RECORD_SWEEP_LENGTH = RECORD_HEADER + RECORD_SWEEP_ATTRIBUTES,
    /* What has to be read to know all but an inline payload. */
    RECORD_HEAD_MAX = RECORD_HEADER + STORE_KEY_MAX + STORE_ATTRIBUTES_MAX,
    /* The longest record: an index location has no room for more. */
    RECORD_MAX = 2 << 20,
};

/* Where the fields stand in it. */
enum {
    RECORD_AT_CHECK = 0,
    RECORD_AT_OFFSET = 8,
    RECORD_AT_GROUP = 16,
    RECORD_AT_TIME = 24,
    RECORD_AT_KEY_HASH = 32,
    RECORD_AT_SIZE = 40,
    RECORD_AT_DIGEST = 48,
    RECORD_AT_BLOB = 64,
    RECORD_AT_STEP = 72,
    RECORD_AT_STEPS = 76,
    RECORD_AT_KEY_LENGTH = 80,
    RECORD_AT_ATTRIBUTES_LENGTH = 82,
    RECORD_AT_TYPE = 84,
    RECORD_AT_ZEROS = 85,
};

struct record {
    enum record_type type;
    uint64_t offset;
    uint64_t group;
    int64_t time;
    uint64_t key_hash;
    uint64_t size;
    struct store_digest digest;
    uint64_t blob;
    uint32_t step;
    uint32_t steps;
    const void *key; /* NULL when key_length is 0 */
    size_t key_length;
    const void *attributes;
    size_t attributes_length;
    const void *payload; /* inline: `size` bytes; NULL for a blob */
};

/* Whose record it is. Borrows its bytes. */
static inline struct store_key record_key(const struct record *record)
{
    return (struct store_key){.bytes = record->key, .length = record->key_length, .hash = record->key_hash};
}

/* Whether it is one that only ends others. */
static inline bool record_deletes(const struct record *record)
{
    return record->type == RECORD_TOMBSTONE || record->type == RECORD_SWEEP;
}

/* When its object expires, in seconds since 1970; 0: never, or it puts none. */
int64_t record_expires(const struct record *record);

/* Up to where a sweep ends what has its hash. */
uint64_t record_sweeps_to(const struct record *record);

/* Bytes of the record up to and without the payload, and in all. */
size_t record_head_length(const struct record *record);
size_t record_length(const struct record *record);

/* Writes record_length() bytes. The payload may be NULL when it is empty or a blob. */
void record_encode(const struct record *record, uint64_t salt, unsigned char *ret_bytes);

/* Reads what the fixed header says, without proof: enough to know the lengths. False when a length or
 * the type is out of bounds or the offset is not `offset`. `bytes` holds RECORD_HEADER bytes. */
bool record_peek(const unsigned char *bytes, uint64_t offset, struct record *ret_record);

/* record_peek() and the check over `length` bytes that hold at least the head. Points into `bytes`;
 * payload is set when `length` covers it, without looking at its digest. */
bool record_decode(const unsigned char *bytes, size_t length, uint64_t offset, uint64_t salt,
                   struct record *ret_record);

/* Whose record it is, which is damaged, when the bytes of the key still have the hash that led to it; else false.
 * Borrows from `bytes`. */
bool record_tells_key(const unsigned char *bytes, size_t length, uint64_t hash, struct store_key *ret_key);

/* Whether an inline payload matches the digest; true for blobs, which are not here to be looked at. */
bool record_payload_whole(const struct record *record);

#endif
