/* assembly.c - one store, put together of its parts. See assembly.h. */
#include "store/assembly.h"

#include "store/write/sweeper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- who works with whom ----------------------------------------------------------------------- */

/* Who reads, and what is told of the log. */
static void connect_readers(struct store *store)
{
    struct index *index = &store->index;
    struct log *log = &store->log;
    struct blobs *blobs = &store->blobs;
    store->progress = (struct progress){.upkeep = store->services->upkeep,
                                        .index = index,
                                        .log = log,
                                        .blobs = blobs,
                                        .notice = &store->notice,
                                        .patience = store->options->shortage_patience};
    store->arrears = (struct arrears){.index = index};
    store->horizon = (struct horizon){.upkeep = store->services->upkeep,
                                      .index = index,
                                      .log = log,
                                      .blobs = blobs,
                                      .notice = &store->notice,
                                      .retention = store->options->feed_retention};
    store->reader = (struct reader){.index = index, .log = log, .blobs = blobs, .notice = &store->notice};
    store->feed = (struct feed){.reader = &store->reader, .horizon = &store->horizon};
    store->catalog = (struct catalog){.reader = &store->reader, .binding = &store->binder.errand};
    store->binder = (struct binder){
        .catalog = &store->catalog, .index = index, .log = log, .space = store->services->space};
    store->scrub = (struct scrub){.index = index,
                                  .log = log,
                                  .blobs = blobs,
                                  .gate = &store->gate,
                                  .notice = &store->notice,
                                  .rewrites = &store->compact.rewrites,
                                  .summaries = &store->summaries.errand};
}

/* Who writes. */
static void connect_writers(struct store *store)
{
    struct group_parts parts = {.index = &store->index,
                                .log = &store->log,
                                .blobs = &store->blobs,
                                .quota = &store->quota,
                                .gate = &store->gate,
                                .notice = &store->notice,
                                .watch = &store->watch,
                                .arrears = &store->arrears,
                                .compaction = &store->compact.errand,
                                .summaries = &store->summaries.errand,
                                .deadlines = &store->deadlines,
                                .effort = store->services->effort};
    store->watch = (struct watch){.services = store->services, .index = &store->index, .gate = &store->gate};
    store->writer = (struct writer){.parts = parts, .groups = store->services->groups, .space = store->services->space};
    store->intake = (struct intake){.index = &store->index,
                                    .blobs = &store->blobs,
                                    .quota = &store->quota,
                                    .gate = &store->gate,
                                    .writer = &store->writer,
                                    .reader = &store->reader,
                                    .notice = &store->notice,
                                    .services = store->services};
}

/* Who writes in the background. */
static void connect_upkeep(struct store *store)
{
    store->compact = (struct compact){.index = &store->index,
                                      .log = &store->log,
                                      .space = store->services->space,
                                      .gate = &store->gate,
                                      .notice = &store->notice,
                                      .writer = &store->writer,
                                      .reader = &store->reader,
                                      .catalog = &store->catalog,
                                      .progress = &store->progress,
                                      .horizon = &store->horizon,
                                      .arrears = &store->arrears,
                                      .admission = store->services->admission};
    store->summaries = (struct summaries){
        .index = &store->index, .log = &store->log, .gate = &store->gate, .catalog = &store->catalog};
    store->purge = (struct purge){.index = &store->index,
                                  .log = &store->log,
                                  .gate = &store->gate,
                                  .writer = &store->writer,
                                  .reader = &store->reader,
                                  .catalog = &store->catalog,
                                  .deadlines = &store->deadlines};
}

/* Gives each room the parts that it works on, and sets them up; log and blobs have no folders yet. */
static void set_up_parts(struct store *store, uint64_t salt)
{
    index_init(&store->index, &store->log, &store->blobs, salt);
    deadlines_init(&store->deadlines);
    quota_init(&store->quota);
    gate_init(&store->gate, store->services, &store->quota, &store->blobs);
    connect_readers(store);
    connect_writers(store);
    connect_upkeep(store);
    arrears_init(&store->arrears);
    writer_init(&store->writer, store->services->commits);
    watch_init(&store->watch);
    scrub_init(&store->scrub);
    catalog_init(&store->catalog);
    binder_init(&store->binder, store->services->upkeep);
    compact_init(&store->compact, store->services->upkeep, store->services->pool);
    summaries_init(&store->summaries, store->services->upkeep);
    purge_init(&store->purge, store->services->upkeep);
}

struct store *assembly_make(const struct services *services, const char *path, const char *name, uint64_t salt)
{
    struct store *store = calloc(1, sizeof *store);
    char *own = strdup(path);
    if (!store || !own) {
        free(store);
        free(own);
        return NULL;
    }
    store->services = services;
    store->options = services->options;
    store->io = store->options->io;
    store->salt = salt;
    memcpy(store->name, name, strlen(name) + 1);
    store->notice = services->notice;
    store->notice.store = store->name;
    set_up_parts(store, salt);
    uploads_init(&store->uploads, &store->intake, salt, own);
    sweeper_init(&store->uploads);
    return store;
}

/* ---- its folders ------------------------------------------------------------------------------- */

static struct failure open_room(const struct io *io, const struct home *above, const char *store, const char *name,
                                struct home *ret_home, struct store_detail *detail)
{
    int error = home_open(ret_home, io, above, name);
    if (error)
        return failure_detail(detail, error == ENOMEM ? failure_of(STORE_NO_MEMORY) : failure_io(error),
                              "store %s: folder %s cannot be opened: %s", store, name, strerror(error));
    return failure_none();
}

struct failure assembly_open(struct store *store, const struct home *home, struct store_detail *detail)
{
    const struct io *io = store->io;
    struct home log, blobs;
    struct failure failure = open_room(io, home, store->name, "log", &log, detail);
    if (failure.error)
        return failure;
    failure = open_room(io, home, store->name, "blobs", &blobs, detail);
    if (failure.error) {
        home_close(&log, io);
        return failure;
    }
    struct pool *pool = store->services->pool;
    blobs_init(&store->blobs, store->services->leftovers, &blobs, pool, store->salt, &store->index.lock);
    log_init(&store->log, store->services, &log, store->salt, &store->index.lock);
    return failure_none();
}

/* ---- taken apart ------------------------------------------------------------------------------- */

void assembly_free(struct store *store)
{
    uploads_free(&store->uploads);
    binder_free(&store->binder);
    catalog_free(&store->catalog);
    compact_free(&store->compact);
    summaries_free(&store->summaries);
    purge_free(&store->purge);
    scrub_free(&store->scrub);
    writer_free(&store->writer);
    watch_free(&store->watch);
    gate_free(&store->gate);
    quota_free(&store->quota);
    arrears_free(&store->arrears);
    deadlines_free(&store->deadlines);
    index_free(&store->index);
    free(store);
}

void assembly_end(struct store *store)
{
    log_free(&store->log);
    blobs_free(&store->blobs);
    assembly_free(store);
}
