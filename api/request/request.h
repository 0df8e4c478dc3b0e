/* request.h - one request, from its first line to its completion.
 *
 * Happy path of a PUT: api_uri() makes the request when its first line has come; the first call of the
 * access handler reads the head, finds the endpoint and lets it `begin`; each chunk of the body goes to
 * `receive`; the last call lets it `finish`. The answer is made by reply.c, kept here, and queued where
 * libmicrohttpd keeps the connection alive: in the last call. libmicrohttpd calls api_completed() when
 * the answer is out or the client gone, and that frees the request.
 *
 * Waiting: an endpoint calls request_suspend() *first*, then hands its work over and returns. Whoever
 * does the work stores what came of it in the request and calls request_resume() as its last statement;
 * from then on the request is the daemon's again. The handler is called once more and goes on with the
 * step that request_suspend() was given. api_completed() never comes while a connection is suspended, so
 * that a request outlives the work it waits for.
 *
 * Refusals: an answer made before the body was wanted is sent at once, so that nobody uploads for
 * nothing. A client that did not ask for `100 Continue` may be sending already: a moderate rest of the
 * body is read and dropped, and the connection lives on; with more to come the answer is sent at once, into
 * the middle of it if need be (interrupt.h), and the connection closes, which leaves the service time for the
 * client to find the answer (farewell.h).
 */
#ifndef CAIRN_API_REQUEST_H
#define CAIRN_API_REQUEST_H

#include "api/access/visitor.h"
#include "api/api.h"
#include "api/http/field_lines.h"
#include "api/http/fields.h"
#include "api/http/host.h"
#include "api/http/problem.h"
#include "api/http/request_id.h"
#include "api/http/uri.h"
#include "api/request/budget.h"
#include "api/request/endpoint.h"
#include "api/request/receipt.h"
#include "api/request/route.h"
#include "store/store.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct digest;

/* Bytes of a body that are read and dropped so that the connection lives on. */
enum { REQUEST_DRAIN_MAX = 1 << 20 };

enum request_phase {
    REQUEST_HEAD, /* the access handler has not been called, or the endpoint is still beginning */
    REQUEST_BODY, /* calls with bytes bring the body; the one without is the last */
    REQUEST_SENT, /* the answer is queued */
};

/* What comes next. Thread: the daemon's. */
typedef void request_step(struct request *request);

/* What is done about a store that another server has: the client is sent there, it is brought here, or it is told. */
enum request_errand { REQUEST_SENDS, REQUEST_BRINGS, REQUEST_TELLS };

struct request {
    struct api *api;
    struct MHD_Connection *connection;
    enum request_phase phase;
    bool counted;   /* api_requests() knows of it */
    bool suspended; /* set by request_suspend() until the handler is called again */
    bool reject;    /* answer at once and close, whatever the body */
    bool guest;     /* its connection found no place, and ends with the answer */
    bool left;      /* its client has closed its side: it has gone, or takes the answer still */
    request_step *then;

    enum method method;
    struct fields fields;
    uint64_t body_length;  /* as announced; STORE_SIZE_UNKNOWN: chunked */
    uint64_t received;     /* bytes of it that the endpoint has taken */
    size_t dropped;        /* bytes of it that nobody wanted */
    struct digest *digest; /* owned: what it is said to add up to (sums.h); NULL: nobody has said, or will */
    char *tear;            /* owned: why it cannot be taken whole, a sentence for endpoint->torn */
    enum problem tear_problem;

    struct visitor visitor;    /* who asks; known once the endpoint begins */
    const struct route *route; /* NULL: its path leads nowhere */
    const struct endpoint *endpoint;
    const struct demand *demand; /* what it asks of the visitor */
    struct slice authority;      /* what the client calls this server */
    struct slice path, query;
    struct slice resource;  /* the path below the base path: what routes are about */
    bool outside;           /* it does not stand below it; the resource is the path then */
    const char *store_name; /* NULL: the path names none */
    bool has_key;
    struct store_key key; /* the object the path names */
    uint64_t upload;      /* the upload that it names */
    struct store *store;  /* a reference, once request_acquire() has got it */
    void *state;          /* the endpoint's own */

    request_step *job;         /* what an I/O thread does: see request_offload() */
    struct portions *portions; /* of content that is made as it goes out */
    request_step *acquired;    /* what follows request_acquire_store() */
    const char *wanted_name;   /* what it looks for, and where the reference goes */
    struct store **wanted;
    enum request_errand errand;   /* and what for, where another server has it */
    enum store_error error;       /* what came of the work that was waited for */
    int os_error;                 /* the errno beside it, or 0 */
    struct store_overrun overrun; /* beside STORE_QUOTA */
    uint64_t oldest;              /* beside STORE_GONE */
    char *detail;                 /* owned; a sentence of the engine about it, or NULL */
    char *owner;                  /* owned; of STORE_ELSEWHERE: where the store is served; NULL: nobody says */
    bool created;                 /* of a store: it was not there */
    struct receipt receipt;       /* of the write that was waited for, when error is STORE_OK */
    const char *receipt_store;    /* the store that write went to */

    const char *destination_store; /* of a move or a copy, once it is known; borrowed */
    struct store_key destination_key;

