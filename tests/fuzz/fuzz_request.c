/* fuzz_request.c - bytes that a client sends: through libmicrohttpd and the whole api, to a store on a disk in memory.
 *
 * The input is what arrives on one connection, one request or several, before the client closes its side. Every input
 * must come to an end: the connection closes, no request stays behind, and what was answered is HTTP with a status that
 * a client can cause and a body that is what it says.
 *
 * The depot lives on; a store that an input has changed is made anew, so that inputs do not depend on each other.
 */
#include "api/api.h"
#include "api/http/wire.h"
#include "service/transport.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/ticket.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 8 /* seconds */ };

static struct site {
    struct sim_disk *disk;
    struct depot *depot;
    struct api *api;
    struct MHD_Daemon *daemon;
    int wake;         /* eventfd: a connection was resumed, of which select() does not know */
    struct wire wire; /* of the one connection */
    bool connected;   /* it is there: libmicrohttpd may still have to end it when the client sees its end */
    uint64_t messages;
    void *request;    /* begun and not completed */
    uint64_t records; /* of the store before the input */
} site;

/* What came back. */
struct answer {
    char *bytes;
    size_t length, capacity;
};

/* ---- the store ------------------------------------------------------------------------------- */

static void fill_store(struct store *store)
{
    struct store_op ops[2] = {{.kind = STORE_PUT, .key = store_key_of("a", 1), .payload = "abc", .size = 3},
                              {.kind = STORE_PUT, .key = store_key_of("b/c", 3), .payload = "0123456789", .size = 10}};
    struct ticket ticket;
    ticket_init(&ticket);
    fuzz_assert(store_batch(store, ops, 2, 0, ticket_done, &ticket, NULL) == STORE_OK);
    fuzz_assert(ticket_wait(&ticket) == STORE_OK);
    ticket_destroy(&ticket);
}

static uint64_t records_of(struct store *store)
{
    struct store_figures figures;
    store_figures(store, &figures);
    return figures.records;
}

/* The store "s" with two objects, and no other. */
static void make_stores(void)
{
    char **names;
    size_t count;
    struct store *store;
    bool created;
    fuzz_assert(depot_names(site.depot, &names, &count) == STORE_OK);
    for (size_t i = 0; i < count; i++)
        fuzz_assert(depot_delete(site.depot, names[i], true, NULL) == STORE_OK);
    free(names);
    fuzz_assert(depot_create(site.depot, "s", &created, NULL) == STORE_OK);
    fuzz_assert(depot_acquire(site.depot, "s", &store, NULL) == STORE_OK);
    fill_store(store);
    site.records = records_of(store);
    depot_release(store);
}

static bool found(void *arg, const struct upload_info *info)
{
    (void)info;
    *(bool *)arg = true;
    return false;
}

static bool has_uploads(struct store *store)
{
    bool any = false;
    fuzz_assert(upload_list(store, 0, found, &any) == STORE_OK);
    return any;
}

static bool has_limits(struct store *store)
{
    struct store_figures figures;
    store_figures(store, &figures);
    return figures.limits.bytes.set || figures.limits.objects.set;
}

static bool stores_changed(void)
{
    char **names;
    size_t count;
    struct store *store;
    fuzz_assert(depot_names(site.depot, &names, &count) == STORE_OK);
    bool same = count == 1 && strcmp(names[0], "s") == 0 && depot_try_acquire(site.depot, "s", &store) == STORE_OK;
    free(names);
    if (!same)
        return true;
    same = records_of(store) == site.records && !has_uploads(store) && !has_limits(store);
    depot_release(store);
    return !same;
}

/* ---- the server ------------------------------------------------------------------------------ */

/* Thread: any. */
static void resume(struct MHD_Connection *connection)
{
    uint64_t one = 1;
    MHD_resume_connection(connection);
    fuzz_assert(write(site.wake, &one, sizeof one) == sizeof one);
}

/* Waits until libmicrohttpd has something to do, a second at most, and lets it. By select(), which tells again and
 * again that a client has closed. */
