/* endpoint.h - all endpoints. Each lives in the file of its name and appears in the table of routes.c. */
#ifndef CAIRN_API_ENDPOINT_H
#define CAIRN_API_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

struct request;

enum { ENDPOINT_PARAMETERS_MAX = 8 };

/* The version of https://tus.io/protocols/resumable-upload that is spoken here. */
#define TUS_VERSION "1.0.0"

/* What an endpoint does. Each function may answer (reply.h) or wait (request.h); until one of them
 * has answered the next one is called in its turn. Thread: the daemon's. */
struct endpoint {
    /* The head is known, the body is not yet wanted: the place for every refusal. NULL: there is none. */
    void (*begin)(struct request *request);
    /* Bytes of the body, in order; returns how many it took. Fewer than given: it waits, and the
     * rest comes again. NULL: a body is read and dropped. */
    size_t (*receive)(struct request *request, const char *bytes, size_t length);
    /* The body has come whole: must answer or wait. NULL: `begin` has answered. */
    void (*finish)(struct request *request);
    /* What came is not all, or not what its sender says of it, and this is called in place of `finish`: it answers
     * request->tear, and how much has been done, or waits. NULL: nothing has been done before `finish`. */
    void (*torn)(struct request *request);
    /* `finish` mostly answers at once: it is called without request_settle(), which it uses itself. */
    bool prompt;
    /* The query parameters it knows, NULL behind the last. A request with another one is refused before anything is
     * done (arrival.c): it may be a known one misspelt, or part of a key. */
    const char *parameters[ENDPOINT_PARAMETERS_MAX + 1];
    /* It takes any query, and looks at no other parameters. */
    bool any_query;
    /* Its body is an object as it is: fields that are kept with one (kept.h) may come with it. Or it looks at its
     * coding itself. */
    bool keeps;
    /* It knows the parameters of links besides, which are looked at before it begins (permit.h). */
    bool links;
    /* It changes something and takes no preconditions: a request that has some is refused. */
    bool unconditional;
    /* The objects that it writes have their fields already: a request that has some for one is refused. */
    bool carries;
    /* It compares the digests of its body itself, as its bytes pass (sums.h). */
    bool sums;
    /* It holds answers back until something happens: how long they take says nothing of the server. */
    bool holds;
    /* What it answers depends on Accept. */
    bool negotiates;
    /* It tells how the server is: also those who find no place among the connections, and outside of the base path,
     * for who asks past the proxy. */
    bool guests;
    /* It speaks tus 1.0.0, with those who say that they do (arrival.c). */
    bool tus;
    /* What a file call that failed has hindered: "the object cannot be read". NULL: the engine says it. */
    const char *fault;
    /* The client has closed its side, or more than that, and the request waits or goes on: it may be another thread's
     * just now. May be called several times. NULL: it is no matter. */
    void (*left)(struct request *request);
    /* Frees request->state, whatever became of the request. NULL: it is free()d. */
    void (*end)(struct request *request);
};

extern const struct endpoint endpoint_object_put;
extern const struct endpoint endpoint_object_get;
extern const struct endpoint endpoint_object_delete;
extern const struct endpoint endpoint_object_move;
extern const struct endpoint endpoint_object_copy;
extern const struct endpoint endpoint_object_list;
extern const struct endpoint endpoint_batch;
extern const struct endpoint endpoint_batch_get;
extern const struct endpoint endpoint_move_post;
extern const struct endpoint endpoint_copy_post;
extern const struct endpoint endpoint_archive_get;
extern const struct endpoint endpoint_archive_post;
extern const struct endpoint endpoint_links;
extern const struct endpoint endpoint_verify;
extern const struct endpoint endpoint_compact;
extern const struct endpoint endpoint_uploads_post;
extern const struct endpoint endpoint_uploads_list;
extern const struct endpoint endpoint_upload_head;
extern const struct endpoint endpoint_upload_patch;
extern const struct endpoint endpoint_upload_delete;
extern const struct endpoint endpoint_store_put;
extern const struct endpoint endpoint_store_get;
extern const struct endpoint endpoint_store_patch;
extern const struct endpoint endpoint_store_delete;
extern const struct endpoint endpoint_handover;
extern const struct endpoint endpoint_owner;
extern const struct endpoint endpoint_changes;
extern const struct endpoint endpoint_live;
extern const struct endpoint endpoint_store_live;
extern const struct endpoint endpoint_stores_list;
extern const struct endpoint endpoint_access;
extern const struct endpoint endpoint_about;
extern const struct endpoint endpoint_healthz;
extern const struct endpoint endpoint_readyz;
extern const struct endpoint endpoint_metrics;
extern const struct endpoint endpoint_openapi;
extern const struct endpoint endpoint_console;
extern const struct endpoint endpoint_options;

#endif
