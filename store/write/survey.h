/* survey.h - looking at the unfinished uploads of a store, without working on them.
 *
 * Nobody is kept from working on one by others who look at it, but where it has to be found out first what became of
 * it.
 *
 * Thread: any. All of it is blocking, but survey_describe().
 */
#ifndef CAIRN_SURVEY_H
#define CAIRN_SURVEY_H

#include "store/write/uploads.h"

/* What is known of one that is held, borrowed from it. */
void survey_describe(const struct upload *upload, struct upload_info *ret_info);

/* What upload_look() and upload_list() say. */
struct failure survey_look(struct uploads *uploads, uint64_t id,
                           void (*tell)(void *arg, const struct upload_info *info), void *arg);
struct failure survey_list(struct uploads *uploads, uint64_t from,
                           bool (*tell)(void *arg, const struct upload_info *info), void *arg);

/* Whether there is one that is not done. */
bool survey_finds_any(struct uploads *uploads);

#endif
