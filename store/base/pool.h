/* pool.h - a few threads for work that may wait for the disk.
 *
 * Jobs are intrusive, so that giving one in cannot fail: an upload that has a buffer to write is never
 * refused, only made to wait for its turn.
 *
 * Thread: any.
 */
#ifndef CAIRN_POOL_H
#define CAIRN_POOL_H

#include "store/base/agenda.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;

struct pool_job {
    struct agenda_entry later; /* the pool's: when a job given in for later has its turn */
    bool planned;              /* the same: it is to come later */
    struct pool_job *next;
    void (*run)(void *arg);
    void *arg;
};

/* Starts one thread, and others when they are needed, up to so many. NULL when memory or threads are out. */
struct pool *pool_new(size_t threads);

/* Runs the job on one of the threads, in the order given in. The job belongs to the pool until it runs;
 * after that it may be given in again, also by itself. */
void pool_submit(struct pool *pool, struct pool_job *job);

/* The same, but not before so much time has passed; at once when the pool ends. Any number of jobs may wait so. */
void pool_submit_later(struct pool *pool, struct pool_job *job, unsigned milliseconds);

/* Takes back a job that still waits for a thread or for its time, which is quickly done then; false when it runs, has
 * run or was never given in.
 * Whoever waits for a job on one of the pool's own threads has to: it might wait for itself. */
bool pool_withdraw(struct pool *pool, struct pool_job *job);

/* Whether the calling thread is one of the pool's. */
bool pool_is_current(const struct pool *pool);

/* Jobs that wait for a thread. */
size_t pool_waiting(struct pool *pool);

/* Runs what is queued, then ends the threads. Nothing may be given in any more, except by jobs. */
void pool_free(struct pool *pool);

#endif
