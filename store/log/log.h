/* log.h - a store's log: segments one behind the other, appended to by one thread.
 *
 * The happy path of a commit: log_room() finds place, log_append() encodes records into a buffer that is
 * written when full, log_sync() writes the rest and makes all of it durable with one fdatasync. Between
 * log_begin() and log_sync() lies one group; records carry the offset where their group began.
 *
 * When a write fails, log_abandon() takes the group back: the next one gets the same offsets. What
 * the failed write may have left on disk is made harmless by going on in a new segment, whose base says
 * where the old one ends. When a sync fails nobody knows what is on disk: the caller stops writing for good.
 *
 * The first segment of a log, of which it has the number, is begun for the first record, and a store that has just been
 * made costs a sync less for that: its header is written together with the first record, and comes to the disk with the
 * first group, like its name. Until then a crash may leave any part of it (onset.h).
 *
 * The next segment is prepared in the background while the active one fills. When even a small one
 * cannot be had because the disk is full, puts are refused. Deletes and compaction have the tail of the active segment,
 * which is kept for them, and then segments just as large as needed, from the disk's reserve (space.h). A segment
 * that compaction has got that way is promised to it until it is done.
 *
 * Its segments are in a chain (chain.h), which is guarded by the index's lock; functions that append to the chain take
 * that themselves.
 *
 * Thread: the writer's, but for log_disk_bytes(), which needs that lock.
 */
#ifndef CAIRN_LOG_H
#define CAIRN_LOG_H

#include "store/base/services.h"
#include "store/base/shared_lock.h"
#include "store/disk/home.h"
#include "store/disk/leftovers.h"
#include "store/disk/space.h"
#include "store/log/chain.h"
#include "store/log/location.h"
#include "store/log/prepared.h"
#include "store/log/record.h"
#include "store/log/segment.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    LOG_BUFFER = 1 << 20,
    LOG_TAIL_MAX = 64 << 10, /* of each segment, kept for deletes and compaction */
};

/* A file with the name of a segment of which nothing counts: lineup.h. */
struct log_stray {
    uint64_t number;
    uint64_t size;
    uint64_t offset; /* where the log in front of it ends */
    bool far;        /* its number is none that this log could have given out */
};

struct log {
    const struct io *io;
    int folder;                 /* log/ */
    struct handle_folder files; /* the same, for the files in it */
    struct home home;           /* the same, and where it was opened */
    uint64_t salt;
    uint64_t segment_size;
    uint64_t first_segment; /* bytes of the first one, unless its first record takes more */
    struct space *space;    /* the depot's, like the next */
    struct leftovers *leftovers;
    struct chain chain;
    struct log_stray *strays; /* as they were found at the start */
    size_t stray_count;

    struct segment *active; /* borrowed from the chain; NULL before the first write. Its file is kept */
    uint64_t next_number;
    uint64_t end;               /* offset of the next record */
    bool doubtful;              /* behind `end` the active segment may hold the rest of a failed write */
    bool marked;                /* the log ends with a mark */
    bool budding;               /* the active segment is the first, and is not known to be on disk */
    atomic_bool names_doubtful; /* a sync of the folder has failed, and the log goes on nevertheless */

    uint64_t group;                /* offset where the group under way began */
    uint64_t group_position;       /* and its position in the active segment */
    bool group_written;            /* a write of the group was tried */
    atomic_uint_fast64_t promised; /* bytes at the end of the active segment that compaction has still to come for */
    unsigned char *buffer;         /* LOG_BUFFER bytes of whoever has the log; NULL: nobody has */
    size_t buffered;

    struct prepared_spare spare;
    uint64_t appended; /* bytes for which room was made since it was opened */
    bool concluded;    /* the writer comes to its end, and no spare is made any more */

    bool begun;               /* there has been a writer */
    _Atomic(pthread_t) owner; /* the thread that appends now, 0: none; who reads itself there has written it */
};

/* Takes the folder. The segments on disk are added by log_adopt(). */
void log_init(struct log *log, const struct services *services, const struct home *home, uint64_t salt,
              struct shared_lock *chain_lock);

/* Whether the folder is found where it was opened, as far as that can be told. Blocking. Thread: any. */
bool log_is_found(const struct log *log);

