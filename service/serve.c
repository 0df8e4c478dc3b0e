/* serve.c - `cairnd serve`: sets everything up in order, serves until SIGTERM, takes it down in reverse.
 *
 * Happy path: signals, listeners, data folder, stores, api, loops; then the main thread accepts connections.
 * The end: for a moment everybody is served while /readyz says that this will not last. Then the listeners go first,
 * so that nobody new comes; the loops finish what is under way, writes too, and their threads end; the data folder is
 * closed, and with it the engine's threads; only then are the daemons freed, because a thread of the engine may just be
 * about to return from loop_resume(). A step that fails takes down what the steps before it have set up.
 */
#include "api/api.h"
#include "api/http/host.h"
#include "service/acceptor.h"
#include "service/access.h"
#include "service/clock.h"
#include "service/command.h"
#include "service/descriptors.h"
#include "service/identity.h"
#include "service/listeners.h"
#include "service/logger.h"
#include "service/memory.h"
#include "service/pool.h"
#include "service/process.h"
#include "service/signals.h"
#include "service/version.h"
#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOPS_MAX = 64,
    LOOK_INTERVAL = 1000,    /* milliseconds */
    OPENING_PATIENCE = 1000, /* milliseconds for stores that are being opened, when it is */
    LINE_PATIENCE = 5000     /* milliseconds for those who wait in line when the server is told to stop */
};

#define NO_END INT64_MAX

struct server {
    const struct config *config;
    double started; /* seconds since 1970 */
    int signals;
    struct pool pool;
    struct depot *depot;
    struct api *api;
    struct evictions evictions;
    struct places places;
    struct descriptors descriptors;
    size_t threads;                /* that serve HTTP: loops */
    struct network *proxies;       /* that are trusted */
    struct access_log *access_log; /* NULL: none is asked for */
    struct attendance attendance;  /* of them */
    struct loop *loops[LOOPS_MAX];
    struct listener listeners[LISTENERS_MAX];
    struct acceptor acceptor;
    struct access access;
    struct memory memory;
};

/* ---- one step each --------------------------------------------------------------------------- */

static void log_of_depot(void *arg, enum store_log_level level, const char *sentence)
{
    static const enum log_level levels[] = {
        [STORE_LOG_INFO] = LOG_INFO, [STORE_LOG_WARNING] = LOG_WARNING, [STORE_LOG_ERROR] = LOG_ERROR};
    (void)arg;
    logger_line(levels[level], "%s", sentence);
}

static void log_of_api(void *arg, enum api_log_level level, const char *sentence)
{
    static const enum log_level levels[] = {
        [API_LOG_INFO] = LOG_INFO,
        [API_LOG_WARNING] = LOG_WARNING,
        [API_LOG_ERROR] = LOG_ERROR,
        [API_LOG_AUDIT] = LOG_AUDIT,
    };
    (void)arg;
    logger_line(levels[level], "%s", sentence);
}

static bool open_signals(struct server *server)
{
    signals_fail_writes();
    server->signals = signals_open();
    if (server->signals < 0)
        logger_line(LOG_ERROR, "cannot wait for signals: %s", strerror(errno));
    return server->signals >= 0;
}

static bool open_acceptor(struct server *server)
{
    bool opened = acceptor_open(&server->acceptor, server->descriptors.spares);
    if (!opened)
        logger_line(LOG_ERROR, "cannot prepare to accept connections: %s", strerror(errno));
    return opened;
}

/* Half of the reserve bounds a segment, since compaction has to find place for one. */
static void warn_of_segment_size(const struct depot_options *options)
{
    const struct depot_options usual = depot_options_default();
    uint64_t applies = depot_segment_size(options);
    if (applies < options->segment_size && options->segment_size != depot_segment_size(&usual))
        logger_line(LOG_WARNING,
                    "--segment-size: %" PRIu64 " is lowered to %" PRIu64
                    ": at most half of --disk-reserve, which is %" PRIu64 ", or 256 KiB where that is more",
                    options->segment_size, applies, options->disk_reserve);
}

static bool open_pool(struct server *server)
{
    return pool_open(&server->pool, server->config);
}

