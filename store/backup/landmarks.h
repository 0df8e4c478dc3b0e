/* landmarks.h - the keys that were written at the end of a copy: by them a log is known again whose end, as it was
 * copied, compaction has moved.
 *
 * Each record that is moved stands further on then, or another one of its key does, if only a tombstone: as long as the
 * log tells of every deletion from there on (horizon.h). So a log whose last word on such a key stands in front of what
 * the copy has, or which has none, is another one. One that has written all of these keys again since is not known by
 * that.
 *
 * Thread: one.
 */
#ifndef CAIRN_LANDMARKS_H
#define CAIRN_LANDMARKS_H

#include "store/backup/stage.h"
#include "store/log/cursor.h"

struct landmarks {
    struct stage *stage; /* borrowed, like the next; the log of its draft is as it will be */
    struct cursor *cursor;
    uint64_t salt;
    uint64_t number;     /* of the last segment of the copy that there is which has records, ... */
    uint64_t number_end; /* ... and the position where they end */
    uint64_t last;       /* the same of the draft */
    uint64_t last_end;
};

/* *ret_kept: the draft's log has gone on from the copy's, as far as that can be known. Blocking, and long. */
struct failure landmarks_look(const struct landmarks *landmarks, bool *ret_kept);

#endif
