/* landing.h - objects that come from a server, on their way into a store: with the fields that they came with.
 *
 *     landings_begin(&landings, store, &received);
 *     landing = landing_new(&landings, &key);
 *     reader = landing_reader(landing);               // what the answer to a GET goes to (remote.h)
 *     landing_commit(landing, landing_modified(landing));      // or landing_drop(landing)
 *     error = landings_wait(&landings, 0);            // many commits may be under way, and share their syncs
 *     landings_end(&landings);
 *
 * Thread: one at a time per landings.
 */
#ifndef CAIRN_LANDING_H
#define CAIRN_LANDING_H

#include "service/remote.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct landing_sum {
    uint64_t objects;
    uint64_t bytes; /* of their payloads */
};

struct landings {
    struct store *store; /* borrowed */
    uint64_t since;      /* where its log ended: what stands behind that has landed since */
    pthread_mutex_t lock;
    pthread_cond_t landed;
    size_t in_flight;         /* commits */
    struct landing_sum all;   /* that have landed, ... */
    struct landing_sum there; /* ... and what is still there of them: others have taken the places of some */
    enum store_error failure; /* of one of them */
    const void **wrong;       /* labels of those whose bytes were not those that the server said */
    size_t wrong_count;
    size_t wrong_capacity;
    atomic_uint_fast64_t *received; /* counts bytes as they come */
};

struct landing;

void landings_begin(struct landings *landings, struct store *store, atomic_uint_fast64_t *received);

/* Waits for all. */
void landings_end(struct landings *landings);

/* Waits until no more than so many are on their way: what one of them has failed with. */
enum store_error landings_wait(struct landings *landings, size_t most);

/* Deletes an object; false when memory is out. Whether it has is told by landings_wait(). */
bool landings_delete(struct landings *landings, const struct store_key *key);

/* With a label by which it is known when its bytes turn out to be wrong. NULL when memory is out. */
struct landing *landing_new(struct landings *landings, const struct store_key *key, const void *label);
struct remote_reader landing_reader(struct landing *landing);

/* What the server said of it: "" and 0 where it did not. */
const char *landing_etag(const struct landing *landing);
int64_t landing_modified(const struct landing *landing); /* nanoseconds since 1970, whole seconds */

/* Why the store has not taken what came; STORE_OK: it has. */
enum store_error landing_error(const struct landing *landing);

/* Gives it to the store, with the time at which it was written; takes it. Whether its bytes are those that the server
 * said is known when it has landed. */
void landing_commit(struct landing *landing, int64_t modified);
void landing_drop(struct landing *landing);

#endif
