/* api.h - what HTTP means to cairn: a request becomes store calls becomes a response.
 *
 * The service owns sockets, threads and the libmicrohttpd daemons; it hands each daemon the four
 * callbacks below with the `struct api` as their closure. Everything behind them is in this folder:
 * one endpoint, one file; routes.c has the one table; reply.c makes every response.
 */
#ifndef CAIRN_API_H
#define CAIRN_API_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of memory to give each connection (MHD_OPTION_CONNECTION_MEMORY_LIMIT). libmicrohttpd clears them for each
 * request, so few is fast. The head of a request and then that of its answer have to fit in: what would leave too
 * little for the answer is refused (arrival.c). */
enum { API_CONNECTION_MEMORY = 18 << 10 };

struct api;
struct depot;
struct fault;
struct network;
struct rules;

/* API_LOG_AUDIT: who made, changed or destroyed a store. */
enum api_log_level { API_LOG_INFO, API_LOG_WARNING, API_LOG_ERROR, API_LOG_AUDIT };

/* What the service knows for GET /metrics. */
struct api_service_figures {
    size_t connections_busy;    /* with a request whose head has come */
    size_t connections_idle;    /* without */
    size_t connections_guests;  /* of both: those that found no place */
    size_t connections_closing; /* answered, and dropping what their clients still send */
    size_t connections_limit;
    uint64_t connections_accepted; /* since the start */
    uint64_t record_lines;         /* of the log of requests: written, and left out */
    uint64_t record_dropped;
    double cpu_seconds; /* of the process, in user and in system mode */
    uint64_t resident_bytes, virtual_bytes;
    uint64_t open_files, most_files;
    double start_seconds; /* since 1970 */
    uint64_t disk_bytes;  /* of the disk that the data folder is on; 0: it does not tell */
};

struct api_options {
    struct depot *depot;        /* borrowed: must outlive the api */
    const char *version;        /* of the program, for who asks at `/`; static */
    const char *address;        /* where this server serves, as other servers tell it; borrowed; NULL: they do not */
    uint64_t upload_expiry;     /* seconds, of an unfinished upload that nobody goes on with */
    uint64_t object_limit;      /* bytes in the largest object: told with 413 before the body is read */
    uint64_t batch_bytes_limit; /* bytes in the body of a batch */
    size_t batch_ops_limit;     /* operations in a batch */
    size_t answers_bytes_limit; /* bytes of answers in memory, those of batches apart */
    uint64_t feed_heartbeat;    /* seconds after which a silent stream of events is heard, at the latest */
    bool metrics_open;          /* GET /metrics asks for no right */
    bool console;               /* there are pages for people */
    bool open;                  /* without rules everything is open because the operator says so */
    /* Whether a connection found no place: it is told how the server is, or else that it has to come back. NULL: never.
     * Thread: the daemon's. */
    bool (*guest)(struct MHD_Connection *connection);
    /* Whether the thread has nobody but this connection to serve, and others serve those who come: then it may wait for
     * the disk until its next turn. NULL: never. Thread: the daemon's. */
    bool (*may_wait)(struct MHD_Connection *connection);
    /* Resumes a suspended connection and wakes the loop that its daemon runs in, which MHD_resume_connection()
     * alone does only for a daemon with a thread of its own. NULL: that function. Thread: any. */
    void (*resume)(struct MHD_Connection *connection);
    /* Bytes of answers since the connection was opened: that the system was given, and that the client has taken. NULL:
     * nobody knows. Thread: the daemon's. */
    void (*moved)(struct MHD_Connection *connection, uint64_t *ret_given, uint64_t *ret_taken);
    /* Fills in what the service knows. NULL: all of it is 0. It may ask the disk. Thread: any. */
    void (*figures)(void *arg, struct api_service_figures *ret_figures);
    void *figures_arg;
    /* Those whose X-Forwarded-For is believed; borrowed. */
    const struct network *proxies;
    size_t proxy_count;
    /* Origins whose pages may see answers and change things, `*`: those of all (origin.h); borrowed. */
    char *const *cors_origins;
    size_t cors_origin_count;
    /* Below which all paths are (base_path.h); borrowed. NULL: they are at the root. */
    const char *base_path;
    /* Names that this server goes by, without ports; borrowed. None: any. */
    char *const *host_names;
    size_t host_name_count;
    /* Takes a line of the log of requests, one JSON object with a line feed, and must not block. NULL: there is no such
     * log. Thread: the daemon's. */
    void (*record)(struct MHD_Connection *connection, const char *line, size_t length);
    void (*log)(void *arg, enum api_log_level level, const char *sentence); /* NULL: silence; any thread */
    void *log_arg;
};

/* NULL when memory is out. */
struct api *api_new(const struct api_options *options);

/* Who may do what from here on (access/rules.h); requests that have begun go on by what held then. Takes the caller's
 * reference. NULL, as in the beginning: everything is open to all. Thread: any. */
void api_set_rules(struct api *api, struct rules *rules);

/* To be called once a second: has figures made of it, for who looks on (live/live.h). Does not block. Thread: one. */
void api_look(struct api *api);

/* Waits until nothing that api_look() has begun is under way, nor what requests have left behind; to be called before
 * the depot is closed, when there are no requests any more. Thread: that of api_look(). */
void api_rest(struct api *api);

/* From here on /readyz says 503 and every answer carries `Connection: close`. Thread: any. */
void api_drain(struct api *api);

/* Requests begun and not completed. The service stops the daemons only when none is left. Thread: any. */
size_t api_requests(const struct api *api);

/* Why the service has ended a connection before its client had all that it asked for. */
enum api_eviction {
    API_EVICTED_HEAD,   /* the head of a request did not become whole */
    API_EVICTED_BODY,   /* a body came too slowly */
    API_EVICTED_ANSWER, /* an answer was read too slowly */
    API_EVICTED_IDLE,   /* it had no request for too long */
    API_EVICTIONS       /* their number */
};

/* Counts one for GET /metrics. Thread: any. */
void api_count_eviction(struct api *api, enum api_eviction reason);

/* Records that a connection has ended amid the head of a request, of which nothing is known. Thread: the daemon's. */
void api_record_cut(struct api *api, struct MHD_Connection *connection);

/* After the last daemon has stopped. NULL is allowed. */
void api_free(struct api *api);

/* In place of api_access() for a message that is known to have a fault: takes what is in front of it as ever, and then
 * answers it. Thread: the daemon's. */
enum MHD_Result api_reject(void *request, const struct fault *fault, const char *method, const char *upload_data,
                           size_t *upload_data_size);

/* The client of a request, which api_uri() has made and api_completed() has not ended, has closed its side or broken
 * off. Who waits for something to happen does not wait on for it. May be called again. Thread: the daemon's. */
void api_left(void *request);

/* The callbacks of libmicrohttpd; closure: the struct api. Thread: the daemon's. */
enum MHD_Result api_access(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload_data, size_t *upload_data_size,
                           void **request_closure); /* MHD_AccessHandlerCallback */
void api_completed(void *closure, struct MHD_Connection *connection, void **request_closure,
                   enum MHD_RequestTerminationCode reason);                        /* MHD_OPTION_NOTIFY_COMPLETED */
void *api_uri(void *closure, const char *uri, struct MHD_Connection *connection);  /* MHD_OPTION_URI_LOG_CALLBACK */
size_t api_unescape(void *closure, struct MHD_Connection *connection, char *text); /* identity: the raw path arrives */

#endif
