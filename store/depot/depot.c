/* depot.c - a data folder: opening and closing it, its stores by name, its threads and figures. */
#include "store/store.h"

#include "store/base/lock.h"
#include "store/base/services.h"
#include "store/commit/effort.h"
#include "store/commit/groups.h"
#include "store/depot/arrival.h"
#include "store/depot/dormant.h"
#include "store/depot/folder.h"
#include "store/depot/health.h"
#include "store/depot/intent.h"
#include "store/depot/loading.h"
#include "store/depot/probe.h"
#include "store/depot/registry.h"
#include "store/depot/roster_room.h"
#include "store/depot/roster_sweep.h"
#include "store/depot/roster_use.h"
#include "store/depot/trouble.h"
#include "store/disk/handle.h"
#include "store/disk/io_roomy.h"
#include "store/disk/tenure.h"
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOBS_WAITING_MAX = 4096,
    OPENERS = 32,      /* stores that are opened at once, at most: they share the cores, and a small one is soon done */
    FILES_AT_ONCE = 4, /* that make room, of those that nobody reads */
    CLOSERS = 4,       /* idle ones that are closed at once for who lacks their descriptors, at most */
};

struct depot {
    struct depot_options options;
    struct io read_only;   /* in place of the options' table when nothing may be written */
    struct io_roomy roomy; /* and in front of either */
    struct folder folder;
    struct services services; /* what its stores get of it: the next two, and the threads */
    struct admission admission;
    struct space space;
    struct handles handles;
    struct leftovers leftovers;
    struct effort effort;
    struct groups groups;
    struct trouble trouble;
    struct probe probe;
    atomic_bool alarm;
    struct roster roster;
    struct loading loading;
    struct registry registry;
    struct dormant dormant;
    atomic_bool halt;
    atomic_bool unwatched;
};

/* ---- options --------------------------------------------------------------------------------- */

struct depot_options depot_options_default(void)
{
    return (struct depot_options){
        .io = &io_posix,
        .inline_limit = 256 << 10,
        .segment_size = 64 << 20,
        .first_segment = 16 << 10, /* most stores of thousands hold little */
        .object_limit = (uint64_t)1 << 40,
        .store_bytes_limit = 256 << 20,
        .depot_bytes_limit = 512 << 20,
        .store_ops_limit = 16384,
        .uploads_kept = 10000,
        .uploads_limit = 1024,
        .upload_expiry = 24 * 3600,
        .disk_reserve = 64 << 20,
        .io_threads = 4,
        .commit_threads = 16,
        .open_stores_limit = 256,
        .idle_files_limit = 1024,
        .store_idle_timeout = 900,
        .shortage_patience = 5000,
        .stores_limit = 10000,
    };
}

uint64_t depot_segment_size(const struct depot_options *options)
{
    return space_segment_size(options->disk_reserve, options->segment_size);
}

