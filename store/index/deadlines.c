/* deadlines.c - when objects of a store expire. deadlines.h tells what for. */
#include "store/index/deadlines.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 64, CAPACITY_MAX = 1 << 17 };

void deadlines_init(struct deadlines *deadlines)
{
    *deadlines = (struct deadlines){.rest = DEADLINES_NEVER};
    lock_init(&deadlines->lock);
}

void deadlines_free(struct deadlines *deadlines)
{
    free(deadlines->list);
    lock_destroy(&deadlines->lock);
}

void deadlines_begin(struct deadlines *deadlines, struct errand *errand)
{
    lock_take(&deadlines->lock);
    deadlines->errand = errand;
    lock_release(&deadlines->lock);
}

/* ---- the heap -------------------------------------------------------------------------------- */

static void swap(struct deadline *list, size_t a, size_t b)
{
    struct deadline kept = list[a];
    list[a] = list[b];
    list[b] = kept;
}

static void rise(struct deadline *list, size_t at)
{
    for (size_t above = (at - 1) / 2; at > 0 && list[at].second < list[above].second; above = (at - 1) / 2) {
        swap(list, at, above);
        at = above;
    }
}

static void sink(struct deadline *list, size_t count, size_t at)
{
    for (size_t below = 2 * at + 1; below < count; below = 2 * at + 1) {
        if (below + 1 < count && list[below + 1].second < list[below].second)
            below++;
        if (list[at].second <= list[below].second)
            break;
        swap(list, at, below);
        at = below;
    }
}

static int compare(const void *a, const void *b)
{
    const struct deadline *left = a, *right = b;
    return (left->second > right->second) - (left->second < right->second);
}

static void lack(struct deadlines *deadlines, int64_t second)
{
    if (second < deadlines->rest)
        deadlines->rest = second;
}

/* Keeps the half that comes first. In order they are a heap, too. */
static void halve(struct deadlines *deadlines)
{
    qsort(deadlines->list, deadlines->count, sizeof *deadlines->list, compare);
    deadlines->count /= 2;
    lack(deadlines, deadlines->list[deadlines->count].second);
}

/* Makes room for one more; false: memory is out. */
static bool grow(struct deadlines *deadlines)
{
    size_t capacity = deadlines->capacity ? deadlines->capacity * 2 : CAPACITY_MIN;
    if (deadlines->count < deadlines->capacity)
        return true;
    if (capacity > CAPACITY_MAX) {
        halve(deadlines);
        return true;
    }
    struct deadline *moved = realloc(deadlines->list, capacity * sizeof *moved);
    if (!moved)
        return false;
    deadlines->list = moved;
    deadlines->capacity = capacity;
    return true;
}

/* ---- what comes and goes --------------------------------------------------------------------- */

void deadlines_add(struct deadlines *deadlines, int64_t second, uint64_t hash)
{
    lock_take(&deadlines->lock);
    bool first = (deadlines->count == 0 || second < deadlines->list[0].second) && second < deadlines->rest;
    if (second < deadlines->rest && grow(deadlines)) {
        deadlines->list[deadlines->count++] = (struct deadline){second, hash};
        rise(deadlines->list, deadlines->count - 1);
    } else {
        lack(deadlines, second);
    }
    struct errand *errand = deadlines->errand;
    lock_release(&deadlines->lock);
    if (first && errand)
        errand_wake(errand);
}

void deadlines_lack(struct deadlines *deadlines, int64_t second)
{
    lock_take(&deadlines->lock);
    lack(deadlines, second);
    lock_release(&deadlines->lock);
}

size_t deadlines_take(struct deadlines *deadlines, int64_t second, size_t most, uint64_t *ret_hashes)
{
    size_t taken = 0;
    lock_take(&deadlines->lock);
    struct deadline *list = deadlines->list;
    for (; taken < most && deadlines->count > 0 && list[0].second <= second; taken++) {
        ret_hashes[taken] = list[0].hash;
        list[0] = list[--deadlines->count];
        sink(list, deadlines->count, 0);
    }
    lock_release(&deadlines->lock);
    return taken;
}

void deadlines_forget(struct deadlines *deadlines)
{
    lock_take(&deadlines->lock);
    free(deadlines->list);
    deadlines->list = NULL;
    deadlines->count = deadlines->capacity = 0;
    deadlines->rest = DEADLINES_NEVER;
    lock_release(&deadlines->lock);
}

bool deadlines_tell(struct deadlines *deadlines, int64_t *ret_first, int64_t *ret_rest)
{
    lock_take(&deadlines->lock);
    *ret_first = deadlines->count > 0 ? deadlines->list[0].second : DEADLINES_NEVER;
    *ret_rest = deadlines->rest;
    lock_release(&deadlines->lock);
    return *ret_first != DEADLINES_NEVER || *ret_rest != DEADLINES_NEVER;
}
