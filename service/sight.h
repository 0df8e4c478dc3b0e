/* sight.h - whether who asks a server sees all that it has: to who does not, what is hidden is as what is gone.
 *
 * Thread: one at a time per remote.
 */
#ifndef CAIRN_SIGHT_H
#define CAIRN_SIGHT_H

#include "service/remote.h"

enum sight {
    SIGHT_ALL,     /* it may read and list every store, whatever its keys are */
    SIGHT_PART,    /* not all of that */
    SIGHT_UNKNOWN, /* the server does not say, and remote_error() why */
};

/* By what GET /v1/access tells. Blocking. */
enum sight sight_of(struct remote *remote);

#endif
