/* registry.c - which stores there are: made, removed, and limited. See registry.h. */
#include "store/depot/registry.h"

#include "store/base/condition.h"
#include "store/depot/arrival.h"
#include "store/depot/roster_use.h"
#include "store/internal.h"
#include "store/write/survey.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

void registry_init(struct registry *registry, const struct services *services, struct folder *folder,
                   struct roster *roster, struct trouble *trouble)
{
    *registry = (struct registry){.services = services, .folder = folder, .roster = roster, .trouble = trouble};
    claims_init(&registry->claims);
    census_init(&registry->census, folder, services->options->stores_limit);
}

void registry_free(struct registry *registry)
{
    census_free(&registry->census);
    claims_free(&registry->claims);
}

/* What is made, removed or set in a folder that somebody has moved is not so at the next start; nor is a store made
 * beside an open one of its name that was moved. */
static struct failure find_places(struct registry *registry, const char *name, struct store_detail *detail)
{
    struct store *store;
    assert(claims_hold(&registry->claims, name));
    if (!folder_has_stores(registry->folder))
        return failure_detail(detail, failure_of(STORE_FAILED),
                              "the folder 'stores' is gone, or the data folder: it was moved or removed; move it back");
    if (roster_try_acquire(registry->roster, name, &store))
        return failure_none();
    bool found = log_is_found(&store->log);
    roster_release(store);
    if (found)
        return failure_none();
    return failure_detail(
        detail, failure_of(STORE_FAILED),
        "store %s is open, and its folder is gone from the data folder: it was moved or removed; move "
        "it back, or start the server again to do without it",
        name);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Whether the store is there, and is so for good: a failed call may have left its entry unsynced. An errno. */
static int store_on_disk(struct registry *registry, const char *name, bool *ret_there)
{
    const struct io *io = registry->services->options->io;
    bool held = trash_holds(&registry->folder->trash, name); /* before: its mark goes when its files have gone */
    int folder = io->openat(io->self, registry->folder->stores, name, O_RDONLY | O_DIRECTORY, 0);
    *ret_there = folder >= 0 && !held;
    if (folder < 0)
        return errno == ENOENT ? 0 : errno;
    io->close(io->self, folder);
    return folder_sync_stores(registry->folder);
}

/* A salt nobody can guess: what keeps payloads from imitating records. An errno. */
static int new_salt(uint64_t *ret_salt)
{
    return getrandom(ret_salt, sizeof *ret_salt, 0) == sizeof *ret_salt ? 0 : errno;
}

/* Whoever uses a store first shall have it, on whatever server that is. */
static void leave_new(struct registry *registry, const char *name)
{
    struct roster_entry *entry = roster_block(registry->roster, name);
    if (!entry)
        return; /* somebody here uses it already */
    (void)roster_have(entry, true, NULL);
    roster_unblock(registry->roster, entry);
}

static int make_store(struct registry *registry, const char *name, bool *ret_too_many)
{
    uint64_t salt = 0;
    assert(claims_hold(&registry->claims, name));
    int error = census_begin(&registry->census, ret_too_many);
    if (error || *ret_too_many)
        return error;
    error = new_salt(&salt);
    if (!error)
        error = trash_make_store(&registry->folder->trash, name, salt);
    census_end(&registry->census, !error);
    if (!error)
        leave_new(registry, name);
    return error;
}

static struct failure make_failed(const char *name, int os_error, struct store_detail *detail)
{
    if (os_error == EBUSY)
        return failure_detail(detail, failure_of(STORE_BUSY), "store %s is still being removed: try again", name);
    return failure_detail(detail, failure_of_errno(os_error), "store %s cannot be made: %s", name, strerror(os_error));
}

struct failure registry_create(struct registry *registry, const char *name, bool *ret_created,
                               struct store_detail *detail)
{
    struct claim claim;
    claims_take(&registry->claims, &claim, name);
    bool there = false, too_many = false;
    struct failure failure = find_places(registry, name, detail);
    int os_error = failure.error ? 0 : store_on_disk(registry, name, &there);
    if (!failure.error && !os_error && !there) {
        os_error = make_store(registry, name, &too_many);
        there = os_error == EEXIST && registry->services->options->io->tenure; /* another server was faster */
    }
    claims_release(&registry->claims, &claim);
    if (there)
        os_error = 0;
    if (failure.error)
        return failure;
    if (os_error)
        return make_failed(name, os_error, detail);
    if (too_many)
        return failure_detail(detail, failure_of(STORE_TOO_MANY),
                              "store %s is not made: there are as many stores as there may be, %zu", name,
                              registry->services->options->stores_limit);
    *ret_created = !there;
    return failure_none();
}

/* ---- removing -------------------------------------------------------------------------------- */

static struct failure removal_failed(const char *name, int os_error, struct store_detail *detail)
{
    return failure_detail(detail, failure_of_errno(os_error), "store %s cannot be removed: %s", name,
                          strerror(os_error));
}

/* Whether it is what somebody has seen, and nobody is about to change it. The gate is shut. */
static bool is_as_seen(const struct store *store, const struct store_figures *figures,
                       const struct store_condition *condition)
{
    assert(gate_is_shut(&store->gate));
    return !condition || !store_condition_asks(condition) ||
           (figures->writes_in_flight == 0 && condition_holds(condition, &figures->state, 0));
}

/* Whether it may go. The gate is shut. */
static struct failure may_go(struct store *store, bool force, const struct store_condition *condition,
                             struct store_detail *detail)
{
    struct store_figures figures;
    store_figures(store, &figures);
    if (!is_as_seen(store, &figures, condition))
        return failure_detail(detail, failure_of(STORE_CONDITION),
                              "store %s has changed since, or a write to it is under way: look at it and try again",
                              store->name);
    bool uploads = !force && survey_finds_any(&store->uploads);
    if (force || (figures.objects == 0 && figures.writes_in_flight == 0 && !uploads))
        return failure_none();
    return failure_detail(
        detail, failure_of(STORE_NOT_DRAINED),
        "store %s still holds %llu objects%s and has %llu writes under way: delete them first, or remove it by force",
        store->name, (unsigned long long)figures.objects, uploads ? ", has unfinished uploads," : "",
        (unsigned long long)figures.writes_in_flight);
}

/* Closes the store's doors; opens them again where it may not go. */
static struct failure shut(struct store *store, bool force, const struct store_condition *condition,
                           struct store_detail *detail)
{
    gate_shut(&store->gate);
    struct failure failure = may_go(store, force, condition, detail);
    if (failure.error)
        gate_open(&store->gate);
    return failure;
}

/* Takes an acquired store away. */
static struct failure trash_acquired(struct registry *registry, struct store *store, char ret_trash[TRASH_ENTRY_MAX],
                                     struct store_detail *detail)
{
    bool doubtful = false;
    assert(claims_hold(&registry->claims, store->name));
    int os_error = trash_take_store(&registry->folder->trash, store->name, ret_trash, &doubtful);
    if (doubtful) { /* what is written from here on might be in the trash: emptied at the next start */
        (void)gate_fail(&store->gate);
        notice_tell(&store->notice, STORE_LOG_ERROR,
                    "whether it was removed is not known (%s): it takes no writes until the server is started again",
                    strerror(os_error));
    }
    return os_error ? removal_failed(store->name, os_error, detail) : failure_none();
}

/* Removes an acquired store. */
static struct failure remove_acquired(struct registry *registry, struct store *store, bool force,
                                      const struct store_condition *condition, struct store_detail *detail)
{
    char trash[TRASH_ENTRY_MAX];
    assert(claims_hold(&registry->claims, store->name));
    struct failure failure = shut(store, force, condition, detail);
    if (failure.error)
        return failure;
    failure = trash_acquired(registry, store, trash, detail);
    if (failure.error) {
        gate_open(&store->gate);
        return failure;
    }
    gate_remove(&store->gate);
    scrub_cancel(&store->scrub);
    (void)errand_ask(&store->compact.errand); /* deletes that wait for it are told */
    watch_wake(&store->watch);
    roster_strike(registry->roster, store, trash);
    census_forget(&registry->census);
    trouble_forget(registry->trouble, store->name);
    return failure_none();
}

/* Takes a store away that nobody has open, and nobody will before it is gone. */
static struct failure trash_unopened(struct registry *registry, const char *name, struct store_detail *detail)
{
    char trash[TRASH_ENTRY_MAX];
    bool doubtful;
    assert(claims_hold(&registry->claims, name));
    int os_error = trash_take_store(&registry->folder->trash, name, trash, &doubtful);
    if (os_error)
        return removal_failed(name, os_error, detail);
    trash_remove(&registry->folder->trash, trash);
    return failure_none();
}

/* The same, where it is there. */
static struct failure remove_unopened(struct registry *registry, const char *name, struct store_detail *detail)
{
    bool there;
    int os_error = store_on_disk(registry, name, &there);
    if (os_error)
        return removal_failed(name, os_error, detail);
    if (!there)
        return failure_detail(detail, failure_of(STORE_NO_STORE), "there is no store %s", name);
    struct failure failure = trash_unopened(registry, name, detail);
    if (!failure.error) {
        census_forget(&registry->census);
        trouble_forget(registry->trouble, name);
    }
    return failure;
}

/* Opens it where it has to be seen what it holds, or where it is open, or about to be. */
static struct failure remove_store(struct registry *registry, const char *name, bool force,
                                   const struct store_condition *condition, struct store_detail *detail)
{
    struct store *store;
    bool unseen = force && !(condition && store_condition_asks(condition));
    struct roster_entry *blocked = unseen ? roster_block(registry->roster, name) : NULL;
    if (blocked) {
        struct failure failure = roster_have(blocked, false, detail);
        if (failure.error == STORE_AGAIN)
            failure = failure_detail(detail, failure_of(STORE_BUSY),
                                     "store %s is on its way here from another server: try again", name);
        if (!failure.error)
            failure = remove_unopened(registry, name, detail);
        roster_unblock(registry->roster, blocked);
        return failure;
    }
    struct failure failure = arrival_await(registry->roster, name, &store, detail);
    if (!failure.error) {
        failure = remove_acquired(registry, store, force, condition, detail);
        roster_release(store);
    }
    return failure;
}

struct failure registry_delete(struct registry *registry, const char *name, bool force,
                               const struct store_condition *condition, struct store_detail *detail)
{
    struct claim claim;
    claims_take(&registry->claims, &claim, name);
    struct failure failure = find_places(registry, name, detail);
    if (!failure.error)
        failure = remove_store(registry, name, force, condition, detail);
    claims_release(&registry->claims, &claim);
    return failure;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Nobody may remove the store meanwhile, and make another one of its name. */
static struct failure set_limits(struct registry *registry, const char *name, const struct store_limit *bytes,
                                 const struct store_limit *objects, struct store_detail *detail)
{
    struct store *store;
    assert(claims_hold(&registry->claims, name));
    struct failure failure = arrival_await(registry->roster, name, &store, detail);
    if (failure.error)
        return failure;
    failure = find_places(registry, name, detail);
    if (!failure.error)
        failure = store_set_limits(store, registry->folder->stores, bytes, objects, detail);
    roster_release(store);
    return failure;
}

struct failure registry_set_limits(struct registry *registry, const char *name, const struct store_limit *bytes,
                                   const struct store_limit *objects, struct store_detail *detail)
{
    struct claim claim;
    claims_take(&registry->claims, &claim, name);
    struct failure failure = set_limits(registry, name, bytes, objects, detail);
    claims_release(&registry->claims, &claim);
    return failure;
}
