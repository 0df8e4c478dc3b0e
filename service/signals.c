/* signals.c - SIGTERM and SIGINT as a descriptor. See signals.h. */
#include "service/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>

int signals_open(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}
