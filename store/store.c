/* store.c - one store: opening, closing, figures. */
#include "store/internal.h"

#include "store/assembly.h"
#include "store/base/clock.h"
#include "store/base/digest.h"
#include "store/base/xxh3.h"
#include "store/disk/settings.h"
#include "store/read/listing.h"
#include "store/start/recover.h"
#include "store/write/batch.h"
#include "store/write/copy.h"
#include "store/write/creation.h"
#include "store/write/join.h"
#include "store/write/leg.h"
#include "store/write/remains.h"
#include "store/write/stream.h"
#include "store/write/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 64 /* objects */ };

/* ---- opening and closing --------------------------------------------------------------------- */

static struct failure read_settings(const struct io *io, int folder, const char *name, struct settings *ret_settings,
                                    struct store_detail *detail)
{
    struct failure failure = settings_read(io, folder, SETTINGS_OF_STORE, "store", ret_settings);
    if (failure.error == STORE_FOREIGN)
        return failure_detail(
            detail, failure,
            "store %s: its file settings is missing or not what cairn has written: bring it back from a "
            "backup, or remove the store by force",
            name);
    if (failure.error)
        return failure_detail(detail, failure, "store %s: file settings: %s", name, failure_text(failure));
    return failure_none();
}

/* The upkeep looks at what an earlier life has left to do: but for what has expired, nothing where there is one
 * segment, or none. */
static void ask_upkeep(struct store *store)
{
    if (!store->options->read_only && !store->options->keep_expired)
        purge_begin(&store->purge);
    if (store->options->read_only || store->log.chain.count < 2)
        return;
    (void)errand_ask(&store->compact.errand);
    (void)errand_ask(&store->summaries.errand);
}

/* What it holds against its limits: objects, and what unfinished uploads have. */
static struct failure begin_quota(struct store *store, const struct store_limits *limits, struct store_detail *detail)
{
    quota_begin(&store->quota, limits, store->index.objects, store->index.live_bytes);
    int error = uploads_begin(&store->uploads);
    if (!error)
        error = remains_settle(&store->uploads);
    if (error)
        return failure_detail(detail, failure_io(error), "store %s: its unfinished uploads cannot be read: %s",
                              store->name, strerror(error));
    return failure_none();
}

/* Finds out what is in it; by what is remembered of it, where that is enough. */
static struct failure learn(struct store *store, const struct store_left *left, struct store_detail *detail)
{
    struct failure failure = failure_none();
    bool fits = false;
    if (left)
        progress_remember(&store->progress, &left->progress);
    if (left && left->imprint)
        failure = imprint_apply(left->imprint, &store->index, &store->log, &store->blobs, &fits);
    if (!failure.error && !fits)
        failure = recover(&store->index, &store->log, &store->blobs, &store->progress, &store->deadlines,
                          &store->notice, store->services->halt, detail);
    return failure.error ? failure : horizon_recall(&store->horizon);
}

static struct failure open_in_folder(const struct services *services, const struct home *home, const char *name,
                                     const struct store_left *left, struct store **ret_store,
                                     struct store_detail *detail)
{
    struct settings settings;
    struct failure failure = read_settings(services->options->io, home->open, name, &settings, detail);
    if (failure.error)
        return failure;
    struct store *store = assembly_make(services, home->path, name, settings.salt);
    if (!store)
        return failure_of(STORE_NO_MEMORY);
    failure = assembly_open(store, home, detail);
    if (failure.error) {
        assembly_free(store);
        return failure;
    }
    failure = learn(store, left && left->progress.salt == store->salt ? left : NULL, detail);
    if (!failure.error)
        failure = begin_quota(store, &settings.limits, detail);
    if (failure.error) {
        blobs_end(&store->blobs);
        assembly_end(store);
        return failure;
    }
    ask_upkeep(store);
    *ret_store = store;
    return failure_none();
}

struct failure store_open(const struct services *services, const struct home *data, const char *name,
                          const struct store_left *left, struct store **ret_store, struct store_detail *ret_detail)
{
    char path[sizeof STORES_FOLDER + 1 + STORE_NAME_MAX];
    const struct io *io = services->options->io;
    if (atomic_load(services->halt))
        return failure_of(STORE_DRAINING);
    (void)snprintf(path, sizeof path, "%s/%s", STORES_FOLDER, name);
    struct home home;
    int error = home_open(&home, io, data, path);
    if (error == ENOENT)
        return failure_detail(ret_detail, failure_of(STORE_NO_STORE), "there is no store %s: create it first", name);
    if (error)
        return failure_detail(ret_detail, error == ENOMEM ? failure_of(STORE_NO_MEMORY) : failure_io(error),
                              "store %s cannot be opened: %s", name, strerror(error));
    struct failure failure = open_in_folder(services, &home, name, left, ret_store, ret_detail);
    home_close(&home, io);
    return failure;
}

