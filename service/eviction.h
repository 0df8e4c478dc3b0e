/* eviction.h - connections that the server ends by itself because their clients keep it waiting: counted for /metrics,
 * and told in the log, a line a minute at most.
 *
 * Thread: any.
 */
#ifndef CAIRN_EVICTION_H
#define CAIRN_EVICTION_H

#include "api/api.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct evictions {
    struct api *api;
    pthread_mutex_t lock; /* guards what follows */
    int64_t next_line;    /* milliseconds (clock.h): not before */
    size_t untold;        /* since the last line */
};

void evictions_init(struct evictions *evictions, struct api *api);

/* One more, of the client at this address. `rated`: its pace was looked at, and too slow; else it did nothing for as
 * long as it might. */
void eviction_add(struct evictions *evictions, enum api_eviction reason, bool rated, const struct sockaddr *address,
                  socklen_t length);

#endif
