/* fuzz_batch_form.c - the multipart body of a batch.
 *
 * The first line of the input is the value of Content-Type, which names the boundary; the rest is the body. Whatever is
 * taken for a payload must stand in the body between the end of a part's head and a delimiter.
 */
#include "api/batch/batch_form.h"
#include "tests/fuzz/batch_oracle.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_MAX = 16 };

/* Behind a payload stands the delimiter, and none stands in it that the end of a line follows. */
static void assert_delimited(const struct store_op *op, const char *boundary, const char *end)
{
    char delimiter[4 + BATCH_FORM_BOUNDARY_MAX + 3];
    const char *payload = op->payload;
    size_t length = (size_t)snprintf(delimiter, sizeof delimiter, "\r\n--%s", boundary);
    fuzz_assert((size_t)(end - payload) - op->size >= length);
    fuzz_assert(memcmp(payload + op->size, delimiter, length) == 0);
    snprintf(delimiter + length, sizeof delimiter - length, "--");
    fuzz_assert(!memmem(payload, op->size, delimiter, length + 2));
}

static void read_form(char *body, size_t size, const char *boundary)
{
    struct entries entries = {.limit = OPERATIONS_MAX};
    bool read = batch_form_read(body, size, boundary, &entries);
    batch_oracle_assert(&entries, read, body, size);
    for (size_t i = 0; read && i < entries.count; i++) {
        fuzz_assert(entries.ops[i].kind == STORE_PUT && entries.ops[i].key.bytes);
        assert_delimited(&entries.ops[i], boundary, body + size);
    }
    entries_free(&entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - data) : size, skipped = end ? length + 1 : size;
    char *content_type = fuzz_text(data, length);
    char *body = fuzz_copy(data + skipped, size - skipped);
    char boundary[BATCH_FORM_BOUNDARY_MAX + 1];
    if (batch_form_boundary(content_type, boundary))
        fuzz_assert(strlen(boundary) >= 1 && strlen(boundary) <= BATCH_FORM_BOUNDARY_MAX);
    else
        snprintf(boundary, sizeof boundary, "b");
    read_form(body, size - skipped, boundary);
    free(body);
    free(content_type);
    return 0;
}
