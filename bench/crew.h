/* crew.h - threads that do one task together, and the seconds that it takes. */
#ifndef CAIRN_BENCH_CREW_H
#define CAIRN_BENCH_CREW_H

#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { CREW_MAX = 1024 };

static inline double crew_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Runs the function in so many threads, and waits for them; the seconds until the last one has ended. */
static inline double crew_run(size_t threads, void *(*run)(void *), void *task)
{
    pthread_t crew[CREW_MAX];
    double begin = crew_now();
    if (threads == 0 || threads > CREW_MAX)
        errx(2, "from 1 to %d connections, not %zu", CREW_MAX, threads);
    for (size_t i = 0; i < threads; i++)
        if (pthread_create(&crew[i], NULL, run, task) != 0)
            errx(1, "a thread cannot be created");
    for (size_t i = 0; i < threads; i++)
        pthread_join(crew[i], NULL);
    return crew_now() - begin;
}

#endif
