/* disk.h - what tests do to the files of a data folder behind the server's back.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_HTTP_DISK_H
#define CAIRN_TESTS_HTTP_DISK_H

#include <stdint.h>

#include "server.h"

/* Changes one bit in a file of the folder, below the data folder: in the first byte of the last place where the text
 * stands. Fails the test when it stands nowhere. */
void disk_flip(const struct server *server, const char *folder, const char *text);

/* The same in every file of the folder, at a position. */
void disk_flip_at(const struct server *server, const char *folder, long position);

/* Names, sizes, times of change and contents of everything below the data folder, in one number. */
uint64_t disk_fingerprint(const struct server *server);

#endif
