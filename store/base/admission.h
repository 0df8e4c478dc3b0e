/* admission.h - how much a depot takes in at once: bytes in memory and uploads, and nothing new once it drains.
 *
 * Each store counts its own part beside it: store_admit().
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

/* From here on no bytes are taken but by admission_take_always(). What has been taken stays so. */
void admission_drain(struct admission *admission);
bool admission_is_draining(const struct admission *admission);

/* Takes up `bytes` of memory until admission_return(). STORE_DRAINING; STORE_BUSY beyond the limit. */
enum store_error admission_take(struct admission *admission, uint64_t bytes);

/* The same for what an accepted write brings along: never refused. */
void admission_take_always(struct admission *admission, uint64_t bytes);

/* Gives back what either of the two has taken. */
void admission_return(struct admission *admission, uint64_t bytes);

/* Takes up one of the uploads that may hold a blob file open, until admission_return_upload(); false: none is left. */
bool admission_take_upload(struct admission *admission);
void admission_return_upload(struct admission *admission);

#endif
