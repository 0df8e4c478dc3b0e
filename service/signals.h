/* signals.h - the signals that end the process, as a descriptor to poll. */
#ifndef CAIRN_SIGNALS_H
#define CAIRN_SIGNALS_H

/* Blocks SIGTERM and SIGINT in this and all later threads, ignores SIGPIPE. Returns a descriptor that becomes
 * readable when one of the two arrives, or -1 and errno. It is never read: a further signal changes nothing.
 * Blocking them also makes them reach process 1, for which the kernel would otherwise drop them.
 * Thread: before the others start. */
int signals_open(void);

#endif
