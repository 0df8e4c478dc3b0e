/* pool.h - the pool that holds the data folder, where that is none of the file system's: --data rados:POOL.
 *
 * A pool that is lost ends the server: the log says why, and whoever accepts connections stops, and ends the process
 * with a status of failure. Until then whatever would come to the pool is answered 503.
 *
 * Thread: the main thread.
 */
#ifndef CAIRN_SERVICE_POOL_H
#define CAIRN_SERVICE_POOL_H

#include "service/config.h"

#include <stdatomic.h>

struct pool {
    struct medium *medium; /* NULL: the data folder is one */
    atomic_bool lost;
};

/* Connects, where the data folder is in a pool. False, and the log says why, when that cannot be done. */
bool pool_open(struct pool *pool, const struct config *config);

/* The file calls of what holds the data folder. */
const struct io *pool_io(const struct pool *pool, const struct config *config);

/* The server is about to end: others ask for what it has, and send nobody here. */
void pool_retire(const struct pool *pool);

bool pool_is_lost(const struct pool *pool);

/* When the depot is closed. */
void pool_close(struct pool *pool);

#endif
