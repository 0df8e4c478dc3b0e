/* object.h - what the engine knows of an object beyond what its users see.
 *
 * Thread: any.
 */
#ifndef CAIRN_OBJECT_H
#define CAIRN_OBJECT_H

#include "store/base/error.h"
#include "store/base/notice.h"
#include "store/index/index.h"
#include "store/store.h"

/* What it takes to find objects and to read them: parts of a store. */
struct reader {
    struct index *index;
    const struct log *log;
    struct blobs *blobs;
    const struct notice *notice;
};

/* What store_get(), store_get_many() and store_check() say. An errno comes with the success of object_get_many() when
 * file calls have failed for some of the keys: that of the last one. */
struct failure object_get(const struct reader *reader, const struct store_key *key, unsigned flags,
                          struct object **ret_object);
struct failure object_get_many(const struct reader *reader, const struct store_key *keys, size_t count, unsigned flags,
                               struct object **ret_objects, enum store_error *ret_errors);
struct failure object_check(const struct reader *reader, const struct store_key *key,
                            const struct store_condition *condition);

/* What just the key's own object is, without its payload, and also when its time is over: one without a name is one
 * beside those that have one. The errors of store_get(). Blocking. */
struct failure object_get_own(const struct reader *reader, const struct store_key *key, struct object **ret_object);

/* The number of the blob file that holds the payload, 0 when it is inline. */
uint64_t object_blob(const struct object *object);

#endif
