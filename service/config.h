/* config.h - what cairnd was told: defaults, then the configuration file, then CAIRN_... variables, then flags.
 *
 * option.h holds the table of everything that can be set; this file reads the four sources in their order and
 * checks every value where it was written, so that a message can name the source.
 */
#ifndef CAIRN_CONFIG_H
#define CAIRN_CONFIG_H

#include "service/logger.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The variable that holds a token which may do everything: no option, since a command line is everybody's to read. */
#define CONFIG_ROOT_TOKEN "CAIRN_ROOT_TOKEN"

enum { CONFIG_THREADS = 2 }; /* HTTP threads, unless another number is asked for */

/* Seconds for which deletions are told to those who follow a store, unless another time is asked for. */
enum { CONFIG_FEED_RETENTION = 7 * 24 * 3600 };

/* Which stores are opened at the start: those of --stores, or all. The words in option.c have this order. */
enum config_open_stores { CONFIG_LAZY, CONFIG_EAGER };

/* A list of strings, each one allocation. */
struct texts {
    char **items;
    size_t count;
};

struct config {
    char *data;            /* the data folder, or rados:POOL[/NAMESPACE] */
    char *ceph_conf;       /* of the cluster; NULL: where it mostly is */
    char *ceph_user;       /* NULL: admin */
    uint64_t ceph_lease;   /* seconds */
    uint64_t ceph_cache;   /* bytes */
    char *advertise;       /* a URL without a path, for those who ask another server; NULL: none; checked */
    char *access;          /* the access file; NULL: the one in the data folder */
    char *root_token_file; /* NULL: none */
    uint64_t open;         /* whether there is no access control */
    uint64_t metrics_open;
    uint64_t console;           /* whether there is one */
    char *tls_cert, *tls_key;   /* files; NULL: none */
    struct texts listen;        /* locator.h reads them; checked */
    struct texts stores;        /* created and opened at the start */
    uint64_t open_stores;       /* enum config_open_stores */
    uint64_t threads;           /* HTTP threads */
    uint64_t connections_limit; /* open at a time */
    uint64_t connections_per_address;
    uint64_t least_rate;    /* bytes a second, of bodies and answers */
    uint64_t idle_timeout;  /* seconds without a byte until a connection is closed */
    uint64_t drain_delay;   /* seconds */
    uint64_t drain_timeout; /* seconds */
    uint64_t batch_bytes_limit;
    uint64_t batch_ops_limit;
    uint64_t answers_bytes_limit;
    uint64_t feed_heartbeat;
    char *access_log;             /* a file or "-"; NULL: none */
    struct texts trusted_proxies; /* host.h reads them; checked */
    struct texts cors_origins;    /* origin.h; checked */
    struct texts host_names;      /* without ports; checked */
    char *base_path;              /* base_path.h; NULL: none; checked */
    uint64_t log_level;           /* enum log_level */
    uint64_t log_format;          /* enum log_format */
    struct depot_options depot;
};

enum config_outcome {
    CONFIG_OK,
    CONFIG_HELP,    /* --help or -h was among the arguments */
    CONFIG_VERSION, /* --version or -V was */
    CONFIG_INVALID, /* stderr says what is wrong */
    CONFIG_NO_MEMORY,
};

/* Fills *ret_config from all sources; `arguments` are those after the command, ended by NULL. Free the
 * configuration whatever the outcome. Prints to stderr. Thread: before the others start. */
enum config_outcome config_load(char *const *arguments, struct config *ret_config);

/* Logs a warning for each CAIRN_... variable that no option reads, but for those that Kubernetes and docker set of
 * themselves, as CAIRN_PORT. */
void config_warn_of_variables(void);

void config_free(struct config *config);

#endif
