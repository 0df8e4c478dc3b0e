/* home.h - a folder that is open, and the path that led to it.
 *
 * A folder that somebody moves or removes goes on taking bytes by its descriptor, and the next start does not find
 * them. So before anything is acknowledged the path is looked up again: all of it, from where the data folder was
 * opened.
 *
 * Thread: any.
 */
#ifndef CAIRN_HOME_H
#define CAIRN_HOME_H

#include "store/disk/io.h"

struct home {
    int open;
    char *path; /* as open() takes it */
};

/* Opens a folder of another one, by its path from there. An errno. Blocking. */
int home_open(struct home *ret_home, const struct io *io, const struct home *above, const char *name);
void home_close(struct home *home, const struct io *io);

/* Whether somebody may have moved what is in a store that this process has open: not where it has it alone (tenure.h).
 * Then each commit would ask somebody far away for nothing. */
static inline bool home_may_be_lost(const struct io *io)
{
    return !io->tenure;
}

/* Whether its path leads to it, as far as that can be told. Blocking. */
bool home_is_found(const struct home *home, const struct io *io);

/* The same of a file in it that is open. */
bool home_leads_to(const struct home *home, const struct io *io, const char *name, int file);

#endif
