/* mirror_internal.h - what a mirror is made of: for what follows the stores of a server, one after the other, and
 * copies them (mirror.c), and for what is then decided of each (mirror_verdict.c).
 *
 * Thread: one.
 */
#ifndef CAIRN_MIRROR_INTERNAL_H
#define CAIRN_MIRROR_INTERNAL_H

#include "service/follower.h"
#include "service/mirror.h"
#include "service/progress.h"
#include "service/provenance.h"

#include <stdbool.h>
#include <stdint.h>

struct mirror {
    const struct copying *copying;
    struct account *account;
    struct follower follower;
    struct provenance provenance;
    struct progress progress;
    struct backup_site *site; /* the backup's folder, locked for as long as the run is */
    char *folder;
    bool made;                    /* the backup's folder was not there before, ... */
    bool withdrawn;               /* ... and is not any more: nothing has come */
    bool pruned;                  /* a copy has gone */
    json_t *points;               /* store -> the point of the server's log, and what came, as it is told */
    json_t *damaged;              /* store -> its changes whose objects could not be had */
    json_t *lost;                 /* names that the server has listed, and said then that it has no such store */
    int64_t believed_until;       /* milliseconds: what it says is gone is said by the one that was followed */
    json_t *listed;               /* its stores when all had been followed; NULL: that cannot be known */
    char name[PROGRESS_NAME_MAX]; /* of the store under way; for the progress, under its lock */
    char sentence[COPYING_SENTENCE];
};

/* Keeps a sentence on why the run ends; false. */
bool mirror_fail(struct mirror *mirror, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Tells of a store that could not be copied: its copy stays as it is. */
void mirror_tell_failed(struct mirror *mirror, const char *name, enum store_error error, const char *why);

/* Whether anything has failed so far that was told of. */
bool mirror_has_failed(const struct mirror *mirror);

/* ---- when all are followed ----------------------------------------------------------------------- */

/* Leaves out of `points`, and tells of, what may not take the place of a copy: what was begun anew does so only where
 * it is the same server's, and there still. Blocking. */
void mirror_confirm_points(struct mirror *mirror);

/* What the server has `listed` is known: tells of all that has not come, and forgets what it has not any more, if who
 * says so is believed. False: why not is kept. Blocking. */
bool mirror_confirm_rest(struct mirror *mirror);

/* Whether a store has come (struct backup_options: wanted), and whether the server has it not any more, so that its
 * copy is absent and may go (the same: gone). `arg` is the mirror. The second is blocking. */
bool mirror_has(void *arg, const char *store);
bool mirror_misses(void *arg, const char *store);

#endif
