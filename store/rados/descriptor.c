/* descriptor.c - the numbers that stand for open files and folders of a medium: an array, the lowest free one first. */
#include "store/rados/descriptor.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 64 };

void descriptors_init(struct descriptors *descriptors)
{
    *descriptors = (struct descriptors){0};
    lock_init(&descriptors->lock);
}

void descriptors_free(struct descriptors *descriptors)
{
    assert(descriptors->count == 0);
    free(descriptors->open);
    lock_destroy(&descriptors->lock);
}

/* Lock held. False: memory is out. */
static bool make_room(struct descriptors *descriptors)
{
    assert(lock_is_mine(&descriptors->lock));
    if (descriptors->count < descriptors->capacity)
        return true;
    size_t capacity = descriptors->capacity ? descriptors->capacity * 2 : CAPACITY_MIN;
    struct descriptor **open = realloc(descriptors->open, capacity * sizeof(struct descriptor *));
    if (!open)
        return false;
    for (size_t i = descriptors->capacity; i < capacity; i++)
        open[i] = NULL;
    descriptors->open = open;
    descriptors->capacity = capacity;
    return true;
}

int descriptors_add(struct descriptors *descriptors, const struct descriptor *descriptor)
{
    struct descriptor *own = malloc(sizeof *own);
    if (!own)
        return -1;
    *own = *descriptor;
    int number = -1;
    lock_take(&descriptors->lock);
    if (make_room(descriptors)) {
        while (descriptors->open[descriptors->lowest])
            descriptors->lowest++;
        number = DESCRIPTOR_FIRST + (int)descriptors->lowest;
        descriptors->open[descriptors->lowest] = own;
        descriptors->count++;
    }
    lock_release(&descriptors->lock);
    if (number < 0)
        free(own);
    return number;
}

/* Lock held. NULL: it stands for nothing. */
static struct descriptor *find(struct descriptors *descriptors, int number)
{
    assert(lock_is_mine(&descriptors->lock));
    bool known = number >= DESCRIPTOR_FIRST && (size_t)(number - DESCRIPTOR_FIRST) < descriptors->capacity;
    struct descriptor *found = known ? descriptors->open[number - DESCRIPTOR_FIRST] : NULL;
    descriptors->misses += !found;
    return found;
}

bool descriptors_find(struct descriptors *descriptors, int number, struct descriptor *ret_descriptor)
{
    lock_take(&descriptors->lock);
    const struct descriptor *found = find(descriptors, number);
    if (found)
        *ret_descriptor = *found;
    lock_release(&descriptors->lock);
    return found != NULL;
}

bool descriptors_take(struct descriptors *descriptors, int number, struct descriptor *ret_descriptor)
{
    lock_take(&descriptors->lock);
    struct descriptor *found = find(descriptors, number);
    if (found) {
        size_t at = (size_t)(number - DESCRIPTOR_FIRST);
        *ret_descriptor = *found;
        descriptors->open[at] = NULL;
        descriptors->count--;
        if (at < descriptors->lowest)
            descriptors->lowest = at;
    }
    lock_release(&descriptors->lock);
    free(found);
    return found != NULL;
}
