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

/* A client's kernel that says nothing for so long is asked whether it is there; seconds. */
enum { KEEPALIVE_SILENCE = 60, KEEPALIVE_PAUSE = 20, KEEPALIVE_PROBES = 3 };

/* ---- unix sockets ---------------------------------------------------------------------------- */

static bool is_socket(const char *path)
{
    struct stat file;
    return lstat(path, &file) == 0 && S_ISSOCK(file.st_mode);
}

/* Whether a process listens there: only then connecting is not refused. */
static bool is_alive(const struct address *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool refused = probe >= 0 && connect(probe, (const struct sockaddr *)&address->socket, address->length) != 0 &&
                   errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    return !refused;
}

/* Removes the socket that a dead process left; false and errno when the path is somebody's: EADDRINUSE a process's,
 * EEXIST a file's. */
static bool make_way(const struct address *address)
{
    const char *path = address_path(address);
    if (is_socket(path) && !is_alive(address))
        return unlink(path) == 0;
    errno = is_socket(path) ? EADDRINUSE : EEXIST;
    return false;
}

static int bind_unix(int socket, const struct address *address)
{
    const struct sockaddr *name = (const struct sockaddr *)&address->socket;
    /* The file is made with the mode that the socket has: nobody's, until the owner is right. */
    if (address->mode >= 0 && fchmod(socket, 0) != 0)
        return -1;
    if (bind(socket, name, address->length) != 0 &&
        (errno != EADDRINUSE || !make_way(address) || bind(socket, name, address->length) != 0))
        return -1;
    if ((address->user != (uid_t)-1 || address->group != (gid_t)-1) &&
        lchown(address_path(address), address->user, address->group) != 0)
        return -1;
    return address->mode >= 0 ? chmod(address_path(address), (mode_t)address->mode) : 0;
}

/* ---- any socket ------------------------------------------------------------------------------ */

static void set_options(int socket, int family, bool ipv6_only)
{
    int on = 1, only = ipv6_only, silence = KEEPALIVE_SILENCE, pause = KEEPALIVE_PAUSE, probes = KEEPALIVE_PROBES;
    if (family == AF_UNIX)
        return;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit the rest. A client that has vanished may have been granted a long rest (pace.h). */
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &silence, sizeof silence);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &pause, sizeof pause);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    /* An answer never waits for the client's acknowledgement. */
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (family == AF_INET6)
        setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
}

static int bind_address(int socket, const struct address *address)
{
    if (address_path(address))
        return bind_unix(socket, address);
    return bind(socket, (const struct sockaddr *)&address->socket, address->length);
}

/* What the kernel made of the address: the port it picked, the file it created. */
static bool learn_name(struct listener *listener)
{
    struct stat file;
    if (address_path(&listener->address)) {
        if (lstat(address_path(&listener->address), &file) != 0)
            return false;
        listener->device = file.st_dev;
        listener->inode = file.st_ino;
        return true;
    }
    listener->address.length = sizeof listener->address.socket;
    return getsockname(listener->socket, (struct sockaddr *)&listener->address.socket, &listener->address.length) == 0;
}

static const char *hint_for(const struct address *address, int error)
{
    bool path = address_path(address) != NULL;
    switch (error) {
    case EADDRINUSE:
        return path ? " (a process listens there: stop it, or name another path)"
                    : " (a process listens there, or another --listen covers it: stop it, or name another port)";
    case EEXIST:
        return " (that is no socket, and is left alone: name another path)";
    case ENOENT:
    case ENOTDIR:
        return path ? " (make the folder first)" : "";
    case EADDRNOTAVAIL:
        return " (no interface of this machine has that address)";
    case EACCES:
        return " (ports below 1024 and foreign folders need permission)";
    case EPERM:
        return path ? " (only root gives a socket to another user, or to a group that is not its own)" : "";
    default:
        return "";
    }
}

static bool listener_start(struct listener *listener, bool ipv6_only)
{
    int family = listener->address.socket.ss_family;
    listener->socket = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener->socket < 0)
        return false;
    set_options(listener->socket, family, ipv6_only);
    listener->both_families = address_is_every_inet6(&listener->address) && !ipv6_only;
    if (bind_address(listener->socket, &listener->address) == 0 && listen(listener->socket, BACKLOG) == 0 &&
        learn_name(listener))
        return true;
    int error = errno;
    close(listener->socket);
    errno = error;
    return false;
}

bool listener_open(const struct address *address, bool tls, bool ipv6_only, struct listener *ret_listener, char *reason,
                   size_t size)
{
    struct listener listener = {.address = *address, .tls = tls};
    if (listener_start(&listener, ipv6_only)) {
        *ret_listener = listener;
        return true;
    }
    int error = errno;
    snprintf(reason, size, "%s%s", strerror(error), hint_for(address, error));
    errno = error;
    return false;
}

void listener_format(const struct listener *listener, char *text, size_t size)
{
    char address[ADDRESS_TEXT_MAX];
    const char *scheme = listener->tls ? "https://" : "http://";
    address_format(&listener->address, address);
    snprintf(text, size, "%s%s%s", address_path(&listener->address) ? "" : scheme, address,
             listener->both_families ? " (and by IPv4)" : "");
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
