/* handshakes.h - clients that are about to speak TLS and have not come to an agreement yet.
 *
 * libmicrohttpd is told of them when they have: until then they cost a session, and none of its memory. A handshake
 * costs more of a processor than most requests. So only a few go on in one turn of the loop, and those who are served
 * already wait for no more than these.
 *
 * Thread: the loop's.
 */
#ifndef CAIRN_HANDSHAKES_H
#define CAIRN_HANDSHAKES_H

#include <stdbool.h>
#include <stddef.h>

struct client;

struct handshakes {
    int events; /* epoll: readable when one of them can go on */
    size_t count;
    void (*done)(void *arg, struct client *client, bool agreed); /* it is none of them any more */
    void *arg;
};

/* False and errno on failure. */
bool handshakes_open(struct handshakes *handshakes, void (*done)(void *arg, struct client *client, bool agreed),
                     void *arg);

/* A client whose session is new; false when there is no memory for it. Shutting its socket down ends it. */
bool handshakes_add(struct handshakes *handshakes, struct client *client);

/* Goes on with a few of them; when `events` is readable. */
void handshakes_run(struct handshakes *handshakes);

void handshakes_close(struct handshakes *handshakes);

#endif
