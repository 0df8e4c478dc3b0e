/* shard.h - which part of what is counted by thread is this thread's own.
 *
 * No two threads write into one line of the cache as long as there are no more of them than shards; more share them,
 * which whoever counts there has to allow for.
 *
 * Thread: any.
 */
#ifndef CAIRN_API_SHARD_H
#define CAIRN_API_SHARD_H

#include <stddef.h>

enum { SHARDS = 16 };

/* This thread's, from 0 on. */
size_t shard_own(void);

/* How many threads have one: those behind have never been used. */
size_t shard_count(void);

#endif
