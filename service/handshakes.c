/* handshakes.c - goes on with handshakes when their clients do. See handshakes.h. */
#include "service/handshakes.h"

#include "service/client.h"
#include "service/clock.h"
#include "service/tls.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { AT_ONCE = 4 }; /* in one turn of the loop: each takes about a millisecond */

bool handshakes_open(struct handshakes *handshakes, void (*done)(void *arg, struct client *client, bool agreed),
                     void *arg)
{
    *handshakes = (struct handshakes){.events = epoll_create1(EPOLL_CLOEXEC), .done = done, .arg = arg};
    return handshakes->events >= 0;
}

void handshakes_close(struct handshakes *handshakes)
{
    if (handshakes->events >= 0)
        close(handshakes->events);
}

/* Waits until its socket is readable or writable: `how` says whether it is watched already. */
static bool await(struct handshakes *handshakes, struct client *client, int how, uint32_t what)
{
    struct epoll_event event = {.events = what, .data.ptr = client};
    return epoll_ctl(handshakes->events, how, client->socket, &event) == 0;
}

bool handshakes_add(struct handshakes *handshakes, struct client *client)
{
    bool added = await(handshakes, client, EPOLL_CTL_ADD, EPOLLIN);
    handshakes->count += added;
    return added;
}

static void end(struct handshakes *handshakes, struct client *client, bool agreed)
{
    epoll_ctl(handshakes->events, EPOLL_CTL_DEL, client->socket, NULL);
    handshakes->count--;
    handshakes->done(handshakes->arg, client, agreed);
}

static void go_on(struct handshakes *handshakes, struct client *client)
{
    bool answered = tls_has_answered(client->tls);
    enum tls_progress progress = client->evicted ? TLS_FAILED : tls_shake(client->tls);
    if (!answered && tls_has_answered(client->tls))
        client->came_on = clock_milliseconds();
    if (progress == TLS_READY || progress == TLS_FAILED)
        end(handshakes, client, progress == TLS_READY);
    else
        await(handshakes, client, EPOLL_CTL_MOD, progress == TLS_READS ? EPOLLIN : EPOLLOUT);
}

void handshakes_run(struct handshakes *handshakes)
{
    struct epoll_event events[AT_ONCE];
    int ready = epoll_wait(handshakes->events, events, AT_ONCE, 0);
    for (int i = 0; i < ready; i++)
        go_on(handshakes, events[i].data.ptr);
}
