/* option.c - the table of options and what can be done with one. See option.h. */
#include "service/option.h"

#include "api/http/authority.h"
#include "api/http/base_path.h"
#include "api/http/host.h"
#include "api/http/origin.h"
#include "api/text/decimal.h"
#include "service/locator.h"
#include "service/nearest.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD(member) .offset = offsetof(struct config, member), .width = sizeof(((struct config *)0)->member)

static const char *const log_levels[] = {"info", "warning", "error", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const opening[] = {"lazy", "eager", NULL}; /* enum config_open_stores */
static const char *const off_on[] = {"off", "on", NULL};
static const char *const switches[] = {"false", "true", NULL};

const struct option option_table[] = {
    {"data", OPTION_PATH,
     "folder that holds the stores, made when missing, with those it lies in; or rados:POOL, rados:POOL/NAMESPACE, a "
     "pool of a Ceph cluster",
     FIELD(data)},
    {"ceph-conf", OPTION_PATH, "configuration file of that cluster; without the option, where Ceph looks for it",
     FIELD(ceph_conf)},
    {"ceph-user", OPTION_PATH, "user of that cluster, whose key the configuration leads to; without the option, admin",
     FIELD(ceph_user)},
    {"ceph-lease", OPTION_SECONDS,
     "a server that gets no answer from the cluster for so long ends, and another one may take over the pool",
     FIELD(ceph_lease), 3, 3600},
    {"ceph-cache", OPTION_SIZE, "memory for what was read of the pool lately", FIELD(ceph_cache), 0, TIB},
    {"advertise", OPTION_URL,
     "where clients find this server, without a path: others on the same pool send them there for the stores that this "
     "one has; without the option these stores go to whichever server is asked for them",
     FIELD(advertise)},
    {"listen", OPTION_ADDRESSES, "where to serve HTTP; may be given several times", FIELD(listen)},
    {"tls-cert", OPTION_PATH,
     "certificate of TLS listeners, in PEM, with those that lead to its authority behind it; read again at SIGHUP",
     FIELD(tls_cert)},
    {"tls-key", OPTION_PATH, "its key, in PEM without a passphrase; read again at SIGHUP", FIELD(tls_key)},
    {"stores", OPTION_NAMES,
     "stores to create and open at the start, separated by commas; /readyz says loading until they are open",
     FIELD(stores)},
    {"open-stores", OPTION_CHOICE,
     "open the stores that --stores does not name when they are first used, or at the start", FIELD(open_stores),
     .choices = opening},
    {"access", OPTION_PATH,
     "file that says who may do what, and has to be there; without the option, access.json in the data folder: "
     "`cairnd token --help` tells more",
     FIELD(access)},
    {"root-token-file", OPTION_PATH,
     "file that holds a token which may do everything, in the place of the one that the first start makes; the "
     "variable CAIRN_ROOT_TOKEN may hold it, too",
     FIELD(root_token_file)},
    {"open", OPTION_SWITCH, "everybody who can connect may do everything: there is no access control", FIELD(open),
     .choices = switches},
    {"metrics-open", OPTION_SWITCH, "everybody who can connect may read /metrics and /v1/live", FIELD(metrics_open),
     .choices = switches},
    {"console", OPTION_CHOICE, "whether there are pages for people at /console/", FIELD(console), .choices = off_on},
    {"threads", OPTION_COUNT, "threads that serve HTTP", FIELD(threads), 1, 64},
    {"connections-limit", OPTION_COUNT,
     "connections open at a time, as far as the system grants open files; a sixteenth (more where they are few) is "
     "kept "
     "for those that come when the others are taken: health checks are served, and the rest are told to come back",
     FIELD(connections_limit), 4, 1000000},
    {"connections-per-address", OPTION_COUNT,
     "of these, connections of one address (IPv6: of one /64); loopback and unix sockets may have any number",
     FIELD(connections_per_address), 1, 1000000},
    {"idle-timeout", OPTION_SECONDS, "a connection without a byte, or with half a request head, for so long is closed",
     FIELD(idle_timeout), 1, 86400},
    {"least-rate", OPTION_SIZE,
     "bytes a second that a body has to come with, and an answer to be read with, on average over the idle timeout or "
     "since it began; 0: any rate will do",
     FIELD(least_rate), 0, GIB},
    {"drain-delay", OPTION_SECONDS,
     "at SIGTERM: /readyz answers 503 at once, all else is served for so long; a second signal ends it",
     FIELD(drain_delay), 0, 86400},
    {"drain-timeout", OPTION_SECONDS,
     "after that no connection is accepted; requests that take longer than this are cut off", FIELD(drain_timeout), 0,
     86400},
    {"object-limit", OPTION_SIZE, "largest object", FIELD(depot.object_limit), 1, 1024 * TIB},
    {"inline-limit", OPTION_SIZE, "larger objects are stored as files of their own instead of in the log",
     FIELD(depot.inline_limit), 0, STORE_INLINE_LIMIT_MAX},
    {"batch-bytes-limit", OPTION_SIZE, "largest body of a batch", FIELD(batch_bytes_limit), KIB, TIB},
    {"batch-ops-limit", OPTION_COUNT, "most operations in a batch", FIELD(batch_ops_limit), 1, 10000000},
    {"answers-bytes-limit", OPTION_SIZE,
     "memory for answers that clients have not read yet; beyond it objects are sent from their files, listings are "
     "told to come back, and who waits for changes waits longer",
     FIELD(answers_bytes_limit), 64 * KIB, TIB},
    {"upload-expiry", OPTION_SECONDS,
     "an unfinished resumable upload that nobody has gone on with for so long is forgotten", FIELD(depot.upload_expiry),
     1, 31536000},
    {"uploads-kept", OPTION_COUNT,
     "unfinished resumable uploads of a store; more are refused, and of those that are done so many are remembered",
     FIELD(depot.uploads_kept), 1, 1000000},
    {"uploads-limit", OPTION_COUNT, "uploads that have a file open at a time; more are told to come back",
     FIELD(depot.uploads_limit), 1, 1000000},
    {"store-bytes-limit", OPTION_SIZE,
     "payload in memory on its way to the disk, for each store; what has arrived counts, a quarter is kept for small "
     "objects",
     FIELD(depot.store_bytes_limit), MIB, TIB},
    {"total-bytes-limit", OPTION_SIZE, "the same for all stores together", FIELD(depot.depot_bytes_limit), MIB, TIB},
    {"store-ops-limit", OPTION_COUNT, "writes under way, for each store", FIELD(depot.store_ops_limit), 1, 10000000},
    {"open-stores-limit", OPTION_COUNT,
     "idle stores kept open, beside small ones; the longest idle are closed beyond it", FIELD(depot.open_stores_limit),
     1, 1000000},
    {"store-idle-timeout", OPTION_SECONDS,
     "a store that nobody has used for so long is closed, and gives its memory back; 0: it stays open",
     FIELD(depot.store_idle_timeout), 0, 31536000},
    {"feed-retention", OPTION_SECONDS,
     "for so long deletions are told to those who follow a store's changes, although nothing else needs them",
     FIELD(depot.feed_retention), 0, 31536000},
    {"feed-heartbeat", OPTION_SECONDS,
     "after so long without a change those who get a store's changes as events are told that there is none, or a "
     "little "
     "sooner; shorter than the patience of proxies",
     FIELD(feed_heartbeat), 1, 86400},
    {"stores-limit", OPTION_COUNT, "stores that there may be; more are not made, those that are there stay",
     FIELD(depot.stores_limit), 1, 1000000},
    {"segment-size", OPTION_SIZE,
     "size of one file of a store's log, at most half of the disk reserve; 64MiB if that is 128MiB or more",
     FIELD(depot.segment_size), MIB, STORE_SEGMENT_MAX},
    {"disk-reserve", OPTION_SIZE,
     "space that puts leave to deletes and compaction, held in a file as far as the stores need it; 0: no file, other "
     "programs can take it all",
     FIELD(depot.disk_reserve), 0, TIB},
    {"commit-threads", OPTION_COUNT,
     "stores that are written to at the same time, each by a thread that waits for its sync",
     FIELD(depot.commit_threads), 1, 256},
    {"io-threads", OPTION_COUNT, "threads for large objects and other disk work", FIELD(depot.io_threads), 1, 256},
    {"access-log", OPTION_PATH, "file that gets a JSON line for each request; - is stdout", FIELD(access_log)},
    {"trusted-proxies", OPTION_NETWORKS,
     "proxies whose X-Forwarded-For is believed, separated by commas: addresses, networks such as 10.0.0.0/8, or unix "
     "for whoever comes over a unix socket",
     FIELD(trusted_proxies)},
    {"cors-origins", OPTION_ORIGINS,
     "origins whose pages may see answers and change things, such as https://app.example, separated by commas; *: "
     "those of all",
     FIELD(cors_origins)},
    {"host-names", OPTION_HOSTS,
     "names that requests may have in Host, separated by commas, without ports; others are refused. Without it any "
     "will do, but where everything is open to this machine only addresses, names without a dot and those below "
     ".localhost",
     FIELD(host_names)},
    {"base-path", OPTION_BASE_PATH,
     "path below which the server stands, such as /files, when a proxy passes on what begins with it; /healthz, "
     "/readyz and /metrics are at the root, too",
     FIELD(base_path)},
    {"log-level", OPTION_CHOICE, "least important lines to print", FIELD(log_level), .choices = log_levels},
    {"log-format", OPTION_CHOICE, "for people or for machines", FIELD(log_format), .choices = log_formats},
};
const size_t option_count = sizeof option_table / sizeof option_table[0];
static_assert(sizeof option_table / sizeof option_table[0] <= OPTION_COUNT_MAX, "more options than announced");

/* ---- names ---------------------------------------------------------------------------------- */

const struct option *option_find(const char *name, size_t length)
{
    for (size_t i = 0; i < option_count; i++)
        if (strlen(option_table[i].name) == length && memcmp(option_table[i].name, name, length) == 0)
            return &option_table[i];
    return NULL;
}

const struct option *option_nearest(const char *name, size_t length)
{
    char word[OPTION_NAME_MAX];
    const struct option *best = NULL;
    struct nearest nearest = {.word = word, .length = length};
    if (length > sizeof word)
        return NULL;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)(name[i] == '_' ? '-' : tolower((unsigned char)name[i]));
    for (size_t i = 0; i < option_count; i++) {
        nearest_try(&nearest, option_table[i].name);
        if (nearest.best == option_table[i].name)
            best = &option_table[i];
    }
    return best;
}

