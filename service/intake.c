/* intake.c - recv(), for libmicrohttpd. See intake.h. */
#include "service/intake.h"

#include "api/http/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* By socket. A descriptor is small, since the system gives out the lowest that is free. */
static _Thread_local struct {
    struct wire **wires;
    size_t count;
} watched;

static bool make_room(size_t count)
{
    size_t larger = 2 * watched.count > count ? 2 * watched.count : count;
    struct wire **wires = realloc(watched.wires, larger * sizeof *wires);
    if (!wires)
        return false;
    memset(wires + watched.count, 0, (larger - watched.count) * sizeof *wires);
    watched.wires = wires;
    watched.count = larger;
    return true;
}

bool intake_watch(int socket, struct wire *wire)
{
    if ((size_t)socket >= watched.count && !make_room((size_t)socket + 1))
        return false;
    watched.wires[socket] = wire;
    return true;
}

void intake_forget(int socket)
{
    if ((size_t)socket < watched.count)
        watched.wires[socket] = NULL;
}

void intake_end(void)
{
    free(watched.wires);
    watched.wires = NULL;
    watched.count = 0;
}

static ssize_t receive(void *arg, void *buffer, size_t size)
{
    const int *socket = arg;
    return recvfrom(*socket, buffer, size, 0, NULL, NULL);
}

ssize_t recv(int socket, void *buffer, size_t size, int flags)
{
    if (flags != 0 || (size_t)socket >= watched.count || !watched.wires[socket])
        return recvfrom(socket, buffer, size, flags, NULL, NULL);
    return wire_read(watched.wires[socket], receive, &socket, buffer, size);
}
