/* commit.c - what durable writes cost where no HTTP is: threads that hand records to one writer, which appends all that
 * wait and syncs once for them.
 *
 *   commit FILE BYTES THREADS SECONDS
 *
 * Each thread has one record on its way. Prints the records per second, the microseconds of CPU for each, and the
 * records that a sync was for.
 */
#include "bench/crew.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

struct log {
    pthread_mutex_t lock;
    pthread_cond_t filled;  /* somebody waits for a group, or it is over */
    pthread_cond_t written; /* a group is on disk */
    int file;
    char *record;
    size_t size;
    size_t waiting;   /* records of the next group */
    uint64_t group;   /* the number of that */
    uint64_t on_disk; /* groups below it are */
    uint64_t records, syncs;
    double end;
    bool over;
};

static void write_group(const struct log *log, size_t count)
{
    struct iovec records[CREW_MAX];
    for (size_t i = 0; i < count; i++)
        records[i] = (struct iovec){log->record, log->size};
    if (writev(log->file, records, (int)count) != (ssize_t)(count * log->size) || fdatasync(log->file) != 0)
        err(1, "writing");
}

static void *write_all(void *arg)
{
    struct log *log = arg;
    pthread_mutex_lock(&log->lock);
    while (!log->over || log->waiting > 0) {
        while (log->waiting == 0 && !log->over)
            pthread_cond_wait(&log->filled, &log->lock);
        size_t count = log->waiting;
        log->waiting = 0;
        log->group++;
        pthread_mutex_unlock(&log->lock);
        if (count > 0)
            write_group(log, count);
        pthread_mutex_lock(&log->lock);
        log->on_disk = log->group;
        log->records += count;
        log->syncs += count > 0;
        pthread_cond_broadcast(&log->written);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

static void *hand_over(void *arg)
{
    struct log *log = arg;
    while (crew_now() < log->end) {
        pthread_mutex_lock(&log->lock);
        uint64_t group = log->group;
        if (log->waiting++ == 0)
            pthread_cond_signal(&log->filled);
        while (log->on_disk <= group)
            pthread_cond_wait(&log->written, &log->lock);
        pthread_mutex_unlock(&log->lock);
    }
    return NULL;
}

static double cpu_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
    pthread_t writer;
    if (count != 5)
        errx(2, "usage: commit FILE BYTES THREADS SECONDS");
    struct log log = {.lock = PTHREAD_MUTEX_INITIALIZER,
                      .filled = PTHREAD_COND_INITIALIZER,
                      .written = PTHREAD_COND_INITIALIZER,
                      .size = strtoul(arguments[2], NULL, 10)};
    log.file = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    log.record = calloc(1, log.size);
    if (log.file < 0 || !log.record)
        err(1, "%s", arguments[1]);
    log.end = crew_now() + strtod(arguments[4], NULL);
    if (pthread_create(&writer, NULL, write_all, &log) != 0)
        errx(1, "a thread cannot be created");
    double took = crew_run(strtoul(arguments[3], NULL, 10), hand_over, &log);
    pthread_mutex_lock(&log.lock);
    log.over = true;
    pthread_cond_signal(&log.filled);
    pthread_mutex_unlock(&log.lock);
    pthread_join(writer, NULL);
    printf("%.0f %.2f %.1f\n", (double)log.records / took, cpu_now() * 1e6 / (double)log.records,
           (double)log.records / (double)log.syncs);
    free(log.record);
    return 0;
}
