/* head.c - where a merge stands in one run. */
#include "store/read/head.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GONE_MIN = 64 }; /* so many entries in a row that lead to nothing are worth remembering */

bool head_init(struct head *head, struct run *run, bool all)
{
    unsigned char *buffer = malloc(RUN_BLOCK_MAX);
    if (!buffer)
        return false;
    *head = (struct head){.run = run_retain(run), .buffer = buffer, .ended = run_blocks(run) == 0};
    head->known_count = all ? 0 : run_gone(run, head->known);
    return true;
}

/* Hands a row that was found on to the run, for later listings. */
static void keep_gone(struct head *head)
{
    if (head->gone_count >= GONE_MIN)
        run_learn_gone(head->run, head->gone.from, head->gone.to);
    head->gone_count = 0;
}

void head_free(struct head *head)
{
    if (head->run)
        keep_gone(head);
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
    head->entry.place.length = 0;
    head->entry.attributes_length = 0;
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

/* ---- rows that lead to nothing --------------------------------------------------------------- */

/* Where the known row ends in which the head stands; 0: it stands in none. */
static uint64_t known_end(const struct head *head)
{
    uint64_t at = run_entry_at(head->block, head->number);
    for (size_t i = 0; i < head->known_count; i++)
        if (head->known[i].from <= at && at < head->known[i].to)
            return head->known[i].to;
    return 0;
}

/* Where a known row ends that has all of a block; 0: there is none. */
static uint64_t known_block_end(const struct head *head, size_t block)
{
    for (size_t i = 0; i < head->known_count; i++)
        if (head->known[i].from <= run_entry_at(block, 0) && run_entry_at(block + 1, 0) <= head->known[i].to)
            return head->known[i].to;
    return 0;
}

static struct failure go_to(struct head *head, uint64_t at)
{
    size_t block = at >> 16;
    struct failure failure = failure_none();
    if (!head->bytes || block != head->block)
        failure = enter_block(head, block);
    while (!failure.error && !head->ended && (head->taken == 0 || run_entry_at(head->block, head->number) < at))
        failure = step(head);
    return failure;
}

/* Passes the row over in which the head stands, if that is known; it belongs to one that was found in front of it. */
static struct failure pass_known(struct head *head)
{
    uint64_t from = run_entry_at(head->block, head->number);
    uint64_t to = head->ended ? 0 : known_end(head);
    if (to == 0)
        return failure_none();
    if (head->gone_count > 0 && head->gone.to == from)
        head->gone.to = to;
    return go_to(head, to);
}

/* ---- moving ---------------------------------------------------------------------------------- */

struct failure head_next(struct head *head)
{
    assert(!head->ended);
    struct failure failure = step(head);
    return failure.error ? failure : pass_known(head);
}

struct failure head_gone(struct head *head)
{
    uint64_t at = run_entry_at(head->block, head->number);
    if (head->gone_count == 0 || head->gone.to != at) {
        keep_gone(head);
        head->gone.from = at;
    }
    head->gone_count++;
    struct failure failure = step(head);
    if (failure.error)
        return failure;
    head->gone.to = run_entry_at(head->block, head->ended ? 0 : head->number);
    return pass_known(head);
}

struct failure head_seek(struct head *head, const struct place *place)
{
    struct failure failure = failure_none();
    if (head->ended || (head->taken > 0 && place_compare(&head->entry.place, place) >= 0))
        return failure;
    size_t block = run_find_block(head->run, head->block, place);
    uint64_t behind = known_block_end(head, block);
    if (behind > 0)
        failure = go_to(head, behind);
    else if (!head->bytes || block != head->block)
        failure = enter_block(head, block);
    while (!failure.error && !head->ended && (head->taken == 0 || place_compare(&head->entry.place, place) < 0))
        failure = step(head);
    return failure.error ? failure : pass_known(head);
}
