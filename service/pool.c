/* pool.c - the pool that holds the data folder. See pool.h. */
#include "service/pool.h"

#include "service/logger.h"
#include "store/store.h"

/* Thread: any. */
static void note_lost(void *arg, const char *sentence)
{
    struct pool *pool = arg;
    logger_line(LOG_ERROR, "the pool is lost: %s; this server ends", sentence);
    atomic_store(&pool->lost, true);
}

bool pool_open(struct pool *pool, const struct config *config)
{
    struct store_detail detail = {0};
    const struct medium_options options = {.name = config->data,
                                           .conf = config->ceph_conf,
                                           .user = config->ceph_user,
                                           .address = config->advertise,
                                           .lease = (unsigned)config->ceph_lease,
                                           .cache = (size_t)config->ceph_cache,
                                           .lost = note_lost,
                                           .arg = pool};
    if (!medium_is_named(config->data))
        return true;
    enum store_error error = medium_open(&options, &pool->medium, &detail);
    if (error != STORE_OK)
        logger_line(LOG_ERROR, "cannot open the pool '%s': %s", config->data,
                    detail.text[0] ? detail.text : store_error_text(error));
    return error == STORE_OK;
}

const struct io *pool_io(const struct pool *pool, const struct config *config)
{
    return pool->medium ? medium_io(pool->medium) : config->depot.io;
}

void pool_retire(const struct pool *pool)
{
    medium_retire(pool->medium);
}

bool pool_is_lost(const struct pool *pool)
{
    return atomic_load(&pool->lost);
}

void pool_close(struct pool *pool)
{
    medium_close(pool->medium);
}
