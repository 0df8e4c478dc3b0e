/* carriage.h - one file of a store on its way from the source to the draft of a copy: linked where the copy that there
 * is has it, else copied.
 *
 *     error = carriage_begin(&carriage, stage, kind, number);     // it is open, and what is seen of it is known
 *     if (!carriage_settle(&carriage, &way))                      // it need not be copied
 *         error = carriage_copy(&carriage), carriage_finish(&carriage)
 *     carriage_end(&carriage);
 *
 * Thread: one.
 */
#ifndef CAIRN_CARRIAGE_H
#define CAIRN_CARRIAGE_H

#include "store/backup/stage.h"

enum carriage_kind { CARRIAGE_SEGMENT, CARRIAGE_BLOB };

struct carriage {
    struct stage *stage;
    enum carriage_kind kind;
    uint64_t number;
    int from;
    int to;
    struct imprint imprint; /* of the source */
};

/* Opens the file of the source; an errno: ENOENT also where something else than a file has its name. Blocking. */
int carriage_begin(struct carriage *carriage, struct stage *stage, enum carriage_kind kind, uint64_t number);
void carriage_end(struct carriage *carriage);

/* Whether the copy that there is has a file of that number; *ret_same: it has the same bytes. Blocking. */
bool carriage_is_present(const struct carriage *carriage, bool *ret_same);

/* Whether the file need not be copied: it is in its place, or was linked to it. *ret_way: STAGE_KEPT or STAGE_COPIED.
 * Blocking. */
bool carriage_settle(struct carriage *carriage, enum stage_way *ret_way);

/* Copies the bytes, which are not on disk then; an errno. Blocking, and long. */
int carriage_copy(struct carriage *carriage);

/* Brings them to disk. Only then it gets the time by which it is known to be whole. An errno. Blocking. */
int carriage_finish(struct carriage *carriage);

/* Links the blob that the copy has to its place in the draft, where there is none; an errno. Blocking. */
int carriage_keep(struct stage *stage, uint64_t blob);

#endif
