/* fuzz.c - see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

void *fuzz_allocate(size_t size)
{
    void *bytes = malloc(size > 0 ? size : 1);
    if (!bytes)
        fuzz_fail(__FILE__, __LINE__, "memory is there");
    return bytes;
}

void *fuzz_copy(const void *bytes, size_t size)
{
    void *copy = fuzz_allocate(size);
    if (size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *fuzz_text(const void *bytes, size_t size)
{
    size_t length = size > 0 ? strnlen(bytes, size) : 0;
    char *text = fuzz_allocate(length + 1);
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}
