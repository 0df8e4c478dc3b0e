/* run.h - the keys of one segment in order: what a listing is merged from.
 *
 * A run of a sealed segment is a file beside it, "0000000000000001.keys"; that of the active one is the same bytes
 * in memory. Integers are little-endian:
 *
 *      0  "cairnky2"
 *      8  number of the segment
 *     16  covered: position in the segment up to which its records are in the run
 *     24  count of the entries
 *     32  bytes of all keys
 *     40  horizon: offset where the log ended when the run was made
 *     48  check: XXH3-64 of all before and all behind it, seeded with the store's salt
 *     56  entries, sorted by key: key hash (8), position in the segment (4), place of the key (4)
 *      …  keys: length (2), bytes
 *
 * A run tells only where to look: an entry counts when the index leads to its record. A file that is missing,
 * or whose check does not match, is made again from the segment. What was replaced or deleted up to the horizon is left
 * out: where the log does not reach so far any more, because its end was lost or an older one was brought back, it may
 * be there again, and the run is of no use.
 *
 * Where a record cannot be read to which the index leads, the run lacks it: it serves the listing that it was made for
 * and is made again for the next one, since the bytes may be right again.
 */
#ifndef CAIRN_RUN_H
#define CAIRN_RUN_H

#include "store/base/error.h"
#include "store/log/log.h"
#include "store/read/place.h"
#include "store/store.h"

struct run;

struct run_entry {
    uint64_t hash;
    uint32_t position;
    size_t key_length;
    unsigned char key[STORE_KEY_MAX];
};

/* ---- making one ------------------------------------------------------------------------------- */

enum { RUN_KEY_HEAD = 2 }; /* bytes in front of each key, which tell its length */

/* An entry as it stands in a run. */
struct run_item {
    uint64_t hash;
    uint32_t position;
    uint32_t key; /* its place among the keys */
};

/* What a run is made of. */
struct run_content {
    const struct run_item *items; /* sorted */
    size_t count;
    const unsigned char *keys; /* each behind its head */
    size_t keys_length;
    uint64_t *lacks; /* packed locations of records that could not be read; allocated */
    size_t lacks_count;
    uint64_t horizon; /* offset where the log ends */
};

/* A run in memory of the records of a segment up to `covered`, by draft.h; takes what it lacks. NULL when memory is
 * out. */
struct run *run_make(const struct log *log, const struct segment *segment, uint64_t covered,
                     const struct run_content *content);

/* ---- its file --------------------------------------------------------------------------------- */

/* Writes a run that lacks nothing to its file and goes on from there; when that fails it stays in memory. Without
 * `lasting` the file has no name, and no later start finds it. Blocking. Thread: one, before others know the run. */
void run_save(const struct log *log, struct run *run, const struct segment *segment, bool lasting);

/* The run of a sealed segment from its file. STORE_NO_OBJECT: there is none; STORE_DAMAGED: it is not valid;
 * STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure run_open(const struct log *log, const struct segment *segment, uint64_t covered, struct run **ret_run);

/* Unlinks the file of a segment's run, if there is one. Blocking. */
void run_remove(const struct log *log, uint64_t number);

/* Unlinks the file of a segment's run when its horizon lies beyond the end of the log, or when it is of an older
 * format. Blocking. Thread: the one that opens the store; later the log has grown. */
void run_check_horizon(const struct log *log, uint64_t number);

/* Whether a file in log/ is a run's, and of which segment; whether it is one that was being written. */
bool run_number(const char *name, uint64_t *ret_number);
bool run_is_draft(const char *name);

/* ---- reading it ------------------------------------------------------------------------------- */

/* References: whoever has one may read. The last release frees; NULL is allowed. */
struct run *run_retain(struct run *run);
void run_release(struct run *run);

/* The position up to which the segment's records are in the run, and the number of entries. */
uint64_t run_covered(const struct run *run);
size_t run_count(const struct run *run);

/* The records that the run lacks. Borrowed. */
const uint64_t *run_lacks(const struct run *run, size_t *ret_count);

/* Reads an entry. Blocking. */
struct failure run_read(const struct run *run, size_t at, struct run_entry *ret_entry);

/* Whose entry it is. Borrows its bytes. */
struct store_key run_entry_key(const struct run_entry *entry);

/* The first entry from `from` on that is not before the place. Blocking. */
struct failure run_seek(const struct run *run, size_t from, const struct place *place, size_t *ret_at);

/* Takes down that the entries from `from` up to `to` lead to nothing, for good. The longest few of such rows are kept,
 * in memory only. */
void run_learn_gone(struct run *run, size_t from, size_t to);

/* The first entry from `at` on that is not in one of them. */
size_t run_pass_gone(struct run *run, size_t at);

#endif
