/* signals.h - the signals that mean something to a server that runs, as a descriptor to poll.
 *
 *     SIGTERM, SIGINT   end it
 *     SIGHUP            it reads again what may change under it (serve.c has the list); but when it is the terminal
 *                       that has gone, ends it as decently as SIGINT
 *     SIGUSR1           it opens its log of requests again: for whoever has moved that file away
 */
#ifndef CAIRN_SIGNALS_H
#define CAIRN_SIGNALS_H

#include <stdbool.h>

/* Blocks them in this and all later threads, but for those of the first three that were ignored when the process was
 * started: these stay so. Ignores SIGPIPE. Returns a descriptor that becomes readable when one of them arrives, or -1
 * and errno. Blocking them also makes them reach process 1, for which the kernel would otherwise drop them.
 * Thread: before the others start. */
int signals_open(void);

/* Takes the signals that have arrived, so that the descriptor waits for the next one. Returns one of them, one that
 * ends the server if there is one, or 0 when there was none. That of a terminal that has gone is a SIGINT. */
int signals_take(int signals);

/* Whether it is one of those that end the server. */
bool signal_ends(int signal);

#endif
