/* load.c - entering what a store holds into its empty index. */
#include "store/index/load.h"

bool load_shard(struct index *index, size_t shard, const struct table_entry *entries, size_t count)
{
    index_assert_exclusive(index);
    log_assert_unowned(index->log);
    return table_fill(&index->locations, shard, entries, count);
}

bool load_few(struct index *index, const struct table_entry *entries, size_t count)
{
    struct table *locations = &index->locations;
    bool fits = true;
    index_assert_exclusive(index);
    log_assert_unowned(index->log);
    for (size_t i = 0; i < count && fits; i++) {
        uint64_t hash = table_unsalted(entries[i].key, index->salt);
        fits = table_reserve(locations, hash);
        if (fits)
            table_put(locations, hash, entries[i].value);
        table_reservations_end(locations);
    }
    return fits;
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
