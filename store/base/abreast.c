/* abreast.c - the same work on each of many, several at a time. See abreast.h. */
#include "store/base/abreast.h"

#include <pthread.h>
#include <stdatomic.h>

struct task {
    atomic_size_t next;
    size_t count;
    void (*work)(void *arg, size_t number);
    void *arg;
};

static void *go_on(void *arg)
{
    struct task *task = arg;
    for (size_t number; (number = atomic_fetch_add(&task->next, 1)) < task->count;)
        task->work(task->arg, number);
    return NULL;
}

void abreast_run(size_t threads, size_t count, void (*work)(void *arg, size_t number), void *arg)
{
    struct task task = {.count = count, .work = work, .arg = arg};
    pthread_t others[ABREAST_MAX - 1];
    size_t started = 0, most = threads < count ? threads : count;
    while (started + 1 < most && started < ABREAST_MAX - 1 && pthread_create(&others[started], NULL, go_on, &task) == 0)
        started++;
    go_on(&task);
    for (size_t i = 0; i < started; i++)
        pthread_join(others[i], NULL);
}
