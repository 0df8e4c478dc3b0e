/* numbered.c - files that are named by a number. */
#include "store/disk/numbered.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 16 };

/* By hand, since each commit looks for its segment by name: a printf() takes as many instructions as all the rest of
 * that. */
void numbered_name(uint64_t number, const char *ending, char ret_name[NUMBERED_NAME_MAX])
{
    assert(strlen(ending) < NUMBERED_NAME_MAX - DIGITS);
    for (unsigned digit = 0; digit < DIGITS; digit++)
        ret_name[digit] = "0123456789abcdef"[number >> (4 * (DIGITS - 1 - digit)) & 15];
    strcpy(ret_name + DIGITS, ending);
}

bool numbered_read(const char *name, const char *ending, uint64_t *ret_number)
{
    char expected[NUMBERED_NAME_MAX];
    uint64_t number = strtoull(name, NULL, 16);
    numbered_name(number, ending, expected);
    if (strcmp(name, expected) != 0)
        return false;
    *ret_number = number;
    return true;
}

int numbered_open(const struct io *io, int folder, uint64_t number, const char *ending)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(number, ending, name);
    return io->openat(io->self, folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
}

void numbered_remove(const struct io *io, int folder, uint64_t number, const char *ending)
{
    char name[NUMBERED_NAME_MAX];
    numbered_name(number, ending, name);
    io->unlinkat(io->self, folder, name, 0);
}

struct failure numbered_read_header(const struct io *io, int file, uint64_t position, void *ret_bytes, size_t length,
                                    uint64_t *ret_rest)
{
    struct stat status;
    if (io->fstat(io->self, file, &status) < 0)
        return failure_io(errno);
    uint64_t size = S_ISREG(status.st_mode) && status.st_size > 0 ? (uint64_t)status.st_size : 0;
    if (size < position || size - position < length)
        return failure_of(STORE_DAMAGED);
    int os_error = io_read_all(io, file, ret_bytes, length, (off_t)position);
    *ret_rest = size - position - length;
    return os_error ? failure_io(os_error) : failure_none();
}
