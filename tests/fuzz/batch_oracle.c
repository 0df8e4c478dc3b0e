/* batch_oracle.c - see batch_oracle.h. */
#include "tests/fuzz/batch_oracle.h"

#include "api/http/kept.h"
#include "api/text/utf8.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct body {
    const char *bytes;
    size_t size;
};

static void assert_inside(struct body body, const void *part, size_t length)
{
    const char *from = part;
    fuzz_assert(from >= body.bytes && length <= body.size && (size_t)(from - body.bytes) <= body.size - length);
}

static void assert_key(struct body body, const struct store_key *key)
{
    if (!key->bytes) {
        fuzz_assert(key->length == 0);
        return;
    }
    fuzz_assert(key->length >= 1 && key->length <= STORE_KEY_MAX);
    assert_inside(body, key->bytes, key->length);
    fuzz_assert(store_key_of(key->bytes, key->length).hash == key->hash);
}

static void assert_attributes(const struct store_op *op)
{
    struct attribute attribute;
    size_t position = 0;
    while (attributes_next(op->attributes, op->attributes_length, &position, &attribute)) {
        if (attribute.tag == ATTRIBUTE_EXPIRY) {
            fuzz_assert(store_expiry(op->attributes, op->attributes_length) > 0);
            continue;
        }
        fuzz_assert(kept_of(attribute.tag) || attribute.tag == ATTRIBUTE_META);
        fuzz_assert(utf8_valid(attribute.value, attribute.value_length));
        fuzz_assert(!memchr(attribute.value, '\n', attribute.value_length));
    }
    fuzz_assert(op->attributes_length == 0 || position == op->attributes_length);
    fuzz_assert(op->attributes_length <= STORE_ATTRIBUTES_MAX);
}

static void assert_op(struct body body, const struct store_op *op)
{
    assert_key(body, &op->key);
    if (op->kind == STORE_RENAME || op->kind == STORE_COPY)
        assert_key(body, &op->target);
    if (op->kind == STORE_PUT) {
        assert_inside(body, op->payload, op->size);
        assert_attributes(op);
    } else {
        fuzz_assert(!op->payload && op->size == 0 && op->attributes_length == 0);
    }
    fuzz_assert(!op->condition.match_listed || op->condition.match);
}

void batch_oracle_assert(const struct entries *entries, bool read, const char *body, size_t size)
{
    const struct entries_fault *fault = &entries->fault;
    fuzz_assert(read == (fault->sentence[0] == '\0'));
    fuzz_assert(entries->count <= entries->limit);
    fuzz_assert(read || fault->index == SIZE_MAX || fault->index < entries->count);
    for (size_t i = 0; read && i < entries->count; i++)
        assert_op((struct body){body, size}, &entries->ops[i]);
}
