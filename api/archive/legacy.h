/* legacy.h - members of an archive that have come whole, and whose client has gone: they are committed when its request
 * is no more, and nobody is told.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_LEGACY_H
#define CAIRN_API_LEGACY_H

#include "api/archive/crate.h"

struct api;

/* Takes what is in the crate, and has it committed to the store, to which the caller has a reference: also when the
 * server is about to end, which waits for it (api_rest()). What the engine does not accept all the same is dropped, as
 * is what was to go to a store that has been removed. */
void legacy_leave(struct crate *crate, struct api *api, const char *store_name, struct store *store);

#endif
