/* damage.h - hands on the files of a server's log, without knowing their format: a text that occurs nowhere else tells where
 * a record is. Everything fails the test when it cannot be done. Thread: any. */
#ifndef CAIRN_TESTS_HTTP_DAMAGE_H
#define CAIRN_TESTS_HTTP_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "server.h"

struct place {
    char path[512];
    off_t position; /* of the text in the file */
    off_t size;     /* of the file */
};

/* The last occurrence of a text in the segments of a store; false when there is none. */
bool damage_find(const struct server *server, const char *store, const char *text, struct place *ret_place);

/* The same, where there must be one. */
struct place damage_place(const struct server *server, const char *store, const char *text);

/* The whole file; the caller frees it. */
char *damage_read(const char *path, size_t *ret_size);

void damage_overwrite(const struct place *place, off_t position, const void *bytes, size_t length);

/* Zeros from there to the end of the file. */
void damage_zero_from(const struct place *place, off_t position);

/* Changes one bit of the byte at the place. */
void damage_flip(const struct place *place);

#endif