    struct MHD_Response *response; /* the answer, owned until it is queued */
    struct field_lines lines;      /* of its fields, until then */
    int64_t date;                  /* that it tells: the second, since 1970, when it was made */
    unsigned status;               /* 0: none yet; with a status and no response, memory was out */
    enum problem problem;          /* that it tells of; PROBLEMS: none */
    const char *content;           /* of an answer that is in memory, borrowed from it */
    size_t content_length;
    uint64_t answer_length;     /* bytes of content; STORE_SIZE_UNKNOWN: it comes in portions */
    uint64_t handed;            /* of such content: bytes so far */
    uint64_t given;             /* bytes of earlier answers when it was queued: see record_answer() */
    bool answered;              /* it is queued, or written */
    bool written;               /* it was written by interrupt.h, whole */
    struct budget_share answer; /* memory that the answer takes, until it is out */

    int64_t began;   /* nanoseconds of a clock that only goes forward */
    uint64_t number; /* that no other request of this process has */
    const char *id;  /* request_id() */
    char made_id[REQUEST_ID_MADE_SIZE];

    size_t target_length;
    char target[]; /* a copy of the request target; path, query, names and keys point into it. Behind it one more, as it
                      came: in the first one keys are decoded where they stand */
};

/* A request for a target; NULL when memory is out. Thread: the daemon's. */
struct request *request_new(struct api *api, struct MHD_Connection *connection, const char *target);

/* Frees it and all it holds; an upload that was not committed is aborted. Thread: the daemon's. */
void request_free(struct request *request);

/* Frees what the endpoint keeps of it, once the answer is made: the client may be long in taking that. Thread: the
 * daemon's. */
void request_drop_state(struct request *request);

/* Something is wrong with a body of which perhaps much has been taken: answers that, printf's way, or keeps it as
 * request->tear where the endpoint itself has to answer it, by endpoint->torn. */
void request_tear(struct request *request, enum problem problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Suspends the connection; `then` runs after request_resume(). Between this call and the return to the
 * access handler only hand the work over: the request is no longer this thread's. */
void request_suspend(struct request *request, request_step *then);

/* For the last call: `then` runs when libmicrohttpd has stopped reading for this request. If it is suspended
 * before that, a resume begins with a futile recv(), and takes a client that has closed its side after sending for
 * one that is gone. Costs one turn of the event loop. */
void request_settle(struct request *request, request_step *then);

/* Whether the thread may wait for the disk for the sake of this request, since it has no other client. */
bool request_may_wait(const struct request *request);

/* The last statement of whoever did the work. Thread: any. */
void request_resume(struct request *request);

/* Suspends, runs `job` on an I/O thread, then `then`. When the engine takes no jobs, `job` does not
 * run, request->error says why, and `then` runs all the same. */
void request_offload(struct request *request, request_step *job, request_step *then);

/* For a request that is suspended: runs `job` on an I/O thread, however many wait, and resumes it. Also when `job` did
 * not run: request->error says why. Thread: any. */
void request_work(struct request *request, request_step *job);

/* For content that is under way: suspends until request_work() is done, or request_resume(); then libmicrohttpd asks
 * for the content again. */
void request_pause(struct request *request);

/* Gets a reference to a store, waiting if need be, then runs `then` (NULL: what follows is in the body); answers by
 * itself when there is no such store. The name and *ret_store have to live until then. */
void request_acquire_store(struct request *request, const char *name, struct store **ret_store, request_step *then);

/* The same, and a store that another server has is brought here; when it is in use there 503 is answered. */
void request_bring_store(struct request *request, const char *name, struct store **ret_store, request_step *then);

/* The same as request_acquire_store() for the store of the path: request->store. Where another server says that it has
 * the store, `then` runs without it, and request->owner tells which. */
void request_find_store(struct request *request, request_step *then);

/* The same as request_acquire_store() for the store of the path: request->store. */
void request_acquire(struct request *request, request_step *then);

/* The completion of a write with one receipt (a store_done): stores what came of it and resumes.
 * Thread: the engine's. */
void request_done(void *request, const struct store_result *result);

/* Suspends and hands one step to the engine; `then` runs with request->error and the receipt. The step
 * is borrowed until then. */
void request_commit(struct request *request, const struct store_op *op, request_step *then);

/* The same for a step whose target is in another store. */
void request_commit_copy(struct request *request, const struct store_op *op, struct store *target, bool move,
                         request_step *then);

/* Keeps what a call of the engine returned, and errno beside STORE_IO: on the thread of the call, right behind it. */
void request_keep_error(struct request *request, enum store_error error);

/* Keeps a sentence of the engine for the answer, and who has the store. */
void request_keep_detail(struct request *request, const struct store_detail *detail);

/* Nanoseconds since its head had come. */
int64_t request_age(const struct request *request);

/* Its name, the one that the client has chosen if that can be read already and is sane. It is made when first asked
 * for, and lives as long as the request. */
const char *request_id(struct request *request);

/* The other end of a connection. */
struct host request_peer(struct MHD_Connection *connection);

/* The path below which this server stands, "" for none (base_path.h). */
const char *request_base_path(const struct request *request);

/* A field of the head, NULL when it is absent. */
static inline const char *request_field(const struct request *request, enum field field)
{
    return request->fields.values[field];
}

#endif
