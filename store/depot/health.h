/* health.h - what /readyz tells of a depot's stores: one that takes no writes or is gone, damage, one that cannot be
 * opened.
 *
 * Thread: any.
 */
#ifndef CAIRN_HEALTH_H
#define CAIRN_HEALTH_H

#include "store/store.h"

struct roster;
struct trouble;

/* True while every open store of the roster takes writes. *ret_detail (NULL is allowed), which is "" before, names the
 * first that does not, or else the first that is damaged, or else the one that cannot be opened. */
bool health_tell(struct roster *roster, struct trouble *trouble, struct store_detail *ret_detail);

/* Names in *detail, which is "" before, an open store that is not in the data folder any more. Blocking. */
void health_find_stores(struct roster *roster, struct store_detail *detail);

#endif
