/* assembly.h - one store, put together of its parts: which part works with which others stands here, and nowhere else.
 *
 * Thread: the one that opens the store, and the one that closes it.
 */
#ifndef CAIRN_ASSEMBLY_H
#define CAIRN_ASSEMBLY_H

#include "store/internal.h"

/* Sets up all parts of a store that knows nothing yet; `path` leads to its folder. The caller's, until assembly_free()
 * or assembly_end(). NULL: no memory. */
struct store *assembly_make(const struct services *services, const char *path, const char *name, uint64_t salt);

/* Gives log and blobs their folders, in the store's own; on failure neither is set up. Blocking. */
struct failure assembly_open(struct store *store, const struct home *home, struct store_detail *detail);

/* Frees a store that has no folders. */
void assembly_free(struct store *store);

/* The same of one that has, when its writer and its blobs have ended. Blocking. */
void assembly_end(struct store *store);

#endif
