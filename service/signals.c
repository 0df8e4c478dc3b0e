/* signals.c - signals as a descriptor. See signals.h. */
#include "service/signals.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static bool had_terminal; /* at the start */

static bool has_terminal(void)
{
    int terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (terminal >= 0)
        close(terminal);
    return terminal >= 0;
}

/* Who ignored a signal for us, as nohup does, is to have it ignored. */
static void add_unless_ignored(sigset_t *set, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(set, signal);
}

static sigset_t meant(void)
{
    sigset_t set;
    sigemptyset(&set);
    add_unless_ignored(&set, SIGTERM);
    add_unless_ignored(&set, SIGINT);
    add_unless_ignored(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    return set;
}

void signals_hold(void)
{
    sigset_t set = meant();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    had_terminal = has_terminal();
}

void signals_fail_writes(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

int signals_open(void)
{
    sigset_t set = meant();
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void signals_release(void)
{
    sigset_t set = meant();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool signal_ends(int signal)
{
    return signal == SIGTERM || signal == SIGINT;
}

/* When a terminal goes, its shell tells the processes that it has started, by the same signal as anybody's who wants
 * them to reload. The kernel has taken the terminal from all of them before. */
static int meaning_of(int signal)
{
    return signal == SIGHUP && had_terminal && !has_terminal() ? SIGINT : signal;
}

int signals_take(int signals)
{
    struct signalfd_siginfo info;
    int taken = 0;
    while (read(signals, &info, sizeof info) > 0) {
        int signal = meaning_of((int)info.ssi_signo);
        if (!taken || (signal_ends(signal) && !signal_ends(taken)))
            taken = signal;
    }
    return taken;
}