/* What the rest of the engine relies on. */
static struct depot_options options_checked(const struct depot_options *asked)
{
    struct depot_options options = *asked;
    if (!options.io)
        options.io = &io_posix;
    if (options.inline_limit > STORE_INLINE_LIMIT_MAX)
        options.inline_limit = STORE_INLINE_LIMIT_MAX;
    if (options.segment_size < STORE_SEGMENT_MIN)
        options.segment_size = STORE_SEGMENT_MIN;
    if (options.segment_size > STORE_SEGMENT_MAX)
        options.segment_size = STORE_SEGMENT_MAX;
    if (options.io_threads == 0)
        options.io_threads = 1;
    if (options.commit_threads == 0)
        options.commit_threads = 1;
    if (options.uploads_kept == 0)
        options.uploads_kept = 1;
    if (options.open_stores_limit == 0)
        options.open_stores_limit = 1;
    return options;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

/* Files go first, which are soon opened again. No store does before there are threads; and what opens stores gives back
 * all it has and comes again (scarcity.h). */
static bool make_room(void *arg)
{
    struct depot *depot = arg;
    if (handles_close(&depot->handles, FILES_AT_ONCE) > 0)
        return true;
    return depot->services.upkeep && !pool_is_current(depot->services.openers) && roster_make_room(&depot->roster);
}

/* The depot without its folder and threads. */
static struct depot *depot_new(const struct depot_options *options)
{
    struct depot *depot = calloc(1, sizeof *depot);
    if (!depot)
        return NULL;
    depot->options = options_checked(options);
    admission_init(&depot->admission, &depot->options);
    if (depot->options.read_only) {
        io_read_only(&depot->read_only, depot->options.io);
        depot->options.io = &depot->read_only;
        admission_drain(&depot->admission);
    }
    io_roomy_init(&depot->roomy, depot->options.io, make_room, depot);
    depot->options.io = &depot->roomy.io;
    depot->services = (struct services){.options = &depot->options,
                                        .admission = &depot->admission,
                                        .handles = &depot->handles,
                                        .leftovers = &depot->leftovers,
                                        .space = &depot->space,
                                        .effort = &depot->effort,
                                        .groups = &depot->groups,
                                        .halt = &depot->halt,
                                        .unwatched = &depot->unwatched,
                                        .alarm = &depot->alarm,
                                        .notice = {.tell = options->log, .arg = options->log_arg}};
    handles_init(&depot->handles, depot->options.io, depot->options.idle_files_limit);
    effort_init(&depot->effort);
    groups_init(&depot->groups);
    trouble_init(&depot->trouble, &depot->services.notice);
    roster_init(&depot->roster, &depot->services, &depot->folder, &depot->trouble);
    loading_init(&depot->loading, &depot->roster);
    registry_init(&depot->registry, &depot->services, &depot->folder, &depot->roster, &depot->trouble);
    return depot;
}

static void depot_free(struct depot *depot)
{
    registry_free(&depot->registry);
    loading_free(&depot->loading);
    roster_free(&depot->roster);
    groups_free(&depot->groups);
    handles_free(&depot->handles);
    trouble_free(&depot->trouble);
    free(depot);
}

/* ---- what the space has all stores do -------------------------------------------------------- */

static bool compact_next(void *arg, struct store *store)
{
    (void)arg;
    (void)errand_ask(&store->compact.errand);
    return true;
}

static void compact_all(void *arg)
{
    struct depot *depot = arg;
    (void)roster_each_open(&depot->roster, compact_next, NULL);
}

static bool retry_next(void *arg, struct store *store)
{
    const bool *last = arg;
    writer_retry(&store->writer, *last);
    return true;
}

static void retry_all(void *arg, bool last)
{
    struct depot *depot = arg;
    (void)roster_each_open(&depot->roster, retry_next, &last);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void end_threads(struct depot *depot)
{
    const struct services *services = &depot->services;
    struct pool *const pools[] = {services->upkeep, services->closers, services->openers, services->commits,
                                  services->pool};
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        if (pools[i])
            pool_free(pools[i]);
    probe_free(&depot->probe);
}

static void find_stores(void *arg, struct store_detail *detail)
{
    struct depot *depot = arg;
    if (folder_has_stores(&depot->folder))
        health_find_stores(&depot->roster, detail);
    else
        failure_detail(detail, failure_io(ENOENT), "the folder 'stores' is gone from the data folder: move it back");
}

/* False when memory or threads are out. */
static bool start_threads(struct depot *depot, const char *path)
{
    struct services *services = &depot->services;
    const struct probe_hook hook = {.look = find_stores, .arg = depot};
    bool started = probe_init(&depot->probe, depot->options.io, depot->folder.root, path, &depot->alarm, &hook);
    services->pool = pool_new(depot->options.io_threads);
    services->openers = pool_new(OPENERS);
    services->closers = pool_new(CLOSERS);
    services->commits = pool_new(depot->options.commit_threads);
    services->upkeep = pool_new(1);
    bool all = services->pool && services->openers && services->closers && services->commits && services->upkeep;
    if (!started || !all) {
        end_threads(depot);
        return false;
    }
    leftovers_init(&depot->leftovers, depot->options.io, services->pool);
    return true;
}

/* What was restored in part has objects missing, which the rest of it would bring back over what was written. */
static struct failure open_folder(struct depot *depot, const char *path, struct store_detail *detail)
{
    const struct io *io = depot->options.io;
    struct folder *folder = &depot->folder;
    enum folder_use use = depot->options.read_only ? FOLDER_READ : FOLDER_SERVE;
    char mark[INTENT_MAX];
    struct failure failure = folder_open(folder, io, path, use, detail);
    if (failure.error)
        return failure;
    int error = intent_look(folder, mark);
    if (error)
        failure = failure_detail(detail, failure_of_errno(error), "cannot look into %s/" FOLDER_RESTORE ": %s", path,
                                 strerror(error));
    else if (mark[0])
        failure = intent_refuse(detail, path, mark, ", and is not opened before that has ended");
    if (failure.error)
        folder_close(folder);
    return failure;
}

/* Thread: one of the tenure's. */
static void hand_over(void *arg, const char *name, const struct tenant *heir)
{
    roster_hand_over(arg, name, heir);
}

enum store_error depot_open(const char *path, const struct depot_options *options, struct depot **ret_depot,
                            struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    struct depot *depot = depot_new(options);
    if (!depot)
        return STORE_NO_MEMORY;
    struct failure failure = open_folder(depot, path, ret_detail);
    if (failure.error) {
        depot_free(depot);
        return failure_tell(failure);
    }
    if (!start_threads(depot, path)) {
        folder_close(&depot->folder);
        depot_free(depot);
        return failure_tell(
            failure_detail(ret_detail, failure_of(STORE_NO_MEMORY), "the threads of the engine cannot be started"));
    }
    const struct tenure *tenure = depot->options.io->tenure;
    const struct space_hooks hooks = {.arg = depot, .compact = compact_all, .retry = retry_all};
    space_init(&depot->space, &depot->services, depot->folder.root, &hooks);
    trash_begin(&depot->folder.trash, &depot->services);
    roster_begin_sweeping(&depot->roster);
    dormant_begin(&depot->dormant, &depot->services, &depot->folder, &depot->roster);
    if (tenure)
        tenure->attend(tenure->self, hand_over, &depot->roster);
    *ret_depot = depot;
    return STORE_OK;
}

static bool wake_next(void *arg, struct store *store)
{
    (void)arg;
    watch_wake(&store->watch);
    return true;
}

void depot_drain(struct depot *depot)
{
    admission_drain(&depot->admission);
    (void)roster_each_open(&depot->roster, wake_next, NULL);
}

void depot_end_watches(struct depot *depot)
{
    atomic_store(&depot->unwatched, true);
    (void)roster_each_open(&depot->roster, wake_next, NULL);
}

void depot_halt(struct depot *depot)
{
    atomic_store(&depot->halt, true);
    leftovers_hurry(&depot->leftovers);
}

bool depot_make_room(struct depot *depot, size_t files)
{
    const struct depot_options *options = &depot->options;
    size_t closed = handles_close(&depot->handles, files);
    bool soon = closed < files && roster_make_room_soon(&depot->roster, files - closed);
    if (closed > 0 && options->vacated)
        options->vacated(options->vacated_arg);
    return closed > 0 || soon;
}

void depot_close(struct depot *depot)
{
    if (!depot)
        return;
    assert(!pool_is_current(depot->services.pool) && !pool_is_current(depot->services.upkeep));
    assert(!pool_is_current(depot->services.openers) && !pool_is_current(depot->services.commits));
    depot_drain(depot);
    const struct tenure *tenure = depot->options.io->tenure;
    if (tenure)
        tenure->attend(tenure->self, NULL, NULL);
    probe_free(&depot->probe); /* a look holds stores */
    loading_end(&depot->loading);
    dormant_end(&depot->dormant);
    roster_close(&depot->roster);
    leftovers_end(&depot->leftovers);
    pool_free(depot->services.closers);
    pool_free(depot->services.openers);
    pool_free(depot->services.pool); /* runs what still waits, removals among it */
    pool_free(depot->services.commits);
    space_close(&depot->space);
    pool_free(depot->services.upkeep);
    space_free(&depot->space);
    trash_end(&depot->folder.trash);
    leftovers_free(&depot->leftovers);
    folder_close(&depot->folder);
    depot_free(depot);
}

/* ---- stores by name -------------------------------------------------------------------------- */

static struct failure check_name(const char *name, struct store_detail *detail)
{
    if (store_name_valid(name))
        return failure_none();
    return failure_detail(detail, failure_of(STORE_BAD_NAME), "\"%.80s\" cannot name a store: %s", name,
                          store_error_text(STORE_BAD_NAME));
}

static struct failure acquire(struct depot *depot, const char *name, struct store **ret_store,
                              struct store_detail *ret_detail)
{
    struct failure failure = check_name(name, ret_detail);
    return failure.error ? failure : arrival_await(&depot->roster, name, ret_store, ret_detail);
}

enum store_error depot_acquire(struct depot *depot, const char *name, struct store **ret_store,
                               struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    return failure_tell(acquire(depot, name, ret_store, ret_detail));
}

enum store_error depot_acquire_soon(struct depot *depot, const char *name, store_opened *opened, void *arg,
                                    struct store **ret_store)
{
    if (!store_name_valid(name))
        return STORE_BAD_NAME;
    return roster_acquire_soon(&depot->roster, name, ROSTER_WHEREVER, opened, arg, ret_store);
}

enum store_error depot_bring_soon(struct depot *depot, const char *name, store_opened *opened, void *arg,
                                  struct store **ret_store)
{
    if (!store_name_valid(name))
        return STORE_BAD_NAME;
    return roster_acquire_soon(&depot->roster, name, ROSTER_HERE, opened, arg, ret_store);
}

enum store_error depot_try_acquire(struct depot *depot, const char *name, struct store **ret_store)
{
    enum store_error error = roster_try_acquire(&depot->roster, name, ret_store);
    return error == STORE_AGAIN && !store_name_valid(name) ? STORE_BAD_NAME : error; /* one that is open has a name */
}

void depot_release(struct store *store)
{
    if (store)
        roster_release(store);
}

enum store_error depot_names(struct depot *depot, char ***ret_names, size_t *ret_count)
{
    return failure_tell(failure_of_errno(folder_names(&depot->folder, ret_names, ret_count)));
}

/* ---- opening from the start ------------------------------------------------------------------ */

/* A list as depot_names() gives one. An errno. */
static int copy_names(const char *const *names, size_t count, char ***ret_names)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += strlen(names[i]) + 1;
    char **copy = malloc((count + 1) * sizeof *copy + length);
    if (!copy)
        return ENOMEM;
    char *text = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = text;
        text = stpcpy(text, names[i]) + 1;
    }
    copy[count] = NULL;
    *ret_names = copy;
    return 0;
}

