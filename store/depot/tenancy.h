/* tenancy.h - a store in the hands of this process or of another one, where several share a data folder
 * (store/disk/tenure.h).
 *
 * It is part of the store's entry in the roster, which keeps others off while it is taken and given back. Where a
 * folder is one process's nothing of this does anything.
 *
 * A store that another process has is left there, and where it is served is remembered for a moment: so clients that
 * come by the wrong way cost no looks. It is asked for where somebody wants it here, and where nobody could be told
 * where to go instead.
 *
 * Thread: the one that opens or closes the store, or any with the roster's lock, unless it says otherwise.
 */
#ifndef CAIRN_TENANCY_H
#define CAIRN_TENANCY_H

#include "store/base/error.h"
#include "store/base/services.h"
#include "store/disk/tenure.h"

#include <stdatomic.h>

enum { TENANCY_PAUSE = 200 }; /* milliseconds after which it is tried again to take what was asked for */

struct tenancy {
    bool had;                      /* this process has the store */
    atomic_bool wanted;            /* it is to be brought here, whoever has it. Thread: any */
    int64_t until;                 /* so long that is tried; 0: it has not been begun with */
    int64_t known_until;           /* so long it is known to be elsewhere */
    int64_t leaves_until;          /* so long nobody here begins to use it, since another process has asked for it */
    int64_t kept_until;            /* so long nobody here takes it, since that one has not come yet */
    char owner[STORE_ADDRESS_MAX]; /* where it is served, or will be; "": nobody says */
};

/* Takes the store of a name: STORE_ELSEWHERE, and STORE_AGAIN: it is on its way here. With `look` only one that nobody
 * has, which is looked for. An entry that has a store need not have it. Blocking. */
struct failure tenancy_take(struct tenancy *tenancy, const struct services *services, const char *name, bool look,
                            struct store_detail *detail);

/* Whether what this process knows of its stores may be told: another one may have them by now, although nobody here has
 * given them back. Thread: any. Does not block. */
enum store_error tenancy_check(const struct services *services);

/* Gives it back, if this process has it. Blocking. */
void tenancy_leave(struct tenancy *tenancy, const struct services *services, const char *name);

/* Another process asks for the store: it is to leave soon. It has left. */
void tenancy_begin_leaving(struct tenancy *tenancy, const struct tenant *heir);
void tenancy_end_leaving(struct tenancy *tenancy);

/* Whether it is to leave soon; whether it is known to be elsewhere. */
bool tenancy_leaves(const struct tenancy *tenancy);
bool tenancy_is_elsewhere(const struct tenancy *tenancy);

/* That it is, or is about to be. */
struct failure tenancy_tell(const struct tenancy *tenancy, const char *name, struct store_detail *detail);

#endif
