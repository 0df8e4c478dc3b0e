/* creation.h - an unfinished upload comes to be: whether it may, and the files that tell of it.
 *
 * Thread: any.
 */
#ifndef CAIRN_CREATION_H
#define CAIRN_CREATION_H

#include "store/write/uploads.h"

/* Makes one, durably; the errors of upload_create(). Blocking. */
struct failure creation_new(struct uploads *uploads, const struct upload_order *order,
                            struct store_overrun *ret_overrun, uint64_t *ret_id);

/* The same under the id of one that is held, where there is nothing; its bytes are to come. Blocking. */
struct failure creation_of_union(struct uploads *uploads, struct upload *upload, const struct upload_union *united,
                                 uint64_t length, struct store_overrun *ret_overrun);

#endif
