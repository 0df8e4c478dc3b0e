/* pass.h - one pass of a verification over a store: every byte of the log, every blob of a live object.
 *
 * The happy path: segment by segment up to where the log ended at the start, record by record; after each put
 * that is still live and has a blob, the blob. Records that are dead are looked at too, since recovery reads them.
 *
 * The sorted keys beside each sealed segment are proved as a listing would before it uses them. Its summary is compared
 * with what its records make: where it differs the segment is right, and so it is made again.
 *
 * Where no valid record stands, the next one is looked for, and what lies between is one flaw. Where the disk
 * gives no bytes, the blocks concerned are found by reading each alone, so that one bad block costs the
 * records in it and not the rest of the segment.
 *
 * Compaction goes on meanwhile and may move a record from in front of the pass to behind its end: then the rest of the
 * log is looked through for blobs of such records.
 *
 * Thread: one at a time per pass.
 */
#ifndef CAIRN_PASS_H
#define CAIRN_PASS_H

#include "store/base/table.h"
#include "store/base/xxh3.h"
#include "store/log/cursor.h"
#include "store/log/rows.h"
#include "store/store.h"
#include "store/upkeep/scrub.h"

struct pass {
    struct scrub *scrub; /* that it is part of */
    struct index *index; /* the store's, like the next */
    const struct log *log;
    struct blobs *blobs;
    struct cursor cursor;
    unsigned char *chunk;
    XXH3_state_t *hash;
    struct rows rows;    /* of the segment under way, ... */
    bool in_one_piece;   /* in which nothing has been found missing */
    struct table looked; /* blob -> what was found, so that each is read once */
    uint64_t rewrites;   /* of compaction, up to where the pass knows of them */
    uint64_t end;        /* of the log when the pass began */
    uint64_t rate;       /* bytes per second; 0: as fast as it goes */
    int64_t began;       /* monotonic nanoseconds */
    unsigned hiccups;    /* reads that failed and then did not */
    bool stopped;        /* the store is being closed or was deleted */
    bool cut_short;      /* memory or descriptors were out: something was not looked at */
    void (*flaw)(void *arg, const struct store_flaw *flaw); /* NULL: flaws are counted only */
    void *arg;
    struct store_verification seen;
};

/* False when memory is out; to be freed in both cases. */
bool pass_init(struct pass *pass, struct scrub *scrub, uint64_t rate);
void pass_free(struct pass *pass);

/* Bytes that a pass which begins now would look at, and where it would end. */
uint64_t pass_measure(const struct scrub *scrub, uint64_t *ret_end);

/* Looks at everything and tells the store's scrub how far it is. Blocking, and long. */
void pass_run(struct pass *pass);

#endif
