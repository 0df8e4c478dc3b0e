/* cache.c - what was read of files lately: frames in sets of eight, each with the times they were used last. No call of
 * the cluster is made with the lock held: it might come back at once. */
#include "store/rados/cache.h"

#include "store/base/mapping.h"
#include "store/base/xxh3.h"
#include "store/rados/layout.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME = 16 << 10, /* bytes, where a piece has as many */
    WAYS = 8,         /* frames in a set */
    SPAN = 4,         /* frames that one read has at most, where it begins at one */
    AHEAD = 8,        /* frames that are read at once for somebody who reads in order */
};

enum frame_state { FRAME_EMPTY, FRAME_LOADING, FRAME_LOADED };

struct cache_frame {
    struct cache *cache;
    struct cache_file file;
    uint64_t index; /* which one of the file's */
    uint64_t used;
    enum frame_state state;
    bool spoiled; /* while it was being read somebody has written to it */
};

/* Frames that have to be read. */
struct wanted {
    struct cache_frame *frames[SPAN + 1 + AHEAD];
    size_t count;
};

bool cache_init(struct cache *cache, const struct cluster *cluster, uint64_t piece, size_t bytes)
{
    *cache = (struct cache){.cluster = cluster, .piece = piece, .frame = piece < FRAME ? (size_t)piece : (size_t)FRAME};
    assert(piece % cache->frame == 0);
    cache->count = bytes / cache->frame / WAYS * WAYS;
    cache->frames = calloc(cache->count + 1, sizeof *cache->frames);
    cache->bytes = cache->count > 0 ? mapping_new(cache->count * cache->frame) : NULL;
    if (!cache->frames || (cache->count > 0 && !cache->bytes)) {
        free(cache->frames);
        return false;
    }
    for (size_t i = 0; i < cache->count; i++)
        cache->frames[i].cache = cache;
    lock_init(&cache->lock);
    pthread_cond_init(&cache->came, NULL);
    return true;
}

void cache_free(struct cache *cache)
{
    lock_take(&cache->lock);
    while (cache->loading > 0)
        lock_wait(&cache->lock, &cache->came);
    lock_release(&cache->lock);
    mapping_free(cache->bytes, cache->count * cache->frame);
    free(cache->frames);
    pthread_cond_destroy(&cache->came);
    lock_destroy(&cache->lock);
}

struct cache_file cache_file(struct cache *cache, uint64_t number)
{
    lock_take(&cache->lock);
    struct cache_file file = {.name = ++cache->names, .number = number};
    lock_release(&cache->lock);
    return file;
}

bool cache_may_read(const struct cache *cache, size_t length)
{
    return cache->count > 0 && length > 0 && length <= SPAN * cache->frame;
}

/* ---- frames; the lock is held ---------------------------------------------------------------- */

static unsigned char *bytes_of(const struct cache_frame *frame)
{
    const struct cache *cache = frame->cache;
    return cache->bytes + (size_t)(frame - cache->frames) * cache->frame;
}

static struct cache_frame *set_of(const struct cache *cache, const struct cache_file *file, uint64_t index)
{
    const uint64_t place[] = {file->name, index};
    return cache->frames + XXH3_64bits(place, sizeof place) % (cache->count / WAYS) * WAYS;
}

/* NULL: it is not there. */
static struct cache_frame *find(struct cache *cache, const struct cache_file *file, uint64_t index)
{
    assert(lock_is_mine(&cache->lock));
    struct cache_frame *set = set_of(cache, file, index);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].state != FRAME_EMPTY && set[i].index == index && set[i].file.name == file->name)
            return &set[i];
    return NULL;
}

/* The one of its set that can be done without; NULL: all are being read. */
static struct cache_frame *victim(const struct cache *cache, const struct cache_file *file, uint64_t index)
{
    struct cache_frame *set = set_of(cache, file, index), *found = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        bool better = !found ||
                      (found->state != FRAME_EMPTY && (set[i].state == FRAME_EMPTY || set[i].used < found->used));
        if (set[i].state != FRAME_LOADING && better)
            found = &set[i];
    }
    return found;
}

/* Has it read, unless it is there or has no place. */
static void want(struct cache *cache, const struct cache_file *file, uint64_t index, struct wanted *wanted)
{
    struct cache_frame *frame = find(cache, file, index) ? NULL : victim(cache, file, index);
    if (!frame)
        return;
    *frame = (struct cache_frame){
        .cache = cache, .file = *file, .index = index, .used = ++cache->uses, .state = FRAME_LOADING};
    wanted->frames[wanted->count++] = frame;
    cache->loading++;
}

/* Has all read that hold those bytes; and where the one in front of the first that is not there is, some behind it. */
static void want_all(struct cache *cache, const struct cache_file *file, uint64_t size, size_t length,
                     uint64_t position, struct wanted *wanted)
{
    uint64_t first = position / cache->frame, behind = (position + length - 1) / cache->frame + 1;
    while (first < behind && find(cache, file, first))
        first++;
    if (first == behind)
        return;
    if (first > 0 && find(cache, file, first - 1))
        behind = first + AHEAD > behind ? first + AHEAD : behind;
    if (behind > (size - 1) / cache->frame + 1)
        behind = (size - 1) / cache->frame + 1;
    for (uint64_t index = first; index < behind; index++)
        want(cache, file, index, wanted);
}

