/* stock.c - adds up what uploads hold. See stock.h. */
#include "store/write/stock.h"

#include "store/base/xxh3.h"

void stock_init(struct stock *stock, struct quota *quota, size_t most)
{
    *stock = (struct stock){.quota = quota, .most = most};
    lock_init(&stock->lock);
}

void stock_free(struct stock *stock)
{
    remembered_free(&stock->remembered);
    lock_destroy(&stock->lock);
}

/* ---- the quota -------------------------------------------------------------------------------- */

uint64_t stock_resting(const struct unfinished *file)
{
    return file->slot.stage == UPLOAD_DONE || unfinished_is_private(file) ? 0 : file->slot.offset;
}

void stock_rest_more(struct stock *stock, int64_t bytes)
{
    if (bytes == 0)
        return;
    lock_take(&stock->lock);
    quota_rest(stock->quota, &stock->share, stock->share.arrived + (uint64_t)bytes);
    lock_release(&stock->lock);
}

void stock_lend(struct stock *stock, uint64_t bytes, struct quota_share *share)
{
    lock_take(&stock->lock);
    quota_pass(stock->quota, &stock->share, stock->share.arrived - bytes, share, bytes);
    lock_release(&stock->lock);
}

void stock_reclaim(struct stock *stock, uint64_t bytes, struct quota_share *share)
{
    lock_take(&stock->lock);
    quota_pass(stock->quota, &stock->share, stock->share.arrived + bytes, share, 0);
    lock_release(&stock->lock);
}

/* ---- how many, and how large ------------------------------------------------------------------ */

static bool is_open(const struct unfinished *file)
{
    return file->slot.stage != UPLOAD_DONE;
}

/* Which it is, and how far: sums of these are the same in whatever order they were added up. */
static uint64_t mark_of(const struct unfinished *file)
{
    const uint64_t parts[] = {file->id, file->slot.offset};
    return is_open(file) ? XXH3_64bits(parts, sizeof parts) : 0;
}

void stock_tell(struct stock *stock, uint64_t *ret_open, uint64_t *ret_mark, uint64_t *ret_disk_bytes)
{
    lock_take(&stock->lock);
    *ret_open = stock->open;
    *ret_mark = stock->mark;
    *ret_disk_bytes = stock->disk_bytes;
    lock_release(&stock->lock);
}

void stock_find(struct stock *stock, const struct unfinished *file)
{
    lock_take(&stock->lock);
    stock->open += is_open(file);
    stock->mark += mark_of(file);
    stock->disk_bytes += unfinished_disk_bytes(file);
    lock_release(&stock->lock);
}

bool stock_admit(struct stock *stock, const struct unfinished *file)
{
    lock_take(&stock->lock);
    bool may = file->joined || stock->open < stock->most;
    stock->open += may;
    stock->mark += may ? mark_of(file) : 0;
    stock->disk_bytes += may ? unfinished_disk_bytes(file) : 0;
    lock_release(&stock->lock);
    return may;
}

void stock_strike(struct stock *stock, const struct unfinished *file)
{
    lock_take(&stock->lock);
    stock->open--;
    stock->mark -= mark_of(file);
    stock->disk_bytes -= unfinished_disk_bytes(file);
    lock_release(&stock->lock);
}

void stock_know(struct stock_entry *entry, const struct unfinished *file)
{
    entry->open = file && is_open(file);
    entry->mark = file ? mark_of(file) : 0;
    entry->disk_bytes = file ? unfinished_disk_bytes(file) : 0;
}

void stock_weigh(struct stock *stock, struct stock_entry *entry, const struct unfinished *file)
{
    lock_take(&stock->lock);
    stock->open -= entry->open;
    stock->mark -= entry->mark;
    stock->disk_bytes -= entry->disk_bytes;
    stock_know(entry, file);
    stock->open += entry->open;
    stock->mark += entry->mark;
    stock->disk_bytes += entry->disk_bytes;
    lock_release(&stock->lock);
}

bool stock_remember(struct stock *stock, uint64_t id, uint64_t *ret_first)
{
    lock_take(&stock->lock);
    bool enough = remembered_add(&stock->remembered, stock->most, id, ret_first);
    lock_release(&stock->lock);
    return enough;
}
