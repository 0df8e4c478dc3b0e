/* folder.h - the data folder on disk: whose it is, its parts, and removing trees in it.
 *
 *     DIR/cairn            says that the folder is cairn's, and the format (settings.h)
 *     DIR/lock             locked while a process has the folder open
 *     DIR/reserve          space for a full disk (reserve.h); may be missing
 *     DIR/stores/NAME/     one folder a store: settings, log/, blobs/
 *     DIR/trash/           stores being made and stores being removed; emptied at start
 */
#ifndef CAIRN_FOLDER_H
#define CAIRN_FOLDER_H

#include "store/disk/io.h"
#include "store/store.h"

struct folder {
    const struct io *io;
    int root;
    int lock;
    int stores;
    int trash;
};

/* Opens, makes if need be and not `read_only`, locks, checks. On failure nothing stays open. Blocking. */
enum store_error folder_open(struct folder *folder, const struct io *io, const char *path, bool read_only,
                             struct store_detail *detail);
void folder_close(struct folder *folder);

/* Makes the folder of a new store by way of the trash, so that it is there whole or not at all. `label` is
 * a name that no other call uses. An errno. */
int folder_make_store(struct folder *folder, const char *name, const char *label, uint64_t salt);

/* Makes the entries of all stores durable; an errno. */
int folder_sync_stores(struct folder *folder);

/* Moves a store's folder into the trash; an errno, and then the store is where it was. *ret_doubtful (set on failure
 * only): a crash may nevertheless find it in the trash, because not even its way back could be synced. */
int folder_trash_store(struct folder *folder, const char *name, const char *label, bool *ret_doubtful);

/* Removes what lies in the trash under the label. What cannot be removed is left for the next start. */
void folder_remove_trash(struct folder *folder, const char *label);

#endif
