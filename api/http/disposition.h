/* disposition.h - the Content-Disposition of a file that is to be saved under a name (RFC 6266). Thread: any. */
#ifndef CAIRN_API_DISPOSITION_H
#define CAIRN_API_DISPOSITION_H

#include <stdbool.h>
#include <stddef.h>

enum {
    DISPOSITION_NAME_MAX = 255, /* bytes of a name: file systems take no more */
    DISPOSITION_SIZE = sizeof "attachment; filename=\"\"; filename*=UTF-8''" + 4 * DISPOSITION_NAME_MAX,
};

/* Whether it is UTF-8 without control characters, and not too long. */
bool disposition_name_valid(const char *name, size_t length);

/* Writes the value for a valid name; "" leaves the name to the client. */
void disposition_write(char text[DISPOSITION_SIZE], const char *name, size_t length);

#endif
