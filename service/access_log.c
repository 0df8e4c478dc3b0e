/* access_log.c - rings of lines, and the thread that empties them. See access_log.h. */
#include "service/access_log.h"

#include "service/clock.h"
#include "service/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    RING_SIZE = 1 << 20, /* bytes; a power of two */
    GATHER = 10,         /* milliseconds in which lines come together while there are some */
    INTERVAL = 60000,    /* milliseconds between two lines about those that were left out */
    LAST_WORDS = 5,      /* seconds for what is left at the end */
};

/* What a loop has put lies from `tail` to `head`, both counted on for ever: whole lines, always. */
struct access_ring {
    _Alignas(64) atomic_size_t head; /* the loop's */
    size_t tail_seen;                /* the loop's: it was there at least */
    atomic_uint_fast64_t dropped;    /* the loop's */
    _Alignas(64) atomic_size_t tail; /* the thread's */
    struct access_log *log;
    char bytes[RING_SIZE];
};

struct access_log {
    const char *path; /* borrowed */
    int file;
    int wake;             /* eventfd */
    atomic_bool sleeping; /* the thread waits for `wake`, and for nothing else */
    atomic_bool reopen, stop;
    atomic_uint_fast64_t written, failed; /* lines; those that could not be written */
    pthread_t thread;
    bool torn; /* the file ends amid a line */
    int error; /* why the last lines could not be written */
    uint64_t told;
    int64_t next_telling;
    size_t count;
    struct access_ring *rings;
};

/* ---- the loops' side ------------------------------------------------------------------------- */

static void wake(struct access_log *log)
{
    if (atomic_exchange(&log->sleeping, false))
        eventfd_write(log->wake, 1);
}

static bool has_room(struct access_ring *ring, size_t head, size_t length)
{
    if (head - ring->tail_seen + length > RING_SIZE)
        ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return head - ring->tail_seen + length <= RING_SIZE;
}

void access_ring_put(struct access_ring *ring, const char *line, size_t length)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (!has_room(ring, head, length)) {
        atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
        return;
    }
    size_t at = head % RING_SIZE, first = length < RING_SIZE - at ? length : RING_SIZE - at;
    memcpy(ring->bytes + at, line, first);
    memcpy(ring->bytes, line + first, length - first);
    atomic_store(&ring->head, head + length);
    if (atomic_load(&ring->log->sleeping))
        wake(ring->log);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Without waiting for the reader of a pipe to be there; writing to one that is there may wait. */
static int open_file(const char *path)
{
    if (strcmp(path, "-") == 0)
        return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (file >= 0)
        fcntl(file, F_SETFL, O_APPEND);
    return file;
}

static void open_again(struct access_log *log)
{
    int file = open_file(log->path);
    if (file < 0) {
        logger_line(LOG_ERROR, "the log of requests '%s' cannot be opened again: %s; it goes on in the old file",
                    log->path, strerror(errno));
        return;
    }
    close(log->file);
    log->file = file;
    log->torn = false;
}

static uint64_t count_lines(const char *bytes, size_t length)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Writes it all; false where the file does not take it, and how much it has taken. */
static bool write_bytes(struct access_log *log, const char *bytes, size_t length, size_t *ret_written)
{
    for (*ret_written = 0; *ret_written < length;) {
        ssize_t written = write(log->file, bytes + *ret_written, length - *ret_written);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            log->error = written < 0 ? errno : ENOSPC;
            return false;
        }
        *ret_written += (size_t)written;
    }
    return true;
}

static void count_failed(struct access_log *log, const char *bytes, size_t length)
{
    atomic_fetch_add_explicit(&log->failed, count_lines(bytes, length), memory_order_relaxed);
}

/* A piece of the ring, whose last line may go on in the next one. False: it was not taken, or not all of it; then what
 * comes next begins a line of its own. */
static bool write_piece(struct access_log *log, const char *bytes, size_t length)
{
    size_t written = 0;
    bool whole = (!log->torn || write_bytes(log, "\n", 1, &written)) && write_bytes(log, bytes, length, &written);
    log->torn = !whole && (written > 0 ? bytes[written - 1] != '\n' : log->torn);
    atomic_fetch_add_explicit(&log->written, count_lines(bytes, written), memory_order_relaxed);
    count_failed(log, bytes + written, length - written);
    return whole;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static bool empty_ring(struct access_log *log, struct access_ring *ring)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed), head = atomic_load(&ring->head);
    if (tail == head)
        return false;
    size_t at = tail % RING_SIZE, length = head - tail, first = length < RING_SIZE - at ? length : RING_SIZE - at;
    if (!write_piece(log, ring->bytes + at, first))
        count_failed(log, ring->bytes, length - first);
    else if (length > first)
        write_piece(log, ring->bytes, length - first);
    atomic_store_explicit(&ring->tail, head, memory_order_release);
    return true;
}

