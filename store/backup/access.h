/* access.h - the copy of the file of the access control, which a data folder has beside its stores.
 *
 * Thread: one.
 */
#ifndef CAIRN_BACKUP_ACCESS_H
#define CAIRN_BACKUP_ACCESS_H

#include "store/backup/premises.h"

/* Copies that of FROM to TO, in one step. Where FROM has none that of TO stays, unless it `goes`; and where a
 * restoration finds one it stays. Blocking. */
struct failure access_take(const struct premises *premises, bool goes);

#endif
