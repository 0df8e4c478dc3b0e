/* sim_pool.h - the objects of a pool, in memory: bytes, attributes, rows and a lock each.
 *
 * Thread: one at a time; the cluster's lock sees to it.
 */
#ifndef CAIRN_TESTS_SIM_POOL_H
#define CAIRN_TESTS_SIM_POOL_H

#include "store/rados/cluster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_text {
    char *name;
    char *text;
};

/* In the order of their names. */
struct sim_texts {
    struct sim_text *items;
    size_t count;
    size_t capacity;
};

struct sim_object {
    struct sim_object *next;
    char name[CLUSTER_OBJECT_MAX];
    char *bytes;
    size_t size;
    struct sim_texts texts[2]; /* by enum cluster_kind */
    bool locked;
    struct cluster_owner owner;
    uint64_t changes;
    int64_t until; /* nanoseconds of the monotonic clock; 0: it does not run out */
};

struct sim_pool {
    struct sim_object *objects;
    size_t count;
};

/* All zero: it is empty. */
void sim_pool_free(struct sim_pool *pool);

/* NULL: it is not there. */
struct sim_object *sim_pool_find(struct sim_pool *pool, const char *name);
struct sim_object *sim_pool_make(struct sim_pool *pool, const char *name);

/* All steps, or none and the errno why. */
int sim_pool_change(struct sim_pool *pool, const char *object, const struct cluster_step *steps, size_t count);

/* NULL: it is not there. */
const char *sim_object_text(const struct sim_object *object, enum cluster_kind kind, const char *name);

/* Bytes; fewer where it ends. */
size_t sim_object_read(const struct sim_object *object, void *bytes, size_t length, uint64_t position);

#endif
