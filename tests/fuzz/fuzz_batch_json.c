/* fuzz_batch_json.c - the JSON body of a batch: what cairn accepts, jansson must read the same way. */
#include "api/batch/batch_json.h"
#include "tests/fuzz/batch_oracle.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_MAX = 16 };

static void assert_same(const json_t *text, const void *bytes, size_t length)
{
    fuzz_assert(json_is_string(text) && json_string_length(text) == length);
    fuzz_assert(length == 0 || memcmp(json_string_value(text), bytes, length) == 0);
}

static void assert_payload(const json_t *data, const struct store_op *op)
{
    size_t length = BASE64_ENCODE_RAW_LENGTH(op->size);
    char *encoded = fuzz_allocate(length);
    base64_encode_raw(encoded, op->size, op->payload);
    assert_same(data, encoded, length);
    free(encoded);
}

static void assert_operation(const json_t *json, const struct store_op *op)
{
    static const char *const names[] = {
        [STORE_PUT] = "put", [STORE_DELETE] = "delete", [STORE_RENAME] = "rename", [STORE_COPY] = "copy"};
    const json_t *key = json_object_get(json, "key"), *target = json_object_get(json, "to");
    fuzz_assert(json_is_object(json));
    assert_same(json_object_get(json, "op"), names[op->kind], strlen(names[op->kind]));
    if (key && !json_is_null(key))
        assert_same(key, op->key.bytes, op->key.length);
    if (target && !json_is_null(target))
        assert_same(target, op->target.bytes, op->target.length);
    if (op->kind == STORE_PUT)
        assert_payload(json_object_get(json, "data"), op);
}

static void assert_jansson_agrees(const void *data, size_t size, const struct entries *entries, unsigned flags)
{
    json_error_t error;
    json_t *json = json_loadb(data, size, JSON_ALLOW_NUL, &error);
    const json_t *operations = json_object_get(json, "operations");
    fuzz_assert(json_is_array(operations) && json_array_size(operations) == entries->count);
    for (size_t i = 0; i < entries->count; i++)
        assert_operation(json_array_get(operations, i), &entries->ops[i]);
    fuzz_assert(!json_is_true(json_object_get(json, "allow_empty")) || flags & STORE_ALLOW_EMPTY);
    fuzz_assert(!json_is_true(json_object_get(json, "allow_null_bytes")) || flags & STORE_ALLOW_NUL);
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entries entries = {.limit = OPERATIONS_MAX};
    unsigned flags = 0;
    char *body = fuzz_copy(data, size);
    bool read = batch_json_read(body, size, &entries, &flags);
    batch_oracle_assert(&entries, read, body, size);
    if (read)
        assert_jansson_agrees(data, size, &entries, flags);
    entries_free(&entries);
    free(body);
    return 0;
}
