/* listing.h - the objects of a store in the order of their keys, page by page.
 *
 * A page merges the runs of the catalog from where it begins, and asks the index of each entry whether its key still
 * leads to the record. If it does the entry tells all that is shown: no record is read. Where the key leads to one that
 * came meanwhile that one is read, and so is one that is known to be damaged, since it may be right again.
 *
 * Entries that lead to nothing never will again, since all that is written comes into later runs: those that begin a
 * block are passed over from then on, and so are whole blocks. So listing and deleting from the front, as a queue does,
 * stays cheap.
 *
 * A key that is there from before a page is asked for until it is answered is on the page where it belongs, once,
 * unless its record is known to be damaged.
 */
#ifndef CAIRN_LISTING_H
#define CAIRN_LISTING_H

#include "store/read/catalog.h"

/* What store_list() says at a time, in nanoseconds since 1970, by which some may have expired. Blocking. Thread: any.
 */
struct failure listing_page(const struct reader *reader, struct catalog *catalog, const struct store_list_query *query,
                            int64_t now, store_list_take *take, void *arg, unsigned char ret_cursor[STORE_CURSOR_MAX],
                            size_t *ret_cursor_length);

#endif
