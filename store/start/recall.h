/* recall.h - what a record tells that was taken in before: read again, while the log is replayed.
 *
 * Thread: the one that opens the store.
 */
#ifndef CAIRN_RECALL_H
#define CAIRN_RECALL_H

#include "store/base/error.h"
#include "store/log/log.h"

enum { RECALL_LENGTH = RECORD_HEADER + STORE_KEY_MAX };

struct recall {
    const struct log *log; /* the store's, like its name */
    const char *store;
    struct store_detail *detail;
    struct record record; /* the last one, without attributes and payload; points into `head` */
    unsigned char head[RECALL_LENGTH];
};

/* Reads the record at a packed location, whose head was valid when it was taken in. */
struct failure recall_record(struct recall *recall, uint64_t packed);

#endif