/* ---- reading them ---------------------------------------------------------------------------- */

/* What is not there is a hole. Thread: the cluster's. */
static void loaded(void *arg, ssize_t result)
{
    struct cache_frame *frame = arg;
    struct cache *cache = frame->cache;
    size_t got = result > 0 ? (size_t)result : 0;
    lock_take(&cache->lock);
    bool good = (result >= 0 || result == -ENOENT) && !frame->spoiled;
    if (good && got < cache->frame)
        memset(bytes_of(frame) + got, 0, cache->frame - got);
    frame->state = good ? FRAME_LOADED : FRAME_EMPTY;
    cache->loading--;
    pthread_cond_broadcast(&cache->came);
    lock_release(&cache->lock);
}

/* Nobody else touches frames that are being read. */
static void load(struct cache *cache, const struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->count; i++) {
        char object[CLUSTER_OBJECT_MAX];
        struct cache_frame *frame = wanted->frames[i];
        uint64_t position = frame->index * cache->frame;
        layout_piece_object(frame->file.number, position / cache->piece, object);
        cache->cluster->read(cache->cluster->self, object, bytes_of(frame), cache->frame, position % cache->piece,
                             loaded, frame);
    }
}

/* A part of what is read or written that one frame has. */
struct part {
    uint64_t index;
    size_t within; /* the frame */
    size_t length;
};

static struct part part_at(const struct cache *cache, uint64_t position, size_t length)
{
    struct part part = {.index = position / cache->frame, .within = (size_t)(position % cache->frame)};
    size_t rest = cache->frame - part.within;
    part.length = length < rest ? length : rest;
    return part;
}

/* Copies what is there; false: not all is. With `wait` what is being read is waited for. Lock held. */
static bool copy(struct cache *cache, const struct cache_file *file, char *bytes, size_t length, uint64_t position,
                 bool wait)
{
    for (size_t done = 0; done < length;) {
        const struct part part = part_at(cache, position + done, length - done);
        struct cache_frame *frame = find(cache, file, part.index);
        if (!frame || (frame->state == FRAME_LOADING && !wait))
            return false;
        if (frame->state == FRAME_LOADING) {
            lock_wait(&cache->lock, &cache->came);
            continue;
        }
        frame->used = ++cache->uses;
        memcpy(bytes + done, bytes_of(frame) + part.within, part.length);
        done += part.length;
    }
    return true;
}

bool cache_read(struct cache *cache, const struct cache_file *file, uint64_t size, void *bytes, size_t length,
                uint64_t position)
{
    struct wanted wanted = {.count = 0};
    lock_take(&cache->lock);
    want_all(cache, file, size, length, position, &wanted);
    lock_release(&cache->lock);
    load(cache, &wanted);
    lock_take(&cache->lock);
    bool there = copy(cache, file, bytes, length, position, true);
    lock_release(&cache->lock);
    return there;
}

bool cache_read_nowait(struct cache *cache, const struct cache_file *file, void *bytes, size_t length,
                       uint64_t position)
{
    lock_take(&cache->lock);
    bool there = copy(cache, file, bytes, length, position, false);
    lock_release(&cache->lock);
    return there;
}

void cache_expect(struct cache *cache, const struct cache_file *file, uint64_t size, size_t length, uint64_t position)
{
    struct wanted wanted = {.count = 0};
    lock_take(&cache->lock);
    want_all(cache, file, size, length, position, &wanted);
    lock_release(&cache->lock);
    load(cache, &wanted);
}

/* ---- what changes ---------------------------------------------------------------------------- */

void cache_write(struct cache *cache, const struct cache_file *file, const void *bytes, size_t length,
                 uint64_t position)
{
    if (cache->count == 0)
        return;
    lock_take(&cache->lock);
    for (size_t done = 0; done < length;) {
        const struct part part = part_at(cache, position + done, length - done);
        struct cache_frame *frame = find(cache, file, part.index);
        if (frame && frame->state == FRAME_LOADING)
            frame->spoiled = true;
        else if (frame)
            memcpy(bytes_of(frame) + part.within, (const char *)bytes + done, part.length);
        done += part.length;
    }
    lock_release(&cache->lock);
}

void cache_forget(struct cache *cache, const struct cache_file *file, uint64_t from)
{
    lock_take(&cache->lock);
    for (size_t i = 0; i < cache->count; i++) {
        struct cache_frame *frame = &cache->frames[i];
        bool meant = frame->file.name == file->name && (frame->index + 1) * cache->frame > from;
        if (meant && frame->state == FRAME_LOADING)
            frame->spoiled = true;
        else if (meant)
            frame->state = FRAME_EMPTY;
    }
    lock_release(&cache->lock);
}
