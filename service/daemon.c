/* daemon.c - libmicrohttpd's part of a loop. See daemon.h. */
#include "service/daemon.h"

#include "service/clients.h"
#include "service/logger.h"

#include <microhttpd.h>
#include <sys/epoll.h>

/* ---- its clients ----------------------------------------------------------------------------- */

void daemon_give(struct loop *loop, struct client *client)
{
    client->next = NULL;
    *loop->arriving_end = client;
    loop->arriving_end = &client->next;
    /* Without this watch (no memory) the end of a client may only show when the idle timeout is over. */
    loop_watch(loop, client->socket, EPOLLRDHUP | EPOLLET, client);
    MHD_add_connection(loop->daemon, client->socket, (const struct sockaddr *)&client->address, client->address_length);
}

/* The client of this socket, off the list of the arriving. libmicrohttpd tells of them in their order, from inside
 * MHD_add_connection() (0.9) or of all together from the next MHD_run() (1.0), so that it is the first one. Those that
 * it refuses are left out. */
static struct client *take_arriving(struct loop *loop, int socket)
{
    struct client **link = &loop->arriving;
    while ((*link)->socket != socket)
        link = &(*link)->next;
    struct client *client = *link;
    *link = client->next;
    if (!*link)
        loop->arriving_end = link;
    return client;
}

void daemon_forget_refused(struct loop *loop)
{
    while (loop->arriving) {
        struct client *client = loop->arriving;
        loop->arriving = client->next;
        clients_forget(loop, client);
    }
    loop->arriving_end = &loop->arriving;
}

/* ---- what it calls back with ----------------------------------------------------------------- */

static void on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = closure;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        clients_closed(loop, *socket_context);
        return;
    }
    int socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct client *client = take_arriving(loop, socket);
    client_arrived(client, connection);
    clients_add(loop, client);
    clients_tell_phase(client, loop->current); /* it may have been told of only after the phase had changed */
    *socket_context = client;
}

static void *on_uri(void *closure, const char *uri, struct MHD_Connection *connection)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    client->busy = true;
    client->messages++;
    client->request = api_uri(loop->options.api, uri, connection);
    if (client->ended)
        api_left(client->request);
    return client->request;
}

static enum MHD_Result on_access(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload_data, size_t *upload_data_size,
                                 void **request_closure)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    const struct fault *fault = client_fault(client);
    loop->under_way += client_heard(client);
    if (fault)
        return api_reject(*request_closure, fault, method, upload_data, upload_data_size);
    return api_access(loop->options.api, connection, url, method, version, upload_data, upload_data_size,
                      request_closure);
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **request_closure,
                         enum MHD_RequestTerminationCode reason)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    api_completed(loop->options.api, connection, request_closure, reason);
    client->busy = false;
    client->request = NULL;
    client->given_up = reason != MHD_REQUEST_TERMINATED_COMPLETED_OK && reason != MHD_REQUEST_TERMINATED_WITH_ERROR;
    loop->under_way -= client->heard;
    if (reason == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED && !client->evicted)
        clients_evicted(loop, client, client_silence(client), false);
    client_wait_for_head(client);
    loop->unsettled = true;
    if (reason == MHD_REQUEST_TERMINATED_COMPLETED_OK && client_was_answered_in_clear(client)) {
        logger_line(LOG_ERROR, "libmicrohttpd writes in a way that is not known, past TLS: it is too new for cairn");
        shutdown(client->socket, SHUT_RDWR);
    }
    /* Its end may have been held back until now (clients_tell_of_ends() says what this is for); or its answer was begun
     * before the drain and says keep-alive. */
    if (wire_answered(&client->wire))
        shutdown(client->socket, SHUT_RD);
    else if (loop->current != PHASE_SERVE)
        client_take_no_more(client);
}

/* Not strict: what libmicrohttpd reads has been judged before (wire.h). It uses sendfile, which has no MSG_NOSIGNAL,
 * only when it is told that SIGPIPE is taken care of: signals.c ignores it. */
struct MHD_Daemon *daemon_start(struct loop *loop)
{
    struct api *api = loop->options.api;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            on_access, loop, MHD_OPTION_URI_LOG_CALLBACK, on_uri, loop, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
                            MHD_OPTION_UNESCAPE_CALLBACK, api_unescape, api, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)API_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, loop->options.connection_limit,
                            MHD_OPTION_CONNECTION_TIMEOUT, loop->options.idle_timeout, MHD_OPTION_STRICT_FOR_CLIENT, 0,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}
