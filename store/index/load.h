/* load.h - entering what a store holds into its empty index, at a start: what lives when all of the log was looked at.
 *
 * What the records of the log have begun and ended is counted beside it (index_count_record()).
 *
 * Thread: the one that opens the store; the index's lock exclusive.
 */
#ifndef CAIRN_LOAD_H
#define CAIRN_LOAD_H

#include "store/index/index.h"

/* Enters all that one shard of the index will have: salted key hashes with their packed locations, or INDEX_SEVERAL.
 * False when memory is out. */
bool load_shard(struct index *index, size_t shard, const struct table_entry *entries, size_t count);

/* Enters some, in no order: the same where they are few. */
bool load_few(struct index *index, const struct table_entry *entries, size_t count);

/* Enters one of several that have a hash. False when memory is out. */
bool load_namesake(struct index *index, uint64_t hash, uint64_t tag, uint64_t packed);

/* An object needs the file of a blob. False when memory is out. */
bool load_blob(struct index *index, uint64_t blob, uint64_t size);

#endif
