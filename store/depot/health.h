/* health.h - what /readyz tells of a depot's stores: one that takes no writes, damage, one that cannot be opened.
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

#endif
