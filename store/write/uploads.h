/* uploads.h - the unfinished uploads of a store, in its folder uploads/, and who works on which.
 *
 * Each has two files, and nothing in memory while nobody works on it: what it is (unfinished.h), and its bytes, which
 * are written once. Who works on one holds it, and nobody else may meanwhile; but others may want it (upload_claim()).
 * At the end the file of its bytes gets a second name, as a blob; then the object is committed; then the upload is
 * done, and its bytes have only the blob's name. A crash in between leaves the upload as it was before, and whoever
 * comes to it next finds out by the object itself whether it had been committed.
 *
 * An upload that is done is remembered until it expires: a client who has lost the last answer asks for it. Of these
 * there are only so many: the one that was done first is forgotten for the next one. Of those that are not done no
 * more are made than so many (stock.h). That bounds what the folder holds beside the bytes, which the quota has.
 *
 * Thread: any, unless it says otherwise. What is marked blocking waits for the disk.
 */
#ifndef CAIRN_UPLOADS_H
#define CAIRN_UPLOADS_H

#include "store/base/errand.h"
#include "store/base/error.h"
#include "store/base/lock.h"
#include "store/write/intake.h"
#include "store/write/stock.h"
#include "store/write/upload.h"

#include <stdatomic.h>

struct uploads {
    const struct intake *intake; /* the store's */
    const struct io *io;
    struct leftovers *leftovers; /* the depot's */
    uint64_t salt;
    char *path;            /* owned: of the store's folder */
    struct errand sweeper; /* sweeper.h; asked when there is one that may expire */
    struct stock stock;
    struct lock making; /* of the folder */
    atomic_int folder;  /* -1: there is none; else it stays open */

    struct lock lock;    /* guards what follows; nobody waits for the disk with it */
    struct upload *held; /* those that somebody works on */
};

/* Takes the path of the store's folder. */
void uploads_init(struct uploads *uploads, const struct intake *intake, uint64_t salt, char *path);

/* Opens the folder, if there is one, when the store is opened; an errno. What is in it: remains.h. Blocking. Thread:
 * the one that opens it. */
int uploads_begin(struct uploads *uploads);

/* No sweeper runs any more. Blocking. */
void uploads_stop(struct uploads *uploads);

/* After that, or when it has not begun. */
void uploads_free(struct uploads *uploads);

/* Makes the folder, if there is none yet, durably; an errno. Blocking. */
int uploads_want_folder(struct uploads *uploads);

/* When one expires that somebody goes on with now, in nanoseconds since 1970. */
int64_t uploads_next_expiry(const struct uploads *uploads);

/* ---- who works on which ------------------------------------------------------------------------ */

/* Lets nobody else work on it until upload_release(): STORE_NO_UPLOAD, STORE_UPLOAD_HELD, STORE_IO, STORE_NO_MEMORY.
 * Blocking. */
struct failure uploads_hold(struct uploads *uploads, uint64_t id, struct upload **ret_upload);

/* The same where there may be nothing under the id: then its file has no text. */
struct failure uploads_reserve(struct uploads *uploads, uint64_t id, struct upload **ret_upload);

/* One that is made of parts lets go of them as well, and is no more if its object is not there. Where nobody knows
 * whether it is, whoever comes to it next finds out. */
void upload_release(struct upload *upload);

/* Whoever holds it will be at it for long: `yield` is asked for it until it is released. From here on the worker may
 * have let go of it at any moment: nobody else touches it any more. */
void upload_work_on(struct upload *upload, upload_yield *yield, void *worker);

/* What has come is on disk: tells those who wait for that. */
void upload_settled(struct upload *upload);

/* Whether somebody works on it. */
bool uploads_is_held(struct uploads *uploads, uint64_t id);

/* What upload_claim() says. */
enum store_error uploads_claim(struct uploads *uploads, struct upload_claim *claim);

/* ---- all of them ------------------------------------------------------------------------------- */

/* Calls `see(arg, file)` for each that has a file that ends so, in the order of their ids from one on, until that is
 * false; an errno. Blocking. */
int uploads_visit(const struct uploads *uploads, const char *ending, uint64_t from,
                  bool (*see)(void *arg, const struct unfinished *file), void *arg);

/* What upload_forget() says. Blocking. */
struct failure uploads_forget(struct uploads *uploads, uint64_t id);

/* The same, but that a power cut may bring it back. Blocking. */
struct failure uploads_drop(struct uploads *uploads, uint64_t id);

/* One that is done: the next to be forgotten behind all that have been done before (stock.h). Blocking. */
void uploads_remember(struct uploads *uploads, uint64_t id);

#endif