enum store_error depot_load(struct depot *depot, const char *const *names, size_t count)
{
    char **list;
    size_t limit = depot->options.open_stores_limit;
    int error = names ? copy_names(names, count, &list) : folder_names(&depot->folder, &list, &count);
    if (error)
        return failure_tell(failure_of_errno(error));
    if (count > limit)
        notice_tell(&depot->services.notice, STORE_LOG_WARNING,
                    "of %zu stores that are to be open from the start, %zu are: as many as may be open", count, limit);
    loading_begin(&depot->loading, list, count < limit ? count : limit);
    return STORE_OK;
}

bool depot_is_loading(struct depot *depot, struct store_detail *ret_detail)
{
    return loading_tell(&depot->loading, ret_detail);
}

/* ---- making and removing stores -------------------------------------------------------------- */

/* For calls that change what stores there are, or what they may hold. */
static enum store_error tell_change(struct depot *depot, struct failure failure)
{
    if (failure.error == STORE_IO)
        atomic_store(&depot->alarm, true);
    return failure_tell(failure);
}

enum store_error depot_create(struct depot *depot, const char *name, bool *ret_created, struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    struct failure failure = check_name(name, ret_detail);
    if (!failure.error && admission_is_draining(&depot->admission))
        failure = failure_of(STORE_DRAINING);
    if (!failure.error)
        failure = registry_create(&depot->registry, name, ret_created, ret_detail);
    return tell_change(depot, failure);
}

