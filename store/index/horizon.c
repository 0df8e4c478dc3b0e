/* horizon.c - from which offset on a store's log tells of every deletion. horizon.h tells why. */
#include "store/index/horizon.h"

#include "store/base/clock.h"
#include "store/base/xxh3.h"
#include "store/disk/note.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    KEPT_MIN = 16 << 20,  /* bytes of tombstones that may be kept for followers at least, ... */
    KEPT_PART = 8,        /* ... and the part of all files that they may be */
    FILE_SPACE = 8 << 10, /* that the file and its name may take */
};

static const char horizon_name[] = "horizon";

/* ---- the file -------------------------------------------------------------------------------- */

static size_t horizon_format(const struct horizon_text *text, uint64_t salt, char ret_text[NOTE_MAX])
{
    int length = snprintf(ret_text, NOTE_MAX, "cairn horizon\ndeletions %" PRIu64 "\nfront %" PRIu64 "\n",
                          text->deletions, text->front);
    uint64_t check = XXH3_64bits_withSeed(ret_text, (size_t)length, salt);
    length += snprintf(ret_text + length, NOTE_MAX - (size_t)length, "check %016" PRIx64 "\n", check);
    return (size_t)length;
}

bool horizon_parse(const char *text, uint64_t salt, struct horizon_text *ret_text)
{
    struct horizon_text read;
    char expected[NOTE_MAX];
    if (sscanf(text, "cairn horizon\ndeletions %" SCNu64 "\nfront %" SCNu64, &read.deletions, &read.front) != 2)
        return false;
    horizon_format(&read, salt, expected);
    if (strcmp(text, expected) != 0 || read.deletions > SEGMENT_OFFSET_MAX || read.front > SEGMENT_OFFSET_MAX)
        return false;
    *ret_text = read;
    return true;
}

/* What the file says; nothing where it is not there, or not valid. */
static struct failure read_file(const struct horizon *horizon, struct horizon_text *ret_text)
{
    const struct log *log = horizon->log;
    char text[NOTE_MAX];
    size_t length;
    int folder = io_open_above(log->io, log->folder);
    *ret_text = (struct horizon_text){0};
    if (folder < 0)
        return failure_io(errno);
    int os_error = note_read(log->io, folder, horizon_name, 0, text, &length);
    log->io->close(log->io->self, folder);
    if (!os_error && !horizon_parse(text, log->salt, ret_text))
        notice_tell(horizon->notice, STORE_LOG_WARNING,
                    "file horizon is damaged: it is ignored, and who follows the store's changes may have to begin "
                    "anew");
    return failure_io(os_error == ENOENT || os_error == EISDIR ? 0 : os_error);
}

static int write_file(const struct horizon *horizon, const struct horizon_text *text)
{
    const struct log *log = horizon->log;
    char bytes[NOTE_MAX];
    struct horizon_text read;
    size_t length = horizon_format(text, log->salt, bytes);
    assert(horizon_parse(bytes, log->salt, &read)); /* which compares it with what this is written as */
    (void)read;
    int folder = io_open_above(log->io, log->folder);
    if (folder < 0)
        return errno;
    int error = note_write(log->io, folder, horizon_name, bytes, length);
    if (!error && log->io->fsync(log->io->self, folder) < 0)
        error = errno;
    log->io->close(log->io->self, folder);
    return error;
}

/* ---- where it is ----------------------------------------------------------------------------- */

/* Where the first record of the log stands, or will. Lock held. */
static uint64_t find_front(const struct horizon *horizon)
{
    const struct chain *chain = &horizon->log->chain;
    index_assert_locked(horizon->index);
    if (chain->oldest < chain->count)
        return chain->segments[chain->oldest]->base;
    return horizon->index->end_offset;
}

static uint64_t front_of(const struct horizon *horizon)
{
    index_lock_shared(horizon->index);
    uint64_t front = find_front(horizon);
    index_unlock(horizon->index);
    return front;
}

struct failure horizon_recall(struct horizon *horizon)
{
    struct horizon_text text;
    log_assert_unowned(horizon->log);
    uint64_t front = front_of(horizon);
    horizon_look(horizon);
    if (front == 0)
        return failure_none();
    struct failure failure = read_file(horizon, &text);
    if (failure.error)
        return failure;
    bool known = front <= text.front || front <= text.deletions;
    horizon->front = text.front;
    horizon->deletions = known ? text.deletions : front;
    return failure_none();
}

/* On a full disk it takes space of the reserve: without it a segment with deletions would never come back. */
static int write_file_in_any_case(const struct horizon *horizon, const struct horizon_text *text)
{
    int error = write_file(horizon, text);
    if (error_of_errno(error) == STORE_FULL && space_give(horizon->log->space, FILE_SPACE))
        error = write_file(horizon, text);
    return error;
}

int horizon_raise(struct horizon *horizon, uint64_t deletions)
{
    assert(pool_is_current(horizon->upkeep));
    if (deletions <= horizon->deletions)
        return 0;
    const struct horizon_text text = {.deletions = deletions, .front = horizon->front};
    int error = write_file_in_any_case(horizon, &text);
    if (error)
        return error;
    index_lock(horizon->index);
    horizon->deletions = deletions;
    index_unlock(horizon->index);
    return 0;
}

/* Thread: the one that compacts, or that closes the store when nobody compacts any more. */
static void follow(struct horizon *horizon)
{
    uint64_t front = front_of(horizon);
    if (front <= horizon->front || front <= horizon->deletions)
        return;
    /* Where it cannot be written the next start knows less, and says so. */
    if (write_file(horizon, &(struct horizon_text){.deletions = horizon->deletions, .front = front}) == 0)
        horizon->front = front;
}

void horizon_follow(struct horizon *horizon)
{
    assert(pool_is_current(horizon->upkeep));
    follow(horizon);
}

void horizon_conclude(struct horizon *horizon)
{
    assert(!pool_is_current(horizon->upkeep));
    follow(horizon);
}

uint64_t horizon_of_deletions(const struct horizon *horizon)
{
    index_assert_locked(horizon->index);
    uint64_t front = find_front(horizon);
    return front < horizon->deletions ? front : horizon->deletions;
}

/* ---- how long they are kept ------------------------------------------------------------------ */

/* Whether tombstones that nothing else keeps have found their bounds. Lock held. */
static bool is_too_much(const struct horizon *horizon)
{
    const struct chain *chain = &horizon->log->chain;
    uint64_t kept = 0, part = (chain_bytes(chain) + horizon->blobs->bytes) / KEPT_PART;
    index_assert_locked(horizon->index);
    for (size_t at = chain->oldest; at < chain->count; at++)
        kept += chain->segments[at]->tombstones;
    return kept > (part > KEPT_MIN ? part : KEPT_MIN);
}

void horizon_look(struct horizon *horizon)
{
    int64_t now = clock_now(CLOCK_REALTIME), since = INT64_MAX;
    bool wanted = horizon->retention > 0 && !space_is_full(horizon->log->space);
    index_lock(horizon->index);
    if (wanted && !is_too_much(horizon))
        since = horizon->retention < (uint64_t)(now / CLOCK_SECOND) ? now - (int64_t)horizon->retention * CLOCK_SECOND
                                                                    : 0;
    horizon->index->deletions_kept = since;
    index_unlock(horizon->index);
}
