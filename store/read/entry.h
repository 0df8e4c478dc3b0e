/* entry.h - what a run tells of a record: where its object stands in listings, and what a listing shows of it.
 *
 * On disk an entry is told by what it does not have in common with the one in front of it in its block. A number is
 * one of seven bits a byte, the lowest first; all but the last byte have the highest bit set.
 *
 *     number        bytes that its place (place.h) has in common with the place in front of it
 *     number        bytes of the rest of the place
 *     …             these bytes
 *     number        offset of the record, in units of 4, and 1 more of a tombstone, of which nothing follows
 *     number        size of the payload
 *     8             time: nanoseconds since 1970, little-endian
 *     16            digest of the payload
 *     number        attributes: 0 none; 1 those of the entry in front of it; 2 they are too long, and the record has
 *                   them; else two more than their length
 *     …             the attributes, when their length is told
 *
 * Thread: any.
 */
#ifndef CAIRN_ENTRY_H
#define CAIRN_ENTRY_H

#include "store/log/record.h"
#include "store/read/place.h"

struct entry {
    struct place place;
    uint64_t offset; /* of its record, which no other record has ever had */
    uint64_t size;
    int64_t time;
    struct store_digest digest;
    const void *attributes;
    size_t attributes_length;
    bool curtailed; /* the attributes are too long to stand here */
    bool tombstone; /* of the rest it has no more than place and offset */
};

enum {
    ENTRY_ATTRIBUTES_MAX = 512,
    ENTRY_NUMBER_MAX = 10,
    ENTRY_MAX = 5 * ENTRY_NUMBER_MAX + PLACE_MAX + 8 + 16 + ENTRY_ATTRIBUTES_MAX,
};

/* The entry of a put or a tombstone. Borrows the record's attributes. */
void entry_of(const struct record *record, struct entry *ret_entry);

/* Copies an entry. It borrows the same attributes. */
void entry_copy(const struct entry *entry, struct entry *ret_entry);

/* What a listing shows of it. Borrows its bytes. */
struct object_info entry_info(const struct entry *entry, const struct store_key *key);

/* Writes at most ENTRY_MAX bytes, behind another entry or, in front of all others of its block, behind one that is all
 * zero. Their number. */
size_t entry_encode(const struct entry *entry, const struct entry *before, unsigned char *ret_bytes);

/* Makes of an entry the one behind it, whose bytes these are: its attributes are borrowed of them. False: they are
 * none, or its place is before that of the other. */
bool entry_decode(struct entry *entry, const unsigned char *bytes, size_t length, size_t *ret_taken);

#endif
