/* cluster.h - the seam to RADOS: what the medium asks of the objects of a pool, and of nothing larger.
 *
 * `librados.c` makes the calls; tests put a pool in memory in its place that delays, reorders, fails and fences.
 *
 * A change is some steps on one object, which happen all or not at all. Changes and reads of one object happen in the
 * order in which they were asked for; those of several in any. An error is an errno, and none of these is one of many:
 *
 *   ENOENT      the object is not there
 *   ECANCELED   a guard does not hold: nothing has happened
 *   ETIMEDOUT   nobody knows what has happened, or may yet happen
 *   ESHUTDOWN   this client is fenced: nothing of it happens any more
 *
 * Thread: any. A table is immutable while it is used.
 */
#ifndef CAIRN_CLUSTER_H
#define CAIRN_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CLUSTER_OBJECT_MAX = 80, CLUSTER_TEXT_MAX = 128 };

enum cluster_step_kind {
    CLUSTER_CREATE, /* makes the object if it is not there */
    CLUSTER_EXISTS, /* a guard: it is there, else ENOENT */
    CLUSTER_WRITE,  /* bytes at a position */
    CLUSTER_TRUNCATE,
    CLUSTER_REMOVE,
    CLUSTER_ATTRIBUTE_IS, /* a guard: what is not there is as the empty text; an object made just before is ENOENT */
    CLUSTER_SET_ATTRIBUTE,
    CLUSTER_ROW_IS, /* a guard: what is not there is as the empty text */
    CLUSTER_SET_ROW,
    CLUSTER_REMOVE_ROW
};

struct cluster_step {
    enum cluster_step_kind kind;
    const char *name;  /* of the attribute or row */
    const void *bytes; /* all are copied before the call returns */
    size_t length;
    uint64_t position; /* of a write; how long what is truncated becomes */
};

/* What texts of an object are asked for. */
enum cluster_kind { CLUSTER_ATTRIBUTES, CLUSTER_ROWS };

/* Who has a lock: the text that it was taken with, and how the cluster knows the client. */
struct cluster_owner {
    char cookie[CLUSTER_TEXT_MAX];
    char client[CLUSTER_TEXT_MAX];
    char address[CLUSTER_TEXT_MAX];
};

/* The result is a number of bytes, or an errno below 0. Must not block. Thread: the cluster's. */
typedef void cluster_done(void *arg, ssize_t result);

struct cluster {
    void *self; /* handed to every call as its first argument */

    /* Neither waits; `done(arg, ...)` is called once. What is read is shorter where the object ends. */
    void (*change)(void *self, const char *object, const struct cluster_step *steps, size_t count, cluster_done *done,
                   void *arg);
    void (*read)(void *self, const char *object, void *bytes, size_t length, uint64_t position, cluster_done *done,
                 void *arg);

    /* The others wait, and return an errno. `get` gives a text for each name, to be freed, or NULL: it is not there. */
    int (*get)(void *self, const char *object, enum cluster_kind kind, const char *const *names, size_t count,
               char **ret_texts);
    /* Rows whose names begin with the prefix, in their order, behind the one that is named: each as its name and its
     * text, both ended by NUL, and the list by an empty name. One allocation, the caller frees it. */
    int (*list)(void *self, const char *object, const char *prefix, const char *after, size_t most, char **ret_rows,
                bool *ret_more);

    /* A lock that another cookie has is EBUSY; the own one is renewed. It runs out after so many seconds; 0: never. */
    int (*lock)(void *self, const char *object, const char *cookie, unsigned seconds);
    int (*unlock)(void *self, const char *object, const char *cookie);
    int (*owner)(void *self, const char *object, struct cluster_owner *ret_owner); /* ENOENT: nobody */
    /* Takes the lock from who has it. */
    int (*break_lock)(void *self, const char *object, const struct cluster_owner *owner);
    /* Nothing that the client has asked for, or asks for later, happens from when this returns. */
    int (*fence)(void *self, const struct cluster_owner *owner);

    /* What can still be written into the pool. EOPNOTSUPP: the cluster does not tell. */
    int (*free_bytes)(void *self, uint64_t *ret_bytes);

    /* Every call must have come back. */
    void (*close)(void *self);
};

/* A change that is waited for; an errno. */
int cluster_change(const struct cluster *cluster, const char *object, const struct cluster_step *steps, size_t count);

/* One text, or NULL; an errno. An object that is not there has none. */
int cluster_get(const struct cluster *cluster, const char *object, enum cluster_kind kind, const char *name,
                char **ret_text);

/* All rows of that prefix, however many, as list() has them. An object that is not there has none. */
int cluster_list(const struct cluster *cluster, const char *object, const char *prefix, char **ret_rows);

/* The row behind one of a list: its name. */
const char *cluster_next_row(const char *row);

/* A step that sets a text, or asks whether it is so. */
struct cluster_step cluster_text(enum cluster_step_kind kind, const char *name, const char *text);

#endif