bool store_is_quiet(struct store *store)
{
    return !gate_has_failed(&store->gate) && gate_is_idle(&store->gate) && !scrub_running(&store->scrub) &&
           !errand_is_under_way(&store->writer.turn) && !errand_is_under_way(&store->log.spare.maker) &&
           !errand_is_under_way(&store->blobs.reaper);
}

bool store_is_small(struct store *store)
{
    index_lock_shared(&store->index);
    bool small = store->index.objects <= SMALL && store->log.chain.count <= 1;
    index_unlock(&store->index);
    return small;
}

/* Waits for what is under way, and ends the log, with a mark or without. Whether it can be told how far that came: not
 * where a sync has failed. */
static bool store_conclude(struct store *store, bool mark)
{
    scrub_stop(&store->scrub);
    watch_stop(&store->watch);
    compact_stop(&store->compact);
    summaries_stop(&store->summaries);
    purge_stop(&store->purge);
    binder_stop(&store->binder);
    uploads_stop(&store->uploads);
    catalog_sweep(&store->catalog);
    gate_wait_idle(&store->gate); /* for the aborted uploads that an I/O thread is still taking apart */
    writer_conclude(&store->writer, mark);
    blobs_end(&store->blobs); /* where descriptors are out, what is written next finds this one */
    return !store->options->read_only && !gate_has_failed(&store->gate) && !gate_is_removed(&store->gate);
}

void store_close(struct store *store)
{
    if (store_conclude(store, true))
        progress_conclude(&store->progress);
    assembly_end(store);
}

struct store_left store_close_for_now(struct store *store)
{
    struct store_left left = {0};
    if (store_conclude(store, false))
        left.progress = progress_leave(&store->progress);
    int64_t first, rest;
    if (left.progress.reach.segment && !deadlines_tell(&store->deadlines, &first, &rest))
        left.imprint = imprint_take(&store->index, &store->log, &store->blobs);
    assembly_end(store);
    return left;
}

void store_forget_left(struct store_left *left)
{
    imprint_free(left->imprint);
    *left = (struct store_left){0};
}

static int write_left(const struct io *io, int root, const char *path, const struct store_left *left)
{
    int log = io->openat(io->self, root, path, O_RDONLY | O_DIRECTORY, 0);
    if (log < 0)
        return errno;
    int error = reach_write(io, log, left->progress.salt, &left->progress.reach);
    io->close(io->self, log);
    return error;
}

bool store_tell_left(const struct services *services, int root, const char *name, const struct store_left *left,
                     bool last)
{
    char path[sizeof STORES_FOLDER "//log" + STORE_NAME_MAX];
    uint64_t waited = 0;
    int error;
    (void)snprintf(path, sizeof path, "%s/%s/log", STORES_FOLDER, name);
    do
        error = write_left(services->options->io, root, path, left);
    while (last && progress_waits(error, services->options->shortage_patience, &waited));
    if (!last && store_error_is_shortage(STORE_IO, error))
        return false;
    if (error)
        notice_tell(&services->notice, STORE_LOG_WARNING,
                    "store %s: file reach cannot be written: %s; a later loss of the end of its log may not be noticed",
                    name, strerror(error));
    return true;
}

/* ---- its limits ------------------------------------------------------------------------------ */

