/* interruption.h - the wish that a command which runs long comes to its end: the first signal that ends things
 * (signals.h). What is under way is left as it is meant to be left, locks on a cluster are given back, and the report
 * says how far it came. A second signal ends the process at once.
 *
 * There is one for the process. Thread: any, unless it says otherwise.
 */
#ifndef CAIRN_INTERRUPTION_H
#define CAIRN_INTERRUPTION_H

#include <stdbool.h>

/* Waits for it from here on, on a thread of its own; `command` is told of in the line that says that it has come. Where
 * there can be no thread a signal ends the process as it does elsewhere. Thread: the first one. */
void interruption_await(const char *command);

bool interruption_came(void);

/* Who works on something that takes long has `call(arg)` called when it comes, which is at once where it has come;
 * NULL: nobody does any more, and nobody is called when this has returned. Must not block. */
void interruption_calls(void (*call)(void *arg), void *arg);

/* What is said of work that was left for it. */
extern const char interruption_sentence[];

#endif
