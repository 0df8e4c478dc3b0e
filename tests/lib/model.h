/* model.h - a depot beside a plain map of what it must hold.
 *
 * A test makes attempts (attempt.h), several at a time on keys that do not overlap, then settles them: each result is
 * compared with what the map says, and the map follows. An attempt that failed because of the disk is *in doubt*: it
 * must not be seen now, but after a restart it may be there, whole, until a later commit of its store has
 * succeeded. model_verify() reads every key and compares figures and files.
 *
 * A model that finds a difference ends the program with a sentence that names the seed and the operation.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_MODEL_H
#define CAIRN_TESTS_MODEL_H

#include "store/store.h"
#include "tests/lib/attempt.h"
#include "tests/lib/ground.h"
#include "tests/lib/model_uploads.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_STORES = 2,
    MODEL_KEYS = 48,           /* in each store; all but the last ones are addressed by their bytes, ... */
    MODEL_HASHES = 8,          /* ... so many, the last ones, by their hash only; */
    MODEL_NAMESAKES = 12,      /* so many in front of these have their hash in common with others, ... */
    MODEL_FAMILY = 4,          /* ... each with so many in all */
    MODEL_RESERVE = 128 << 10, /* with every other seed */
    MODEL_FIRST = 256 << 10,   /* the first segment, with two of four seeds */
    MODEL_INLINE = 2048        /* bytes: what the keys hold inline may fill more than a segment, or hardly any of one */
};

struct slot {
    struct value now;
    struct attempt *attempt; /* under way or in doubt; NULL: the key is free for an attempt */
};

/* What a store holds. */
struct model_total {
    uint64_t objects;
    uint64_t bytes;
};

struct model {
    struct ground ground;
    struct sim_disk *disk; /* that is the ground; NULL: another one */
    struct depot_options options;
    uint64_t seed;
    struct prng whims; /* what becomes of the summaries beside the logs */
    char scene[64];    /* what the test is doing, for failures; may be empty */
    struct depot *depot;
    struct store *stores[MODEL_STORES];
    struct slot slots[MODEL_STORES][MODEL_KEYS];
    struct model_uploads uploads[MODEL_STORES];
    struct attempt *under_way;
    struct attempt *in_doubt;
    uint64_t round;
    uint64_t floor[MODEL_STORES]; /* the highest acknowledged end of the log */
    uint64_t ids;
    /* When a write to the log failed last: blobs it named stay until a later commit; 0: they have gone. */
    uint64_t doubt_round[MODEL_STORES];
    bool disturbed; /* set by the test when it has broken something: errors of the disk are then no surprise */

    int64_t hour;              /* the second at which the first values expire that are still to */
    bool ghosts[MODEL_STORES]; /* it may have objects that have expired, and are not deleted yet */

    struct store_limits limits[MODEL_STORES];        /* model_limits.h */
    struct store_limits limits_wanted[MODEL_STORES]; /* whose setting has failed: they may come with a restart */
    bool limits_in_doubt[MODEL_STORES];
    struct model_total ceiling[MODEL_STORES]; /* no store may hold more */

    uint64_t operations;
    uint64_t acknowledged;
    uint64_t refused; /* by limits */
    uint64_t failed;  /* by the disk */
    uint64_t doubts;  /* decided after a restart */
    uint64_t reads;
    uint64_t looks; /* model_verify() calls */
};

/* The options of a small depot: payloads inline up to 512 bytes, small segments. */
struct depot_options model_options(const struct io *io);

/* Borrows the disk, or what else it is to stand on. */
struct model *model_new(struct sim_disk *disk, uint64_t seed);
struct model *model_new_on(const struct ground *ground, uint64_t seed);

/* NULL is allowed. Closes it. */
void model_free(struct model *model);

/* Opens the depot, makes and acquires the stores and decides by reading what was in doubt. On failure everything is
 * closed again and *ret_detail says why; without `disturbed` a failure ends the program. */
enum store_error model_open(struct model *model, struct store_detail *ret_detail);

/* Settles and closes; the disk must then have no open file. Allowed when closed. Where nothing is disturbed, something
 * may happen to the summaries of the logs (summaries.h). */
void model_close(struct model *model);

/* Cuts the power, closes, reboots the disk by the seed and opens again; the same may happen to the summaries. */
void model_power_cut(struct model *model, uint64_t seed);

struct store_key model_key(unsigned key);
bool model_key_free(const struct model *model, unsigned store, unsigned key);
struct value model_new_value(struct model *model, uint64_t size);

/* Waits for all that is under way and books it. */
void model_settle(struct model *model);

/* Settles, and an hour passes: some values expire. Not where stores have limits, which count them until they are
 * deleted. */
void model_pass_hour(struct model *model);

/* Behind an opening without faults: waits until what has expired has been deleted, and nothing else. */
void model_await_purge(struct model *model);

/* Reads one key. Where an attempt is under way, the old or the new value must be there, and nothing else. */
void model_read(struct model *model, unsigned store, unsigned key);

/* Lists a store page by page: each object once, in order. Keys with an attempt may be there or not. */
void model_list(struct model *model, unsigned store);

/* Settles, reads everything and compares the figures, and (when not disturbed) the files; now and then the store's own
 * verification must find no flaw either. */
void model_verify(struct model *model);

/* False: a transfer into the store has failed, and nobody could look whether it has reached it. */
bool model_contents_known(const struct model *model, unsigned store);

/* True for the errors that a broken disk may cause. */
bool model_disk_error(enum store_error error);

/* Ends the program; the sentence is printed with the scene, the seed and the number of the operation. */
_Noreturn void model_fail(const struct model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