static void run_daemon(void)
{
    fd_set reads, writes, errors;
    int highest = site.wake;
    uint64_t calls;
    MHD_UNSIGNED_LONG_LONG milliseconds;
    FD_ZERO(&reads);
    FD_ZERO(&writes);
    FD_ZERO(&errors);
    fuzz_assert(MHD_get_fdset(site.daemon, &reads, &writes, &errors, &highest) == MHD_YES);
    FD_SET(site.wake, &reads);
    struct timeval patience = {.tv_sec = 1};
    if (MHD_get_timeout(site.daemon, &milliseconds) == MHD_YES && milliseconds < 1000)
        patience = (struct timeval){.tv_usec = (suseconds_t)milliseconds * 1000};
    fuzz_assert(select(highest + 1, &reads, &writes, &errors, &patience) >= 0 || errno == EINTR);
    if (read(site.wake, &calls, sizeof calls) < 0)
        fuzz_assert(errno == EAGAIN);
    fuzz_assert(MHD_run_from_select(site.daemon, &reads, &writes, &errors) == MHD_YES);
}

/* As cairnd does: libmicrohttpd forgets requests whose arguments do not fit into its memory. */
static void end_forgotten_request(struct MHD_Connection *connection)
{
    if (site.request)
        api_completed(site.api, connection, &site.request, MHD_REQUEST_TERMINATED_WITH_ERROR);
}

static void *on_uri(void *closure, const char *uri, struct MHD_Connection *connection)
{
    end_forgotten_request(connection);
    site.messages++;
    site.request = api_uri(closure, uri, connection);
    return site.request;
}

static enum MHD_Result on_access(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload_data, size_t *upload_data_size,
                                 void **request_closure)
{
    const struct fault *fault = wire_fault(&site.wire, site.messages);
    if (fault)
        return api_reject(*request_closure, fault, method, upload_data, upload_data_size);
    return api_access(closure, connection, url, method, version, upload_data, upload_data_size, request_closure);
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **request_closure,
                         enum MHD_RequestTerminationCode reason)
{
    api_completed(closure, connection, request_closure, reason);
    wire_answered(&site.wire);
    site.request = NULL;
}

static void on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    int handle = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    (void)closure, (void)socket_context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        wire_begin(&site.wire);
        site.connected = true;
        site.messages = 0;
        fuzz_assert(transport_watch(handle, &site.wire, NULL));
        return;
    }
    end_forgotten_request(connection);
    transport_forget(handle);
    wire_end(&site.wire);
    site.connected = false;
}

static void start_daemon(void)
{
    site.daemon = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
                                   site.api, MHD_OPTION_URI_LOG_CALLBACK, on_uri, site.api, MHD_OPTION_NOTIFY_COMPLETED,
                                   on_completed, site.api, MHD_OPTION_NOTIFY_CONNECTION, on_connection, site.api,
                                   MHD_OPTION_UNESCAPE_CALLBACK, api_unescape, site.api,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)API_CONNECTION_MEMORY,
                                   MHD_OPTION_CONNECTION_TIMEOUT, 1U, MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
    fuzz_assert(site.daemon);
}

static void stop(void)
{
    MHD_stop_daemon(site.daemon);
    api_rest(site.api);
    api_free(site.api);
    depot_close(site.depot);
    sim_disk_free(site.disk);
    close(site.wake);
    transport_end();
}

static void start(void)
{
    struct depot_options options = depot_options_default();
    site.disk = sim_disk_new(1);
    options.io = sim_disk_io(site.disk);
    options.io_threads = 1;
    options.disk_reserve = 0;
    fuzz_assert(depot_open("/data", &options, &site.depot, NULL) == STORE_OK);
    struct api_options api = {.depot = site.depot,
                              .version = "0",
                              .object_limit = 1 << 20,
                              .batch_bytes_limit = 1 << 20,
                              .batch_ops_limit = 16,
                              .answers_bytes_limit = 4 << 20,
                              .feed_heartbeat = 1,
                              .resume = resume};
    site.api = api_new(&api);
    depot_end_watches(site.depot); /* an input is to have an end */
    site.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fuzz_assert(site.api && site.wake >= 0);
    start_daemon();
    make_stores();
    atexit(stop);
}

/* ---- one connection -------------------------------------------------------------------------- */

static int connect_client(void)
{
    int ends[2];
    struct sockaddr address = {.sa_family = AF_UNIX};
    fuzz_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    fuzz_assert(MHD_add_connection(site.daemon, ends[1], &address, sizeof address) == MHD_YES);
    return ends[0];
}

