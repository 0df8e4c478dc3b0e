#include "tests/http/tunnel.h"

#include <arpa/inet.h>
#include <check.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes that each of the two sockets may hold for who is slow in taking them; the kernel makes it twice as many. Else a
 * client with a small window would have a reader behind it who takes megabytes. */
enum { AHEAD = 16 << 10 };

/* GnuTLS lets one thread read from a session while another writes to it. */
struct way {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    int plain, secure;
    atomic_bool reset; /* the server broke off: so does this */
    pthread_t back;
};

/* For one that is not connected, or listens. */
static void limit_ahead(int handle)
{
    int bytes = AHEAD;
    setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(handle, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* ---- one connection ---------------------------------------------------------------------------- */

static bool send_whole(int socket, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* The client is told at the very end of the way, by way_free(): until then it has the bytes in front. */
static void end_back(struct way *way, ssize_t got)
{
    bool reset = got == GNUTLS_E_PULL_ERROR;
    atomic_store(&way->reset, reset);
    shutdown(way->plain, reset ? SHUT_RD : got < 0 ? SHUT_RDWR : SHUT_WR);
    shutdown(way->secure, got > 0 ? SHUT_RDWR : SHUT_RD);
}

/* From the server, until it closes or nobody takes it any more. */
static void *carry_back(void *arg)
{
    struct way *way = arg;
    char bytes[16384];
    ssize_t got;
    do
        got = gnutls_record_recv(way->session, bytes, sizeof bytes);
    while (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED ||
           (got > 0 && send_whole(way->plain, bytes, (size_t)got)));
    end_back(way, got);
    return NULL;
}

static bool encrypt_whole(gnutls_session_t session, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = gnutls_record_send(session, bytes, length);
        if (sent < 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* Closing it is a reset then. */
static void break_off(int handle)
{
    struct linger none = {.l_onoff = 1};
    setsockopt(handle, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

static void way_free(struct way *way)
{
    if (atomic_load(&way->reset))
        break_off(way->plain);
    close(way->plain);
    if (way->secure >= 0)
        close(way->secure);
    if (way->session)
        gnutls_deinit(way->session);
    if (way->credentials)
        gnutls_certificate_free_credentials(way->credentials);
    free(way);
}

/* The client has closed its side. If it has gone altogether, as it shows when something is sent to it, the server has
 * to know; else the way back ends first. */
static void await_end(struct way *way)
{
    struct pollfd poller = {.fd = way->plain};
    while (poll(&poller, 1, -1) < 0)
        continue;
    if ((poller.revents & POLLERR) == 0)
        return;
    break_off(way->secure);
    shutdown(way->secure, SHUT_RDWR);
}

/* To the server, until the client ends or breaks off. */
static void *carry(void *arg)
{
    struct way *way = arg;
    char bytes[16384];
    ssize_t got;
    if (pthread_create(&way->back, NULL, carry_back, way) != 0)
        abort();
    while ((got = recv(way->plain, bytes, sizeof bytes, 0)) > 0 && encrypt_whole(way->session, bytes, (size_t)got))
        continue;
    if (got == 0)
        gnutls_bye(way->session, GNUTLS_SHUT_WR);
    shutdown(way->secure, got < 0 ? SHUT_RDWR : SHUT_WR);
    if (got == 0 && !atomic_load(&way->reset))
        await_end(way);
    pthread_join(way->back, NULL);
    way_free(way);
    return NULL;
}

/* As raw_connect(), but that nothing may listen there any more: a tunnel's process is no test. */
static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    limit_ahead(handle);
    setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(handle, (struct sockaddr *)&address, sizeof address) == 0)
        return handle;
    close(handle);
    return -1;
}

static bool agree(struct way *way, const char *priorities)
{
    int code;
    if (gnutls_init(&way->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_certificate_allocate_credentials(&way->credentials) < 0 ||
        gnutls_credentials_set(way->session, GNUTLS_CRD_CERTIFICATE, way->credentials) < 0)
        abort();
    if ((priorities ? gnutls_priority_set_direct(way->session, priorities, NULL)
                    : gnutls_set_default_priority(way->session)) < 0)
        abort();
    gnutls_transport_set_int(way->session, way->secure);
    do
        code = gnutls_handshake(way->session);
    while (code < 0 && !gnutls_error_is_fatal(code));
    return code == GNUTLS_E_SUCCESS;
}

/* Carries what comes by `plain`, which is its own from here on; false when there is no agreement. */
static bool begin(int plain, int port, const char *priorities)
{
    struct way *way = calloc(1, sizeof *way);
    pthread_t thread;
    way->plain = plain;
    way->secure = connect_to(port);
    if (way->secure < 0 || !agree(way, priorities)) {
        way_free(way);
        return false;
    }
    if (pthread_create(&thread, NULL, carry, way) != 0)
        abort();
    pthread_detach(thread);
    return true;
}

int tunnel_connect(int port, const char *priorities)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    if (begin(ends[1], port, priorities))
        return ends[0];
    close(ends[0]);
    return -1;
}

/* ---- many of them ------------------------------------------------------------------------------ */

enum { OWN_LISTENER = STDERR_FILENO + 1 }; /* of its process, which keeps nothing else of the test's open */

struct arrival {
    int socket, port;
};

static void *greet(void *arg)
{
    struct arrival *arrival = arg;
    begin(arrival->socket, arrival->port, NULL);
    free(arrival);
    return NULL;
}

static void serve(int listener, int port)
{
    for (;;) {
        struct arrival *arrival = malloc(sizeof *arrival);
        pthread_t thread;
        int on = 1;
        *arrival = (struct arrival){.socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC), .port = port};
        if (arrival->socket < 0)
            abort();
        setsockopt(arrival->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, greet, arrival) != 0)
            abort();
        pthread_detach(thread);
    }
}

pid_t tunnel_open(int port, int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    limit_ahead(listener);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(listener, SOMAXCONN), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    *ret_port = ntohs(address.sin_port);
    pid_t tunnel = fork();
    if (tunnel < 0)
        ck_abort();
    if (tunnel == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(listener, OWN_LISTENER);
        close_range(OWN_LISTENER + 1, ~0U, 0);
        serve(OWN_LISTENER, port);
    }
    close(listener);
    return tunnel;
}

void tunnel_close(pid_t tunnel)
{
    kill(tunnel, SIGKILL);
    waitpid(tunnel, NULL, 0);
}
