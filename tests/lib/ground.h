/* ground.h - what a model stands on: a disk, or another place for its files, that can be cut off and comes back.
 *
 * Thread: any, but for `reboot`, which wants it to itself.
 */
#ifndef CAIRN_TESTS_GROUND_H
#define CAIRN_TESTS_GROUND_H

#include "store/disk/io.h"

struct sim_disk;
struct sim_medium;

struct ground {
    void *self; /* handed to every call */
    const struct io *io;
    void (*cut)(void *self);
    void (*reboot)(void *self, uint64_t seed); /* what the cut left, by the seed */
    void (*hold)(void *self, bool hold);       /* syncs wait until the hold ends */
    size_t (*open_files)(void *self);
    uint64_t (*bad_uses)(void *self); /* of descriptors that were not open */
};

struct ground ground_of_disk(struct sim_disk *disk);
struct ground ground_of_medium(struct sim_medium *medium);

#endif
