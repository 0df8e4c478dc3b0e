/* fuzz_attributes.c - an object's attributes as they are read from the log: no end beyond them, no standing still. */
#include "api/http/attributes.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void assert_inside(const char *part, size_t length, const char *bytes, size_t size)
{
    fuzz_assert(part >= bytes && length <= size && (size_t)(part - bytes) <= size - length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = fuzz_copy(data, size);
    struct attribute attribute;
    for (size_t position = 0, before = 0; attributes_next(bytes, size, &position, &attribute); before = position) {
        fuzz_assert(position > before && position <= size);
        assert_inside(attribute.value, attribute.value_length, bytes, size);
        if (attribute.tag == ATTRIBUTE_META)
            assert_inside(attribute.name, strlen(attribute.name) + 1, bytes, size);
    }
    free(bytes);
    return 0;
}
