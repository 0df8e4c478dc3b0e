/* store_image.h - a data folder with the store "s", put on a disk from an image of its log, without the engine's help.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FUZZ_STORE_IMAGE_H
#define CAIRN_TESTS_FUZZ_STORE_IMAGE_H

#include "store/store.h"
#include "tests/fuzz/log_image.h"

#include <stddef.h>

/* Makes /data on an empty disk: the log, one blob with the number 1 (600 zeros) and, unless `keys` is NULL, a file of
 * sorted keys for the first segment. */
void store_image_make(const struct io *io, const struct log_image *image, const void *keys, size_t keys_size);

/* The options of a depot on that disk that keep it small. */
struct depot_options store_image_options(const struct io *io);

#endif
