/* librados_none.c - a build that knows no pools (-DCAIRN_RADOS=off), in the place of librados.c. */
#include "store/rados/librados.h"

struct failure librados_connect(const struct librados_place *place, struct cluster *ret_cluster,
                                struct store_detail *ret_detail)
{
    (void)place;
    (void)ret_cluster;
    return failure_detail(ret_detail, failure_of(STORE_FOREIGN),
                          "this cairnd was built without librados (-DCAIRN_RADOS=off): it serves folders only");
}
