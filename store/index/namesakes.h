/* namesakes.h - keys of a store that have their 64-bit hash in common with another one.
 *
 * By chance there are none, but they can be computed, as many as one likes. So they live side by side. A hash has one
 * place in the index: while a single object has the hash, the place leads to it; when there are several, the place says
 * only that, and each is found here by its tag, a second hash of its key. That one is seeded with the store's salt,
 * which nobody outside knows, so keys with one tag cannot be computed; two that have one nevertheless are refused.
 * Thus no look-up reads keys from the disk to tell them apart, however many there are.
 *
 * Of each such hash two things more are known: how many keys have it, and the sum of their tags (exclusive or). When
 * all but one have gone, the sum is the tag of the one that stays.
 *
 * Thread: the caller has the index's lock, exclusive for what changes something; any for the rest.
 */
#ifndef CAIRN_NAMESAKES_H
#define CAIRN_NAMESAKES_H

#include "store/base/shared_lock.h"
#include "store/base/table.h"
#include "store/store.h"

/* Keys with one hash: how many, and the sum of their tags. */
struct crowd {
    uint64_t count;
    uint64_t tags;
};

struct namesakes {
    const struct shared_lock *lock; /* the index's */
    struct table locations;         /* tag -> packed location */
    struct table counts;            /* hash -> how many have it */
    struct table sums;              /* hash -> the sum of their tags; absent: 0 */
};

/* The crowd with a key more, or less. Thread: any. */
struct crowd crowd_with(struct crowd crowd, uint64_t tag);
struct crowd crowd_without(struct crowd crowd, uint64_t tag);

/* None, guarded by the index's lock; NULL when memory is out. */
struct namesakes *namesakes_new(uint64_t salt, const struct shared_lock *lock);
void namesakes_free(struct namesakes *namesakes); /* NULL is allowed */

/* Where the object stands that has the tag; 0: there is none. */
uint64_t namesakes_find(const struct namesakes *namesakes, uint64_t tag);

/* Those that have a hash; none when fewer than two have. */
struct crowd namesakes_of(const struct namesakes *namesakes, uint64_t hash);

/* Makes sure that two calls of namesakes_add() for the hash, with these tags, cannot fail, until
 * namesakes_reservations_end(). False when memory is out. */
bool namesakes_reserve(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t other);
void namesakes_reservations_end(struct namesakes *namesakes);

/* One more has the hash. */
void namesakes_add(struct namesakes *namesakes, uint64_t hash, uint64_t tag, uint64_t packed);

/* One that has the hash stands elsewhere now; returns where it stood. */
uint64_t namesakes_put(struct namesakes *namesakes, uint64_t tag, uint64_t packed);

/* One has it no more; returns where it stood. */
uint64_t namesakes_remove(struct namesakes *namesakes, uint64_t hash, uint64_t tag);

/* The last one that has the hash, if only one has: it is none of them any more; returns where it stands, else 0. */
uint64_t namesakes_part(struct namesakes *namesakes, uint64_t hash);

#endif
