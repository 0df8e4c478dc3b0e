/* descriptor.h - the numbers that stand for open files and folders of a medium: none is one of the system's.
 *
 * Thread: any.
 */
#ifndef CAIRN_DESCRIPTOR_H
#define CAIRN_DESCRIPTOR_H

#include "store/base/lock.h"
#include "store/rados/ahead.h"
#include "store/rados/inode.h"
#include "store/rados/path.h"

/* The lowest number; the system's are below it. */
enum { DESCRIPTOR_FIRST = 1 << 30 };

struct descriptor {
    struct inode *inode; /* NULL: it is a folder */
    struct ahead *ahead; /* of who reads the file */
    struct path path;    /* of a folder */
    bool may_write;
};

struct descriptors {
    struct lock lock;
    struct descriptor **open; /* NULL: the number is free */
    size_t capacity;
    size_t count;
    size_t misses; /* numbers that were asked for and stand for nothing */
    size_t lowest; /* no number below it is free */
};

void descriptors_init(struct descriptors *descriptors);
void descriptors_free(struct descriptors *descriptors); /* all are closed */

/* A number for it, or -1: memory is out. */
int descriptors_add(struct descriptors *descriptors, const struct descriptor *descriptor);

/* What a number stands for; false: for nothing. A file is good as long as its descriptor is not closed. */
bool descriptors_find(struct descriptors *descriptors, int number, struct descriptor *ret_descriptor);
bool descriptors_take(struct descriptors *descriptors, int number, struct descriptor *ret_descriptor);

#endif
