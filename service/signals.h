/* signals.h - the signals that end the process, as a descriptor to poll. */
#ifndef CAIRN_SIGNALS_H
#define CAIRN_SIGNALS_H

/* Blocks SIGTERM, SIGINT and SIGHUP in this and all later threads, but for those that were ignored when the process was
 * started: these stay so. Ignores SIGPIPE. Returns a descriptor that becomes readable when one of them arrives, or -1
 * and errno. Blocking them also makes them reach process 1, for which the kernel would otherwise drop them.
 * Thread: before the others start. */
int signals_open(void);

/* Takes the signals that have arrived, so that the descriptor waits for the next one. Returns one of them, or 0 when
 * there was none. */
int signals_take(int signals);

#endif
