/* scrub.c - the verification of a store. scrub.h tells how it goes. */
#include "store/scrub.h"

#include "store/cursor.h"
#include "store/digest.h"
#include "store/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK = 1 << 20 };

/* One verification under way. */
struct pass {
    struct store *store;
    struct cursor cursor;
    unsigned char *chunk;
    uint64_t end; /* of the log when it began */
    uint64_t rate;
    int64_t began; /* monotonic nanoseconds */
    bool stopped;
    void (*flaw)(void *arg, const struct store_flaw *flaw);
    void *arg;
    struct store_verification seen;
};

const char *store_flaw_text(enum store_flaw_kind kind)
{
    switch (kind) {
    case STORE_FLAW_LOG:
        return "bytes of the log are damaged";
    case STORE_FLAW_PAYLOAD:
        return "the payload does not match its digest";
    case STORE_FLAW_BLOB:
        return "the file of the payload does not match its digest";
    case STORE_FLAW_MISSING:
        return "the file of the payload is missing";
    case STORE_FLAW_READ:
        return "the disk does not give the bytes";
    }
    return "unknown flaw";
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- pace and progress ----------------------------------------------------------------------- */

static bool pass_stop(struct pass *pass)
{
    struct store *store = pass->store;
    pass->stopped = pass->stopped || atomic_load(&store->scrub.stop) || atomic_load(&store->deleted);
    return pass->stopped;
}

static void pass_tell(struct pass *pass)
{
    struct scrub *scrub = &pass->store->scrub;
    pthread_mutex_lock(&scrub->lock);
    scrub->verification = pass->seen;
    pthread_mutex_unlock(&scrub->lock);
}

/* Counts bytes, and sleeps in short naps while the pace is ahead of the rate. */
static void pass_advance(struct pass *pass, uint64_t bytes)
{
    const struct timespec nap = {.tv_nsec = 20000000};
    pass->seen.bytes_done += bytes;
    pass_tell(pass);
    while (pass->rate > 0 && !pass_stop(pass)) {
        double elapsed = (double)(clock_ns(CLOCK_MONOTONIC) - pass->began) / 1e9;
        if ((double)pass->seen.bytes_done <= elapsed * (double)pass->rate)
            return;
        nanosleep(&nap, NULL);
    }
}

static void pass_flaw(struct pass *pass, enum store_flaw_kind kind, uint64_t offset, uint64_t length,
                      const struct record *record, bool live)
{
    struct store_flaw flaw = {.kind = kind, .offset = offset, .length = length, .live = live};
    if (record) {
        flaw.key = record->key;
        flaw.key_length = record->key_length;
        flaw.key_hash = record->key_hash;
    }
    pass->seen.flaws++;
    if (pass->flaw)
        pass->flaw(pass->arg, &flaw);
}

/* ---- blobs ----------------------------------------------------------------------------------- */

/* Whether the record is what its key leads to now. */
static bool is_live(struct store *store, const struct segment *segment, uint64_t position, const struct record *record)
{
    struct location location = {.segment = segment->slot,
                                .position = (uint32_t)position,
                                .length = (uint32_t)record_length(record),
                                .blob = record->blob != 0};
    pthread_rwlock_rdlock(&store->lock);
    bool live = table_get(&store->index, record->key_hash) == location_pack(location);
    pthread_rwlock_unlock(&store->lock);
    return live;
}

/* Reads a blob through its digest; an errno. *ret_whole is not set when stopped. */
static int blob_read(struct pass *pass, int file, const struct record *record, bool *ret_whole)
{
    const struct io *io = pass->store->io;
    XXH3_state_t *hash = XXH3_createState();
    int error = hash ? 0 : ENOMEM;
    if (hash)
        XXH3_128bits_reset(hash);
    for (uint64_t at = 0; !error && at < record->size && !pass_stop(pass);) {
        size_t length = record->size - at < CHUNK ? (size_t)(record->size - at) : CHUNK;
        error = io_read_all(io, file, pass->chunk, length, (off_t)at);
        if (!error)
            XXH3_128bits_update(hash, pass->chunk, length);
        at += length;
        pass_advance(pass, length);
    }
    struct stat status;
    if (!error && io->fstat(io->self, file, &status) < 0)
        error = errno;
    if (!error && !pass->stopped) {
        struct store_digest digest = digest_of_hash(XXH3_128bits_digest(hash));
        *ret_whole = (uint64_t)status.st_size == record->size && store_digest_equal(&digest, &record->digest);
    }
    XXH3_freeState(hash);
    return error;
}

/* Compares the file of a live object. What is not right counts only if the object still is live. */
static void pass_blob(struct pass *pass, uint64_t position, const struct record *record)
{
    struct store *store = pass->store;
    const struct segment *segment = pass->cursor.segment;
    enum store_flaw_kind kind = STORE_FLAW_MISSING;
    bool whole = false;
    if (!is_live(store, segment, position, record))
        return;
    int file = blobs_open(&store->blobs, record->blob);
    int error = file < 0 ? errno : blob_read(pass, file, record, &whole);
    if (file >= 0) {
        store->io->close(store->io->self, file);
        kind = error && error != EIO ? STORE_FLAW_READ : STORE_FLAW_BLOB;
    } else if (error != ENOENT) {
        kind = STORE_FLAW_READ;
    }
    pass->seen.blobs++;
    if (!whole && !pass->stopped && is_live(store, segment, position, record))
        pass_flaw(pass, kind, record->offset, record->size, record, true);
}

/* ---- the log --------------------------------------------------------------------------------- */

/* At a place where no valid record stands: finds the next one. An errno. */
static int pass_hole(struct pass *pass, uint64_t *position)
{
    struct record behind;
    uint64_t next;
    int error = cursor_find(&pass->cursor, *position + RECORD_ALIGNMENT, &next, &behind);
    if (error)
        return error;
    pass_flaw(pass, STORE_FLAW_LOG, segment_offset(pass->cursor.segment, *position), next - *position, NULL, false);
    pass_advance(pass, next - *position);
    *position = next;
    return 0;
}

/* Looks at the record at a position and moves behind it; an errno. */
static int pass_record(struct pass *pass, uint64_t *position)
{
    struct record record;
    enum cursor_found found;
    int error = cursor_look(&pass->cursor, *position, true, &record, &found);
    if (error)
        return error;
    if (found == CURSOR_NOTHING)
        return pass_hole(pass, position);
    pass->seen.records++;
    if (found == CURSOR_HEAD)
        pass_flaw(pass, STORE_FLAW_PAYLOAD, record.offset, record.size, &record,
                  is_live(pass->store, pass->cursor.segment, *position, &record));
    else if (record.type == RECORD_PUT && record.blob)
        pass_blob(pass, *position, &record);
    pass_advance(pass, record_length(&record));
    *position += record_length(&record);
    return 0;
}

static void pass_segment(struct pass *pass, struct segment *segment, uint64_t limit)
{
    uint64_t position = SEGMENT_HEADER;
    cursor_begin(&pass->cursor, segment, limit);
    while (position < limit && !pass_stop(pass)) {
        int error = pass_record(pass, &position);
        if (error) {
            pass_flaw(pass, STORE_FLAW_READ, segment_offset(segment, position), limit - position, NULL, false);
            return;
        }
    }
}

/* The segment in a slot and where its records end; false when there is none that the pass should see. */
static bool pass_pin(struct pass *pass, size_t slot, struct segment **ret_segment, uint64_t *ret_limit)
{
    struct store *store = pass->store;
    bool found = false;
    pthread_rwlock_rdlock(&store->lock);
    const struct log *log = &store->log;
    if (slot < log->segment_count && log->segments[slot]->base < pass->end) {
        uint64_t end = pass->end;
        if (slot + 1 < log->segment_count && log->segments[slot + 1]->base < end)
            end = log->segments[slot + 1]->base;
        *ret_segment = log_pin(log, (uint32_t)slot);
        *ret_limit = segment_position(*ret_segment, end);
        found = true;
    }
    pthread_rwlock_unlock(&store->lock);
    return found;
}

static void pass_run(struct pass *pass)
{
    struct segment *segment;
    uint64_t limit;
    for (size_t slot = 0; !pass_stop(pass) && pass_pin(pass, slot, &segment, &limit); slot++) {
        pass_segment(pass, segment, limit);
        segment_release(segment);
    }
}

/* ---- beginning and ending -------------------------------------------------------------------- */

static bool pass_init(struct pass *pass, struct store *store, uint64_t rate)
{
    *pass = (struct pass){.store = store, .rate = rate, .began = clock_ns(CLOCK_MONOTONIC)};
    pass->chunk = malloc(CHUNK);
    bool ready = cursor_init(&pass->cursor, store->io, store->salt) && pass->chunk;
    pthread_rwlock_rdlock(&store->lock);
    pass->end = store->end_offset;
    uint64_t first = store->log.segment_count > 0 ? store->log.segments[0]->base : 0;
    pass->seen.bytes_total = pass->end - first + store->blobs.bytes;
    pthread_rwlock_unlock(&store->lock);
    pass->seen.started = clock_ns(CLOCK_REALTIME);
    pass->seen.running = true;
    return ready;
}

static void pass_free(struct pass *pass)
{
    cursor_free(&pass->cursor);
    free(pass->chunk);
}

/* Marks the store's verification as running, unless one is. */
static bool scrub_claim(struct scrub *scrub)
{
    pthread_mutex_lock(&scrub->lock);
    bool idle = !scrub->verification.running;
    scrub->verification.running = true;
    pthread_mutex_unlock(&scrub->lock);
    return idle;
}

static void scrub_unclaim(struct scrub *scrub)
{
    pthread_mutex_lock(&scrub->lock);
    scrub->verification.running = false;
    pthread_mutex_unlock(&scrub->lock);
}

/* A claimed verification from beginning to end. */
static enum store_error verify(struct store *store, uint64_t rate, void (*flaw)(void *, const struct store_flaw *),
                               void *arg, struct store_verification *ret_verification)
{
    struct pass pass;
    if (!pass_init(&pass, store, rate)) {
        pass_free(&pass);
        scrub_unclaim(&store->scrub);
        return STORE_NO_MEMORY;
    }
    pass.flaw = flaw;
    pass.arg = arg;
    pass_tell(&pass);
    pass_run(&pass);
    pass.seen.finished = clock_ns(CLOCK_REALTIME);
    pass.seen.complete = !pass.stopped;
    pass.seen.running = false;
    if (ret_verification)
        *ret_verification = pass.seen;
    pass_tell(&pass);
    pass_free(&pass);
    return STORE_OK;
}

enum store_error store_verify(struct store *store, uint64_t bytes_per_second,
                              void (*flaw)(void *arg, const struct store_flaw *flaw), void *arg,
                              struct store_verification *ret_verification)
{
    if (!scrub_claim(&store->scrub))
        return STORE_BUSY;
    return verify(store, bytes_per_second, flaw, arg, ret_verification);
}

static void log_flaw(void *arg, const struct store_flaw *flaw)
{
    struct store *store = arg;
    depot_log(store->depot, STORE_LOG_ERROR,
              "store %s: verification: %s: %llu bytes at offset %llu, key hash %016llx%s", store->name,
              store_flaw_text(flaw->kind), (unsigned long long)flaw->length, (unsigned long long)flaw->offset,
              (unsigned long long)flaw->key_hash, flaw->live ? ", of a live object" : "");
}

static void *scrub_thread(void *arg)
{
    struct store *store = arg;
    struct store_verification verification = {0};
    if (verify(store, store->scrub.bytes_per_second, log_flaw, store, &verification) == STORE_OK)
        depot_log(store->depot, verification.flaws ? STORE_LOG_ERROR : STORE_LOG_INFO,
                  "store %s: verification %s: %llu records, %llu blobs, %llu flaws", store->name,
                  verification.complete ? "complete" : "stopped", (unsigned long long)verification.records,
                  (unsigned long long)verification.blobs, (unsigned long long)verification.flaws);
    return NULL;
}

enum store_error store_verify_start(struct store *store, uint64_t bytes_per_second)
{
    struct scrub *scrub = &store->scrub;
    if (depot_draining(store->depot) || atomic_load(&store->closing))
        return STORE_DRAINING;
    if (!scrub_claim(scrub))
        return STORE_BUSY;
    pthread_mutex_lock(&scrub->lock);
    if (scrub->threaded)
        pthread_join(scrub->thread, NULL); /* an earlier one: it has ended, or the claim had failed */
    scrub->bytes_per_second = bytes_per_second;
    scrub->threaded = pthread_create(&scrub->thread, NULL, scrub_thread, store) == 0;
    bool threaded = scrub->threaded;
    pthread_mutex_unlock(&scrub->lock);
    if (!threaded)
        scrub_unclaim(scrub);
    return threaded ? STORE_OK : STORE_NO_MEMORY;
}

void store_verification(struct store *store, struct store_verification *ret_verification)
{
    pthread_mutex_lock(&store->scrub.lock);
    *ret_verification = store->scrub.verification;
    pthread_mutex_unlock(&store->scrub.lock);
}

void scrub_init(struct scrub *scrub)
{
    *scrub = (struct scrub){0};
    pthread_mutex_init(&scrub->lock, NULL);
}

void scrub_free(struct scrub *scrub)
{
    pthread_mutex_destroy(&scrub->lock);
}

void scrub_stop(struct store *store)
{
    struct scrub *scrub = &store->scrub;
    atomic_store(&scrub->stop, true);
    pthread_mutex_lock(&scrub->lock);
    bool threaded = scrub->threaded;
    scrub->threaded = false;
    pthread_mutex_unlock(&scrub->lock);
    if (threaded)
        pthread_join(scrub->thread, NULL);
}