/* False when there was nothing. */
static bool empty_rings(struct access_log *log)
{
    bool found = false;
    for (size_t i = 0; i < log->count; i++)
        found = empty_ring(log, &log->rings[i]) || found;
    return found;
}

static void tell_of_dropped(struct access_log *log)
{
    struct access_log_figures figures;
    int64_t now = clock_milliseconds();
    access_log_figures(log, &figures);
    if (figures.dropped == log->told || now < log->next_telling)
        return;
    logger_line(LOG_WARNING, "the log of requests '%s' lacks %llu lines since the last such line: %s", log->path,
                (unsigned long long)(figures.dropped - log->told),
                log->error ? strerror(log->error) : "whatever it is written to is too slow");
    log->told = figures.dropped;
    log->error = 0;
    log->next_telling = now + INTERVAL;
}

/* Waits for a call; for so many milliseconds at most, -1: for ever. */
static void wait_for_call(struct access_log *log, int milliseconds)
{
    struct pollfd file = {.fd = log->wake, .events = POLLIN};
    eventfd_t count;
    if (poll(&file, 1, milliseconds) > 0)
        eventfd_read(log->wake, &count);
}

/* The flag goes up before the rings are looked at again, so that a line that comes in between is either seen here or
 * wakes the thread. */
static void sleep_until_called(struct access_log *log)
{
    atomic_store(&log->sleeping, true);
    if (!empty_rings(log) && !atomic_load(&log->stop) && !atomic_load(&log->reopen))
        wait_for_call(log, -1);
    atomic_store(&log->sleeping, false);
}

static void *run(void *arg)
{
    struct access_log *log = arg;
    while (!atomic_load(&log->stop)) {
        bool found = empty_rings(log);
        if (atomic_exchange(&log->reopen, false))
            open_again(log);
        tell_of_dropped(log);
        if (found)
            wait_for_call(log, GATHER);
        else
            sleep_until_called(log);
    }
    empty_rings(log);
    return NULL;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void log_free(struct access_log *log)
{
    if (log->file >= 0)
        close(log->file);
    if (log->wake >= 0)
        close(log->wake);
    free(log->rings);
    free(log);
}

static bool start(struct access_log *log)
{
    log->rings = aligned_alloc(_Alignof(struct access_ring), log->count * sizeof *log->rings);
    log->file = open_file(log->path);
    log->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!log->rings || log->file < 0 || log->wake < 0)
        return false;
    for (size_t i = 0; i < log->count; i++) {
        memset(&log->rings[i], 0, offsetof(struct access_ring, bytes));
        log->rings[i].log = log;
    }
    errno = pthread_create(&log->thread, NULL, run, log);
    return errno == 0;
}

struct access_log *access_log_open(const char *path, size_t rings)
{
    struct access_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->path = path;
    log->count = rings;
    log->wake = -1;
    if (start(log))
        return log;
    int error = errno;
    log_free(log);
    errno = error;
    return NULL;
}

struct access_ring *access_log_ring(struct access_log *log, size_t number)
{
    return &log->rings[number];
}

void access_log_reopen(struct access_log *log)
{
    atomic_store(&log->reopen, true);
    eventfd_write(log->wake, 1);
}

void access_log_figures(const struct access_log *log, struct access_log_figures *ret_figures)
{
    ret_figures->written = atomic_load_explicit(&log->written, memory_order_relaxed);
    ret_figures->dropped = atomic_load_explicit(&log->failed, memory_order_relaxed);
    for (size_t i = 0; i < log->count; i++)
        ret_figures->dropped += atomic_load_explicit(&log->rings[i].dropped, memory_order_relaxed);
}

/* A thread that hangs in write(2) is left behind: the process is about to end, and takes it along. */
void access_log_close(struct access_log *log)
{
    struct timespec end;
    if (!log)
        return;
    atomic_store(&log->stop, true);
    eventfd_write(log->wake, 1);
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += LAST_WORDS;
    if (pthread_timedjoin_np(log->thread, NULL, &end) == 0) {
        log->next_telling = 0;
        tell_of_dropped(log);
        log_free(log);
        return;
    }
    pthread_detach(log->thread);
    logger_line(LOG_WARNING, "the log of requests '%s' takes no lines: the last ones are lost", log->path);
}
