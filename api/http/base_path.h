/* base_path.h - the path below which a server stands, where a proxy in front of it serves other things too: `/files`,
 * so that a store is at /files/v1/stores/{store}. "" for one that has its host to itself.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_BASE_PATH_H
#define CAIRN_API_BASE_PATH_H

#include "api/http/uri.h"

#include <stdbool.h>

enum { BASE_PATH_MAX = 255 /* bytes */ };

/* What is wrong with one that is to be used, without a full stop; NULL: nothing. It holds no character that somebody on
 * the way may write in another way. */
const char *base_path_fault(const char *base);

/* Takes it off the front of a path, which then begins with the next slash. False, and the path as it was, where that
 * does not stand below it. */
bool base_path_take(const char *base, struct slice *path);

#endif
