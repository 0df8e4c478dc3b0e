/* tail.h - the copy of the segment that is written to, as far as it has been copied.
 *
 * Until it is whole it has no number: a file that has one and the time of its source is taken for that.
 *
 * Thread: one.
 */
#ifndef CAIRN_TAIL_H
#define CAIRN_TAIL_H

#include "store/backup/inspection.h"
#include "store/backup/snapshot.h"
#include "store/backup/stage.h"

struct tail {
    struct stage *stage;           /* borrowed, like the next */
    struct inspection *inspection; /* of the source's records */
    uint64_t number;
    struct imprint imprint; /* of the source, before it was read last */
    int64_t looked;         /* when that was */
    int file;               /* the copy; -1: none */
    uint64_t end;           /* so many bytes of it */
    uint64_t offset;        /* and where in the log that is */
    bool flawed;            /* the source is damaged in it */
};

void tail_init(struct tail *tail, struct stage *stage, struct inspection *inspection);
void tail_close(struct tail *tail);

/* Copies what has come to the last segment of a snapshot, or begins with it. *ret_gone: the file is another one by
 * now. Blocking. */
struct failure tail_take(struct tail *tail, const struct snapshot_file *last, bool *ret_gone);

/* Makes it as long as a start expects it to be, durable, and a segment. `roomy`: it is to be written to, so what it was
 * given are blocks, not holes. An errno. Blocking. */
int tail_finish(struct tail *tail, bool roomy);

#endif
