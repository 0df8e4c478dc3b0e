/* descriptors.h - what the descriptors that the system grants are used for: each has its share, so that none uses up
 * those of another.
 */
#ifndef CAIRN_DESCRIPTORS_H
#define CAIRN_DESCRIPTORS_H

#include "service/config.h"

#include <stdbool.h>
#include <stddef.h>

struct descriptors {
    size_t connections;  /* of the acceptor */
    size_t spares;       /* kept for guests, when stores have more than their share */
    size_t farewells;    /* of one loop */
    size_t uploads;      /* under way */
    size_t idle_files;   /* of logs and listings, kept open although nobody reads them */
    size_t stores;       /* kept open although they are idle */
    size_t small_stores; /* the same beside those, of those that hold little */
    size_t together;     /* stores for which there are descriptors in any case */
};

/* Takes all that the system grants and shares them. Says in the log which options are lowered. False, and the log says
 * what to do, when there are too few. */
bool descriptors_share(const struct config *config, struct descriptors *ret_descriptors);

#endif
