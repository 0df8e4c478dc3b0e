/* stream.h - uploads: payloads that come piece by piece. For its users: store.h.
 *
 * Up to the inline limit the payload collects in memory, and the commit is one record. Beyond it the payload goes to a
 * blob file. Then a stream has two sides: whoever sends fills buffers (sender.c), and an I/O thread digests and writes
 * them (pump.h), so that receiving and writing overlap and no caller ever waits for the disk. When all buffers are full
 * nothing more is taken until one is empty again: that is the backpressure, and the memory of an upload is bounded by
 * its buffers whatever its size. What memory it takes is its charge (charge.h).
 *
 * At the end the same I/O thread syncs the file, syncs the folder, lets the caller seal (digests, attributes) and hands
 * the commit to the writer. Failures stick to the stream: the writes that follow report them, and so does the commit.
 *
 * A stream that goes on with an unfinished upload is a leg of that (leg.h).
 *
 * Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_STREAM_H
#define CAIRN_STREAM_H

#include "store/base/lock.h"
#include "store/base/pool.h"
#include "store/base/xxh3.h"
#include "store/commit/txn.h"
#include "store/store.h"
#include "store/write/intake.h"
#include "store/write/ring.h"
#include "store/write/upload.h"

#include <pthread.h>

enum { STREAM_COLLECT_MIN = 4 << 10 }; /* bytes to begin collecting with, where none were announced */

struct stream {
    struct txn txn; /* first: the writer knows the stream by it */
    struct store_op op;
    struct txn_step step;
    struct store_receipt receipt;
    bool goes_on;     /* with an upload; else it is an object by itself */
    bool whole;       /* what comes counts all together, or not at all */
    uint64_t base;    /* where it goes on, else 0 */
    bool resting;     /* it leaves the upload to others, and commits nothing */
    store_done *done; /* who is told then, or of the commit of an upload */
    void *arg;
    struct store_result outcome;
    struct quota_share share;
    bool weighed; /* the object has been looked for whose place it takes */
    const struct intake *intake;
    const struct services *services; /* outlive the intake, whose store may be closed once the stream is discharged */
    struct stream_hooks hooks;
    struct stream_finish finish;
    uint64_t announced; /* or STORE_SIZE_UNKNOWN */
    uint64_t received;
    uint64_t charge;          /* bytes taken: at least what is collected, or touched of the ring; then under lock */
    unsigned char *collected; /* the payload of an inline object */
    size_t collected_capacity;
    bool large;  /* goes to a blob file */
    bool placed; /* counts among the uploads that hold one */

    struct pool_job job;
    XXH3_state_t *hash; /* the job's, like those below */
    struct blob_file file;
    uint64_t position;
    uint64_t small; /* for effort_small_since(), which it was asked at this time of CLOCK_MONOTONIC, in ns */
    int64_t looked;
    uint64_t tapped_until; /* bytes that were collected, and tapped, before the payload grew large */

    struct lock lock; /* guards what follows */
    pthread_cond_t tapped;
    struct ring ring;
    bool starved;          /* it waits until nothing is full, for there is no memory for another buffer */
    bool queued;           /* the job is with the pool */
    bool tapping;          /* the job is in hooks.tap */
    bool sending;          /* somebody is in stream_write(); of one that goes on with an upload */
    bool settling;         /* somebody waits for what has come to be on disk */
    bool leaving;          /* and somebody for the upload: it takes nothing more */
    struct upload *upload; /* the one it goes on with; NULL: none, or it has left it */
    bool ending;
    bool aborted;
    struct failure failure;
    void (*ready)(void *arg);
    void *ready_arg;

    unsigned char key[];
};

/* What stream_open() says: an upload into the store of that intake. */
enum store_error stream_begin(const struct intake *intake, const struct store_key *key, uint64_t size,
                              const struct stream_hooks *hooks, struct stream **ret_stream);

/* ---- for its sides ----------------------------------------------------------------------------- */

/* Begins one that may, with that upload or NULL: STORE_BUSY, STORE_NO_MEMORY, and what gate_enter() says. It takes the
 * upload, and only when it begins. */
enum store_error stream_start(const struct intake *intake, const struct store_key *key, uint64_t size,
                              const struct stream_hooks *hooks, struct upload *upload, struct stream **ret_stream);

/* From here on the payload goes to a blob file: STORE_NO_MEMORY. */
enum store_error stream_enlarge(struct stream *stream);

/* Why nothing more is taken, if so. Lock held. */
struct failure stream_refusal(const struct stream *stream);

/* Whether a buffer can be filled, or there is a failure to be told. Lock held. */
bool stream_can_go_on(const struct stream *stream);

/* Asks for the attributes. Blocking, as what they are sealed with may be. */
enum store_error stream_seal(struct stream *stream);

/* The same, and hands the commit over: whoever commits is told. */
void stream_submit(struct stream *stream);

/* Whoever commits is told that it has failed. */
void stream_fail(struct stream *stream, struct failure failure);

/* Takes one apart of which nothing is to stay, and lets it out. Blocking. */
void stream_drop(struct stream *stream);

/* Frees one that has left the store. */
void stream_free(struct stream *stream);

#endif
