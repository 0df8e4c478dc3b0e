/* loop.h - one HTTP thread: an event loop around one libmicrohttpd daemon and its share of the connections.
 *
 * The acceptor hands over accepted sockets with loop_admit(). libmicrohttpd runs without a thread of its own:
 * its epoll thread (0.9.75) fetches 128 events at a time and goes to sleep on its second fetch when the first
 * one brought exactly that many; a loop of ours never waits inside libmicrohttpd and so does not stall.
 *
 * The end. loop_drain() closes idle connections and those whose answer is out. Requests under way go on, also those of
 * which only a part has arrived, and the thread ends with its last connection. loop_cut() also breaks off the requests
 * that are still being sent or answered. A request whose work is with the engine cannot be cut: its connection is
 * suspended, and the thread waits for it. So libmicrohttpd is only ever stopped without connections.
 */
#ifndef CAIRN_LOOP_H
#define CAIRN_LOOP_H

#include "service/access_log.h"
#include "service/attendance.h"
#include "service/eviction.h"
#include "service/places.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct loop;
struct api;
struct identity;
struct MHD_Connection;

struct loop_options {
    struct api *api; /* borrowed, like the next three: must outlive the loop */
    struct evictions *evictions;
    struct places *places;
    struct attendance *attendance;   /* of all loops */
    struct access_ring *access_ring; /* for lines of the log of requests; NULL: there is none */
    size_t guest_limit;        /* of this loop, but those whose request the engine has: for one more the oldest goes */
    size_t farewell_limit;     /* descriptors of this loop for connections on their way out */
    unsigned idle_timeout;     /* seconds without a byte, or with a part of a request's head */
    uint64_t least_rate;       /* bytes a second of bodies and answers, on average; pace.h; 0: none */
    unsigned connection_limit; /* of libmicrohttpd's daemon: the acceptor keeps the real count */
    void (*closed)(void *arg); /* after each connection's end. Thread: the loop's */
    void *closed_arg;
};

/* Starts the daemon and the thread. NULL and errno on failure. */
struct loop *loop_start(const struct loop_options *options);

/* Counts a connection that is about to be handed over; false: the loop is away, and should not be given any. Thread:
 * any. */
bool loop_expect(struct loop *loop);

/* Gives a connected socket to the loop, which expects it. It closes it in the end and gives its place back; a guest has
 * none. With an identity its client has to speak TLS. On failure (no memory: false) the socket is closed at once, and
 * the place is still the caller's. Thread: any. */
bool loop_admit(struct loop *loop, int socket, const struct sockaddr *address, socklen_t length, bool guest,
                struct identity *identity);

/* Connections handed over and not closed. Thread: any. */
size_t loop_connections(const struct loop *loop);

/* Whether its thread waits for the disk, and has nobody to wait for it but one. Thread: any. */
bool loop_is_away(const struct loop *loop);

/* How its connections are, as they were a moment ago. */
struct loop_figures {
    size_t busy, idle; /* with a request whose head has come, without */
    size_t guests;     /* of both */
    size_t closing;    /* none of both any more: farewell.h */
    uint64_t accepted; /* since the start */
};

/* Adds those of this loop. Thread: any. */
void loop_add_figures(const struct loop *loop, struct loop_figures *figures);

/* Places have become short: its clients have to come to the point, also while nothing is heard of them. Thread: any. */
void loop_hurry(struct loop *loop);

/* No loop_admit() may follow. Thread: any. */
void loop_drain(struct loop *loop);
void loop_cut(struct loop *loop);

/* A descriptor that becomes readable when the thread has ended, after loop_drain(). Borrowed. Thread: any. */
int loop_finished(const struct loop *loop);

/* Waits for the end of the thread, after loop_drain(). Its connections have been closed then. Thread: any. */
void loop_join(struct loop *loop);

/* Stops the daemon and frees the loop, after loop_join(). Whoever resumed a connection may be busy in
 * loop_resume() for a moment longer than that connection lives: only free a loop when the engine's threads have
 * ended. */
void loop_free(struct loop *loop);

/* Whether a connection of any loop has no place: for api_options.guest. Thread: its loop's. */
bool loop_is_guest(struct MHD_Connection *connection);

/* Whether its loop may wait for the disk for the sake of this connection, which is the only one that it has: for
 * api_options.may_wait. It is away then until its next turn. Thread: its loop's. */
bool loop_may_wait(struct MHD_Connection *connection);

/* Puts a line into the log of requests: for api_options.record. Thread: the connection's loop's. */
void loop_record(struct MHD_Connection *connection, const char *line, size_t length);

/* What the kernel knows of a connection: for api_options.moved. Thread: its loop's. */
void loop_moved(struct MHD_Connection *connection, uint64_t *ret_given, uint64_t *ret_taken);

/* Resumes a suspended connection of any loop: for api_options.resume. libmicrohttpd by itself would not wake a
 * loop that is not its own. Thread: any. */
void loop_resume(struct MHD_Connection *connection);

#endif
