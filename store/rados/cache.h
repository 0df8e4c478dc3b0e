/* cache.h - what was read of files lately, in memory of a fixed size: what many ask for takes no round trip.
 *
 * The memory is frames. One holds so many bytes of one file, and stands in the one set of frames that those have, in
 * the place of what was used there longest ago. It is read whole, also for a byte; and where what stands in front of it
 * in its file is there already, somebody reads in order, and some behind it are read as well, side by side.
 *
 * What is written comes into the frames that are there. One that is being read meanwhile is of no use then. Of a file
 * that is opened anew nothing is known: while this process had not opened it, another one may have written to it.
 *
 * Thread: any.
 */
#ifndef CAIRN_CACHE_H
#define CAIRN_CACHE_H

#include "store/base/lock.h"
#include "store/rados/cluster.h"

struct cache_frame;

struct cache {
    const struct cluster *cluster;
    uint64_t piece; /* bytes of a file in one object; a multiple of: */
    size_t frame;   /* bytes */
    struct lock lock;
    pthread_cond_t came;
    struct cache_frame *frames;
    size_t count; /* 0: nothing is kept */
    unsigned char *bytes;
    uint64_t uses;
    uint64_t names; /* of files, that were given out */
    size_t loading; /* frames */
};

/* A file, for as long as somebody has it open. */
struct cache_file {
    uint64_t name;   /* of cache_name() */
    uint64_t number; /* of its inode */
};

/* Of so many bytes, or a little less. False: memory is out. */
bool cache_init(struct cache *cache, const struct cluster *cluster, uint64_t piece, size_t bytes);

/* Waits for what is being read. */
void cache_free(struct cache *cache);

/* For a file that has been opened by nobody else. */
struct cache_file cache_file(struct cache *cache, uint64_t number);

/* Whether so many bytes are few enough to be read by way of it. */
bool cache_may_read(const struct cache *cache, size_t length);

/* Reads bytes of a file that is `size` bytes long; they are in front of its end. False: they are to be read in another
 * way. Blocking, but for the second, which has what is there. */
bool cache_read(struct cache *cache, const struct cache_file *file, uint64_t size, void *bytes, size_t length,
                uint64_t position);
bool cache_read_nowait(struct cache *cache, const struct cache_file *file, void *bytes, size_t length,
                       uint64_t position);

/* Begins to read them, and does not wait. */
void cache_expect(struct cache *cache, const struct cache_file *file, uint64_t size, size_t length, uint64_t position);

/* Bytes were written; those from a position on are not what they were. In both cases the change has been asked for
 * already, so what is read from now on is as it was left. */
void cache_write(struct cache *cache, const struct cache_file *file, const void *bytes, size_t length,
                 uint64_t position);
void cache_forget(struct cache *cache, const struct cache_file *file, uint64_t from);

#endif
