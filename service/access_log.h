/* access_log.h - the log of requests: a line for each, in a file or on stdout.
 *
 * Each loop has a ring of its own and puts its lines there; a thread of the log's writes them out, many at a time. A
 * loop never waits: when the disk or the reader of a pipe is so slow that a ring is full, lines are left out, counted,
 * and told in the main log, once a minute at most.
 */
#ifndef CAIRN_ACCESS_LOG_H
#define CAIRN_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access_log;
struct access_ring;

struct access_log_figures {
    uint64_t written; /* lines */
    uint64_t dropped;
};

/* Opens the file, or "-" for stdout, and starts the thread. NULL and errno on failure. */
struct access_log *access_log_open(const char *path, size_t rings);

/* The ring of that number; borrowed. */
struct access_ring *access_log_ring(struct access_log *log, size_t number);

/* Puts a line, with its line feed, or leaves it out. Does not block. Thread: one per ring. */
void access_ring_put(struct access_ring *ring, const char *line, size_t length);

/* Has the file opened again, under the same name, by the thread; lines that were put before go to the old one. When
 * that fails, it goes on with the old one and says so. Thread: any. */
void access_log_reopen(struct access_log *log);

/* Thread: any. */
void access_log_figures(const struct access_log *log, struct access_log_figures *ret_figures);

/* When no ring is used any more: writes what is left, for a few seconds at most, and frees. NULL is allowed. */
void access_log_close(struct access_log *log);

#endif