enum store_error depot_delete(struct depot *depot, const char *name, bool force, struct store_detail *ret_detail)
{
    return depot_delete_if(depot, name, force, NULL, ret_detail);
}

enum store_error depot_delete_if(struct depot *depot, const char *name, bool force,
                                 const struct store_condition *condition, struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    struct failure failure = check_name(name, ret_detail);
    if (failure.error)
        return failure.error;
    return tell_change(depot, registry_delete(&depot->registry, name, force, condition, ret_detail));
}

/* ---- limits of stores ------------------------------------------------------------------------ */

enum store_error depot_set_limits(struct depot *depot, const char *name, const struct store_limit *bytes,
                                  const struct store_limit *objects, struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    if (admission_is_draining(&depot->admission))
        return STORE_DRAINING;
    struct failure failure = check_name(name, ret_detail);
    if (failure.error)
        return failure.error;
    return tell_change(depot, registry_set_limits(&depot->registry, name, bytes, objects, ret_detail));
}

enum store_error depot_limits(struct depot *depot, const char *name, struct store_limits *ret_limits)
{
    struct store *store;
    enum store_error error = depot_try_acquire(depot, name, &store);
    if (error == STORE_AGAIN)
        return failure_tell(store_read_limits(depot->options.io, depot->folder.stores, name, ret_limits));
    if (!error) {
        struct store_figures figures;
        store_figures(store, &figures);
        *ret_limits = figures.limits;
        depot_release(store);
    }
    return error;
}