/* For the acceptor. */
static bool make_room(void *arg, size_t files)
{
    const struct server *server = arg;
    return depot_make_room(server->depot, files);
}

static bool open_depot(struct server *server)
{
    struct store_detail detail = {0};
    struct depot_options options = server->config->depot;
    options.io = pool_io(&server->pool, server->config);
    options.log = log_of_depot;
    options.uploads_limit = server->descriptors.uploads;
    options.idle_files_limit = server->descriptors.idle_files;
    options.open_stores_limit = server->descriptors.stores;
    options.small_stores_limit = server->descriptors.small_stores;
    options.open_together_limit = server->descriptors.together;
    options.vacated = acceptor_wake;
    options.vacated_arg = &server->acceptor;
    warn_of_segment_size(&options);
    enum store_error error = depot_open(server->config->data, &options, &server->depot, &detail);
    if (error == STORE_OK)
        return true;
    logger_line(LOG_ERROR, "cannot open the data folder '%s': %s", server->config->data,
                detail.text[0] ? detail.text : store_error_text(error));
    return false;
}

static bool create_stores(struct server *server)
{
    const struct texts *stores = &server->config->stores;
    for (size_t i = 0; i < stores->count; i++) {
        struct store_detail detail = {0};
        bool created;
        enum store_error error = depot_create(server->depot, stores->items[i], &created, &detail);
        if (error != STORE_OK) {
            logger_line(LOG_ERROR, "cannot create the store '%s': %s", stores->items[i],
                        detail.text[0] ? detail.text : store_error_text(error));
            return false;
        }
        if (created)
            logger_line(LOG_INFO, "created the store '%s'", stores->items[i]);
    }
    return true;
}

/* In the background: who asks for one of them meanwhile waits for it. */
static bool load_stores(struct server *server)
{
    const struct texts *stores = &server->config->stores;
    const char *const *named = (const char *const *)stores->items;
    bool all = server->config->open_stores == CONFIG_EAGER;
    if (!all && stores->count == 0)
        return true;
    enum store_error error = depot_load(server->depot, all ? NULL : named, stores->count);
    if (error != STORE_OK)
        logger_line(LOG_ERROR, "cannot open the stores: %s", store_error_text(error));
    return error == STORE_OK;
}

static bool read_proxies(struct server *server)
{
    const struct texts *texts = &server->config->trusted_proxies;
    server->proxies = calloc(texts->count + 1, sizeof *server->proxies);
    if (!server->proxies)
        logger_line(LOG_ERROR, "out of memory");
    for (size_t i = 0; i < texts->count && server->proxies; i++)
        network_parse(texts->items[i], strlen(texts->items[i]), &server->proxies[i]);
    return server->proxies != NULL;
}

static bool open_access_log(struct server *server)
{
    const char *path = server->config->access_log;
    if (!path)
        return true;
    server->access_log = access_log_open(path, server->threads);
    if (!server->access_log)
        logger_line(LOG_ERROR, "cannot open the log of requests '%s': %s", path, strerror(errno));
    return server->access_log != NULL;
}

/* 0: the disk does not tell. */
static uint64_t disk_bytes(const char *data)
{
    struct statvfs disk;
    return statvfs(data, &disk) == 0 ? (uint64_t)disk.f_blocks * disk.f_frsize : 0;
}

/* For api_options: requests come only when all loops run, and end before the first of them is freed. */
static void tell_figures(void *arg, struct api_service_figures *ret_figures)
{
    const struct server *server = arg;
    struct loop_figures loops = {0};
    struct access_log_figures lines = {0};
    struct process_figures process;
    for (size_t i = 0; i < server->acceptor.loop_count; i++)
        loop_add_figures(server->loops[i], &loops);
    if (server->access_log)
        access_log_figures(server->access_log, &lines);
    process_figures(&process);
    *ret_figures = (struct api_service_figures){
        .connections_busy = loops.busy,
        .connections_idle = loops.idle,
        .connections_guests = loops.guests,
        .connections_closing = loops.closing,
        .connections_limit = server->acceptor.connections_limit,
        .connections_accepted = loops.accepted,
        .record_lines = lines.written,
        .record_dropped = lines.dropped,
        .cpu_seconds = process.cpu_seconds,
        .resident_bytes = process.resident_bytes,
        .virtual_bytes = process.virtual_bytes,
        .open_files = process.open_files,
        .most_files = process.most_files,
        .start_seconds = server->started,
        .disk_bytes = disk_bytes(server->config->data),
    };
}

