/* disk.h - what tests do to the files of a data folder behind the server's back.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_HTTP_DISK_H
#define CAIRN_TESTS_HTTP_DISK_H

#include "tests/http/server.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where a text stands in a file. */
struct place {
    char path[1024];
    off_t position;
    off_t size; /* of the file */
};

/* The last place where the text stands in a file of the folder, below the data folder: so a test finds a record without
 * knowing the format. Fails the test when it stands nowhere. */
struct place disk_place(const struct server *server, const char *folder, const char *text);

/* A whole file; the caller frees it. */
char *disk_read(const char *path, size_t *ret_size);

void disk_overwrite(const struct place *place, off_t position, const void *bytes, size_t length);

/* Zeros from there to the end of the file. */
void disk_zero_from(const struct place *place, off_t position);

/* Changes one bit in a file of the folder, below the data folder: in the first byte of the last place where the text
 * stands. Fails the test when it stands nowhere. */
void disk_flip(const struct server *server, const char *folder, const char *text);

/* The same in every file of the folder, at a position. */
void disk_flip_at(const struct server *server, const char *folder, long position);

/* Names, sizes, times of change and contents of everything below the data folder, in one number. */
uint64_t disk_fingerprint(const struct server *server);

#endif
