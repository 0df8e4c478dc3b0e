/* blobs.h - the payloads too large for the log: one file each in a store's folder blobs/.
 *
 * A blob's number names its file and is never used twice. The happy path: an I/O thread creates the file,
 * writes it, syncs it and the folder; then a record that holds the number is committed. A file that no
 * record needs, because the server died in between, is an orphan and removed when the store is opened.
 *
 * Renaming an object hands the number on; copying it in its store counts one object more that needs the
 * file; copying it to another store makes a hard link under a number of that store. When the last object
 * that needs a file is gone, the file is unlinked by an I/O thread: freeing a large file takes a while. While a
 * part of the log is missing, which may hold objects that need it, it stays.
 */
#ifndef CAIRN_BLOBS_H
#define CAIRN_BLOBS_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/base/shared_lock.h"
#include "store/base/table.h"
#include "store/disk/home.h"
#include "store/disk/io.h"
#include "store/disk/leftovers.h"
#include "store/disk/numbered.h"
#include "store/store.h"

#include <stdatomic.h>

/* What the names of the files end in, behind their numbers. */
extern const char blobs_ending[];

/* Numbers of files, as many as there is memory for. */
struct blob_list {
    uint64_t *blobs;
    size_t count;
    size_t capacity;
};

/* False when memory is out. */
bool blob_list_push(struct blob_list *list, uint64_t blob);

struct blobs {
    const struct io *io;
    int folder;
    struct home home;            /* the same, and where it was opened */
    struct leftovers *leftovers; /* the depot's */
    atomic_uint_fast64_t next;   /* number of the next file */

    const struct shared_lock *needs_lock; /* the index's: guards the next two */
    struct table needs;                   /* number -> objects that need it */
    uint64_t bytes;                       /* of all blobs that are needed */

    struct errand reaper;
    struct lock reap_lock;
    struct blob_list reap;   /* files to unlink */
    struct blob_list doubts; /* files of records that failed and may yet be on disk; the writer's */
};

/* Takes the folder. */
void blobs_init(struct blobs *blobs, struct leftovers *leftovers, const struct home *home, struct pool *pool,
                uint64_t salt, const struct shared_lock *needs_lock);

/* Whether the folder is found where it was opened, as far as that can be told. Blocking. Thread: any. */
bool blobs_are_found(const struct blobs *blobs);

/* Whether somebody has moved it away, where that may be. Blocking. */
bool blobs_are_lost(const struct blobs *blobs);

/* Waits for the background, closes the folder: nothing is read or written any more. */
void blobs_end(struct blobs *blobs);

/* After blobs_end(). */
void blobs_free(struct blobs *blobs);

/* A blob file being written, or what may become one. `blob` stays known after closing, for blobs_discard(). */
struct blob_file {
    const struct io *io;
    int folder;
    char name[NUMBERED_NAME_MAX];
    uint64_t blob;    /* 0: never made, or no blob yet */
    int file;         /* -1: closed */
    bool direct;      /* it is written past the page cache now */
    uint64_t cached;  /* so many of its first bytes are not */
    uint64_t awaited; /* of these, so many have left the page cache for the disk */
};

/* Bytes. Who wants a file of up to so many soon after it was written finds it in the page cache. */
#define BLOB_CACHED_MAX ((uint64_t)256 << 20)

/* How many of the first bytes of a file of that size, or of a size that is not known, go by way of the page cache: all
 * of one that may be read soon, and none of a larger one, which would push out what others read. */
uint64_t blob_cached(uint64_t size);

#define BLOB_CACHED_ALL UINT64_MAX

struct blob_file blob_file_none(void);
bool blob_file_is_open(const struct blob_file *file);

/* Makes an empty file under a new number; an errno. So many of its first bytes go by way of the page cache; what is
 * behind them goes past it where the file system allows that. Blocking. */
int blob_file_create(struct blob_file *ret_file, struct blobs *blobs, uint64_t cached);

