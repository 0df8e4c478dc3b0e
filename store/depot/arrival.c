/* arrival.c - waiting until a store is open. */
#include "store/depot/arrival.h"

#include "store/base/lock.h"
#include "store/depot/roster_use.h"

/* Of a thread that waits for a store. */
struct arrival {
    struct lock lock;
    pthread_cond_t told;
    bool over;
    enum store_error error;
    struct store *store;
    struct store_detail detail;
};

static void arrive(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct arrival *arrival = arg;
    lock_take(&arrival->lock);
    arrival->over = true;
    arrival->error = error;
    arrival->store = store;
    arrival->detail = *detail;
    pthread_cond_signal(&arrival->told);
    lock_release(&arrival->lock);
}

static enum store_error await_arrival(struct arrival *arrival, struct store **ret_store)
{
    lock_take(&arrival->lock);
    while (!arrival->over)
        lock_wait(&arrival->lock, &arrival->told);
    lock_release(&arrival->lock);
    if (!arrival->error)
        *ret_store = arrival->store;
    return arrival->error;
}

struct failure arrival_await(struct roster *roster, const char *name, struct store **ret_store,
                             struct store_detail *ret_detail)
{
    struct arrival arrival = {0};
    lock_init(&arrival.lock);
    pthread_cond_init(&arrival.told, NULL);
    enum store_error error = roster_acquire_soon(roster, name, ROSTER_WHEREVER, arrive, &arrival, ret_store);
    if (error == STORE_AGAIN)
        error = await_arrival(&arrival, ret_store);
    pthread_cond_destroy(&arrival.told);
    lock_destroy(&arrival.lock);
    if (error && ret_detail)
        *ret_detail = arrival.detail;
    return (struct failure){.error = error, .os_error = arrival.detail.os_error};
}
