/* log_image.h - the files of a small log as one input of the fuzzer, and making its checks right again.
 *
 * An input holds up to LOG_IMAGE_SEGMENTS segment files, one behind the other; before each but the last possible one
 * stand two bytes, its length, little-endian. What is cut short is as long as it is. The checks in it are made with
 * LOG_IMAGE_SALT.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FUZZ_LOG_IMAGE_H
#define CAIRN_TESTS_FUZZ_LOG_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define LOG_IMAGE_SALT UINT64_C(0x6a09e667f3bcc908)

enum { LOG_IMAGE_SEGMENTS = 3 };

struct log_image {
    size_t count;
    struct {
        uint8_t *bytes; /* borrowed from the input */
        size_t size;
    } segments[LOG_IMAGE_SEGMENTS];
};

void log_image_split(uint8_t *data, size_t size, struct log_image *ret_image);

/* Turns what mutation has left into valid records: headers of segments, places, bounds and checks. The seed decides how
 * far it goes: whether digests and key hashes are made right too, and how many records in each segment are left
 * alone. */
void log_image_seal(struct log_image *image, unsigned seed);

/* Calls `visit` for each key that a record may name, valid or not: its bytes (NULL when it has none) and its hash. */
void log_image_keys(const struct log_image *image,
                    void (*visit)(void *arg, const void *key, size_t length, uint64_t hash), void *arg);

#endif
