/* responder_mhd.c - what HTTP costs by libmicrohttpd where nothing else is done: every request is answered, and nothing
 * kept.
 *
 *   responder_mhd PORT BYTES
 *
 * Listens on 127.0.0.1. The daemon is made like cairnd's: one thread, which waits in epoll itself, and memory of 16 KiB
 * for each connection. A body is read and dropped; the answer is 200 and BYTES bytes to a GET, and 201 and none to
 * anything else.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECTION_MEMORY = 16 * 1024, CONNECTIONS = 4096 };

static struct MHD_Response *page, *nothing;

static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *data, size_t *data_size, void **context)
{
    static const int seen;
    (void)arg, (void)url, (void)version, (void)data;
    if (!*context) {
        *context = (void *)(uintptr_t)&seen;
        return MHD_YES;
    }
    if (*data_size > 0) {
        *data_size = 0;
        return MHD_YES;
    }
    bool get = strcmp(method, "GET") == 0;
    return MHD_queue_response(connection, get ? 200 : 201, get ? page : nothing);
}

static void make_answers(size_t bytes)
{
    char *body = malloc(bytes + 1);
    if (!body)
        err(1, "memory");
    memset(body, 'x', bytes);
    page = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
    nothing = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!page || !nothing)
        errx(1, "memory");
}

static struct MHD_Daemon *start(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_access, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)CONNECTIONS, MHD_OPTION_END);
    if (!daemon)
        err(1, "127.0.0.1:%s", port);
    return daemon;
}

/* Its time to wait, in ms; -1: until something comes. */
static int patience(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    if (MHD_get_timeout(daemon, &timeout) != MHD_YES)
        return -1;
    return timeout > INT32_MAX ? INT32_MAX : (int)timeout;
}

int main(int count, char **arguments)
{
    if (count != 3)
        errx(2, "usage: responder_mhd PORT BYTES");
    make_answers(strtoul(arguments[2], NULL, 10));
    struct MHD_Daemon *daemon = start(arguments[1]);
    struct pollfd ready = {.fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, .events = POLLIN};
    for (;;) {
        if (poll(&ready, 1, patience(daemon)) < 0 && errno != EINTR)
            err(1, "poll");
        if (MHD_run(daemon) != MHD_YES)
            errx(1, "libmicrohttpd does not go on");
    }
}
