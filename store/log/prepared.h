/* prepared.h - the file of a log's next segment: made ahead, in haste, or from the reserve.
 *
 * It is filled with zeros under a name of its own, and is a segment from the moment that it has a header and the name
 * of one. While the active segment fills, the *spare* is made in the background. Where that is not there in time, the
 * writer makes a small file while it waits; when even that cannot be had because the disk is full, there is one just
 * as large as needed for deletes and for compaction, out of what the reserve gives back (space.h).
 *
 * Thread: the writer's, unless it says otherwise.
 */
#ifndef CAIRN_PREPARED_H
#define CAIRN_PREPARED_H

#include "store/base/errand.h"
#include "store/base/lock.h"
#include "store/log/segment.h"
#include "store/store.h"

struct log;
struct log_need;

/* A file of zeros that is no segment yet. */
struct prepared {
    int file;
    uint64_t size;
    const char *name; /* static */
};

/* The one that is made ahead. */
struct prepared_spare {
    struct errand maker;
    struct lock lock;
    struct prepared made; /* its file is -1 while there is none */
    uint64_t wanted;      /* bytes that the next one should have */
};

/* Sets up the log's spare: there is none. */
void prepared_init(struct log *log, struct pool *pool);

/* Waits for the background, removes the spare. Blocking. Thread: the one that closes the store, when the writer has
 * ended. */
void prepared_free(struct log *log);

/* Whether a file in the folder of the log is a prepared one, of no use after a restart. Thread: any. */
bool prepared_is_name(const char *name);

/* Has the spare made in the background, if there is none and one may still be of use. */
void prepared_request(struct log *log);

/* Bytes of the spare. Thread: any. */
uint64_t prepared_spare_bytes(struct log *log);

/* What a segment would take of the disk that is made now, with room for so many bytes. */
uint64_t prepared_cost(const struct log *log, uint64_t bytes);

/* Gives the spare's space back. Blocking. */
void prepared_refuse(struct log *log);

/* Gets a file with room for what is needed: the spare, made longer if need be, or a small one made now. The caller then
 * owns it; an errno. Blocking. */
int prepared_get(struct log *log, const struct log_need *need, struct prepared *ret_prepared);

/* The same for deletes and compaction on a full disk, from the reserve if need be. Compaction gets a segment just as
 * large as it needs: where it took more it could give nothing back. */
int prepared_get_scarce(struct log *log, const struct log_need *need, struct prepared *ret_prepared);

/* Gives the file its header and the segment's name, durably. From the rename on there is no way back: recovery would
 * end the old segment here. On failure the file is closed: STORE_FAILED when the name may be on disk nevertheless.
 * Blocking. */
struct failure prepared_activate(struct log *log, const struct prepared *prepared, const struct segment_header *header);

/* The same of a log's first segment, but nothing of it is on disk before its first group is. On failure the file is
 * dropped. */
struct failure prepared_activate_first(struct log *log, const struct prepared *prepared,
                                       const struct segment_header *header);

#endif
