/* feed.h - what has happened in a store, read from its log in order.
 *
 * The log is the feed: its records in their order are the changes, also behind a compaction, which moves a live record
 * to the end (it is told again, as the same version), drops a put that was replaced, and a tombstone whose key has come
 * back (the put stands behind it). Only where it has dropped tombstones for good something would be missing: of that
 * the horizon knows (horizon.h), and who has come to a place in front of it is told to begin anew.
 *
 * Read are segments that somebody holds, beside the writer, which notices nothing. Nothing is told that is not
 * published: what is durable, and no part of a transaction.
 *
 * Thread: any.
 */
#ifndef CAIRN_FEED_H
#define CAIRN_FEED_H

#include "store/base/error.h"
#include "store/index/horizon.h"
#include "store/read/object.h"

/* Parts of a store. */
struct feed {
    const struct reader *reader;
    const struct horizon *horizon;
};

/* What store_changes() says. */
struct failure feed_read(const struct feed *feed, const struct store_changes_query *query, store_change_take *take,
                         void *arg, struct store_changes *ret_changes);

#endif
