/* value.c - payloads are cut out of one table of random bytes at a place their number says: quick to make and to
 * compare. */
#include "tests/lib/value.h"

#include "tests/lib/prng.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE = 1 << 16, PIECE = 1 << 16 };

static uint8_t table[TABLE];
static pthread_once_t table_filled = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
    struct prng prng = prng_of(0);
    for (size_t i = 0; i < TABLE; i++)
        table[i] = (uint8_t)prng_next(&prng);
}

static void random_bytes(uint64_t id, uint64_t from, uint8_t *bytes, size_t length)
{
    pthread_once(&table_filled, fill_table);
    uint64_t start = id * 7919 + from;
    for (size_t done = 0; done < length;) {
        size_t at = (size_t)((start + done) % TABLE);
        size_t part = TABLE - at < length - done ? TABLE - at : length - done;
        memcpy(bytes + done, table + at, part);
        done += part;
    }
}

void value_bytes(const struct value *value, uint64_t from, void *bytes, size_t length)
{
    switch (value->id % 16) {
    case 0:
        memset(bytes, 0, length);
        break;
    case 1:
        memset(bytes, 0xff, length);
        break;
    default:
        random_bytes(value->id, from, bytes, length);
        break;
    }
}

void *value_payload(const struct value *value)
{
    void *payload = malloc(value->size ? (size_t)value->size : 1);
    if (!payload)
        abort();
    value_bytes(value, 0, payload, (size_t)value->size);
    return payload;
}

size_t value_attributes(const struct value *value, uint8_t attributes[VALUE_ATTRIBUTES_MAX])
{
    size_t at = value->expires ? STORE_EXPIRY : 0;
    memset(attributes, 'a', VALUE_ATTRIBUTES_MAX);
    if (value->expires)
        store_expiry_write(attributes, value->expires);
    memcpy(attributes + at, &value->id, sizeof value->id);
    return value->id % 8 == 0 ? VALUE_ATTRIBUTES_MAX : at + sizeof value->id;
}

bool value_equal(const struct value *a, const struct value *b)
{
    return a->id == b->id && (a->id == 0 || a->size == b->size);
}

static bool attributes_are(const struct value *value, const struct object_info *info)
{
    uint8_t attributes[VALUE_ATTRIBUTES_MAX];
    size_t length = value_attributes(value, attributes);
    return info->attributes_length == length && memcmp(info->attributes, attributes, length) == 0;
}

static bool blob_is(const struct value *value, const struct object *object, int *ret_errno)
{
    uint8_t *seen = malloc(2 * PIECE);
    if (!seen)
        abort();
    uint8_t *wanted = seen + PIECE;
    bool same = true;
    for (uint64_t at = 0; same && at < value->size; at += PIECE) {
        size_t length = value->size - at < PIECE ? (size_t)(value->size - at) : PIECE;
        value_bytes(value, at, wanted, length);
        *ret_errno = object_read(object, at, seen, length) ? errno : 0;
        same = *ret_errno == 0 && memcmp(seen, wanted, length) == 0;
    }
    free(seen);
    return same;
}

static bool payload_is(const struct value *value, const struct object *object, int *ret_errno)
{
    const void *inline_payload = object_payload(object);
    if (inline_payload) {
        void *wanted = value_payload(value);
        bool same = memcmp(inline_payload, wanted, (size_t)value->size) == 0;
        free(wanted);
        return same;
    }
    return blob_is(value, object, ret_errno);
}

bool value_is(const struct value *value, const struct object *object, int *ret_errno)
{
    const struct object_info *info = object_info(object);
    *ret_errno = 0;
    return info->size == value->size && attributes_are(value, info) && payload_is(value, object, ret_errno);
}
