/* signals.c - SIGTERM, SIGINT and SIGHUP as a descriptor. See signals.h. */
#include "service/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Who ignored a signal for us, as nohup does, is to have it ignored. */
static void add_unless_ignored(sigset_t *set, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(set, signal);
}

int signals_open(void)
{
    sigset_t ending;
    sigemptyset(&ending);
    add_unless_ignored(&ending, SIGTERM);
    add_unless_ignored(&ending, SIGINT);
    add_unless_ignored(&ending, SIGHUP); /* the terminal has gone: end as decently */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow fails one write, not the server */
    pthread_sigmask(SIG_BLOCK, &ending, NULL);
    return signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_take(int signals)
{
    struct signalfd_siginfo signal;
    int first = 0;
    while (read(signals, &signal, sizeof signal) > 0)
        first = first ? first : (int)signal.ssi_signo;
    return first;
}
