/* folder.h - the data folder on disk: whose it is, and its parts.
 *
 *     DIR/cairn            says that the folder is cairn's, and the format (settings.h)
 *     DIR/lock             locked while a process has the folder open; where several may (tenure.h), while one opens it
 *     DIR/access.json      not the engine's: see DEPOT_ACCESS in store.h; may be missing
 *     DIR/reserve          space for a full disk (reserve.h); may be missing
 *     DIR/stores/NAME/     one folder a store: settings, log/, blobs/
 *     DIR/trash/           stores being made and stores being removed (trash.h); emptied from the start on
 *
 * Thread: the one that opens or closes the depot; from folder_sync_stores() on any.
 */
#ifndef CAIRN_FOLDER_H
#define CAIRN_FOLDER_H

#include "store/base/error.h"
#include "store/depot/trash.h"
#include "store/disk/home.h"
#include "store/disk/io.h"
#include "store/disk/joint_sync.h"
#include "store/disk/tenure.h"
#include "store/store.h"

/* The file that says whose the folder is. */
#define FOLDER_MARKER "cairn"

struct folder {
    const struct io *io;
    int root;
    struct home home; /* the same, and where it was opened */
    int lock;
    int stores;
    int trash_folder;
    struct joint_sync stores_sync;
    struct trash trash;
};

/* What a folder is opened for. Whoever only looks at it brings a table of file calls that reads (io.h). */
enum folder_use {
    FOLDER_SERVE, /* it is made where it is missing, with the folders that it lies in */
    FOLDER_READ,  /* it is there, and nobody else has it open */
    FOLDER_WATCH, /* the same, but somebody may: it is not locked */
};

/* Lies in a data folder that is being restored, until it is. */
#define FOLDER_RESTORE "restore"

/* How a folder is called in a sentence, and in a command that is named there: by its path, or by a word where that is
 * too long for both to be told whole. */
const char *folder_word(const char *path);

/* Opens, checks, and locks. On failure nothing stays open. Blocking. */
struct failure folder_open(struct folder *folder, const struct io *io, const char *path, enum folder_use use,
                           struct store_detail *detail);
void folder_close(struct folder *folder);

/* Makes the entries of all stores durable; an errno. */
int folder_sync_stores(struct folder *folder);

/* The names of all stores, sorted, as depot_names() gives them; an errno. Blocking. */
int folder_names(struct folder *folder, char ***ret_names, size_t *ret_count);

/* Whether there is any store in it, of whoever; true also where that cannot be told. Blocking. */
bool folder_is_used(struct folder *folder);

/* Takes a store for this process, where several may have the folder open (tenure.h); an errno: EWOULDBLOCK, where
 * another one has it, *ret_tenant; ENOENT. Gives it back. Blocking. */
int folder_take_store(const struct io *io, const char *name, struct tenant *ret_tenant);
void folder_leave_store(const struct io *io, const char *name);

/* Whether the folder of the stores is where it was opened: somebody may have moved it, or the data folder. Blocking. */
bool folder_has_stores(const struct folder *folder);

#endif
