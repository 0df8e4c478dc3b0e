/* scrub.c - the verifications of a store: one at a time, told to whoever asks. pass.h has what one does. */
#include "store/upkeep/scrub.h"

#include "store/base/clock.h"
#include "store/upkeep/pass.h"

#include <inttypes.h>
#include <stdio.h>

const char *store_flaw_text(enum store_flaw_kind kind)
{
    switch (kind) {
    case STORE_FLAW_LOG:
        return "bytes of the log are damaged";
    case STORE_FLAW_HEADER:
        return "the header of a file of the log is damaged";
    case STORE_FLAW_PAYLOAD:
        return "the payload does not match its digest";
    case STORE_FLAW_BLOB:
        return "the file of the payload does not match its digest";
    case STORE_FLAW_MISSING:
        return "the file of the payload is missing";
    case STORE_FLAW_KEYS:
        return "the sorted keys of a file of the log are damaged";
    case STORE_FLAW_READ:
        return "the disk does not give the bytes";
    case STORE_FLAW_FILE:
        return "a file of the log is not what its name says, and is set aside";
    }
    return "unknown flaw";
}

/* ---- one at a time --------------------------------------------------------------------------- */

/* Makes the store's verification a new one, unless one is running. */
static bool scrub_claim(struct scrub *scrub)
{
    uint64_t end;
    uint64_t bytes = pass_measure(scrub, &end);
    struct store_verification begun = {.running = true, .started = clock_now(CLOCK_REALTIME), .bytes_total = bytes};
    lock_take(&scrub->lock);
    bool idle = !scrub->verification.running;
    if (idle) {
        scrub->before = scrub->verification;
        scrub->verification = begun;
    }
    lock_release(&scrub->lock);
    return idle;
}

/* After a claim that could not be used: what is known stays what it was. */
static void scrub_unclaim(struct scrub *scrub)
{
    lock_take(&scrub->lock);
    scrub->verification = scrub->before;
    lock_release(&scrub->lock);
}

static void scrub_conclude(struct scrub *scrub, const struct store_verification *verification)
{
    lock_take(&scrub->lock);
    scrub->verification = *verification;
    lock_release(&scrub->lock);
}

/* A claimed verification from beginning to end. */
static enum store_error verify(struct scrub *scrub, uint64_t rate, void (*flaw)(void *, const struct store_flaw *),
                               void *arg, struct store_verification *ret_verification)
{
    struct pass pass;
    if (!pass_init(&pass, scrub, rate)) {
        pass_free(&pass);
        scrub_unclaim(scrub);
        return STORE_NO_MEMORY;
    }
    struct store_verification claimed;
    scrub_verification(scrub, &claimed);
    pass.flaw = flaw;
    pass.arg = arg;
    pass.seen.running = true;
    pass.seen.started = claimed.started;
    pass_run(&pass);
    struct store_verification verification = pass.seen;
    verification.finished = clock_now(CLOCK_REALTIME);
    verification.complete = !pass.stopped && !pass.cut_short;
    verification.running = false;
    pass_free(&pass);
    if (ret_verification)
        *ret_verification = verification;
    scrub_conclude(scrub, &verification);
    return STORE_OK;
}

enum store_error scrub_verify(struct scrub *scrub, uint64_t bytes_per_second,
                              void (*flaw)(void *arg, const struct store_flaw *flaw), void *arg,
                              struct store_verification *ret_verification)
{
    if (!scrub_claim(scrub))
        return STORE_BUSY;
    return verify(scrub, bytes_per_second, flaw, arg, ret_verification);
}

static void log_flaw(void *arg, const struct store_flaw *flaw)
{
    struct scrub *scrub = arg;
    char whose[32] = "";
    if (flaw->key || flaw->key_hash)
        (void)snprintf(whose, sizeof whose, ", key hash %016" PRIx64, flaw->key_hash);
    notice_tell(scrub->notice, STORE_LOG_ERROR, "verification: %s: %" PRIu64 " bytes at offset %" PRIu64 "%s%s",
                store_flaw_text(flaw->kind), flaw->length, flaw->offset, whose,
                flaw->live ? ", of an object that can be asked for" : "");
}

static void *scrub_thread(void *arg)
{
    struct scrub *scrub = arg;
    struct store_verification verification = {0};
    if (verify(scrub, scrub->bytes_per_second, log_flaw, scrub, &verification) == STORE_OK)
        notice_tell(scrub->notice, verification.flaws ? STORE_LOG_ERROR : STORE_LOG_INFO,
                    "verification %s: %" PRIu64 " records, %" PRIu64 " blobs, %" PRIu64 " flaws",
                    verification.complete ? "complete" : "not complete", verification.records, verification.blobs,
                    verification.flaws);
    else
        notice_tell(scrub->notice, STORE_LOG_ERROR, "not verified: %s; ask for it again",
                    store_error_text(STORE_NO_MEMORY));
    return NULL;
}

enum store_error scrub_start(struct scrub *scrub, uint64_t bytes_per_second)
{
    if (!gate_lets_in(scrub->gate))
        return STORE_DRAINING;
    if (!scrub_claim(scrub))
        return STORE_BUSY;
    lock_take(&scrub->lock);
    if (scrub->threaded)
        pthread_join(scrub->thread, NULL); /* an earlier one, which has ended */
    scrub->bytes_per_second = bytes_per_second;
    scrub->threaded = pthread_create(&scrub->thread, NULL, scrub_thread, scrub) == 0;
    bool threaded = scrub->threaded;
    lock_release(&scrub->lock);
    if (!threaded)
        scrub_unclaim(scrub);
    return threaded ? STORE_OK : STORE_NO_MEMORY;
}

void scrub_verification(struct scrub *scrub, struct store_verification *ret_verification)
{
    lock_take(&scrub->lock);
    *ret_verification = scrub->verification;
    lock_release(&scrub->lock);
}

bool scrub_running(struct scrub *scrub)
{
    struct store_verification verification;
    scrub_verification(scrub, &verification);
    return verification.running;
}

uint64_t scrub_flaws(struct scrub *scrub)
{
    struct store_verification verification;
    scrub_verification(scrub, &verification);
    return verification.flaws;
}

void scrub_init(struct scrub *scrub)
{
    lock_init(&scrub->lock);
    lock_condition_init(&scrub->stopping);
}

void scrub_free(struct scrub *scrub)
{
    pthread_cond_destroy(&scrub->stopping);
    lock_destroy(&scrub->lock);
}

void scrub_rest(struct scrub *scrub, const struct timespec *until)
{
    bool early = true;
    lock_take(&scrub->lock);
    while (early && !atomic_load(&scrub->stop))
        early = lock_wait_until(&scrub->lock, &scrub->stopping, until);
    lock_release(&scrub->lock);
}

void scrub_cancel(struct scrub *scrub)
{
    lock_take(&scrub->lock);
    atomic_store(&scrub->stop, true);
    pthread_cond_broadcast(&scrub->stopping);
    lock_release(&scrub->lock);
}

void scrub_stop(struct scrub *scrub)
{
    scrub_cancel(scrub);
    lock_take(&scrub->lock);
    bool threaded = scrub->threaded;
    scrub->threaded = false;
    lock_release(&scrub->lock);
    if (threaded)
        pthread_join(scrub->thread, NULL);
}
