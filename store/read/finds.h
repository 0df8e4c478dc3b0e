/* finds.h - the files of runs that lie in a store's folder, opened when somebody first lists it.
 *
 * Thread: one at a time for each log.
 */
#ifndef CAIRN_FINDS_H
#define CAIRN_FINDS_H

#include "store/base/error.h"
#include "store/log/log.h"
#include "store/read/run.h"

/* Takes what was found: the run, or why it could not be opened, and then `run` is NULL. A failure ends it all. */
typedef struct failure finds_take(void *arg, uint64_t number, struct run *run, struct failure failure);

/* Opens those among the names of a folder, one behind the other with a NUL each, the last one empty, that are files of
 * runs: side by side where that is far. Gives them to `take` in the order of the names. STORE_NO_MEMORY, and what
 * `take` says. Blocking. */
struct failure finds_open(const struct log *log, const char *names, finds_take *take, void *arg);

#endif
