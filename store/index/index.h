/* index.h - what a store holds: where the record of each key stands, and the figures that follow from that.
 *
 * A key's hash leads to a packed location, 16 bytes an object; keys are on disk only. So where a single object has a
 * hash it is found by any key of that hash: who reads the record compares the key. Where several have it, each is found
 * by its own key (namesakes.h), and none by the hash alone.
 *
 * index_apply() is the one place where a record is booked: it makes its key lead to it, or to nothing, and counts what
 * lives, what is dead and which blobs are needed. The writer does so for a whole group under the exclusive lock, so
 * that a batch becomes visible at once; recovery counts record by record, and enters what lives in the end (load.h).
 *
 * The lock guards the index, the log's chain of segments with what is counted of each, and the needs of the blobs.
 * Readers share it for a look-up. Functions that need it say so by asserting it; the others take it themselves.
 *
 * Beside it: what was found damaged (damage.h), what compacting a segment would give back (yield.h).
 *
 * Thread: any; "lock held" where the lock has to be.
 */
#ifndef CAIRN_INDEX_H
#define CAIRN_INDEX_H

#include "store/base/shared_lock.h"
#include "store/base/table.h"
#include "store/disk/blobs.h"
#include "store/index/damage.h"
#include "store/index/namesakes.h"
#include "store/log/log.h"

struct index {
    struct shared_lock lock;

    struct log *log;     /* the store's */
    struct blobs *blobs; /* the same */

    uint64_t salt;
    struct table locations;      /* key hash -> packed location, or INDEX_SEVERAL */
    struct namesakes *namesakes; /* those; NULL as long as there never were any */
    uint64_t objects;
    uint64_t live_bytes;    /* payload bytes of all objects */
    uint64_t dead_bytes;    /* bytes of records in the log that no key leads to */
    uint64_t end_offset;    /* of the log, as far as it is published */
    int64_t deletions_kept; /* tombstones of this time and newer ones are kept for followers: horizon.h */
    uint64_t commits;       /* since the store was opened; the same for the next */
    uint64_t records;
    struct damage damage;
};

/* Stands for a location where a hash alone is asked for that several keys have. */
enum { INDEX_SEVERAL = 1 };

/* What one record changes, and what it ends. */
struct index_change {
    enum record_type type;
    struct store_key key; /* borrowed */
    struct location location;
    uint64_t size; /* of a put: its payload's, and the blob that holds it, or 0 */
    uint64_t blob;
    bool replaces; /* its key leads to a record already; of that, the size of the payload and the blob or 0: */
    uint64_t size_before;
    uint64_t blob_before;
    struct crowd others; /* else: what else has the hash, if that is a single object */
};

/* What a change has ended. */
struct index_ended {
    const struct segment *segment; /* where a record has lost its key; NULL: none has */
    uint64_t blob;                 /* that no object needs any more: to be discarded when the lock is let go; 0: none */
};

/* Sets up an empty index; `log` and `blobs` may be set up later, as long as it stays empty. */
void index_init(struct index *index, struct log *log, struct blobs *blobs, uint64_t salt);
void index_free(struct index *index);

/* ---- the lock -------------------------------------------------------------------------------- */

void index_lock_shared(struct index *index);
void index_lock(struct index *index);
void index_unlock(struct index *index);

/* Ends the program where nobody has the lock, or not this thread exclusively. */
void index_assert_locked(const struct index *index);
void index_assert_exclusive(const struct index *index);

/* ---- asking ---------------------------------------------------------------------------------- */

/* Hashes that are foreseen while one is looked up or booked. */
enum { INDEX_AHEAD = 8 };

/* Tells the processor that a key hash is going to be looked up or booked soon: with millions of objects its place is in
 * no cache, and who looks up one after the other waits for each. Thread: the writer, who alone changes the index. */
void index_foresee(const struct index *index, uint64_t hash);

/* Where the record stands that a key leads to, packed; 0: there is none. It may be another key's of that hash; and of a
 * hash alone that several keys have it is INDEX_SEVERAL. Lock held. */
uint64_t index_find(const struct index *index, const struct store_key *key);

/* The same for just the key's own object: one without a name is one beside those that have one. Of a single one that
 * has the hash nobody has compared the key. Lock held. */
uint64_t index_find_own(const struct index *index, const struct store_key *key);

/* index_find() and index_find_own(), asked for the moment only. *ret_crowd (NULL is allowed): all that have the hash,
 * if they are several. */
uint64_t index_now(struct index *index, const struct store_key *key, struct crowd *ret_crowd);
uint64_t index_now_own(struct index *index, const struct store_key *key);

/* Where the one of all that have a hash stands that has a tag; *ret_single: it is the only one, and nobody has compared
 * its tag. */
uint64_t index_now_tagged(struct index *index, uint64_t hash, uint64_t tag, bool *ret_single);

/* What index_now_own() finds: the offset, which stays that record's alone, and whether it is known to be damaged. */
struct index_sight {
    uint64_t offset;
    bool damaged;
};

/* False: it finds none. */
bool index_see_own(struct index *index, const struct store_key *key, struct index_sight *ret_sight);

/* Whether the key, which is that of the record at an offset, leads there now. */
bool index_leads_to(struct index *index, const struct store_key *key, uint64_t offset);

/* The tag of a key: key.h. */
uint64_t index_tag(const struct index *index, const struct store_key *key);

/* Calls visit with the packed location of each object, in no order that means anything. Lock held. */
void index_each(const struct index *index, void (*visit)(void *arg, uint64_t packed), void *arg);

/* Where the log ends, as far as it is published. */
uint64_t index_end(struct index *index);

/* ---- booking; the lock is held exclusively ---------------------------------------------------- */

/* Makes sure that index_apply() of one change more cannot fail, until index_reservations_end(). False when memory is
 * out. */
bool index_reserve(struct index *index, const struct index_change *change);
void index_reservations_end(struct index *index);

/* Books a record, for which there is a reservation. */
struct index_ended index_apply(struct index *index, const struct index_change *change);

/* Only counts a record of a segment, and that of an object which has ended; a start enters apart what then still lives
 * (load.h). index_count_end() returns the segment of the record. */
void index_count_record(struct index *index, struct segment *segment, enum record_type type, uint32_t length,
                        uint64_t size);
const struct segment *index_count_end(struct index *index, struct location location, uint64_t size);

/* All records up to the end of the log have been booked: so far it is published. */
void index_publish(struct index *index);

/* They were a group commit of so many records. */
void index_count_group(struct index *index, uint64_t records);

/* Puts a husk in the place of the segment with its number, which is the caller's now: none of its records counts any
 * more. */
void index_replace(struct index *index, struct segment *husk);

/* The segment stays as it is until the store is opened again: it could not be compacted. Takes the lock itself. */
void index_keep(struct index *index, struct segment *segment);

#endif
