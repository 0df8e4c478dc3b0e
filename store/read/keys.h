/* keys.h - files of runs: "0000000000000001.keys" beside the segments.
 *
 * A file has the number of the last segment that its run is made of. So a run of more segments takes the place of the
 * one that ended at the same segment, by one rename, and is whole or not there at all. A file is never trusted: it is
 * proven by its checks, and made again when it is missing.
 */
#ifndef CAIRN_KEYS_H
#define CAIRN_KEYS_H

#include "store/log/log.h"
#include "store/read/draft.h"

/* Whether a file in log/ is one of these, and which number it has; whether it is one that was being written. */
bool keys_number(const char *name, uint64_t *ret_number);
bool keys_is_draft(const char *name);

/* Whether there is a file of that number. Blocking. */
bool keys_is_there(const struct log *log, uint64_t number);

/* ---- making one ------------------------------------------------------------------------------- */

/* A file that is being written. */
struct keys_file {
    const struct log *log;
    uint64_t number;
    char draft[NUMBERED_NAME_MAX];
    int file;
};

/* Begins a file; `merged`: of a run of runs, which is under way while those of single segments are written. STORE_FULL,
 * STORE_IO. Blocking. */
struct failure keys_begin(const struct log *log, uint64_t number, bool merged, struct keys_file *ret_file);

/* Syncs what was written, gives the file its name and opens it. Without `lasting` it has no name, and no later start
 * finds it. The errors of run_open(), and STORE_FULL. Takes the file in any case. Blocking. */
struct failure keys_end(struct keys_file *file, bool lasting, struct run **ret_run);

/* Removes what was written. Blocking. */
void keys_abandon(struct keys_file *file);

/* Takes what the file of a sealed segment is made of, whose records end at a position; *ret_source says so. It has no
 * stamp where the segment's file was written to meanwhile, or does not tell: then there is none to write. The errors
 * of draft_read(). Blocking. */
struct failure keys_draft(struct index *index, const struct log *log, const struct segment *segment, uint64_t records,
                          struct draft *draft, struct run_source *ret_source);

/* Makes the file of a sealed segment, if it has none and can be read: where it has a hole, or the file cannot be
 * written, listings do without. Blocking. */
void keys_make(struct index *index, const struct log *log, const struct segment *segment, uint64_t records);

/* Writes the file of what was taken of a segment, and goes on with the run. The errors of keys_end(). Blocking. */
struct failure keys_write(const struct log *log, const struct run_source *source, struct draft *draft, bool lasting,
                          struct run **ret_run);

/* ---- what there is ---------------------------------------------------------------------------- */

/* The run in the file of that number. STORE_NO_OBJECT: there is none; STORE_FOREIGN: another version of this program
 * has made it, and it is as good as none; STORE_DAMAGED: it is not valid, or not of that number; STORE_IO,
 * STORE_NO_MEMORY. Blocking. */
struct failure keys_open(const struct log *log, uint64_t number, struct run **ret_run);

/* Unlinks a file, if there is one; the second only one whose run is of just that segment. Blocking. */
void keys_remove(const struct log *log, uint64_t number);
void keys_remove_single(const struct log *log, uint64_t number);

/* Unlinks a file that is not valid, or whose format is older. Blocking. Thread: the one that opens the store. */
void keys_sweep(const struct log *log, uint64_t number);

#endif
