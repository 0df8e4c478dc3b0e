/* scarcity.c - opening stores when descriptors are out. scarcity.h tells the story. */
#include "store/depot/scarcity.h"

#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>

enum {
    LASTS = 5,  /* seconds since they were out */
    GLANCE = 5, /* milliseconds */
    ROOM = 10,  /* descriptors: some six that a store has when it is open, and those of an object or a listing */
    MOST = 512, /* that are looked for */
};

void scarcity_init(struct scarcity *scarcity)
{
    *scarcity = (struct scarcity){0};
    lock_init(&scarcity->lock);
    lock_condition_init(&scarcity->changed);
}

void scarcity_free(struct scarcity *scarcity)
{
    pthread_cond_destroy(&scarcity->changed);
    lock_destroy(&scarcity->lock);
}

bool scarcity_lasts(const struct scarcity *scarcity)
{
    int64_t until = atomic_load(&scarcity->until);
    return until != 0 && clock_now(CLOCK_MONOTONIC) < until;
}

/* Lock held. False when it is time, or over. */
static bool await(struct scarcity *scarcity, int64_t until)
{
    struct timespec time = clock_timespec(until);
    assert(lock_is_mine(&scarcity->lock));
    return !scarcity->over && lock_wait_until(&scarcity->lock, &scarcity->changed, &time);
}

bool scarcity_enter(struct scarcity *scarcity, int64_t until)
{
    bool taken = false;
    lock_take(&scarcity->lock);
    while (scarcity->taken && await(scarcity, until))
        continue;
    if (!scarcity->taken && !scarcity->over)
        taken = scarcity->taken = true;
    lock_release(&scarcity->lock);
    return taken;
}

void scarcity_leave(struct scarcity *scarcity)
{
    lock_take(&scarcity->lock);
    assert(scarcity->taken);
    scarcity->taken = false;
    pthread_cond_broadcast(&scarcity->changed);
    lock_release(&scarcity->lock);
}

int scarcity_try(const struct io *io, int file, size_t others)
{
    int copies[MOST], error = 0;
    size_t count = 0, wanted = others < MOST - ROOM ? ROOM + others : MOST;
    while (count < wanted && !error) {
        copies[count] = io->dup(io->self, file);
        error = copies[count] < 0 ? errno : 0;
        count += !error;
    }
    while (count > 0)
        io->close(io->self, copies[--count]);
    return error;
}

bool scarcity_wait(struct scarcity *scarcity, int64_t until)
{
    int64_t glance = clock_now(CLOCK_MONOTONIC) + GLANCE * CLOCK_MILLISECOND;
    lock_take(&scarcity->lock);
    assert(scarcity->taken);
    (void)await(scarcity, glance < until ? glance : until);
    bool over = scarcity->over;
    lock_release(&scarcity->lock);
    return !over && glance < until;
}

void scarcity_note(struct scarcity *scarcity)
{
    atomic_store(&scarcity->until, clock_now(CLOCK_MONOTONIC) + LASTS * (int64_t)CLOCK_SECOND);
}

void scarcity_tell(struct scarcity *scarcity)
{
    if (!scarcity_lasts(scarcity))
        return; /* nobody waits */
    lock_take(&scarcity->lock);
    pthread_cond_broadcast(&scarcity->changed);
    lock_release(&scarcity->lock);
}

void scarcity_end(struct scarcity *scarcity)
{
    lock_take(&scarcity->lock);
    scarcity->over = true;
    pthread_cond_broadcast(&scarcity->changed);
    lock_release(&scarcity->lock);
}
