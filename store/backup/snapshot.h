/* snapshot.h - the files of a log that somebody else writes to.
 *
 * A listing is not of one moment: a segment may be sealed, compacted or absorbed while it is made. But segments only
 * come to the end, and a name that leads to another file than before never leads back. So where two snapshots are
 * equal, one behind the other, at any moment between them the log had just these files.
 *
 * Thread: any.
 */
#ifndef CAIRN_SNAPSHOT_H
#define CAIRN_SNAPSHOT_H

#include "store/backup/imprint.h"
#include "store/log/segment.h"

struct snapshot_file {
    uint64_t number;
    struct imprint imprint;
};

struct snapshot {
    struct snapshot_file *files; /* by their numbers */
    size_t count;
    uint64_t odd; /* the number of something that has a segment's name and is no file; 0: there is none */
};

/* Looks at the segments in a folder log/; an errno. snapshot_free() it. Files that only have the name of one, with a
 * number that no log has given out, are left out, and so is what is no file. Blocking. */
int snapshot_take(const struct io *io, int log, struct snapshot *ret_snapshot);
void snapshot_free(struct snapshot *snapshot);

/* The one that is written to; NULL: there is none. */
const struct snapshot_file *snapshot_last(const struct snapshot *snapshot);

bool snapshot_has(const struct snapshot *snapshot, uint64_t number);

/* How many of them have a lower number than this. */
size_t snapshot_place(const struct snapshot *snapshot, uint64_t number);

/* Whether both are of the same files, none of which was changed between them, but for the last. */
bool snapshot_equal(const struct snapshot *a, const struct snapshot *b);

/* Whether one log's files are copies of the other's, the last as well. */
bool snapshot_copied(const struct snapshot *a, const struct snapshot *b);

/* The header of a segment in a folder log/; an errno. *ret_told: it is there, and valid. Blocking. */
int snapshot_read_header(const struct io *io, int log, uint64_t salt, uint64_t number,
                         struct segment_header *ret_header, bool *ret_told);

/* The same for whom one that cannot be read does not tell, either. Blocking. */
bool snapshot_header(const struct io *io, int log, uint64_t salt, uint64_t number, struct segment_header *ret_header);

#endif