struct failure store_read_limits(const struct io *io, int stores, const char *name, struct store_limits *ret_limits)
{
    struct settings settings;
    int folder = io->openat(io->self, stores, name, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return errno == ENOENT ? failure_of(STORE_NO_STORE) : failure_io(errno);
    struct failure failure = settings_read(io, folder, SETTINGS_OF_STORE, "store", &settings);
    io->close(io->self, folder);
    if (!failure.error)
        *ret_limits = settings.limits;
    return failure;
}

/* Writes the settings anew and makes them durable; an errno. */
static int write_limits(const struct store *store, int stores, const struct store_limits *limits)
{
    const struct io *io = store->io;
    struct settings settings = {.kind = "store", .salt = store->salt, .limits = *limits};
    int folder = io->openat(io->self, stores, store->name, O_RDONLY | O_DIRECTORY, 0);
    if (folder < 0)
        return errno;
    int error = settings_write(io, folder, SETTINGS_OF_STORE, &settings);
    if (!error && io->fsync(io->self, folder) < 0)
        error = errno;
    io->close(io->self, folder);
    return error;
}

struct failure store_set_limits(struct store *store, int stores, const struct store_limit *bytes,
                                const struct store_limit *objects, struct store_detail *ret_detail)
{
    struct store_limits limits;
    uint64_t unfinished;
    quota_tell(&store->quota, &limits, &unfinished);
    if (bytes)
        limits.bytes = *bytes;
    if (objects)
        limits.objects = *objects;
    int os_error = write_limits(store, stores, &limits);
    if (os_error)
        return failure_detail(ret_detail, failure_of_errno(os_error), "store %s: its limits cannot be written: %s",
                              store->name, strerror(os_error));
    quota_set_limits(&store->quota, &limits);
    return failure_none();
}

/* ---- what is known of it --------------------------------------------------------------------- */

const char *store_name(const struct store *store)
{
    return store->name;
}

uint64_t store_salt(const struct store *store)
{
    return store->salt;
}

uint64_t store_end_offset(struct store *store)
{
    return index_end(&store->index);
}

/* Another one where it has got a record more, or an upload that is not done is another one, or has grown. */
static struct store_digest state_of(const struct store *store, const struct store_figures *figures, uint64_t mark)
{
    const uint64_t parts[] = {store->salt, figures->end_offset, figures->unfinished_uploads, mark};
    return digest_of_hash(XXH3_128bits(parts, sizeof parts));
}

void store_figures(struct store *store, struct store_figures *ret_figures)
{
    struct index *index = &store->index;
    index_lock_shared(index);
    struct store_figures figures = {
        .objects = index->objects,
        .live_bytes = index->live_bytes,
        .dead_bytes = index->dead_bytes,
        .disk_bytes = log_disk_bytes(&store->log) + store->blobs.bytes,
        .end_offset = index->end_offset,
        .segments = chain_segments(&store->log.chain),
        .blobs = store->blobs.needs.count,
        .commits = index->commits,
        .records = index->records,
    };
    index_unlock(index);
    uint64_t missing = 0, of_uploads = 0, mark = 0;
    stock_tell(&store->uploads.stock, &figures.unfinished_uploads, &mark, &of_uploads);
    figures.state = state_of(store, &figures, mark);
    figures.disk_bytes += of_uploads;
    damage_count(index, &figures.damaged_bytes, &figures.damaged_blobs, &missing);
    figures.damaged_blobs += missing;
    figures.overdue_bytes = arrears_overdue(&store->arrears);
    figures.writes_in_flight = atomic_load(&store->gate.ops);
    figures.bytes_in_flight = atomic_load(&store->gate.bytes);
    figures.failed = gate_has_failed(&store->gate);
    quota_tell(&store->quota, &figures.limits, &figures.unfinished_bytes);
    *ret_figures = figures;
}

/* ---- reading it ------------------------------------------------------------------------------ */

enum store_error store_get(struct store *store, const struct store_key *key, unsigned flags, struct object **ret_object)
{
    return failure_tell(object_get(&store->reader, key, flags, ret_object));
}

enum store_error store_get_many(struct store *store, const struct store_key *keys, size_t count, unsigned flags,
                                struct object **ret_objects, enum store_error *ret_errors)
{
    return failure_tell(object_get_many(&store->reader, keys, count, flags, ret_objects, ret_errors));
}

enum store_error store_check(struct store *store, const struct store_key *key, const struct store_condition *condition)
{
    return failure_tell(object_check(&store->reader, key, condition));
}

enum store_error store_list(struct store *store, const struct store_list_query *query, store_list_take *take, void *arg,
                            unsigned char ret_cursor[STORE_CURSOR_MAX], size_t *ret_cursor_length)
{
    if (gate_is_removed(&store->gate))
        return STORE_NO_STORE; /* whoever goes on from page to page keeps its files from being removed */
    return failure_tell(listing_page(&store->reader, &store->catalog, query, clock_now(CLOCK_REALTIME), take, arg,
                                     ret_cursor, ret_cursor_length));
}

/* ---- following it ---------------------------------------------------------------------------- */

enum store_error store_changes(struct store *store, const struct store_changes_query *query, store_change_take *take,
                               void *arg, struct store_changes *ret_changes)
{
    if (gate_is_removed(&store->gate))
        return STORE_NO_STORE;
    return failure_tell(feed_read(&store->feed, query, take, arg, ret_changes));
}

struct store_watcher *store_watcher_new(struct store *store, store_watched *told, void *arg)
{
    return watcher_new(&store->watch, told, arg);
}

void store_watcher_free(struct store_watcher *watcher)
{
    watcher_free(watcher);
}

void store_watch(struct store_watcher *watcher, uint64_t end, unsigned milliseconds)
{
    watcher_wait(watcher, end, milliseconds);
}

void store_watcher_leave(struct store_watcher *watcher)
{
    watcher_leave(watcher);
}

/* ---- verifying it ---------------------------------------------------------------------------- */

enum store_error store_verify(struct store *store, uint64_t bytes_per_second,
                              void (*flaw)(void *arg, const struct store_flaw *flaw), void *arg,
                              struct store_verification *ret_verification)
{
    return scrub_verify(&store->scrub, bytes_per_second, flaw, arg, ret_verification);
}

void store_verify_stop(struct store *store)
{
    scrub_cancel(&store->scrub);
}

enum store_error store_verify_start(struct store *store, uint64_t bytes_per_second)
{
    return scrub_start(&store->scrub, bytes_per_second);
}

void store_verification(struct store *store, struct store_verification *ret_verification)
{
    scrub_verification(&store->scrub, ret_verification);
}

/* ---- compacting it --------------------------------------------------------------------------- */

enum store_error store_compact(struct store *store, unsigned milliseconds, store_compacted *done, void *arg)
{
    return compact_ask(&store->compact, milliseconds, done, arg);
}

void store_compaction(struct store *store, struct store_compaction *ret_compaction)
{
    compact_tell(&store->compact, ret_compaction);
}

/* ---- writing to it --------------------------------------------------------------------------- */

enum store_error store_batch(struct store *store, const struct store_op *ops, size_t count, unsigned flags,
                             store_done *done, void *arg, size_t *ret_failed_op)
{
    return batch_begin(&store->intake, ops, count, flags, done, arg, ret_failed_op);
}

enum store_error store_copy(struct store *source, const struct store_op *op, struct store *target, bool move,
                            store_done *done, void *arg)
{
    return copy_begin(&source->intake, op, &target->intake, move, done, arg);
}

enum store_error stream_open(struct store *store, const struct store_key *key, uint64_t size,
                             const struct stream_hooks *hooks, struct stream **ret_stream)
{
    return stream_begin(&store->intake, key, size, hooks, ret_stream);
}

/* ---- uploads that go on ----------------------------------------------------------------------- */

enum store_error upload_create(struct store *store, const struct upload_order *order, struct store_overrun *ret_overrun,
                               uint64_t *ret_id)
{
    return failure_tell(creation_new(&store->uploads, order, ret_overrun, ret_id));
}

enum store_error upload_join(struct store *store, const struct upload_union *united, struct store_overrun *ret_overrun,
                             struct stream **ret_stream, struct upload_info *ret_info)
{
    return failure_tell(join_begin(&store->uploads, united, ret_overrun, ret_stream, ret_info));
}

enum store_error upload_look(struct store *store, uint64_t id, void (*tell)(void *arg, const struct upload_info *info),
                             void *arg)
{
    return failure_tell(survey_look(&store->uploads, id, tell, arg));
}

enum store_error upload_list(struct store *store, uint64_t from,
                             bool (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    return failure_tell(survey_list(&store->uploads, from, tell, arg));
}

enum store_error upload_forget(struct store *store, uint64_t id)
{
    return failure_tell(uploads_forget(&store->uploads, id));
}

enum store_error upload_claim(struct store *store, struct upload_claim *claim)
{
    return uploads_claim(&store->uploads, claim);
}

enum store_error upload_resume(struct store *store, const struct upload_resumption *resumption,
                               const struct stream_hooks *hooks, struct stream **ret_stream,
                               struct upload_info *ret_info)
{
    return failure_tell(leg_begin(&store->uploads, resumption, hooks, ret_stream, ret_info));
}
