/* descriptors.c - shares. See descriptors.h. */
#include "service/descriptors.h"

#include "service/logger.h"

#include <stdint.h>
#include <sys/resource.h>

enum {
    PROCESS = 16, /* standard streams, signals, the data folder */
    THREAD = 8,   /* epoll and eventfds, libmicrohttpd's too */
    STORES = 16,  /* at least: logs and large objects */
    CLIENTS = 8,  /* at least */
    SPARES = 32,  /* at most: guests go soon */
    FAREWELLS = 256,
    STORE = 6,           /* its folders, its file and the next one, and two to open others with */
    SMALL_STORE = 4,     /* its folders and its file, and one to open others with */
    SMALL_STORES = 4096, /* at most: each takes 6 KiB, and has its figures */
    IDLE_FILES = 4096    /* at most: more bring nothing that is felt */
};

/* Takes all the descriptors that the system grants: how many. */
static size_t grant(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return SIZE_MAX;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

/* One at least, and no more than that. */
static size_t between(size_t count, size_t most)
{
    return count == 0 ? 1 : count < most ? count : most;
}

/* What is granted of what an option wants. */
static size_t lower(const char *option, size_t wanted, size_t most, size_t files)
{
    if (wanted <= most)
        return wanted;
    logger_line(LOG_WARNING,
                "--%s: %zu is lowered to %zu: the system grants %zu open files; `ulimit -n` or LimitNOFILE= of the "
                "systemd unit sets more",
                option, wanted, most, files);
    return most;
}

/* Of what the server does not need itself the stores have half, and always enough for some of them. Half of that is for
 * uploads, so that logs can go on, and objects be read; what those leave is for the stores themselves. Up to half of it
 * keeps idle ones open, and what is left then small ones. Files that are read now and then may have as much as the
 * other half, which is also what stores need for a moment: they make room for anything. Of the clients' half three
 * quarters are connections; those that are on their way out, and those that come when stores have more than their
 * share, have the rest. */
bool descriptors_share(const struct config *config, struct descriptors *ret_descriptors)
{
    size_t files = grant(), threads = (size_t)config->threads;
    size_t own = PROCESS + THREAD * threads + config->listen.count;
    if (files < own + STORES + CLIENTS) {
        logger_line(LOG_ERROR,
                    "the system grants %zu open files; with --threads %zu the least is %zu, and 16384 are plenty: set "
                    "`ulimit -n 16384` where it is started, or LimitNOFILE=16384 in its systemd unit",
                    files, threads, own + STORES + CLIENTS);
        return false;
    }
    size_t rest = files - own, stores = rest / 2 > STORES ? rest / 2 : STORES, clients = rest - stores;
    size_t uploads = lower("uploads-limit", config->depot.uploads_limit, stores / 2, files), logs = stores - uploads;
    size_t open = lower("open-stores-limit", config->depot.open_stores_limit, between(logs / 2 / STORE, logs), files);
    size_t left = logs > open * STORE ? logs - open * STORE : 0;
    *ret_descriptors = (struct descriptors){
        .connections = lower("connections-limit", (size_t)config->connections_limit, clients - clients / 4, files),
        .spares = between(clients / 8, SPARES),
        .farewells = between(clients / 8 / threads, FAREWELLS),
        .uploads = uploads,
        .idle_files = between(logs / 2, IDLE_FILES),
        .stores = open,
        .small_stores = between(left / SMALL_STORE, SMALL_STORES),
        .together = between(logs / STORE, logs),
    };
    return true;
}