/* ---- figures --------------------------------------------------------------------------------- */

void depot_figures(struct depot *depot, struct depot_figures *ret_figures)
{
    *ret_figures = (struct depot_figures){
        .free_bytes = space_free_bytes(&depot->space),
        .reserve_bytes = space_reserve_bytes(&depot->space),
        .uploads = atomic_load(&depot->admission.uploads),
        .bytes_in_flight = atomic_load(&depot->admission.bytes),
        .full = space_is_full(&depot->space),
    };
    tally_read(&depot->effort.syncs, &ret_figures->syncs);
    tally_read(&depot->effort.bytes, &ret_figures->commit_bytes);
    tally_read(&depot->effort.records, &ret_figures->commit_records);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

struct depot_job {
    struct pool_job job;
    void (*run)(void *arg);
    void *arg;
};

static void run_job(void *arg)
{
    struct depot_job own = *(struct depot_job *)arg;
    free(arg);
    own.run(own.arg);
}

enum store_error depot_run(struct depot *depot, void (*job)(void *arg), void *arg)
{
    return pool_waiting(depot->services.pool) < JOBS_WAITING_MAX ? depot_go_on(depot, job, arg) : STORE_BUSY;
}

enum store_error depot_go_on(struct depot *depot, void (*job)(void *arg), void *arg)
{
    struct depot_job *own = malloc(sizeof *own);
    if (!own)
        return STORE_NO_MEMORY;
    *own = (struct depot_job){.run = job, .arg = arg};
    own->job = (struct pool_job){.run = run_job, .arg = own};
    pool_submit(depot->services.pool, &own->job);
    return STORE_OK;
}

/* ---- how it is ------------------------------------------------------------------------------- */

enum store_error depot_probe(struct depot *depot, void (*done)(void *arg), void *arg)
{
    return probe_ask(&depot->probe, done, arg);
}

bool depot_healthy(struct depot *depot, struct store_detail *ret_detail)
{
    failure_detail(ret_detail, failure_none(), "%s", "");
    if (!probe_tell(&depot->probe, ret_detail))
        return false;
    bool healthy = health_tell(&depot->roster, &depot->trouble, ret_detail);
    if (healthy && !depot->options.read_only && ret_detail && !ret_detail->text[0])
        space_tell(&depot->space, ret_detail);
    return healthy;
}
