/* trash.h - the way of stores into a data folder and out of it: there whole, or not at all.
 *
 *     DIR/trash/LABEL           a store being made, or one being removed; removed from the start on
 *     DIR/trash/SESSION.LABEL   the same where several processes share the folder (tenure.h), each with its own; those
 *                               of one that has ended are removed by another one
 *     DIR/trash/NAME.removed    the store of that name in DIR/stores/ is being removed where it is
 *
 * A store is made in the trash and renamed into its place, and removed by being renamed back first. Where a file system
 * does not let a folder move (EXDEV: one out of a lower layer of overlayfs, so every store that came with a container's
 * image), it is marked instead: from the moment that the mark is on disk the store counts as removed, nobody finds it,
 * and its name is free again when its files are gone.
 *
 * Files are removed in the background (remover.h), and what is left when the process ends from the next start on.
 *
 * Thread: any, but making and taking away one at a time for each name.
 */
#ifndef CAIRN_TRASH_H
#define CAIRN_TRASH_H

#include "store/depot/remover.h"
#include "store/disk/io.h"
#include "store/disk/joint_sync.h"
#include "store/store.h"

#include <stdatomic.h>

enum { TRASH_ENTRY_MAX = STORE_NAME_MAX + 16 }; /* bytes in the name of what lies in it, with the NUL */

/* Its folder in a data folder. */
#define TRASH_FOLDER "trash"

struct trash {
    const struct io *io;
    int folder; /* DIR/trash; borrowed, like DIR/stores and its sync */
    int stores;
    struct joint_sync *stores_sync;
    atomic_uint_fast64_t labels;
    atomic_size_t marks;            /* that are there */
    atomic_bool marked;             /* there was one, ever */
    atomic_uint_fast64_t cleared;   /* marks that are gone, or about to be */
    atomic_uint_fast64_t forgotten; /* so many of them on disk as well */
    atomic_size_t clearing;         /* marks that are about to be gone */
    struct remover remover;
};

void trash_init(struct trash *trash, const struct io *io, int folder, int stores, struct joint_sync *stores_sync);

/* Takes down what lies in it: until then a store that is marked counts as one. An errno. Blocking. Thread: the one that
 * opens. */
int trash_learn(struct trash *trash);

/* Learns it, and has all removed that lies in it, and from here on what comes to it, until the depot halts. What cannot
 * be removed is left for the next start. Blocking, but not for the removal. Thread: the one that opens. */
void trash_begin(struct trash *trash, const struct services *services);

/* Has removed what processes have left in it that have ended, where several share the folder. Blocking. */
void trash_adopt(struct trash *trash);

/* When the pool has come to its end. */
void trash_end(struct trash *trash);

/* Makes the folder of a new store; an errno: EBUSY while another of that name is still being removed. Blocking. */
int trash_make_store(struct trash *trash, const char *name, uint64_t salt);

/* Takes a store away; an errno, and then the store is where it was. *ret_entry is for trash_remove(). *ret_doubtful
 * (set on failure only): a crash may nevertheless find it in the trash, because not even its way back could be
 * synced. Blocking. */
int trash_take_store(struct trash *trash, const char *name, char ret_entry[TRASH_ENTRY_MAX], bool *ret_doubtful);

/* Has the files removed of what was taken away. Nobody may use the store any more. Does not block. */
void trash_remove(struct trash *trash, const char *entry);

/* Whether what is in the place of that store is only still being removed. Does not block while nothing is. Asked before
 * a look at the place, since its mark goes when its files have gone. */
bool trash_holds(struct trash *trash, const char *name);

/* Whether what was seen in the place of that store was only still being removed, and may be gone by now; an errno. Does
 * not block where nothing ever was. */
int trash_has_held(struct trash *trash, const char *name, bool *ret_held);

#endif
