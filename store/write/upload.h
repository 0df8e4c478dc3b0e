/* upload.h - an unfinished upload that somebody works on: its bytes, how far they are on disk, and its end. Who holds
 * it has got it from uploads_hold(), and nobody else works on it meanwhile; others may have claims on it (uploads.h).
 *
 * Thread: one at a time, unless it says otherwise. What is marked blocking waits for the disk.
 */
#ifndef CAIRN_UPLOAD_H
#define CAIRN_UPLOAD_H

#include "store/commit/txn.h"
#include "store/disk/blobs.h"
#include "store/write/stock.h"
#include "store/write/unfinished.h"

struct uploads;

/* Asks who works on an upload for it; what upload_claim() says. Called with the lock of the uploads held. */
typedef enum store_error upload_yield(void *worker, enum upload_wish wish, uint64_t offset);

struct upload {
    struct uploads *uploads;
    uint64_t id;            /* by which it is found: that does not change, as all of the next does when it is read */
    struct unfinished file; /* `slot` is what is on disk */
    struct stock_entry entry;

    struct upload **parts; /* owned, and held with it: it is made of them, and nobody has its bytes but them */
    size_t part_count;

    struct upload *next; /* these are the uploads' */
    upload_yield *yield; /* NULL: whoever works on it will soon be done */
    void *worker;
    struct upload_claim *claims;
};

/* Opens the file of its bytes to go on behind its offset; of all of them so many of the first go by way of the page
 * cache (blobs.h). An errno. Blocking. */
int upload_open(struct upload *upload, uint64_t cached, struct blob_file *ret_file);

/* So many bytes are written: makes them durable, and then that they are; an errno. Closed is a file that has had
 * nothing written to it. Blocking. */
int upload_rest(struct upload *upload, struct blob_file *file, uint64_t offset);

/* Whether so much has been written since that it should be. */
bool upload_is_due(const struct upload *upload, uint64_t position);

/* How long it will be is known now; an errno. Blocking. */
int upload_set_length(struct upload *upload, uint64_t length);

/* Its last byte comes once more; an errno. Blocking. */
int upload_step_back(struct upload *upload);

/* Reads its bytes, by way of `buffer`, for their digest; an errno. Blocking. */
int upload_digest(const struct upload *upload, unsigned char *buffer, size_t capacity, struct store_digest *ret_digest);

/* Copies all of its bytes to a position of a file; an errno. Blocking. */
int upload_copy(const struct upload *upload, struct blob_file *to, uint64_t position);

/* Reads all of its bytes; an errno. Blocking. */
int upload_read(const struct upload *upload, unsigned char *bytes);

/* The bytes of it and of its parts, which count in the quota as at rest until then, count as the share's; what it and
 * they have now counts as at rest again, and nothing as the share's. */
void upload_lend(struct upload *upload, struct quota_share *share);
void upload_reclaim(struct upload *upload, struct quota_share *share);

/* Its object is about to be committed, by that step, which gets a time if it has none; or it is not going to be; an
 * errno. Blocking. */
int upload_commit_begins(struct upload *upload, struct txn_step *step);
int upload_commit_failed(struct upload *upload);

/* Its object is there: its bytes are the object's now, and its parts go, also those that are not held with it.
 * Blocking. */
void upload_done(struct upload *upload, const struct store_receipt *receipt);

/* Before one that is done is forgotten: nothing else knows of its parts that they have become an object. None is left
 * when it returns, on disk either, unless somebody works on it. With one that is not done nothing happens.
 * STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure upload_end_parts(struct upload *upload);

/* Gives its bytes another name, as a blob; an errno. Blocking. */
int upload_adopt(const struct upload *upload, uint64_t *ret_blob);

/* It is no more; an errno, and then it is as before. A power cut may bring it back. Blocking. */
int upload_erase(struct upload *upload);

#endif
