/* intake.h - what it takes to bring a write to a store: the parts that uploads, batches and copies work on.
 *
 * Thread: any. It does not change while the store is open.
 */
#ifndef CAIRN_INTAKE_H
#define CAIRN_INTAKE_H

#include "store/base/notice.h"
#include "store/base/services.h"
#include "store/commit/gate.h"
#include "store/commit/quota.h"
#include "store/commit/writer.h"
#include "store/disk/blobs.h"
#include "store/index/index.h"
#include "store/read/object.h"

struct intake {
    struct index *index; /* the store's, like all but the services */
    struct blobs *blobs;
    struct quota *quota;
    struct gate *gate;
    struct writer *writer;
    const struct reader *reader;
    const struct notice *notice;
    const struct services *services; /* the depot's */
};

/* Payload bytes of what the key leads to; 0: nothing that can be read. Blocking. */
uint64_t intake_bytes_replaced(const struct intake *intake, const struct store_key *key);

/* Whether a payload of that size, or STORE_SIZE_UNKNOWN, would fit into the store now; under a key that is new to it,
 * or none. Blocking. */
bool intake_foresees(const struct intake *intake, const struct store_key *key, bool new, uint64_t size,
                     struct store_overrun *ret_overrun);

#endif
