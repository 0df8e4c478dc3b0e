/* fingerprint.h - by what a file or a folder is known again: it is the same one, and nothing was done to it since.
 *
 * A folder's tells of its entries, and of none of what they lead to. The clock of the file system has ticks, of some
 * milliseconds: what is done within the tick of the last change that the fingerprint knows of is not seen.
 *
 * Thread: any.
 */
#ifndef CAIRN_FINGERPRINT_H
#define CAIRN_FINGERPRINT_H

#include "store/disk/io.h"

#include <time.h>

struct fingerprint {
    dev_t device;
    ino_t number;
    off_t size;
    struct timespec written; /* its bytes or entries, last */
    struct timespec changed; /* anything of it, last */
};

/* That of what is open; false where it cannot be had. Blocking. */
bool fingerprint_take(struct fingerprint *ret_fingerprint, const struct io *io, int file);

/* Whether what is open has it. Blocking. */
bool fingerprint_fits(const struct fingerprint *fingerprint, const struct io *io, int file);

#endif
