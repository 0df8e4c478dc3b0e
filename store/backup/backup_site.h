/* backup_site.h - a folder that is, or is to be, a backup, and stays open: what store.h says of backup_open().
 *
 * Thread: one.
 */
#ifndef CAIRN_BACKUP_SITE_H
#define CAIRN_BACKUP_SITE_H

#include "store/backup/premises.h"

/* Open from backup_open() on: TO alone. */
struct backup_site {
    struct premises premises;
};

#endif