/* Waits for the background, closes everything. */
void log_free(struct log *log);

/* Adds a segment behind the others: one found on disk by recovery, or one that the writer begins. Takes it on success.
 * Thread: the one that opens the store, then the writer's. */
enum store_error log_adopt(struct log *log, struct segment *segment);

/* Keeps the file of the last segment that was adopted, if there is one; an errno. Blocking. Thread: the one that opens
 * the store, when it has adopted all of them, and none is kept. */
int log_keep_active(struct log *log);

/* Remembers a file that does not count; false: no memory. Thread: the one that opens the store. */
bool log_add_stray(struct log *log, const struct log_stray *stray);

/* Recovery's result: where the log goes on, and whether that has to be in a new segment, because what stands behind the
 * last record in the active one is doubtful, the end of the log is lost, or the active one is of an older version.
 * Thread: the one that opens the store. */
void log_resume(struct log *log, uint64_t end, bool doubtful);

/* The numbers up to this one have been used, by a segment that is there or by one that is lost. Thread: as
 * log_adopt(). */
void log_use_number(struct log *log, uint64_t number);

/* The log ends with a mark now, or does not any more. Thread: as log_adopt(). */
void log_note_mark(struct log *log, bool marked);

/* What place is wanted for. */
struct log_need {
    enum { LOG_PUTS, LOG_DELETES, LOG_UPKEEP } use; /* only the last two may use what is kept for a full disk */
    uint64_t bytes;
    uint64_t ahead; /* LOG_UPKEEP: at most so many more will come */
    bool last;      /* LOG_DELETES: compaction has found nothing to do, so its share may be used up as well */
};

/* Makes sure that so many bytes more fit behind the group so far. STORE_AGAIN: not into this group, but commit it and
 * ask again. STORE_FULL, STORE_IO, STORE_NO_MEMORY; STORE_FAILED when the store must stop writing: without
 * an errno when the log has as many segments as it can have. */
struct failure log_room(struct log *log, const struct log_need *need);

/* Seals the active segment for compaction: the log goes on in a small one with room for so many bytes. On a full disk
 * that is from the reserve, and promised to compaction until log_end_promise(). No group is under way. STORE_FULL,
 * STORE_IO, STORE_NO_MEMORY; STORE_FAILED as log_room(). */
struct failure log_seal(struct log *log, uint64_t bytes);

/* The bytes at the end of a segment that puts leave to deletes and compaction. */
uint64_t log_tail(const struct segment *segment);

/* Compaction needs no more of what it was promised. Thread: any, when no room is asked for LOG_UPKEEP. */
void log_end_promise(struct log *log);

/* The calling thread is the writer's until log_disown(): no other one appends meanwhile. It brings along LOG_BUFFER
 * bytes, which hold nothing any more when it leaves: behind log_sync() or log_abandon(). */
void log_own(struct log *log, unsigned char *buffer);
void log_disown(struct log *log);

/* The writer comes to its end: no more than a mark follows, and no spare is made any more. Thread: the one that closes
 * the store, when the log is nobody's. */
void log_conclude(struct log *log);

/* Whether the calling thread is the writer's; the second ends the program where it is not. */
bool log_is_own(const struct log *log);
void log_assert_own(const struct log *log);

/* Ends the program where there has been a writer: for what the one does that opens the store. */
void log_assert_unowned(const struct log *log);

/* Ends the program while there is a writer: for what the one does that closes the store. */
void log_assert_concluded(const struct log *log);

/* Begins a group: what is appended from here on becomes durable together, or not at all. */
void log_begin(struct log *log);

/* Sets offset and group of the record, takes its bytes, tells where it will stand. An errno. */
int log_append(struct log *log, struct record *record, struct location *ret_location);

/* Writes what is buffered and syncs. An errno; *ret_sync_failed tells which of the two failed. A file that was removed
 * beneath the log keeps nothing: ENOENT, and its sync counts as failed. */
int log_sync(struct log *log, bool *ret_sync_failed);

/* Takes back what was appended since log_begin(). Nothing counts that a write of it may have left on disk: where one
 * was tried the log goes on in a new segment. Blocking. */
void log_abandon(struct log *log);

/* Bytes of all segment files and of the spare. */
uint64_t log_disk_bytes(struct log *log);

#endif
