/* numbered.h - files that are named by a number, "0000000000000001.seg", and the headers that they begin with.
 *
 * Thread: any.
 */
#ifndef CAIRN_NUMBERED_H
#define CAIRN_NUMBERED_H

#include "store/base/error.h"
#include "store/disk/io.h"

#include <stdbool.h>
#include <stdint.h>

enum { NUMBERED_NAME_MAX = 32 };

/* The name of a file: sixteen hexadecimal digits and an ending, which has its dot and is short. */
void numbered_name(uint64_t number, const char *ending, char ret_name[NUMBERED_NAME_MAX]);

/* The number in a name; false when it is not of just that form. */
bool numbered_read(const char *name, const char *ending, uint64_t *ret_number);

/* Opens the file of a number to be read: -1 and errno on failure. Who has put a pipe in its place holds nobody up, and
 * a symbolic link is not followed. Blocking. */
int numbered_open(const struct io *io, int folder, uint64_t number, const char *ending);

/* Unlinks it, if there is one. Blocking. */
void numbered_remove(const struct io *io, int folder, uint64_t number, const char *ending);

/* Reads the `length` bytes of a header at a position of a file; *ret_rest: how many bytes the file has behind it.
 * STORE_DAMAGED: it is shorter, or no regular file; STORE_IO. Blocking. */
struct failure numbered_read_header(const struct io *io, int file, uint64_t position, void *ret_bytes, size_t length,
                                    uint64_t *ret_rest);

#endif
