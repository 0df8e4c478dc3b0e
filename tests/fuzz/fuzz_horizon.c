/* fuzz_horizon.c - the file that tells from where on a log tells of every deletion: what is accepted is what would be
 * written, and in bounds.
 *
 * The mutator makes the check right in every second input, with the salt that no attacker knows.
 */
#include "store/disk/note.h"
#include "store/index/horizon.h"
#include "store/log/segment.h"
#include "tests/fuzz/check_line.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/log_image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static void assert_written_alike(const char *text, const struct horizon_text *read)
{
    char written[NOTE_MAX];
    int length = snprintf(written, sizeof written, "cairn horizon\ndeletions %" PRIu64 "\nfront %" PRIu64 "\n",
                          read->deletions, read->front);
    snprintf(written + length, sizeof written - (size_t)length, "check %016llx\n",
             (unsigned long long)XXH3_64bits_withSeed(written, (size_t)length, LOG_IMAGE_SALT));
    fuzz_assert(strcmp(text, written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[NOTE_MAX];
    struct horizon_text read;
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!horizon_parse(text, LOG_IMAGE_SALT, &read))
        return 0;
    fuzz_assert(read.deletions <= SEGMENT_OFFSET_MAX && read.front <= SEGMENT_OFFSET_MAX);
    assert_written_alike(text, &read);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return check_line_mutate(data, size, max_size, seed);
}
