/* listener.c - listening sockets. See listener.h. */
#include "service/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel lowers it to net.core.somaxconn */

/* Nobody listens there any more: connecting is refused. */
static bool is_stale(const struct address *address)
{
    struct stat file;
    if (lstat(address_path(address), &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return false;
    bool refused = connect(probe, (const struct sockaddr *)&address->socket, address->length) != 0 &&
                   errno == ECONNREFUSED;
    close(probe);
    return refused;
}

static int bind_address(int socket, const struct address *address)
{
    const struct sockaddr *name = (const struct sockaddr *)&address->socket;
    if (bind(socket, name, address->length) == 0)
        return 0;
    if (errno != EADDRINUSE || !address_path(address))
        return -1;
    if (!is_stale(address)) {
        errno = EADDRINUSE;
        return -1;
    }
    if (unlink(address_path(address)) != 0)
        return -1;
    return bind(socket, name, address->length);
}

static void set_options(int socket, int family)
{
    int on = 1;
    if (family == AF_UNIX)
        return;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    /* Accepted sockets inherit this one: an answer never waits for the client's acknowledgement. */
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* So that [::]:8080 and 0.0.0.0:8080 can be served side by side. */
    if (family == AF_INET6)
        setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
}

/* What the kernel made of the address: the port it picked, the file it created. */
static bool learn_name(struct listener *listener)
{
    struct stat file;
    if (address_path(&listener->address)) {
        if (stat(address_path(&listener->address), &file) != 0)
            return false;
        listener->device = file.st_dev;
        listener->inode = file.st_ino;
        return true;
    }
    listener->address.length = sizeof(listener->address.socket);
    return getsockname(listener->socket, (struct sockaddr *)&listener->address.socket, &listener->address.length) == 0;
}

static const char *hint_for(const struct address *address, int error)
{
    switch (error) {
    case EADDRINUSE:
        return address_path(address) ? " (another process listens there, or the file is no socket: name another path)"
                                     : " (another process listens there: stop it, or name another port with --listen)";
    case ENOENT:
    case ENOTDIR:
        return address_path(address) ? " (make the folder first)" : "";
    case EADDRNOTAVAIL:
        return " (no interface of this machine has that address)";
    case EACCES:
        return " (ports below 1024 and foreign folders need permission)";
    default:
        return "";
    }
}

bool listener_open(const struct address *address, struct listener *ret_listener, char *reason, size_t size)
{
    struct listener listener = {.address = *address};
    int family = address->socket.ss_family;

    listener.socket = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener.socket >= 0) {
        set_options(listener.socket, family);
        if (bind_address(listener.socket, address) == 0 && listen(listener.socket, BACKLOG) == 0 &&
            learn_name(&listener)) {
            *ret_listener = listener;
            return true;
        }
    }
    int error = errno;
    if (listener.socket >= 0)
        close(listener.socket);
    snprintf(reason, size, "%s%s", strerror(error), hint_for(address, error));
    return false;
}

void listener_format(const struct listener *listener, char *text, size_t size)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(&listener->address, address);
    snprintf(text, size, "%s%s", address_path(&listener->address) ? "" : "http://", address);
}

void listener_close(struct listener *listener)
{
    const char *path = address_path(&listener->address);
    struct stat file;
    close(listener->socket);
    listener->socket = -1;
    if (path && lstat(path, &file) == 0 && file.st_dev == listener->device && file.st_ino == listener->inode)
        unlink(path);
}
