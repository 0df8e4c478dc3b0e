/* attributes.h - what an object carries beside its payload, as the engine's opaque attribute bytes.
 *
 * The first byte is the format, 1. Then come the attributes, each as a tag (1 byte), the length of its
 * value (2 bytes, little-endian) and the value:
 *
 *     1  Content-Type
 *     2  a Cairn-Meta field: its name in lower case without the prefix, a NUL, its value
 *     3  the SHA-256 of the payload (32 bytes), when the sender told it and it was verified
 *     4  the MD5 of the payload (16 bytes), likewise
 *     5  Cache-Control
 *     6  Content-Disposition
 *     7  Content-Encoding
 *     8  Content-Language
 *     9  Expires
 *    10  when the object expires (8 bytes), in front of all others: store_expiry_write() makes all these bytes, the
 *        format among them
 *
 * No bytes at all are no attributes. Tags not listed here are skipped, so that older readers read
 * newer objects. Thread: one at a time per struct.
 */
#ifndef CAIRN_API_ATTRIBUTES_H
#define CAIRN_API_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ATTRIBUTES_TEXT_MAX = 4096, /* bytes of field names and values in all: all of them come back in one head */
    ATTRIBUTES_SHA256 = 32,
    ATTRIBUTES_MD5 = 16,
};

enum attribute_tag {
    ATTRIBUTE_CONTENT_TYPE = 1,
    ATTRIBUTE_META = 2,
    ATTRIBUTE_SHA256 = 3,
    ATTRIBUTE_MD5 = 4,
    ATTRIBUTE_CACHE_CONTROL = 5,
    ATTRIBUTE_CONTENT_DISPOSITION = 6,
    ATTRIBUTE_CONTENT_ENCODING = 7,
    ATTRIBUTE_CONTENT_LANGUAGE = 8,
    ATTRIBUTE_EXPIRES = 9,
    ATTRIBUTE_EXPIRY = 10,
};

/* Being gathered. All zero: none. */
struct attributes {
    uint8_t *bytes; /* owned */
    size_t length;
    size_t text; /* bytes that count against ATTRIBUTES_TEXT_MAX */
};

enum attributes_error {
    ATTRIBUTES_OK,
    ATTRIBUTES_TOO_LARGE,
    ATTRIBUTES_NOT_TEXT, /* not UTF-8, or a control character */
    ATTRIBUTES_TWICE,    /* it is there already */
    ATTRIBUTES_NO_NAME,
    ATTRIBUTES_NO_TIME, /* neither a date nor a number of seconds */
    ATTRIBUTES_NO_MEMORY
};

/* Blanks around a value are no part of it, wherever it comes from (RFC 9110, section 5.5). An empty field is the same
 * as none; a meta value may be empty. The name of the field counts. */
enum attributes_error attributes_add_field(struct attributes *attributes, enum attribute_tag tag, const char *name,
                                           const char *value);
enum attributes_error attributes_add_meta(struct attributes *attributes, const char *name, size_t name_length,
                                          const char *value);
enum attributes_error attributes_add_digest(struct attributes *attributes, enum attribute_tag tag,
                                            const uint8_t *digest, size_t length);

/* All that were gathered before, in the place of what is there. */
enum attributes_error attributes_set(struct attributes *attributes, const void *bytes, size_t length);

/* The object expires at a second, counted since 1970. */
enum attributes_error attributes_set_expiry(struct attributes *attributes, int64_t second);

void attributes_free(struct attributes *attributes);

/* One attribute, borrowed from the bytes. */
struct attribute {
    enum attribute_tag tag;
    const char *name; /* of meta: ended by NUL */
    const char *value;
    size_t value_length;
};

/* Reads the attribute at *position (0 to begin with) and moves on; false at the end, and where the
 * bytes are not attributes. */
bool attributes_next(const void *bytes, size_t length, size_t *position, struct attribute *ret_attribute);

#endif
