/* head.c - where a merge stands in one run. */
#include "store/read/head.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool head_init(struct head *head, struct run *run, bool all)
{
    unsigned char *buffer = malloc(RUN_BLOCK_MAX);
    if (!buffer)
        return false;
    *head = (struct head){.run = run_retain(run), .buffer = buffer, .all = all, .ended = run_blocks(run) == 0};
    return true;
}

void head_free(struct head *head)
{
    run_release(head->run);
    free(head->buffer);
}

/* ---- block by block -------------------------------------------------------------------------- */

/* The run is not as it was made. */
static struct failure broken(struct head *head)
{
    run_break(head->run);
    return failure_of(STORE_DAMAGED);
}

/* Begins a block, in front of its first entry; behind the last one the head ends. */
static struct failure enter_block(struct head *head, size_t block)
{
    head->block = block;
    head->ended = block >= run_blocks(head->run);
    if (head->ended)
        return failure_none();
    if (head->entry.place.length > 0 && run_compare_block(head->run, block, &head->entry.place) < 0)
        return broken(head); /* what it says lies in front of what has been */
    head->taken = 0;
    head->number = 0;
    head->front = true;
    head->entry.place.length = 0;
    head->entry.attributes_length = 0;
    run_expect_block(head->run, block + 1);
    return run_read_block(head->run, block, head->buffer, &head->bytes, &head->length);
}

/* Reads the entry behind the last one that was read of the block. */
static struct failure read_entry(struct head *head)
{
    size_t taken;
    if (!entry_decode(&head->entry, head->bytes + head->taken, head->length - head->taken, &taken) ||
        (head->taken == 0 && run_compare_block(head->run, head->block, &head->entry.place) != 0))
        return broken(head);
    head->number += head->taken > 0;
    head->taken += taken;
    return failure_none();
}

/* Goes on by one entry, in this block or the next. */
static struct failure step(struct head *head)
{
    struct failure failure = failure_none();
    if (!head->bytes || head->taken == head->length)
        failure = enter_block(head, head->bytes ? head->block + 1 : 0);
    if (failure.error || head->ended)
        return failure;
    return read_entry(head);
}

/* ---- entries that lead to nothing ------------------------------------------------------------ */

static struct failure go_to(struct head *head, uint64_t at)
{
    size_t block = at >> 16;
    struct failure failure = failure_none();
    if (!head->bytes || block != head->block)
        failure = enter_block(head, block);
    while (!failure.error && !head->ended && (head->taken == 0 || run_entry_at(head->block, head->number) < at))
        failure = step(head);
    head->front = true;
    return failure;
}

/* Passes over what the run knows to lead to nothing, if the head stands in that. */
static struct failure pass_gone(struct head *head)
{
    if (head->ended || head->all)
        return failure_none();
    uint64_t behind = run_gone(head->run, head->block);
    return behind > run_entry_at(head->block, head->number) ? go_to(head, behind) : failure_none();
}

/* ---- moving ---------------------------------------------------------------------------------- */

struct failure head_enter(struct head *head, size_t block)
{
    uint64_t from = run_entry_at(block, 0);
    return go_to(head, head->all ? from : run_gone(head->run, block));
}

struct failure head_next(struct head *head)
{
    assert(!head->ended);
    head->front = false;
    struct failure failure = step(head);
    return failure.error ? failure : pass_gone(head);
}

struct failure head_gone(struct head *head)
{
    size_t block = head->block;
    bool front = head->front;
    struct failure failure = step(head);
    if (failure.error)
        return failure;
    uint64_t behind = head->block == block ? run_entry_at(block, head->number) : run_entry_at(block + 1, 0);
    if (front)
        run_learn_gone(head->run, block, behind);
    return pass_gone(head);
}

void head_expect(const struct head *head, const struct place *place)
{
    if (head->ended || head->bytes)
        return;
    size_t block = run_find_block(head->run, head->block, place);
    run_expect_block(head->run, block);
    run_expect_block(head->run, block + 1);
}

struct failure head_seek(struct head *head, const struct place *place)
{
    struct failure failure = failure_none();
    if (head->ended || (head->taken > 0 && place_compare(&head->entry.place, place) >= 0))
        return failure;
    size_t block = run_find_block(head->run, head->block, place);
    uint64_t behind = head->all ? 0 : run_gone(head->run, block);
    if (behind >= run_entry_at(block + 1, 0))
        failure = go_to(head, behind);
    else if (!head->bytes || block != head->block)
        failure = enter_block(head, block);
    while (!failure.error && !head->ended && (head->taken == 0 || place_compare(&head->entry.place, place) < 0)) {
        head->front = head->taken == 0;
        failure = step(head);
    }
    return failure.error ? failure : pass_gone(head);
}
