/* check_line.c - see check_line.h. */
#include "tests/fuzz/check_line.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { CHECK_LINE = 23 };

size_t check_line_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    char line[CHECK_LINE + 1];
    size = LLVMFuzzerMutate(data, size, max_size);
    if ((seed & 1) == 0 || size < CHECK_LINE)
        return size;
    size_t covered = size - CHECK_LINE;
    snprintf(line, sizeof line, "check %016llx\n",
             (unsigned long long)XXH3_64bits_withSeed(data, covered, LOG_IMAGE_SALT));
    memcpy(data + covered, line, CHECK_LINE);
    return size;
}
