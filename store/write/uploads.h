/* uploads.h - the unfinished uploads of a store, in its folder uploads/: made, found, listed, forgotten.
 *
 * Each has two files, and nothing in memory while nobody works on it: what it is (unfinished.h), and its bytes, which
 * are written once. Who works on one holds it, and nobody else may meanwhile. At the end the file of its bytes gets a
 * second name, as a blob; then the object is committed; then the upload is done, and its bytes have only the blob's
 * name. A crash in between leaves the upload as it was before, and whoever comes to it next finds out by the
 * object itself whether it had been committed.
 *
 * An upload that is done is remembered until it expires: a client who has lost the last answer asks for it.
 *
 * Thread: any, unless it says otherwise. What is marked blocking waits for the disk.
 */
#ifndef CAIRN_UPLOADS_H
#define CAIRN_UPLOADS_H

#include "store/base/errand.h"
#include "store/base/error.h"
#include "store/base/lock.h"
#include "store/disk/blobs.h"
#include "store/write/intake.h"
#include "store/write/unfinished.h"

struct uploads {
    const struct intake *intake; /* the store's */
    const struct io *io;
    uint64_t salt;
    char *path;            /* owned: of the store's folder */
    struct errand sweeper; /* forgets those that have expired */

    struct lock lock;         /* guards what follows */
    int folder;               /* -1: there is none, or nobody has wanted it yet; else it stays open */
    struct upload *held;      /* those that somebody works on */
    struct quota_share share; /* what those that nobody works on have in the quota */
};

/* One that is held. */
struct upload {
    struct uploads *uploads;
    struct upload *next;
    struct unfinished file; /* `slot` is what is on disk */
    bool whole;             /* the bytes that come now count all together, or not at all */
};

/* Takes the path of the store's folder. */
void uploads_init(struct uploads *uploads, const struct intake *intake, uint64_t salt, char *path);

/* Looks what there is when the store is opened; an errno. Blocking. Thread: the one that opens it. */
int uploads_begin(struct uploads *uploads);

/* No sweeper runs any more. Blocking. */
void uploads_stop(struct uploads *uploads);

/* After that, or when it has not begun. */
void uploads_free(struct uploads *uploads);

/* Makes one, durably; the errors of upload_create(). Blocking. */
struct failure uploads_create(struct uploads *uploads, const struct upload_order *order,
                              struct store_overrun *ret_overrun, uint64_t *ret_id);

/* Lets nobody else work on it until upload_release(): STORE_NO_UPLOAD, STORE_UPLOAD_HELD, STORE_IO, STORE_NO_MEMORY.
 * Blocking. */
struct failure uploads_hold(struct uploads *uploads, uint64_t id, struct upload **ret_upload);
void upload_release(struct upload *upload);

/* What upload_look(), upload_list() and upload_forget() say. Blocking. */
struct failure uploads_look(struct uploads *uploads, uint64_t id,
                            void (*tell)(void *arg, const struct upload_info *info), void *arg);
struct failure uploads_list(struct uploads *uploads, void (*tell)(void *arg, const struct upload_info *info),
                            void *arg);
struct failure uploads_forget(struct uploads *uploads, uint64_t id);

/* ---- one that is held ------------------------------------------------------------------------- */

/* What is known of it, borrowed from it. */
void upload_describe(const struct upload *upload, struct upload_info *ret_info);

/* Opens the file of its bytes to go on behind its offset; an errno. Blocking. */
int upload_open(struct upload *upload, struct blob_file *ret_file);

/* So many bytes are written: makes them durable, and then that they are; an errno. Closed is a file that has had
 * nothing written to it. Blocking. */
int upload_rest(struct upload *upload, struct blob_file *file, uint64_t offset);

/* Whether so much has been written since that it should be. */
bool upload_is_due(const struct upload *upload, uint64_t position);

/* How long it will be is known now; an errno. Blocking. */
int upload_set_length(struct upload *upload, uint64_t length);

/* Reads its bytes, by way of `buffer`, for their digest; an errno. Blocking. */
int upload_digest(const struct upload *upload, unsigned char *buffer, size_t capacity, struct store_digest *ret_digest);

/* Reads all of its bytes; an errno. Blocking. */
int upload_read(const struct upload *upload, unsigned char *bytes);

/* Its object of that digest is about to be committed, or is not going to be; an errno. Blocking. */
int upload_commit_begins(struct upload *upload, const struct store_digest *digest);
int upload_commit_failed(struct upload *upload);

/* Its object is there: its bytes are the object's now. Blocking. */
void upload_done(struct upload *upload, const struct store_receipt *receipt);

/* Gives its bytes another name, as a blob; an errno. Blocking. */
int upload_adopt(const struct upload *upload, uint64_t *ret_blob);

/* It is no more. Blocking. */
void upload_erase(struct upload *upload);

#endif
