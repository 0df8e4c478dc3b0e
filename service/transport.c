/* transport.c - recv() and its like, for libmicrohttpd. See transport.h. */
#include "service/transport.h"

#include "api/http/wire.h"
#include "service/tls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct transport {
    struct wire *wire; /* NULL: not watched */
    struct tls *tls;
};

/* By socket. A descriptor is small, since the system gives out the lowest that is free. */
static _Thread_local struct {
    struct transport *transports;
    size_t capacity;
} watched;

static bool make_room(size_t count)
{
    size_t larger = 2 * watched.capacity > count ? 2 * watched.capacity : count;
    struct transport *transports = realloc(watched.transports, larger * sizeof *transports);
    if (!transports)
        return false;
    memset(transports + watched.capacity, 0, (larger - watched.capacity) * sizeof *transports);
    watched.transports = transports;
    watched.capacity = larger;
    return true;
}

bool transport_watch(int socket, struct wire *wire, struct tls *tls)
{
    if ((size_t)socket >= watched.capacity && !make_room((size_t)socket + 1))
        return false;
    watched.transports[socket] = (struct transport){.wire = wire, .tls = tls};
    return true;
}

void transport_forget(int socket)
{
    if ((size_t)socket < watched.capacity)
        watched.transports[socket] = (struct transport){0};
}

void transport_end(void)
{
    free(watched.transports);
    watched.transports = NULL;
    watched.capacity = 0;
}

static struct wire *wire_of(int socket)
{
    return (size_t)socket < watched.capacity ? watched.transports[socket].wire : NULL;
}

static struct tls *tls_of(int socket)
{
    return (size_t)socket < watched.capacity ? watched.transports[socket].tls : NULL;
}

/* ---- what libmicrohttpd calls ------------------------------------------------------------------- */

static ssize_t receive(void *arg, void *buffer, size_t size)
{
    const int *socket = arg;
    return recvfrom(*socket, buffer, size, 0, NULL, NULL);
}

ssize_t recv(int socket, void *buffer, size_t size, int flags)
{
    struct wire *wire = wire_of(socket);
    struct tls *tls = tls_of(socket);
    if (flags != 0 || !wire)
        return recvfrom(socket, buffer, size, flags, NULL, NULL);
    return tls ? wire_read(wire, tls_receive, tls, buffer, size) : wire_read(wire, receive, &socket, buffer, size);
}

ssize_t send(int socket, const void *bytes, size_t size, int flags)
{
    struct tls *tls = tls_of(socket);
    struct iovec piece = {.iov_base = (void *)bytes, .iov_len = size};
    return tls ? tls_send(tls, &piece, 1, flags) : sendto(socket, bytes, size, flags, NULL, 0);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags)
{
    struct tls *tls = tls_of(socket);
    return tls ? tls_send(tls, message->msg_iov, message->msg_iovlen, flags)
               : syscall(SYS_sendmsg, socket, message, flags);
}

/* The kernel's call of this name takes an offset of 64 bits where those of a process have as many. */
#ifndef SYS_sendfile64
#define SYS_sendfile64 SYS_sendfile
#endif

ssize_t sendfile64(int socket, int file, off64_t *offset, size_t size)
{
    struct tls *tls = tls_of(socket);
    return tls ? tls_send_file(tls, file, offset, size) : syscall(SYS_sendfile64, socket, file, offset, size);
}

/* The end of what is sent is told within the session first, so that the client knows that nothing was cut off. */
int shutdown(int socket, int how)
{
    struct tls *tls = tls_of(socket);
    if (tls && how == SHUT_WR)
        tls_end(tls);
    return (int)syscall(SYS_shutdown, socket, how);
}
