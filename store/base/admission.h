/* admission.h - how much a depot takes in at once: bytes in memory and uploads, and nothing new once it drains.
 *
 * Each store counts its own part beside it: gate.h. What counts is memory that is in use, not what somebody
 * means to send. Of each limit a quarter is kept for those who have little, so that many who have much and make slow
 * progress do not keep out everybody; one who finds nobody else may have it all.
 *
 * Thread: any.
 */
#ifndef CAIRN_ADMISSION_H
#define CAIRN_ADMISSION_H

#include "store/store.h"

#include <stdatomic.h>

struct admission {
    uint64_t bytes_limit;
    size_t uploads_limit;
    atomic_bool draining;
    atomic_uint_fast64_t bytes; /* taken and not yet returned */
    atomic_size_t uploads;      /* the same */
};

/* Takes the limits from the options. Thread: before others know of it. */
void admission_init(struct admission *admission, const struct depot_options *options);

/* From here on no write begins. Those under way go on, and may take what they need. */
void admission_drain(struct admission *admission);
bool admission_is_draining(const struct admission *admission);

/* Whether one may have `bytes` of the limit in all while others have `others` of it. */
bool admission_fits(uint64_t limit, uint64_t others, uint64_t bytes);

/* Whether more than half of the limit is in use: who can do with less should. */
bool admission_is_pressed(const struct admission *admission);

/* Takes up `bytes` of memory more for one who has `taken`, until admission_return(); false beyond the limit. */
bool admission_take(struct admission *admission, uint64_t taken, uint64_t bytes);

/* The same for what an accepted write brings along: never refused. */
void admission_take_always(struct admission *admission, uint64_t bytes);

/* Gives back what either of the two has taken. */
void admission_return(struct admission *admission, uint64_t bytes);

/* Whether one who has nothing could take so much now. */
bool admission_has(const struct admission *admission, uint64_t bytes);

/* Takes up one of the uploads that may hold a blob file open, until admission_return_upload(); false: none is left. */
bool admission_take_upload(struct admission *admission);
bool admission_has_upload(const struct admission *admission);
void admission_return_upload(struct admission *admission);

#endif