void option_variable(const struct option *option, char variable[OPTION_NAME_MAX])
{
    snprintf(variable, OPTION_NAME_MAX, "CAIRN_%s", option->name);
    for (char *c = variable; *c; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
}

void option_key(const struct option *option, char key[OPTION_NAME_MAX])
{
    snprintf(key, OPTION_NAME_MAX, "%s", option->name);
    for (char *c = key; *c; c++)
        if (*c == '-')
            *c = '_';
}

bool option_is_list(const struct option *option)
{
    switch (option->kind) {
    case OPTION_ADDRESSES:
    case OPTION_NAMES:
    case OPTION_NETWORKS:
    case OPTION_ORIGINS:
    case OPTION_HOSTS:
        return true;
    default:
        return false;
    }
}

/* ---- fields --------------------------------------------------------------------------------- */

static void *field_of(const struct option *option, struct config *config)
{
    return (char *)config + option->offset;
}

static void store_number(const struct option *option, struct config *config, uint64_t number)
{
    uint32_t narrow = (uint32_t)number;
    if (option->width == sizeof narrow)
        memcpy(field_of(option, config), &narrow, sizeof narrow);
    else
        memcpy(field_of(option, config), &number, sizeof number);
}

uint64_t option_number(const struct option *option, const struct config *config)
{
    const char *field = (const char *)config + option->offset;
    uint32_t narrow;
    uint64_t number;
    memcpy(&narrow, field, sizeof narrow);
    if (option->width == sizeof narrow)
        return narrow;
    memcpy(&number, field, sizeof number);
    return number;
}

static bool texts_add(struct texts *texts, const char *text, size_t length)
{
    char **items = realloc(texts->items, (texts->count + 1) * sizeof *items);
    if (!items)
        return false;
    texts->items = items;
    items[texts->count] = strndup(text, length);
    return items[texts->count] && ++texts->count;
}

static void texts_clear(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (struct texts){0};
}

static void path_clear(char **path)
{
    free(*path);
    *path = NULL;
}

void option_clear(const struct option *option, struct config *config)
{
    if (option_is_list(option))
        texts_clear(field_of(option, config));
    else if (option->kind == OPTION_PATH || option->kind == OPTION_BASE_PATH || option->kind == OPTION_URL)
        path_clear(field_of(option, config));
}

bool option_defaults(struct config *ret_config)
{
    *ret_config = (struct config){
        .data = strdup("./data"),
        .ceph_lease = 10,
        .ceph_cache = 64 * MIB,
        .console = true,
        .threads = CONFIG_THREADS,
        .connections_limit = 4096,
        .connections_per_address = 2048,
        .idle_timeout = 60,
        .least_rate = KIB,
        .drain_delay = 2,
        .drain_timeout = 30,
        .batch_bytes_limit = 64 * MIB,
        .batch_ops_limit = 10000,
        .answers_bytes_limit = 64 * MIB,
        .feed_heartbeat = 30,
        .log_level = LOG_INFO,
        .log_format = LOG_TEXT,
        .depot = depot_options_default(),
    };
    const char *listen = "127.0.0.1:8080";
    ret_config->depot.feed_retention = CONFIG_FEED_RETENTION;
    ret_config->depot.segment_size = depot_segment_size(&ret_config->depot); /* that applies */
    return ret_config->data && texts_add(&ret_config->listen, listen, strlen(listen));
}

/* ---- values --------------------------------------------------------------------------------- */

const struct unit option_sizes[] = {{"", 1},    {"K", KIB},   {"KiB", KIB}, {"M", MIB},   {"MiB", MIB},
                                    {"G", GIB}, {"GiB", GIB}, {"T", TIB},   {"TiB", TIB}, {NULL, 0}};
const struct unit option_times[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *units_of(const struct option *option)
{
    switch (option->kind) {
    case OPTION_SIZE:
        return option_sizes;
    case OPTION_SECONDS:
        return option_times;
    default:
        return count_units;
    }
}

/* Digits and a suffix of `units`; false for anything else and for what does not fit. */
static bool parse_number(const char *text, const struct unit *units, uint64_t *ret_number)
{
    struct decimal decimal = decimal_read(text, strlen(text));
    if (decimal.digits == 0 || decimal.overflows)
        return false;
    while (units->suffix && strcmp(units->suffix, text + decimal.digits) != 0)
        units++;
    return units->suffix && !__builtin_mul_overflow(decimal.number, units->factor, ret_number);
}

bool option_read_size(const char *text, uint64_t *ret_bytes)
{
    return parse_number(text, option_sizes, ret_bytes);
}

bool option_read_seconds(const char *text, uint64_t *ret_seconds)
{
    return parse_number(text, option_times, ret_seconds);
}

static bool set_number(const struct option *option, struct config *config, const char *value)
{
    uint64_t number;
    if (!parse_number(value, units_of(option), &number) || number < option->least || number > option->most)
        return false;
    store_number(option, config, number);
    return true;
}

static bool set_choice(const struct option *option, struct config *config, const char *value)
{
    for (size_t i = 0; option->choices[i]; i++)
        if (strcmp(option->choices[i], value) == 0) {
            store_number(option, config, i);
            return true;
        }
    return false;
}

static bool set_path(const struct option *option, struct config *config, const char *value)
{
    char **field = field_of(option, config);
    char *copy = *value ? strdup(value) : NULL;
    if (!copy)
        return false;
    free(*field);
    *field = copy;
    return true;
}

/* Whether a text may stand in the list. */
static bool is_item(const struct option *option, const char *text)
{
    struct locator locator;
    struct network network;
    switch (option->kind) {
    case OPTION_NETWORKS:
        return network_parse(text, strlen(text), &network);
    case OPTION_ORIGINS:
        return !origin_fault(text);
    case OPTION_HOSTS:
        return !authority_name_fault(text);
    case OPTION_NAMES:
        return store_name_valid(text);
    default:
        return !locator_parse(text, &locator);
    }
}

/* Listen addresses have commas of their own. */
static const char *item_end(const struct option *option, const char *item)
{
    return option->kind == OPTION_ADDRESSES ? item + locator_length(item) : strchrnul(item, ',');
}

static bool set_list(const struct option *option, struct config *config, const char *value)
{
    struct texts *texts = field_of(option, config);
    for (const char *item = value, *end;; item = end + 1) {
        end = item_end(option, item);
        if (!texts_add(texts, item, (size_t)(end - item)) || !is_item(option, texts->items[texts->count - 1]))
            return false;
        if (!*end)
            return true;
    }
}

static const char *item_fault(const struct option *option, const char *text)
{
    struct locator locator;
    if (option->kind == OPTION_ADDRESSES)
        return locator_parse(text, &locator);
    if (option->kind == OPTION_HOSTS)
        return authority_name_fault(text);
    return option->kind == OPTION_ORIGINS ? origin_fault(text) : NULL;
}

/* It is written like the origin of a page. */
static const char *url_fault(const char *value)
{
    if (strncasecmp(value, "http://", 7) != 0 && strncasecmp(value, "https://", 8) != 0)
        return "it has to begin with http:// or https://";
    return origin_fault(value);
}

const char *option_fault(const struct option *option, const char *value)
{
    const char *fault = NULL;
    if (option->kind == OPTION_BASE_PATH)
        return base_path_fault(value);
    if (option->kind == OPTION_URL)
        return url_fault(value);
    if (!option_is_list(option))
        return NULL;
    for (const char *item = value, *end = NULL; !fault && (!end || *end); item = end + 1) {
        end = item_end(option, item);
        char *text = strndup(item, (size_t)(end - item));
        fault = text ? item_fault(option, text) : NULL;
        free(text);
    }
    return fault;
}

bool option_set(const struct option *option, struct config *config, const char *value)
{
    switch (option->kind) {
    case OPTION_PATH:
        return set_path(option, config, value);
    case OPTION_BASE_PATH:
        return !base_path_fault(value) && set_path(option, config, value);
    case OPTION_URL:
        return !url_fault(value) && set_path(option, config, value);
    case OPTION_ADDRESSES:
    case OPTION_NAMES:
    case OPTION_NETWORKS:
    case OPTION_ORIGINS:
    case OPTION_HOSTS:
        return set_list(option, config, value);
    case OPTION_CHOICE:
    case OPTION_SWITCH:
        return set_choice(option, config, value);
    default:
        return set_number(option, config, value);
    }
}
