/* librados.h - a client of a Ceph cluster, for one pool and one namespace in it.
 *
 * The library is loaded, not linked: only who wants a pool has it.
 *
 * Thread: any.
 */
#ifndef CAIRN_LIBRADOS_H
#define CAIRN_LIBRADOS_H

#include "store/base/error.h"
#include "store/rados/cluster.h"

struct librados_place {
    const char *pool;
    const char *name_space; /* "" is one, too */
    const char *conf;       /* the path of ceph.conf; NULL: where it mostly is */
    const char *user;       /* without "client."; NULL: admin */
    unsigned patience;      /* seconds after which a call that has no answer is ETIMEDOUT */
};

/* Connects. STORE_IO; STORE_FOREIGN: there is no such pool; STORE_NO_MEMORY. ret_detail may be NULL. Blocking. */
struct failure librados_connect(const struct librados_place *place, struct cluster *ret_cluster,
                                struct store_detail *ret_detail);

#endif
