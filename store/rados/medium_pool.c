/* medium_pool.c - a medium on a pool that is named, as the public header has it: rados:POOL or rados:POOL/NAMESPACE. */
#include "store/rados/librados.h"
#include "store/rados/medium.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "rados:";

bool medium_is_named(const char *name)
{
    return strncmp(name, prefix, sizeof prefix - 1) == 0;
}

/* Parts the name at its slash; false: it has no pool, or more than one slash. Both are of one allocation, to be freed
 * by the first. */
static bool part_name(const char *name, char **ret_pool, const char **ret_name_space)
{
    char *pool = strdup(name + sizeof prefix - 1);
    char *slash = pool ? strchr(pool, '/') : NULL;
    if (slash)
        *slash = '\0';
    if (!pool || !*pool || (slash && (!slash[1] || strchr(slash + 1, '/')))) {
        free(pool);
        return false;
    }
    *ret_pool = pool;
    *ret_name_space = slash ? slash + 1 : "";
    return true;
}

/* Begins on a client that is connected. */
static struct failure begin(const struct medium_options *options, const struct cluster *cluster,
                            struct medium **ret_medium, struct store_detail *detail)
{
    const struct medium_use use = {.name = options->name,
                                   .address = options->address,
                                   .lease = options->lease,
                                   .cache = options->cache,
                                   .lost = options->lost,
                                   .arg = options->arg};
    struct medium *medium = calloc(1, sizeof *medium);
    int error = medium ? medium_begin(medium, cluster, &use) : ENOMEM;
    if (!error) {
        *ret_medium = medium;
        return failure_none();
    }
    cluster->close(cluster->self);
    free(medium);
    return failure_detail(detail, failure_of_errno(error), "the pool %s takes nothing: %s", options->name,
                          strerror(error));
}

enum store_error medium_open(const struct medium_options *options, struct medium **ret_medium,
                             struct store_detail *ret_detail)
{
    struct librados_place place = {.conf = options->conf, .user = options->user, .patience = options->lease};
    struct cluster cluster;
    char *pool;
    failure_detail(ret_detail, failure_none(), "%s", "");
    if (!part_name(options->name, &pool, &place.name_space))
        return failure_tell(failure_detail(ret_detail, failure_of(STORE_FOREIGN),
                                           "\"%s\" names no pool: it is rados:POOL or rados:POOL/NAMESPACE",
                                           options->name));
    place.pool = pool;
    struct failure failure = librados_connect(&place, &cluster, ret_detail);
    if (!failure.error)
        failure = begin(options, &cluster, ret_medium, ret_detail);
    free(pool);
    return failure_tell(failure);
}

const struct io *medium_io(const struct medium *medium)
{
    return &medium->io;
}

void medium_retire(struct medium *medium)
{
    if (medium)
        lease_retire(&medium->lease);
}

const struct io *medium_io_beside(const struct medium *medium, bool in_pool)
{
    return &medium->beside[in_pool].io;
}

void medium_close(struct medium *medium)
{
    if (!medium)
        return;
    medium_end(medium);
    free(medium);
}
