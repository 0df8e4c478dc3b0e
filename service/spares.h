/* spares.h - descriptors that are kept from everything else in the process, so that a connection can be accepted when
 * stores and clients have all others.
 *
 * Thread: one.
 */
#ifndef CAIRN_SPARES_H
#define CAIRN_SPARES_H

#include <stdbool.h>
#include <stddef.h>

struct spares {
    int *files;
    size_t count; /* that are kept now */
    size_t most;
};

/* Keeps so many. False and errno on failure: not even one is to be had. */
bool spares_open(struct spares *spares, size_t most);
void spares_close(struct spares *spares);

/* Sets one free for what the thread opens next; another thread may be quicker. False: there is none left. */
bool spares_give(struct spares *spares);

/* Keeps as many as there should be again, as far as the system grants them. */
void spares_fill(struct spares *spares);

#endif
