/* followed.h - what a backup has followed of a server: a data folder in its folder of drafts, BACKUP_SERVER, of which
 * the stores are copied to their places.
 *
 * Thread: one.
 */
#ifndef CAIRN_FOLLOWED_H
#define CAIRN_FOLLOWED_H

#include "store/backup/kinship.h"
#include "store/backup/places.h"
#include "store/depot/folder.h"

/* Opens it, to be read, by calls that follow no link; `path` is that of the backup. An errno. *ret_there: there is one,
 * and it is whole: the folder and the calls are the caller's, who ends with folder_close(). Blocking. */
int followed_open(const struct io *io, const char *path, const struct places *places, struct io *ret_reading,
                  struct folder *ret_folder, bool *ret_there);

/* Whether its place is free, or a folder: one that is a link leads to a folder of others. An errno. Blocking. */
int followed_is_proper(const struct places *places, bool *ret_proper);

/* Removes it: it goes as a whole, also when that is cut short. An errno. Blocking, and long. */
int followed_remove(const struct places *places);

/* Removes what is left where that was cut short; an errno. Blocking. */
int followed_clear(const struct places *places);

#endif
