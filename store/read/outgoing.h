/* outgoing.h - runs that have been merged into others, and of whose files pages are still made.
 *
 * What is closed is found again by its name (handle.h). So such a file keeps its name as long as somebody reads it, and
 * costs no descriptor meanwhile. A crash leaves it: the next start finds that another one has all of it.
 *
 * Thread: any, one at a time: who has the catalog's lock.
 */
#ifndef CAIRN_OUTGOING_H
#define CAIRN_OUTGOING_H

#include "store/log/log.h"
#include "store/read/run.h"

struct outgoing {
    struct run **runs;
    size_t count;
    size_t capacity;
};

/* Lets go of the runs; their files stay. */
void outgoing_free(struct outgoing *outgoing);

/* Takes a reference on a run in a file, which goes when nobody else has one. false: memory is out. */
bool outgoing_add(struct outgoing *outgoing, struct run *run);

/* Removes the files that nobody reads any more. Blocking. */
void outgoing_sweep(struct outgoing *outgoing, const struct log *log);

/* Whether one has the name of that number. */
bool outgoing_has(const struct outgoing *outgoing, uint64_t number);

/* The name of that number is to be another file's: one that has it is kept open, and is not of these any more. An
 * errno: it cannot be. Blocking. */
int outgoing_cede(struct outgoing *outgoing, uint64_t number);

#endif