static bool open_api(struct server *server)
{
    const struct config *config = server->config;
    struct api_options options = {
        .depot = server->depot,
        .version = CAIRN_VERSION,
        .address = config->advertise,
        .upload_expiry = config->depot.upload_expiry,
        .object_limit = config->depot.object_limit,
        .batch_bytes_limit = config->batch_bytes_limit,
        .batch_ops_limit = config->batch_ops_limit,
        .answers_bytes_limit = config->answers_bytes_limit,
        .feed_heartbeat = config->feed_heartbeat,
        .metrics_open = config->metrics_open,
        .console = config->console,
        .open = config->open,
        .figures = tell_figures,
        .figures_arg = server,
        .proxies = server->proxies,
        .proxy_count = config->trusted_proxies.count,
        .cors_origins = config->cors_origins.items,
        .cors_origin_count = config->cors_origins.count,
        .host_names = config->host_names.items,
        .host_name_count = config->host_names.count,
        .base_path = config->base_path,
        .record = server->access_log ? loop_record : NULL,
        .guest = loop_is_guest,
        .may_wait = loop_may_wait,
        .resume = loop_resume,
        .moved = loop_moved,
        .log = log_of_api,
    };
    server->api = api_new(&options);
    if (!server->api)
        logger_line(LOG_ERROR, "out of memory");
    return server->api != NULL;
}

static bool start_loops(struct server *server)
{
    struct acceptor *acceptor = &server->acceptor;
    evictions_init(&server->evictions, server->api);
    attendance_init(&server->attendance, server->threads);
    struct loop_options options = {
        .api = server->api,
        .evictions = &server->evictions,
        .places = &server->places,
        .attendance = &server->attendance,
        .guest_limit = server->places.guests_stay,
        .farewell_limit = server->descriptors.farewells,
        .idle_timeout = (unsigned)server->config->idle_timeout,
        .least_rate = server->config->least_rate,
        .connection_limit = (unsigned)acceptor->connections_limit,
        .closed = acceptor_wake,
        .closed_arg = acceptor,
    };
    while (acceptor->loop_count < server->threads) {
        if (server->access_log)
            options.access_ring = access_log_ring(server->access_log, acceptor->loop_count);
        struct loop *loop = loop_start(&options);
        if (!loop) {
            logger_line(LOG_ERROR, "cannot start HTTP thread %zu: %s", acceptor->loop_count + 1, strerror(errno));
            return false;
        }
        server->loops[acceptor->loop_count++] = loop;
    }
    return true;
}

/* The certificate of TLS listeners and its key; NULL, and the log says why, when they cannot be used. */
static struct identity *read_identity(const struct config *config, const char *consequence)
{
    char reason[IDENTITY_TEXT_MAX];
    struct identity *identity = identity_read(config->tls_cert, config->tls_key, reason);
    if (!identity)
        logger_line(LOG_ERROR, "%s: %s", consequence, reason);
    else if (identity_is_valid(identity))
        logger_line(LOG_INFO, "TLS shows the certificate of %s", identity_text(identity));
    else
        logger_line(LOG_WARNING, "TLS shows a certificate that is not valid today, that of %s",
                    identity_text(identity));
    return identity;
}

static bool open_identity(struct server *server)
{
    if (!server->config->tls_cert)
        return true;
    server->acceptor.identity = read_identity(server->config, "cannot serve TLS");
    return server->acceptor.identity != NULL;
}

static bool open_listeners(struct server *server)
{
    return listeners_open(&server->config->listen, server->listeners, &server->acceptor.listener_count);
}

/* The listeners say who can connect; nobody is served yet. */
static bool open_access(struct server *server)
{
    return access_open(&server->access, server->api, server->config, server->listeners,
                       server->acceptor.listener_count);
}

