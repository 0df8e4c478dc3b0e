/* joint.h - a table of file calls for a pool and the files of this machine, side by side: for whoever copies from one
 * to the other.
 *
 * A path that begins with the name of the pool leads there, and so does one from a folder of it; a descriptor tells by
 * its number where it belongs. Between the two nothing is linked or renamed: EXDEV; so it is copied.
 *
 * Thread: any, but for joint_init().
 */
#ifndef CAIRN_JOINT_H
#define CAIRN_JOINT_H

#include "store/disk/io.h"

struct joint {
    struct io io;
    const struct io *pool;
    const char *name; /* borrowed */
};

/* Both are borrowed. `in_pool`: for a folder there. So it has what is said of a whole table from the pool's: that
 * several processes may have the folder open, and holes. */
void joint_init(struct joint *joint, const struct io *pool, const char *name, bool in_pool);

#endif
