/* signals.h - the signals that mean something to what runs long, as a descriptor to poll.
 *
 *     SIGTERM, SIGINT   end it
 *     SIGHUP            a server reads again what may change under it (serve.c has the list); but when it is the
 *                       terminal that has gone, ends what runs as decently as SIGINT
 *     SIGUSR1           a server opens its log of requests again: for whoever has moved that file away
 *
 * They wait from the first moment on, so that whoever starts and ends things in one breath ends them in order.
 */
#ifndef CAIRN_SIGNALS_H
#define CAIRN_SIGNALS_H

#include <stdbool.h>

/* Has them wait, in this and all later threads, until they are taken, but for those of the first three that were
 * ignored when the process was started: these stay so. That also makes them reach process 1, for which the kernel would
 * otherwise drop them. Thread: before the others start. */
void signals_hold(void);

/* A write that finds nobody to read it, or a file that may not grow, fails, and not the process: SIGPIPE and SIGXFSZ
 * are ignored. Thread: the same. */
void signals_fail_writes(void);

/* A descriptor that becomes readable when one of those that wait has arrived, or -1 and errno. Thread: any. */
int signals_open(void);

/* Takes the signals that have arrived, so that the descriptor waits for the next one. Returns one of them, one that
 * ends what runs if there is one, or 0 when there was none. That of a terminal that has gone is a SIGINT. */
int signals_take(int signals);

/* Whether it is one of those that end what runs. */
bool signal_ends(int signal);

/* They do in this thread, and so in the process, what they do elsewhere; those that have arrived and were not taken do
 * so at once. */
void signals_release(void);

#endif
