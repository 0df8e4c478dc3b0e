/* dormant.h - stores that nobody has open: their unfinished uploads expire all the same.
 *
 * Now and then each store that has a folder of uploads, and is not open, is kept from being opened for as long as it
 * takes to unlink those that have expired. One that has no such folder costs a look for it.
 *
 * Thread: the one that opens or closes the depot.
 */
#ifndef CAIRN_DORMANT_H
#define CAIRN_DORMANT_H

#include "store/base/errand.h"
#include "store/base/services.h"
#include "store/depot/folder.h"

struct roster;

struct dormant {
    const struct services *services; /* the depot's, like the next two */
    struct folder *folder;
    struct roster *roster;
    struct errand round;
};

/* From here on, when there are threads. */
void dormant_begin(struct dormant *dormant, const struct services *services, struct folder *folder,
                   struct roster *roster);

/* Before the roster is closed. Blocking. */
void dormant_end(struct dormant *dormant);

#endif
