/* value.h - what a test puts under a key: a number and a size say every byte of payload and attributes.
 *
 * The attributes have the number, behind when it expires, so that no two values are alike, whatever their payloads.
 */
#ifndef CAIRN_TESTS_VALUE_H
#define CAIRN_TESTS_VALUE_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value {
    uint64_t id; /* 0: no value */
    uint64_t size;
    int64_t expires; /* seconds since 1970; 0: never */
};

enum { VALUE_ATTRIBUTES_MAX = 64 };

/* The payload from byte `from` on. Some values are all zeros or all ones, the others look random. */
void value_bytes(const struct value *value, uint64_t from, void *bytes, size_t length);

/* The whole payload; free() it. Never NULL. */
void *value_payload(const struct value *value);

size_t value_attributes(const struct value *value, uint8_t attributes[VALUE_ATTRIBUTES_MAX]);

bool value_equal(const struct value *a, const struct value *b);

/* True when the object's size, attributes, digest and every payload byte are the value's. *ret_errno is set
 * when a blob cannot be read. The object must have been asked for its payload. */
bool value_is(const struct value *value, const struct object *object, int *ret_errno);

#endif
