/* progress.h - how far a long piece of work has come, told on stderr while it goes on.
 *
 * On a terminal that is one line, drawn anew five times a second: the share, the rate, and the time that is left.
 * Elsewhere it is a line every ten seconds, which in a script's log does no harm, or an object of JSON a line. What
 * ends before the first of them is due says nothing.
 *
 *     struct progress progress;
 *     progress_begin(&progress, STDERR_FILENO, json, sample, arg);
 *     ... the work; from any thread, around what else is printed: ...
 *         progress_pause(&progress);
 *         puts("something");
 *         progress_resume(&progress);
 *     progress_end(&progress);
 */
#ifndef CAIRN_PROGRESS_H
#define CAIRN_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROGRESS_NAME_MAX = 64 };

struct progress_figures {
    char name[PROGRESS_NAME_MAX]; /* what is being worked on; "": all of it */
    uint64_t done;                /* bytes */
    uint64_t total;
};

/* What there is to tell now. Thread: the one that tells. */
typedef void progress_sample(void *arg, struct progress_figures *ret_figures);

struct progress {
    int file;
    bool terminal;
    bool json;
    progress_sample *sample;
    void *arg;

    pthread_t thread;
    bool running; /* there is one */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ending;
    bool drawn;     /* a line stands on the terminal */
    int64_t looked; /* milliseconds: when the figures were asked for last, ... */
    int64_t told;   /* ... and when something was told */
    uint64_t done;  /* as it was then */
    double rate;    /* bytes a second, of late */
};

/* Without a thread nothing is told, and that is all. */
void progress_begin(struct progress *progress, int file, bool json, progress_sample *sample, void *arg);

/* Until the resumption nothing is drawn, and no line of it stands on the terminal. */
void progress_pause(struct progress *progress);
void progress_resume(struct progress *progress);

/* No line of it stands there any more. */
void progress_end(struct progress *progress);

#endif
