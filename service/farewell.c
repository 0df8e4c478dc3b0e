/* farewell.c - reads and drops. See farewell.h. */
#include "service/farewell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LONGEST = 30 * 1000, /* milliseconds */
    SILENCE = 5 * 1000,  /* milliseconds */
    LEAST_RATE = 10,     /* bytes a millisecond */
    UNTOLD = 32 << 20,   /* bytes where nobody knows how many are to come */
    TOLD = 1 << 30,      /* bytes of a body at most */
    EVENTS = 32,         /* fetched at a time */
    READS = 16           /* of one connection, before the others have their turn */
};

struct farewell {
    struct farewell *older, *newer;
    int socket;
    int64_t began, heard; /* milliseconds: when, and when something came last */
    int64_t left;         /* bytes that it may still send */
    int64_t dropped;      /* bytes that it has sent */
};

static void keep_spare(struct farewells *farewells)
{
    if (farewells->spare < 0)
        farewells->spare = fcntl(farewells->events, F_DUPFD_CLOEXEC, 0);
}

/* Another descriptor for the socket, the spare one if need be. */
static int copy(struct farewells *farewells, int socket)
{
    int file = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (file >= 0 || farewells->spare < 0)
        return file;
    file = dup3(socket, farewells->spare, O_CLOEXEC);
    farewells->spare = file < 0 ? farewells->spare : -1;
    return file;
}

bool farewells_open(struct farewells *farewells, size_t most)
{
    *farewells = (struct farewells){.events = epoll_create1(EPOLL_CLOEXEC), .spare = -1, .most = most};
    keep_spare(farewells);
    return farewells->events >= 0;
}

static void farewell_end(struct farewells *farewells, struct farewell *farewell)
{
    *(farewell->older ? &farewell->older->newer : &farewells->oldest) = farewell->newer;
    *(farewell->newer ? &farewell->newer->older : &farewells->newest) = farewell->older;
    farewells->count--;
    close(farewell->socket);
    free(farewell);
    keep_spare(farewells);
}

void farewells_cut(struct farewells *farewells)
{
    while (farewells->oldest)
        farewell_end(farewells, farewells->oldest);
}

void farewells_close(struct farewells *farewells)
{
    farewells_cut(farewells);
    if (farewells->spare >= 0)
        close(farewells->spare);
    if (farewells->events >= 0)
        close(farewells->events);
}

static void append(struct farewells *farewells, struct farewell *farewell)
{
    farewell->older = farewells->newest;
    *(farewells->newest ? &farewells->newest->newer : &farewells->oldest) = farewell;
    farewells->newest = farewell;
    farewells->count++;
}

/* False when the client has closed its side or sent too much, or the connection is broken. MSG_TRUNC saves a copy where
 * the kernel knows it for streams. */
static bool drop(struct farewell *farewell, int64_t now)
{
    char bytes[64 << 10];
    for (int i = 0; i < READS; i++) {
        ssize_t got = recv(farewell->socket, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC);
        if (got == 0)
            return false;
        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        farewell->dropped += got;
        farewell->left -= got;
        farewell->heard = now;
        if (farewell->left < 0)
            return false;
    }
    return true;
}

void farewells_add(struct farewells *farewells, int socket, uint64_t rest, int64_t now)
{
    if (farewells->count == farewells->most)
        farewell_end(farewells, farewells->oldest);
    struct farewell *farewell = calloc(1, sizeof *farewell);
    if (!farewell)
        return;
    farewell->socket = copy(farewells, socket);
    farewell->began = farewell->heard = now;
    farewell->left = rest > UNTOLD && rest <= TOLD ? (int64_t)rest : UNTOLD;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = farewell};
    if (farewell->socket < 0 || epoll_ctl(farewells->events, EPOLL_CTL_ADD, farewell->socket, &event) != 0) {
        if (farewell->socket >= 0)
            close(farewell->socket);
        free(farewell);
        return;
    }
    shutdown(farewell->socket, SHUT_WR);
    append(farewells, farewell);
    /* What is there goes at once, lest its place be wanted before its turn comes. */
    if (!drop(farewell, now))
        farewell_end(farewells, farewell);
}

void farewells_read(struct farewells *farewells, int64_t now)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(farewells->events, events, EVENTS, 0);
    for (int i = 0; i < ready; i++)
        if (!drop(events[i].data.ptr, now))
            farewell_end(farewells, events[i].data.ptr);
}

static bool is_over(const struct farewell *farewell, int64_t now)
{
    int64_t age = now - farewell->began;
    return age >= LONGEST || now - farewell->heard >= SILENCE ||
           (age >= SILENCE && farewell->dropped < LEAST_RATE * age);
}

void farewells_look(struct farewells *farewells, int64_t now)
{
    for (struct farewell *farewell = farewells->oldest, *newer; farewell; farewell = newer) {
        newer = farewell->newer;
        if (is_over(farewell, now))
            farewell_end(farewells, farewell);
    }
}
