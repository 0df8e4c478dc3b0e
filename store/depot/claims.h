/* claims.h - names of stores that are being made, removed or changed: one at a time for each name, all names at once.
 *
 * Thread: any.
 */
#ifndef CAIRN_CLAIMS_H
#define CAIRN_CLAIMS_H

#include "store/base/lock.h"

#include <pthread.h>
#include <stdbool.h>

/* Of one name; its owner's memory. */
struct claim {
    struct claim *next;
    const char *name;
};

struct claims {
    struct lock lock;
    pthread_cond_t released;
    struct claim *first;
};

void claims_init(struct claims *claims);
void claims_free(struct claims *claims);

/* Waits until nobody else has claimed the name, which is borrowed. Blocking. */
void claims_take(struct claims *claims, struct claim *claim, const char *name);
void claims_release(struct claims *claims, struct claim *claim);

/* Whether somebody has claimed the name: for assertions of who has to. */
bool claims_hold(struct claims *claims, const char *name);

#endif
