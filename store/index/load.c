/* load.c - entering what a store holds into its empty index. */
#include "store/index/load.h"

bool load_shard(struct index *index, size_t shard, const struct table_entry *entries, size_t count)
{
    index_assert_exclusive(index);
    log_assert_unowned(index->log);
    return table_fill(&index->locations, shard, entries, count);
}

bool load_namesake(struct index *index, uint64_t hash, uint64_t tag, uint64_t packed)
{
    index_assert_exclusive(index);
    log_assert_unowned(index->log);
    if (!index->namesakes)
        index->namesakes = namesakes_new(index->salt, &index->lock);
    if (!index->namesakes || !namesakes_reserve(index->namesakes, hash, tag, tag))
        return false;
    namesakes_add(index->namesakes, hash, tag, packed);
    namesakes_reservations_end(index->namesakes);
    return true;
}

bool load_blob(struct index *index, uint64_t blob, uint64_t size)
{
    index_assert_exclusive(index);
    log_assert_unowned(index->log);
    if (!blobs_reserve(index->blobs, blob))
        return false;
    blobs_need(index->blobs, blob, size);
    blobs_reservations_end(index->blobs);
    return true;
}
