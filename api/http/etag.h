/* etag.h - a payload's digest as a strong entity tag: 32 hex digits in quotes. Thread: any. */
#ifndef CAIRN_API_ETAG_H
#define CAIRN_API_ETAG_H

#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>

enum { ETAG_SIZE = 2 + 32 + 1 }; /* with the NUL */

void etag_write(char etag[ETAG_SIZE], const struct store_digest *digest);

/* What was written so, without the NUL; false: it is none. */
bool etag_read(const char *etag, size_t length, struct store_digest *ret_digest);

#endif
