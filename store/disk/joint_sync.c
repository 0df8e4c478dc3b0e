/* joint_sync.c - the sync of a folder that many change at once. */
#include "store/disk/joint_sync.h"

#include <assert.h>
#include <errno.h>

void joint_sync_init(struct joint_sync *joint, const struct io *io, int folder)
{
    *joint = (struct joint_sync){.io = io, .folder = folder};
    lock_init(&joint->lock);
    pthread_cond_init(&joint->ended, NULL);
}

void joint_sync_free(struct joint_sync *joint)
{
    pthread_cond_destroy(&joint->ended);
    lock_destroy(&joint->lock);
}

/* Makes the next one. Lock held, and let go meanwhile. */
static void sync_for_all(struct joint_sync *joint)
{
    assert(lock_is_mine(&joint->lock) && joint->begun == joint->done);
    uint64_t number = ++joint->begun;
    lock_release(&joint->lock);
    int error = joint->io->fsync(joint->io->self, joint->folder) < 0 ? errno : 0;
    lock_take(&joint->lock);
    joint->done = number;
    if (error) {
        joint->failed = number;
        joint->error = error;
    }
    pthread_cond_broadcast(&joint->ended);
}

int joint_sync(struct joint_sync *joint)
{
    lock_take(&joint->lock);
    uint64_t mine = joint->begun + 1;
    while (joint->done < mine) {
        if (joint->begun == joint->done)
            sync_for_all(joint);
        else
            lock_wait(&joint->lock, &joint->ended);
    }
    int error = joint->failed >= mine ? joint->error : 0;
    lock_release(&joint->lock);
    return error;
}
