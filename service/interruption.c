/* interruption.c - the wish that a command comes to its end. See interruption.h. */
#include "service/interruption.h"

#include "service/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

const char interruption_sentence[] = "told to stop before all was done";

static atomic_bool came;
static const char *whose;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void (*wanted)(void *arg); /* guarded by the lock, like the next */
static void *wanted_arg;

static void come(void)
{
    fprintf(stderr, "cairnd: %s: told to stop: what is under way comes to its end; once more ends it at once\n", whose);
    pthread_mutex_lock(&lock);
    atomic_store(&came, true);
    if (wanted)
        wanted(wanted_arg);
    pthread_mutex_unlock(&lock);
}

static void *await(void *arg)
{
    struct pollfd file = {.fd = (int)(intptr_t)arg, .events = POLLIN};
    for (;;) {
        int signal = poll(&file, 1, -1) > 0 ? signals_take(file.fd) : 0;
        if (!signal_ends(signal))
            continue;
        if (!atomic_load(&came)) {
            come();
            continue;
        }
        signals_release();
        raise(signal);
    }
    return NULL;
}

void interruption_await(const char *command)
{
    pthread_t thread;
    int signals = signals_open();
    whose = command;
    if (signals >= 0 && pthread_create(&thread, NULL, await, (void *)(intptr_t)signals) == 0) {
        pthread_detach(thread);
        return;
    }
    if (signals >= 0)
        close(signals);
    signals_release();
}

bool interruption_came(void)
{
    return atomic_load(&came);
}

void interruption_calls(void (*call)(void *arg), void *arg)
{
    pthread_mutex_lock(&lock);
    wanted = call;
    wanted_arg = arg;
    if (call && atomic_load(&came))
        call(arg);
    pthread_mutex_unlock(&lock);
}
