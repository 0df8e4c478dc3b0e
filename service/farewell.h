/* farewell.h - the end of connections whose client still sends after it got its answer.
 *
 * Closing such a socket makes the kernel reset the connection, and a reset takes the answer from a client that has not
 * read it yet (RFC 9112, section 9.6): many read only when they have sent all of their body. So libmicrohttpd closes
 * its descriptor, and another one for the same socket stays here. What comes is dropped until the client closes, but
 *
 *   - not after 30 s in all,
 *   - not when nothing has come for 5 s,
 *   - not when it is less than 10 KiB a second, from 5 s on,
 *   - and not more than the rest of a body whose length was told, up to 1 GiB, or else 32 MiB.
 *
 * There are at most so many at a time: for one more the oldest has to go.
 *
 * Thread: the loop's.
 */
#ifndef CAIRN_FAREWELL_H
#define CAIRN_FAREWELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct farewell;

struct farewells {
    int events; /* epoll: readable when one of them has something to do */
    int spare;  /* a descriptor kept for when there is none left; -1: in use */
    struct farewell *oldest, *newest;
    size_t count, most;
};

/* For so many at a time. False and errno on failure. */
bool farewells_open(struct farewells *farewells, size_t most);

/* Ends the server's side of a connection whose socket is about to be closed; `rest` is what is to come of a body, 0 if
 * that is not known. Without memory or a descriptor for it nothing comes of it, and the client may find a reset. */
void farewells_add(struct farewells *farewells, int socket, uint64_t rest, int64_t now);

/* Drops what has come; when `events` is readable. */
void farewells_read(struct farewells *farewells, int64_t now);

/* Ends those whose time is over: to be called every second or so. */
void farewells_look(struct farewells *farewells, int64_t now);

/* Ends all. */
void farewells_cut(struct farewells *farewells);

void farewells_close(struct farewells *farewells);

#endif