/* Opens a file of any folder, which stays open as long as it does, to go on writing it behind its first `size` bytes;
 * what it has behind them is dropped. An errno. Blocking. */
int blob_file_go_on(struct blob_file *ret_file, const struct io *io, int folder, const char *name, uint64_t size,
                    uint64_t cached);

/* Writes behind what was written last; an errno. From memory aligned to IO_BLOCK that reaches to its next multiple,
 * where zeros are put behind the bytes, unless all of the file goes by way of the page cache. At a position that is no
 * multiple of it the file goes on by that way. Either way the disk has no more to do for it at once than so many bytes,
 * a multiple of IO_BLOCK. Blocking. */
int blob_file_write(struct blob_file *file, unsigned char *bytes, size_t length, uint64_t position, size_t under_way);

/* Bytes: how much that is alone, beside small commits, which wait for it at the disk, and beside very many of them. So
 * many there are only where the disk is quick, and has soon done with little (docs/performance.md). */
enum { BLOB_UNDER_WAY = 1 << 20, BLOB_UNDER_WAY_BESIDE = 256 << 10, BLOB_UNDER_WAY_AMONG = 64 << 10 };

/* Gives the file its size and makes it durable, though not its entry in the folder; an errno. Blocking. */
int blob_file_sync(struct blob_file *file, uint64_t size);

/* Closed already is allowed. */
void blob_file_close(struct blob_file *file);

/* Opens a file for reading; -1 and errno. One that is gone is ENOENT, one that is just going EWOULDBLOCK. */
int blobs_open(struct blobs *blobs, uint64_t blob);

/* Makes the folder's entries durable; an errno. Blocking. */
int blobs_sync(struct blobs *blobs);

/* A file in `target` with the bytes of `blob` in `source`, durable when it returns; an errno: ENOENT
 * when the blob is gone. By hard link, across file systems by copying. Blocking. */
int blobs_adopt(struct blobs *target, struct blobs *source, uint64_t blob, uint64_t size, uint64_t *ret_blob);

/* The same for the file of a name in any folder. Blocking. */
int blobs_adopt_file(struct blobs *target, int folder, const char *name, uint64_t size, uint64_t *ret_blob);

/* Makes sure that one more blobs_need() of this number cannot fail; reservations add up until their end. Thread: the
 * index's lock exclusive. */
bool blobs_reserve(struct blobs *blobs, uint64_t blob);
void blobs_reservations_end(struct blobs *blobs);

/* Whether an object needs the file. Thread: the index's lock. */
bool blobs_are_needed(const struct blobs *blobs, uint64_t blob);

/* One object more, or less, needs the file of `size` bytes. True when none does any more: the caller
 * then unlinks it, outside of the lock. Thread: the index's lock exclusive. */
void blobs_need(struct blobs *blobs, uint64_t blob, uint64_t size);
bool blobs_unneed(struct blobs *blobs, uint64_t blob, uint64_t size);

/* Removes a file now (leftovers.h). Blocking. */
void blobs_remove(struct blobs *blobs, uint64_t blob);

/* Unlinks a file soon, on an I/O thread. */
void blobs_discard(struct blobs *blobs, uint64_t blob);

/* A record that names the file failed, but its bytes may be on disk, and a crash would make it count: the file has
 * to be there then. Once the log has gone on elsewhere, blobs_end_doubts() discards all such files. Without memory one
 * stays until the next start. Thread: the writer's. */
void blobs_doubt(struct blobs *blobs, uint64_t blob);
void blobs_end_doubts(struct blobs *blobs);

/* Looks for files that no object needs, unlinks them with `remove`, and sets the next number beyond all others; `least`
 * is a number beyond all that the log has named. An errno. Blocking. Thread: the one that opens the store,
 * with the index's lock; no file has been made yet. */
int blobs_find_orphans(struct blobs *blobs, uint64_t least, bool remove, size_t *ret_orphans);

#endif
