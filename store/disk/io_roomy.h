/* io_roomy.h - a table of file calls that finds a descriptor where there is none left.
 *
 * A call that opens something and meets the end of the descriptors asks for one to be given up, and is made again. So
 * idle stores make room for whatever is opened, not only for another store.
 *
 * Thread: any.
 */
#ifndef CAIRN_IO_ROOMY_H
#define CAIRN_IO_ROOMY_H

#include "store/disk/io.h"

struct io_roomy {
    struct io io; /* the table to use */
    const struct io *base;
    bool (*make_room)(void *arg); /* gives descriptors up; false: there are none to be had. May block. */
    void *arg;
};

/* Sets up a table of the calls of `base`, which must outlive it. It must not be moved. */
void io_roomy_init(struct io_roomy *roomy, const struct io *base, bool (*make_room)(void *arg), void *arg);

#endif
