/* responder.c - what HTTP costs where nothing else is done: every request is answered, and nothing kept.
 *
 *   responder PORT BYTES
 *
 * Listens on 127.0.0.1, in one thread, with epoll alone. A body is read and dropped. The answer to a GET is 200 and
 * BYTES bytes, and that to anything else is 201 and none. It knows of HTTP just what the benchmarks' clients send:
 * heads of at most 16 KiB, Content-Length, connections that stay.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024, DROPPED_MAX = 1 << 20, EVENTS = 256 };

struct client {
    int socket;
    size_t length; /* bytes in head */
    uint64_t body; /* bytes of a body that are still to come */
    bool get;      /* of the request under way */
    char head[HEAD_MAX];
};

static char *page; /* the answer to a GET, head and body */
static size_t page_length;
static const char created[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

static int listen_on(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, SOMAXCONN) != 0)
        err(1, "127.0.0.1:%s", port);
    return listener;
}

static void make_page(size_t bytes)
{
    page = malloc(bytes + 128);
    if (!page)
        err(1, "memory");
    page_length = (size_t)sprintf(page, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", bytes);
    memset(page + page_length, 'x', bytes);
    page_length += bytes;
}

static void watch(int epoll, int socket, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0)
        err(1, "epoll");
}

static void accept_all(int epoll, int listener)
{
    int socket, on = 1;
    while ((socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct client *client = calloc(1, sizeof *client);
        if (!client)
            err(1, "memory");
        client->socket = socket;
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, socket, client);
    }
}

/* Answers block: a client that reads nothing stops all, and those of the benchmarks read. */
static bool answer(const struct client *client)
{
    const char *bytes = client->get ? page : created;
    size_t length = client->get ? page_length : sizeof created - 1;
    return send(client->socket, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Takes the head of a request, if it is there whole; false: it is not. */
static bool take_head(struct client *client)
{
    client->head[client->length] = '\0';
    char *end = strstr(client->head, "\r\n\r\n"), *length;
    if (!end)
        return false;
    size_t taken = (size_t)(end - client->head) + 4;
    *end = '\0';
    length = strcasestr(client->head, "\r\ncontent-length:");
    client->get = strncmp(client->head, "GET ", 4) == 0;
    client->body = length ? strtoull(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
    size_t ready = client->length - taken;
    size_t mine = client->body < ready ? (size_t)client->body : ready;
    client->body -= mine;
    client->length = ready - mine;
    memmove(client->head, client->head + taken + mine, client->length);
    return true;
}

/* False when the connection is at its end. */
static bool serve_client(struct client *client)
{
    static char dropped[DROPPED_MAX];
    if (client->body > 0) {
        ssize_t count = recv(client->socket, dropped, client->body < DROPPED_MAX ? client->body : DROPPED_MAX, 0);
        if (count <= 0)
            return false;
        client->body -= (uint64_t)count;
        return client->body > 0 || answer(client);
    }
    ssize_t count = recv(client->socket, client->head + client->length, HEAD_MAX - 1 - client->length, 0);
    if (count <= 0)
        return false;
    client->length += (size_t)count;
    while (client->body == 0 && take_head(client))
        if (client->body == 0 && !answer(client))
            return false;
    return client->length < HEAD_MAX - 1;
}

int main(int count, char **arguments)
{
    struct epoll_event events[EVENTS];
    if (count != 3)
        errx(2, "usage: responder PORT BYTES");
    make_page(strtoul(arguments[2], NULL, 10));
    int listener = listen_on(arguments[1]), epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        err(1, "epoll");
    watch(epoll, listener, NULL);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        if (ready < 0 && errno != EINTR)
            err(1, "epoll");
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!client) {
                accept_all(epoll, listener);
            } else if (!serve_client(client)) {
                close(client->socket);
                free(client);
            }
        }
    }
}
