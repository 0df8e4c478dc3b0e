/* beside.c - what commits to a disk wait for, without any server: bulk beside them, and files that are freed.
 *
 *   beside nothing|direct|cached|free KIB SECONDS FOLDER
 *
 * Writes 16 KiB to a file that was filled with zeros, syncs it, and so again and again. Beside that another thread
 *   direct   writes a file of 256 MiB over and over past the page cache, KIB at a time
 *   cached   does so by way of it, and has the disk KIB behind it at most
 *   free     cuts four such files down to nothing, KIB at a time, each cut synced; 0: each file at once
 * Prints how many commits there were in a second, the 99th percentile and the most of their milliseconds, the MiB that
 * were written beside them in a second, and how many commits took longer than 3 ms.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    COMMIT = 16 << 10,
    LOG = 64 << 20,
    FILE_SIZE = 256 << 20,
    FILES = 4,
    PORTION = 128 << 10,
    BLOCK = 4096,
    COMMITS_MAX = 4000000,
    MOST = 1 << 20, /* bytes that are written at once when a file is made */
};

struct bulk {
    void (*work)(struct bulk *bulk);
    int folder;
    size_t bytes; /* at a time */
    double end;
    atomic_size_t done;
    unsigned char *memory;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_file(int folder, const char *name, int flags)
{
    int file = openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0600);
    if (file < 0)
        err(1, "%s", name);
    return file;
}

static void write_at(int file, const void *bytes, size_t length, off_t position)
{
    if (pwrite(file, bytes, length, position) != (ssize_t)length)
        err(1, "writing");
}

static void sync_file(int file)
{
    if (fdatasync(file) < 0)
        err(1, "syncing");
}

/* ---- beside the commits ------------------------------------------------------------------------ */

static void write_direct(struct bulk *bulk)
{
    int file = open_file(bulk->folder, "bulk", O_DIRECT);
    for (off_t at = 0; now() < bulk->end; at = (at + (off_t)bulk->bytes) % FILE_SIZE) {
        write_at(file, bulk->memory, bulk->bytes, at);
        bulk->done += bulk->bytes;
    }
    close(file);
}

static void write_cached(struct bulk *bulk)
{
    const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    off_t ahead = (off_t)bulk->bytes;
    int file = open_file(bulk->folder, "bulk", 0);
    for (off_t at = 0; now() < bulk->end; at = (at + PORTION) % FILE_SIZE) {
        write_at(file, bulk->memory, PORTION, at);
        sync_file_range(file, at, PORTION, SYNC_FILE_RANGE_WRITE);
        if (at + PORTION > ahead)
            sync_file_range(file, at - ahead, PORTION, all);
        bulk->done += PORTION;
    }
    close(file);
}

static void free_files(struct bulk *bulk)
{
    char name[] = "0";
    off_t slice = bulk->bytes > 0 ? (off_t)bulk->bytes : FILE_SIZE;
    for (; name[0] < '0' + FILES; name[0]++) {
        int file = open_file(bulk->folder, name, 0);
        unlinkat(bulk->folder, name, 0);
        for (off_t left = FILE_SIZE; left > 0;) {
            left = left > slice ? left - slice : 0;
            if (ftruncate(file, left) < 0)
                err(1, "cutting");
            sync_file(file);
        }
        close(file);
    }
}

static void *begin(void *arg)
{
    struct bulk *bulk = arg;
    bulk->work(bulk);
    return NULL;
}

/* ---- the commits ------------------------------------------------------------------------------- */

static void make_file(int folder, const char *name, size_t size, const unsigned char *memory)
{
    int file = open_file(folder, name, O_TRUNC);
    for (size_t at = 0; at < size; at += MOST)
        write_at(file, memory, MOST, (off_t)at);
    sync_file(file);
    close(file);
}

static size_t commit(int file, const unsigned char *memory, double end, double *ret_seconds)
{
    size_t count = 0;
    for (double began = now(); began < end && count < COMMITS_MAX; began = now()) {
        write_at(file, memory, COMMIT, (off_t)(count * COMMIT % LOG));
        sync_file(file);
        ret_seconds[count++] = now() - began;
    }
    return count;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void tell(double *seconds, size_t count, double passed, size_t bulk)
{
    size_t longer = 0;
    for (size_t i = 0; i < count; i++)
        longer += seconds[i] > 0.003;
    qsort(seconds, count, sizeof *seconds, compare);
    printf("%.0f %.2f %.1f %.0f %zu\n", (double)count / passed, seconds[count * 99 / 100] * 1e3,
           seconds[count - 1] * 1e3, (double)bulk / passed / (1 << 20), longer);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        errx(1, "usage: beside nothing|direct|cached|free KIB SECONDS FOLDER");
    const char *kind = argv[1];
    double seconds = atof(argv[3]);
    struct bulk bulk = {.bytes = (size_t)atoi(argv[2]) << 10, .folder = open(argv[4], O_RDONLY | O_DIRECTORY)};
    bulk.work = strcmp(kind, "direct") == 0   ? write_direct
                : strcmp(kind, "cached") == 0 ? write_cached
                : strcmp(kind, "free") == 0   ? free_files
                                              : NULL;
    bulk.memory = aligned_alloc(BLOCK, MOST);
    double *each = malloc(COMMITS_MAX * sizeof *each);
    bool direct = bulk.work == write_direct, known = bulk.work || strcmp(kind, "nothing") == 0;
    if (!known || bulk.folder < 0 || !bulk.memory || !each || seconds <= 0 ||
        (direct && (bulk.bytes == 0 || bulk.bytes > MOST || bulk.bytes % BLOCK != 0)))
        errx(1, "not as it is used: %s %s %s %s", kind, argv[2], argv[3], argv[4]);
    memset(bulk.memory, 0, MOST);
    make_file(bulk.folder, "log", LOG, bulk.memory);
    char name[] = "0";
    for (; bulk.work == free_files && name[0] < '0' + FILES; name[0]++)
        make_file(bulk.folder, name, FILE_SIZE, bulk.memory);
    sync();
    int file = open_file(bulk.folder, "log", 0);
    double began = now();
    pthread_t thread;
    bulk.end = began + seconds;
    if (bulk.work && pthread_create(&thread, NULL, begin, &bulk) != 0)
        errx(1, "no thread");
    size_t count = commit(file, bulk.memory, bulk.end, each);
    double passed = now() - began;
    if (bulk.work)
        pthread_join(thread, NULL);
    tell(each, count, passed, bulk.done);
    return 0;
}