/* ---- what is read again ---------------------------------------------------------------------- */

/* Connections that began with the old certificate keep it. */
static void reload_identity(struct server *server)
{
    if (!server->config->tls_cert)
        return;
    struct identity *identity = read_identity(server->config, "the old certificate stays");
    if (!identity)
        return;
    identity_release(server->acceptor.identity);
    server->acceptor.identity = identity;
}

/* All that may change while the server runs, a line each. */
static void reload(struct server *server, int signal)
{
    if (signal == SIGHUP) {
        logger_line(LOG_INFO, "told to reload");
        access_reload(&server->access);
        reload_identity(server);
    }
    if (server->access_log)
        access_log_reopen(server->access_log);
}

/* A signal that came; what others than those that end the server ask for is done. 0: none came. */
static int take_signal(struct server *server)
{
    int signal = signals_take(server->signals);
    if (signal && !signal_ends(signal))
        reload(server, signal);
    return signal;
}

/* Accepts connections until that time, a signal that ends the server, or the loss of its pool: which signal, or 0.
 * Looks now and then whether what is read again on SIGHUP has changed without one, and whether memory can be given
 * back. */
static int accept_until(struct server *server, int64_t end)
{
    int signal;
    do {
        int64_t look = clock_milliseconds() + LOOK_INTERVAL;
        acceptor_run(&server->acceptor, look < end ? look : end);
        access_look(&server->access);
        api_look(server->api);
        memory_look(&server->memory, acceptor_connections(&server->acceptor), api_requests(server->api));
        signal = take_signal(server);
    } while (!signal_ends(signal) && !pool_is_lost(&server->pool) && clock_milliseconds() < end);
    return signal;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Requests may wait for a store that is being opened: from a time on these are told that it is not. Returns when to
 * look again. */
static int64_t look_at_openings(struct server *server, int64_t patience, int64_t end)
{
    if (clock_milliseconds() < patience)
        return patience < end ? patience : end;
    depot_halt(server->depot);
    return end;
}

/* Waits for the end of a loop's thread. NULL, or why it is not waited for any longer. */
static const char *wait_for_loop(struct server *server, const struct loop *loop, int64_t patience, int64_t end)
{
    struct pollfd files[2] = {{.fd = loop_finished(loop), .events = POLLIN}, {.fd = server->signals, .events = POLLIN}};
    for (;;) {
        int64_t left = look_at_openings(server, patience, end) - clock_milliseconds();
        int ready = poll(files, 2, left > 0 ? (int)left : 0);
        if (ready > 0 && files[0].revents)
            return NULL;
        if (ready > 0 && signal_ends(take_signal(server)))
            return "told to stop a second time";
        if (ready <= 0 && clock_milliseconds() >= end)
            return "the drain timeout is over";
    }
}

/* Gives the requests under way until the drain timeout or a second signal, and cuts off what is left then. Only from
 * then on the depot takes no write: one that comes to it before is that of a request which may still end in time. */
static void drain_loops(struct server *server)
{
    int64_t end = clock_milliseconds() + (int64_t)server->config->drain_timeout * 1000;
    int64_t patience = clock_milliseconds() + OPENING_PATIENCE;
    size_t count = server->acceptor.loop_count;
    const char *cut = NULL;

    for (size_t i = 0; i < count; i++)
        loop_drain(server->loops[i]);
    for (size_t i = 0; i < count && !cut; i++)
        cut = wait_for_loop(server, server->loops[i], patience, end);
    if (!cut)
        return;
    logger_line(LOG_WARNING, "%s: cutting off %zu requests", cut, api_requests(server->api));
    depot_drain(server->depot);
    for (size_t i = 0; i < count; i++)
        loop_cut(server->loops[i]);
}

static void join_loops(struct server *server)
{
    drain_loops(server);
    for (size_t i = 0; i < server->acceptor.loop_count; i++)
        loop_join(server->loops[i]);
}

static void free_loops(struct server *server)
{
    while (server->acceptor.loop_count > 0)
        loop_free(server->loops[--server->acceptor.loop_count]);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The listeners come before anything is made on the disk: a server that cannot listen leaves nothing behind. Who
 * connects meanwhile waits for the moment that the rest takes. */
static bool set_up(struct server *server)
{
    return open_signals(server) && open_acceptor(server) && read_proxies(server) && open_identity(server) &&
           open_listeners(server) && open_pool(server) && open_depot(server) && create_stores(server) &&
           load_stores(server) && open_access_log(server) && open_api(server) && start_loops(server) &&
           open_access(server);
}

/* Whoever spreads requests over several servers learns of the end a moment later than we do: until then everybody is
 * served, on connections that end with the answer. A second signal ends the moment; a terminal does not ask for it. */
static void linger(struct server *server)
{
    uint64_t delay = server->config->drain_delay;
    logger_line(LOG_INFO, "told to stop: /readyz answers 503, everything else is served for %" PRIu64 " s more", delay);
    api_drain(server->api);
    accept_until(server, clock_milliseconds() + (int64_t)delay * 1000);
}

static void run(struct server *server)
{
    struct acceptor *acceptor = &server->acceptor;
    acceptor->signals = server->signals;
    acceptor->loops = server->loops;
    acceptor->listeners = server->listeners;
    acceptor->places = &server->places;
    logger_line(LOG_INFO, "ready");
    int signal = accept_until(server, NO_END);
    pool_retire(&server->pool);
    if (signal == SIGTERM && server->config->drain_delay > 0)
        linger(server);
    api_drain(server->api);
    take_signal(server); /* those that belong together, as of a terminal and of a supervisor, are one */
    acceptor_finish(acceptor, clock_milliseconds() + LINE_PATIENCE);
    logger_line(LOG_INFO, "draining: %zu requests are under way", api_requests(server->api));
}

static void take_down(struct server *server)
{
    listeners_close(server->listeners, &server->acceptor.listener_count);
    if (server->api)
        api_drain(server->api);
    join_loops(server);
    if (server->api)
        api_rest(server->api);
    if (server->depot)
        depot_halt(server->depot); /* what takes long goes on at the next start */
    depot_close(server->depot);
    pool_close(&server->pool);
    free_loops(server);
    identity_release(server->acceptor.identity);
    api_free(server->api);
    access_close(&server->access);
    access_log_close(server->access_log);
    free(server->proxies);
    if (server->acceptor.wake >= 0)
        acceptor_close(&server->acceptor);
    if (server->signals >= 0)
        close(server->signals);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Of those that are asked for. Says in the log when there are fewer: a warning only for who has asked for another
 * number than the usual one. */
static size_t count_threads(const struct config *config, size_t connections)
{
    size_t wanted = (size_t)config->threads, threads = places_count_threads(wanted, connections);
    if (threads < wanted)
        logger_line(wanted == CONFIG_THREADS ? LOG_INFO : LOG_WARNING,
                    "--threads: %zu is lowered to %zu: %zu connections are too few for more", wanted, threads,
                    connections);
    return threads;
}

static int serve(const struct config *config)
{
    logger_open((enum log_level)config->log_level, (enum log_format)config->log_format);
    config_warn_of_variables();

    struct server server = {.config = config, .started = now(), .signals = -1, .acceptor.wake = -1};
    memory_init(&server.memory, medium_is_named(config->data));
    if (!descriptors_share(config, &server.descriptors))
        return STATUS_FAILED;
    server.acceptor.connections_limit = server.descriptors.connections;
    server.acceptor.make_room = make_room;
    server.acceptor.make_room_arg = &server;
    server.threads = count_threads(config, server.descriptors.connections);
    places_init(&server.places, server.acceptor.connections_limit, config->connections_per_address, server.threads);
    bool ready = set_up(&server);
    if (ready)
        run(&server);
    take_down(&server);
    places_free(&server.places);
    if (ready)
        logger_line(LOG_INFO, "stopped");
    return ready && !pool_is_lost(&server.pool) ? STATUS_OK : STATUS_FAILED;
}

int command_serve(char *const *arguments)
{
    struct config config;
    int status;
    if (command_configure(arguments, &config, &status))
        status = serve(&config);
    config_free(&config);
    return status;
}