/* Takes what has come; false when the other side has closed. */
static bool receive(int client, struct answer *answer)
{
    for (;;) {
        if (answer->length == answer->capacity) {
            answer->capacity = answer->capacity * 2 + 8192;
            answer->bytes = realloc(answer->bytes, answer->capacity);
            fuzz_assert(answer->bytes);
        }
        ssize_t got = recv(client, answer->bytes + answer->length, answer->capacity - answer->length, 0);
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EINTR);
        answer->length += (size_t)got;
    }
}

/* Sends what the socket takes; after the last byte the client's side is closed. */
static void transmit(int client, const uint8_t **data, size_t *size)
{
    if (!*data)
        return;
    ssize_t sent = send(client, *data, *size, MSG_NOSIGNAL);
    if (sent > 0) {
        *data += sent;
        *size -= (size_t)sent;
    }
    if (*size == 0 || (sent < 0 && errno != EAGAIN)) {
        shutdown(client, SHUT_WR);
        *data = NULL;
    }
}

static void converse(const uint8_t *data, size_t size, struct answer *answer)
{
    int client = connect_client();
    time_t deadline = time(NULL) + PATIENCE;
    for (bool open = true; open;) {
        transmit(client, &data, &size);
        run_daemon();
        open = receive(client, answer);
        fuzz_assert(time(NULL) <= deadline);
    }
    close(client);
    while (site.connected || site.request || api_requests(site.api) > 0) {
        run_daemon();
        fuzz_assert(time(NULL) <= deadline);
    }
}

/* ---- what must hold of the answer ------------------------------------------------------------ */

static void assert_status(int status)
{
    static const int statuses[] = {100, 200, 201, 202, 204, 206, 304, 400, 403, 404, 405, 408, 409, 410, 411,
                                   412, 413, 414, 415, 416, 417, 422, 423, 431, 460, 501, 503, 505, 507};
    size_t i = 0;
    while (i < sizeof statuses / sizeof *statuses && statuses[i] != status)
        i++;
    fuzz_assert(i < sizeof statuses / sizeof *statuses);
}

/* The value of a field in a head that a NUL ends. */
static const char *field(const char *head, const char *name)
{
    const char *line = strcasestr(head, name);
    return !line ? "" : line + strlen(name);
}

static void assert_json(const char *body, size_t length)
{
    json_error_t error;
    json_t *json = json_loadb(body, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    fuzz_assert(json_is_object(json));
    json_decref(json);
}

/* Looks at the first answer that is not an interim one; where the next one begins only its request could tell. */
static void assert_answer(char *bytes, size_t length, bool head_only)
{
    char *end = length > 0 ? memmem(bytes, length, "\r\n\r\n", 4) : NULL;
    if (!end)
        return; /* the client went away before its answer */
    fuzz_assert(strncmp(bytes, "HTTP/1.", 7) == 0);
    *end = '\0';
    char *body = end + 4;
    int status = atoi(bytes + strlen("HTTP/1.1 "));
    size_t left = length - (size_t)(body - bytes), size = strtoull(field(bytes, "\r\nContent-Length: "), NULL, 10);
    assert_status(status);
    if (status == 100) {
        assert_answer(body, left, head_only);
        return;
    }
    const char *type = field(bytes, "\r\nContent-Type: ");
    bool json = strncmp(type, "application/json", 16) == 0 || strncmp(type, "application/problem+json", 24) == 0;
    bool own = !strcasestr(bytes, "\r\nETag: ") || status >= 201; /* not an object's bytes */
    if (json && own && !head_only && status != 304 && size <= left)
        assert_json(body, size);
}

/* Empty lines in front of a request are passed over (RFC 9112, section 2.2). */
static bool asks_for_head(const uint8_t *data, size_t size)
{
    while (size > 0 && (*data == '\r' || *data == '\n')) {
        data++;
        size--;
    }
    return size >= 4 && memcmp(data, "HEAD", 4) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct answer answer = {0};
    if (!site.depot)
        start();
    converse(data, size, &answer);
    assert_answer(answer.bytes, answer.length, asks_for_head(data, size));
    free(answer.bytes);
    if (stores_changed())
        make_stores();
    return 0;
}
