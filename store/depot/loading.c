/* loading.c - the stores that are opened from the start. */
#include "store/depot/loading.h"

#include "store/base/error.h"
#include "store/depot/roster_use.h"

#include <assert.h>
#include <stdlib.h>

enum { AT_ONCE = 4 };

void loading_init(struct loading *loading, struct roster *roster)
{
    *loading = (struct loading){.roster = roster};
    lock_init(&loading->lock);
    pthread_cond_init(&loading->settled, NULL);
}

void loading_free(struct loading *loading)
{
    free(loading->names);
    pthread_cond_destroy(&loading->settled);
    lock_destroy(&loading->lock);
}

/* The next name, whose store is under way from here on, when another one has `ended`; NULL: there is none. */
static const char *take_name(struct loading *loading, bool ended)
{
    const char *name = NULL;
    lock_take(&loading->lock);
    if (ended)
        loading->under_way--;
    if (loading->next < loading->count) {
        name = loading->names[loading->next++];
        loading->under_way++;
    }
    if (loading->under_way == 0)
        pthread_cond_broadcast(&loading->settled); /* under the lock: whoever waits may free the loading */
    lock_release(&loading->lock);
    return name;
}

/* What could not be opened is the roster's to tell of. */
static void keep(enum store_error error, struct store *store)
{
    if (error)
        return;
    roster_keep(store);
    roster_release(store);
}

static void load(struct loading *loading, const char *name);

/* Thread: one that opens stores. */
static void opened(void *arg, enum store_error error, struct store *store, const struct store_detail *detail)
{
    struct loading *loading = arg;
    (void)detail;
    keep(error, store);
    load(loading, take_name(loading, true));
}

/* Has the store opened, and those behind it that somebody else has opened already. */
static void load(struct loading *loading, const char *name)
{
    while (name) {
        struct store *store = NULL;
        enum store_error error = roster_acquire_soon(loading->roster, name, ROSTER_WHEREVER, opened, loading, &store);
        if (error == STORE_AGAIN)
            return;
        keep(error, store);
        name = take_name(loading, true);
    }
}

void loading_begin(struct loading *loading, char **names, size_t count)
{
    assert(!loading->names);
    lock_take(&loading->lock);
    loading->names = names;
    loading->count = count;
    lock_release(&loading->lock);
    for (int i = 0; i < AT_ONCE; i++)
        load(loading, take_name(loading, false));
}

bool loading_tell(struct loading *loading, struct store_detail *ret_detail)
{
    lock_take(&loading->lock);
    size_t left = loading->count - loading->next + loading->under_way;
    if (left > 0)
        failure_detail(ret_detail, failure_none(),
                       "%zu of %zu stores that are to be open are not yet: the last one that was begun with is %s",
                       left, loading->count, loading->names[loading->next > 0 ? loading->next - 1 : 0]);
    lock_release(&loading->lock);
    return left > 0;
}

void loading_end(struct loading *loading)
{
    lock_take(&loading->lock);
    loading->count = loading->next; /* no more of them */
    while (loading->under_way > 0)
        lock_wait(&loading->lock, &loading->settled);
    lock_release(&loading->lock);
}
