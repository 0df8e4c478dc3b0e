/* merge.c - the entries of several runs in one order. */
#include "store/read/merge.h"

#include <stdlib.h>

struct failure merge_init(struct merge *merge, struct run *const *runs, size_t count, bool all)
{
    *merge = (struct merge){0};
    merge->heads = calloc(count + 1, sizeof *merge->heads);
    merge->heap = calloc(count + 1, sizeof *merge->heap);
    bool fits = merge->heads && merge->heap;
    for (size_t i = 0; i < count && fits; i++) {
        fits = head_init(&merge->heads[i], runs[i], all);
        merge->count += fits;
    }
    if (fits)
        return failure_none();
    merge_free(merge);
    return failure_of(STORE_NO_MEMORY);
}

void merge_free(struct merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        head_free(&merge->heads[i]);
    free(merge->heads);
    free(merge->heap);
    *merge = (struct merge){0};
}

/* Whether one head comes in front of another. */
static bool is_before(const struct head *a, const struct head *b)
{
    int order = place_compare(&a->entry.place, &b->entry.place);
    return order ? order < 0 : a > b;
}

static void heap_sink(struct merge *merge, size_t at)
{
    struct head **heap = merge->heap;
    struct head *head = heap[at];
    for (size_t child = 2 * at + 1; child < merge->heaped; child = 2 * at + 1) {
        if (child + 1 < merge->heaped && is_before(heap[child + 1], heap[child]))
            child++;
        if (!is_before(heap[child], head))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = head;
}

/* The top has moved on. */
static void heap_settle(struct merge *merge)
{
    if (merge->heap[0]->ended)
        merge->heap[0] = merge->heap[--merge->heaped];
    if (merge->heaped > 1)
        heap_sink(merge, 0);
}

/* Moves all heads, and makes the heap anew. */
static struct failure seek_all(struct merge *merge, const struct place *place)
{
    merge->heaped = 0;
    for (size_t i = 0; i < merge->count; i++)
        head_expect(&merge->heads[i], place);
    for (size_t i = 0; i < merge->count; i++) {
        struct failure failure = head_seek(&merge->heads[i], place);
        if (failure.error)
            return failure;
        if (!merge->heads[i].ended)
            merge->heap[merge->heaped++] = &merge->heads[i];
    }
    for (size_t at = merge->heaped / 2; at-- > 0;)
        heap_sink(merge, at);
    return failure_none();
}

struct failure merge_seek(struct merge *merge, const struct place *place)
{
    if (merge->heaped == 0)
        return seek_all(merge, place);
    while (merge->heaped > 0 && place_compare(&merge->heap[0]->entry.place, place) < 0) {
        struct failure failure = head_seek(merge->heap[0], place);
        if (failure.error)
            return failure;
        heap_settle(merge);
    }
    return failure_none();
}

bool merge_has_twin(const struct merge *merge)
{
    for (size_t child = 1; child <= 2 && child < merge->heaped; child++)
        if (place_compare(&merge->heap[child]->entry.place, &merge->heap[0]->entry.place) == 0)
            return true;
    return false;
}

struct failure merge_next(struct merge *merge, bool gone)
{
    struct head *head = merge->heap[0];
    struct failure failure = gone ? head_gone(head) : head_next(head);
    if (!failure.error)
        heap_settle(merge);
    return failure;
}
