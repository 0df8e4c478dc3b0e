/* run.h - entries of some segments in the order of their places: what a listing is merged from.
 *
 * A run is bytes in memory, or in a file from some position on. Integers are little-endian; all checks are XXH3-64,
 * seeded with the store's salt:
 *
 *      0  "cairnky4"
 *      8  count of the sources
 *     16  count of the entries
 *     24  count of the blocks
 *     32  bytes of all blocks
 *     40  bytes of all fence keys
 *     48  count of the tombstones among the entries
 *     56  check of all behind the blocks
 *     64  check of bytes 0 to 63
 *     72  blocks of up to 8 KiB: entries (entry.h), the first one behind nothing
 *      …  sources, by number: number of a segment (8), position in it up to which its records are in the run (8),
 *         stamp of its file (8)
 *      …  fences, one for each block: check of the block (8), where it ends among the blocks (8), where the fence's
 *         key ends among the fence keys (8)
 *      …  fence keys: the place of the first entry of each block
 *
 * What stands behind the blocks is read when the run is opened and kept in memory, some 40 bytes for 150 entries. So
 * to find a place takes one search in memory and one read of one block.
 *
 * Of each place there is the last put, or the tombstone behind it, that the sources have. So a run follows from the
 * bytes of its sources, whatever the log holds beside them. It counts where each segment of the log that lies among its
 * sources is one of them, and has the stamp that it had then: the log may have gone on in two ways in two copies of a
 * folder. An entry counts when the index leads to its record, by the offset that no other record ever has.
 *
 * Where a record cannot be read to which the index leads, a run in memory lacks it: it serves the listing that it was
 * made for and is made again for the next one, since the bytes may be right again.
 *
 * Thread: any. A run does not change, but for what is known of it.
 */
#ifndef CAIRN_RUN_H
#define CAIRN_RUN_H

#include "store/base/error.h"
#include "store/disk/handle.h"
#include "store/read/place.h"

enum {
    RUN_HEADER = 72,
    RUN_BLOCK_MAX = 8 << 10,
    RUN_SOURCE = 24,
    RUN_FENCE = 24,
};

/* Where the fields of the header stand. */
enum {
    RUN_AT_MAGIC = 0,
    RUN_AT_SOURCES = 8,
    RUN_AT_ENTRIES = 16,
    RUN_AT_BLOCKS = 24,
    RUN_AT_BLOCK_BYTES = 32,
    RUN_AT_KEY_BYTES = 40,
    RUN_AT_TOMBSTONES = 48,
    RUN_AT_TAIL_CHECK = 56,
    RUN_AT_CHECK = 64,
};

/* A segment whose records are in a run, up to a position. */
struct run_source {
    uint64_t number;
    uint64_t covered;
    uint64_t stamp; /* segment_stamp(), or: */
};

#define RUN_NO_STAMP UINT64_MAX /* no file has it; of a run in memory */

/* What the header says. */
struct run_header {
    uint64_t sources;
    uint64_t entries;
    uint64_t blocks;
    uint64_t block_bytes;
    uint64_t key_bytes;
    uint64_t tombstones;
    uint64_t tail_check;
};

/* Writes RUN_HEADER bytes. */
void run_encode_header(const struct run_header *header, uint64_t salt, unsigned char *ret_bytes);

/* Whether these RUN_HEADER bytes are a header whose check is right and whose sums do not overflow. The second: whether
 * they begin one of another format, as another version of this program writes it. */
bool run_decode_header(const unsigned char *bytes, uint64_t salt, struct run_header *ret_header);
bool run_is_foreign(const unsigned char *bytes);

struct run;

/* Takes bytes in memory, all of a run, and packed locations of the records that it lacks; both are malloc's. NULL when
 * memory is out: then they are the caller's. */
struct run *run_of_memory(unsigned char *bytes, size_t length, uint64_t salt, uint64_t *lacks, size_t lacks_count);

/* The run in a file from an offset on, of which this reads the header and what stands behind the blocks. Takes the
 * handle, in any case, which is kept; NULL is allowed, and memory is out. STORE_DAMAGED: it is none; STORE_FOREIGN: of
 * another format; STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure run_open(struct handle *file, uint64_t offset, uint64_t salt, struct run **ret_run);

/* Its file need not stay open: it is found by its name. The other way round, before the name goes or leads to another
 * file; an errno. Of one in memory neither does anything. */
void run_rest(struct run *run);
int run_keep(struct run *run);

/* Reads all blocks and proves them: STORE_DAMAGED, STORE_IO, STORE_NO_MEMORY. Blocking. */
struct failure run_prove(const struct run *run);

/* References: whoever has one may read. The last release frees; NULL is allowed. */
struct run *run_retain(struct run *run);
void run_release(struct run *run);

/* Whether others have one, too. Nobody but them can give away more. */
bool run_is_shared(const struct run *run);

/* The check of what stands behind its blocks, which has those of the blocks: no other run has it. */
uint64_t run_identity(const struct run *run);

/* What it is made of. The sources are decoded one by one. */
uint64_t run_entries(const struct run *run);
uint64_t run_tombstones(const struct run *run);
size_t run_source_count(const struct run *run);
struct run_source run_source_at(const struct run *run, size_t at);
struct run_source run_last_source(const struct run *run);

/* The records that the run lacks. Borrowed. */
const uint64_t *run_lacks(const struct run *run, size_t *ret_count);

/* ---- its blocks ------------------------------------------------------------------------------- */

size_t run_blocks(const struct run *run);

/* The last block from `from` on, which is one, that does not begin behind a place: the one that has it, if the blocks
 * in front of `from` have not. */
size_t run_find_block(const struct run *run, size_t from, const struct place *place);

/* Whether a block begins behind a place, at it or in front of it: greater than, equal to or less than 0. */
int run_compare_block(const struct run *run, size_t at, const struct place *place);

/* A block is about to be read, if there is one of that number: where it is far, it is asked for, and not waited for. */
void run_expect_block(const struct run *run, size_t at);

/* A block: in memory, or read into `buffer`, RUN_BLOCK_MAX bytes, and proved. When that fails the run is known to be
 * broken. Blocking. */
struct failure run_read_block(struct run *run, size_t at, unsigned char *buffer, const unsigned char **ret_bytes,
                              size_t *ret_length);

/* Takes down that the run is not as it was made. */
void run_break(struct run *run);
bool run_is_broken(const struct run *run);

/* ---- entries that lead to nothing ------------------------------------------------------------- */

/* Where an entry stands: in its block, and as which one in that. */
static inline uint64_t run_entry_at(size_t block, size_t number)
{
    return (uint64_t)block << 16 | number;
}

/* Takes down that all entries from the beginning of a block up to one lead to nothing, for good. In memory only. */
void run_learn_gone(struct run *run, size_t block, uint64_t to);

/* Up to where that is known, over blocks behind it, too; where nothing is, the beginning of the block. */
uint64_t run_gone(struct run *run, size_t block);

/* The block up to which it is known, of the runs in front of it and of itself, what its tombstones have ended:
 * learner.h. Whether that is the last. */
size_t run_taught(const struct run *run);
bool run_has_taught(const struct run *run);
void run_set_taught(struct run *run, size_t block);

#endif
