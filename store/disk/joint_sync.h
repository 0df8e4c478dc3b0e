/* joint_sync.h - the sync of a folder that many change at once: they share it.
 *
 * Whoever has changed an entry waits for a sync that begins afterwards. While one is under way those who come gather
 * for the next, and one of them makes it for all.
 *
 * Thread: any.
 */
#ifndef CAIRN_JOINT_SYNC_H
#define CAIRN_JOINT_SYNC_H

#include "store/base/lock.h"
#include "store/disk/io.h"

#include <pthread.h>

struct joint_sync {
    const struct io *io;
    int folder; /* borrowed */
    struct lock lock;
    pthread_cond_t ended;
    uint64_t begun;  /* the number of the last one that has begun */
    uint64_t done;   /* of the last one that has ended */
    uint64_t failed; /* of the last one that has failed, and how; 0: none has */
    int error;
};

void joint_sync_init(struct joint_sync *joint, const struct io *io, int folder);
void joint_sync_free(struct joint_sync *joint);

/* Makes durable what this thread has done to the folder's entries; an errno, also where only a later sync has failed.
 * Blocking. */
int joint_sync(struct joint_sync *joint);

#endif
