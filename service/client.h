/* client.h - one connection, from the acceptor's hand-over to its end: what is known of it, and whether it comes to the
 * point.
 *
 * libmicrohttpd owns the socket as soon as it is told of it. For it each byte is a sign of life: a head that comes byte
 * by byte would hold its connection for ever, and so would a body, or an answer that is read so. client_judge() finds
 * such clients; and in a crowd who has no request has to make room.
 *
 * Thread: its loop's, but client_new() and client_is_guest().
 */
#ifndef CAIRN_CLIENT_H
#define CAIRN_CLIENT_H

#include "api/api.h"
#include "api/http/wire.h"
#include "service/pace.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct identity;
struct loop;
struct tls;

struct client {
    struct client *next, *previous; /* the loop's lists; in the inbox and among the arriving only `next` is used */
    struct client *next_ended;
    struct loop *loop;
    int socket;
    struct sockaddr_storage address;
    socklen_t address_length;
    struct MHD_Connection *connection; /* NULL before its handshake is done */
    struct tls *tls;                   /* NULL: it speaks in clear */
    void *request;                     /* the api's, while it is busy */
    struct wire wire;                  /* what arrives goes through it */
    uint64_t encrypted;                /* bytes of its answers, when the last one was complete */
    uint64_t messages;                 /* begun */
    int untaken;                       /* bytes of its answers with the kernel, at the last look */
    bool guest;                        /* it has no place: places.h */
    bool seen;                         /* as one: it has had a turn of the loop to be read */
    bool busy;                         /* a request has begun and is not completed */
    bool heard;                        /* its head has arrived whole */
    bool given_up;                     /* its last answer did not come through */
    bool ended;                        /* it has closed its side */
    bool evicted;                      /* it was too slow: libmicrohttpd is about to close it */
    int64_t opened;                    /* milliseconds: when */
    int64_t came_on;                   /* the same: connected, or did its part of a handshake */
    int64_t waiting_since; /* milliseconds: for the head that is to come, or has begun to; for a guest to be gone */
    struct pace pace;      /* of requests whose head was heard, until their answers are taken */
};

/* How much patience the server has at present. */
struct client_terms {
    struct pace_terms pace;
    int64_t handshake_patience; /* milliseconds for the whole of it */
    int64_t head_patience;      /* to begin a request and to finish its head */
    int64_t guest_patience;     /* for a head and its answer, and as long for the handshake */
};

/* NULL when memory is out. With an identity it is to speak TLS. The socket stays the caller's to close until
 * libmicrohttpd has it. Thread: any. */
struct client *client_new(struct loop *loop, int socket, const struct sockaddr *address, socklen_t length, bool guest,
                          struct identity *identity);
void client_free(struct client *client);

/* Its connection is about to be closed: how long it may then take nothing of its answers. Beside what its pace has
 * bought these are two times of grace. */
void client_limit_silence(const struct client *client, const struct pace_terms *terms);

/* The client that client_arrived() has made known to libmicrohttpd. */
struct client *client_of(struct MHD_Connection *connection);

/* libmicrohttpd has made a connection of the socket: what it reads goes through the wire from now on. */
void client_arrived(struct client *client, struct MHD_Connection *connection);

/* From here on it may be silent for the idle timeout, and then has as long again for a request's head. */
void client_wait_for_head(struct client *client);

/* The head of its request is there: from now on it is the pace that counts. False: that was known. */
bool client_heard(struct client *client);

/* What is wrong with the message that libmicrohttpd is at; NULL: nothing. */
const struct fault *client_fault(const struct client *client);

/* Whether it was cut, or its last answer did not come through: its connection is about to be closed. */
bool client_is_leaving(const struct client *client);

/* Whether its connection ends amid a head: libmicrohttpd sees nothing of one that does not become whole, and closes
 * when the idle timeout is over. */
bool client_is_amid_head(const struct client *client);

/* Whether it got an answer before all of its message was read, so that it may be sending on. */
bool client_is_still_sending(const struct client *client);

/* How much is to come of the body under way, with what TLS adds to it; 0 when that is not known. */
uint64_t client_rest(const struct client *client);

/* Whether what was written to it since this was last asked went past its TLS session. */
bool client_was_answered_in_clear(struct client *client);

/* Whether there are bytes of it that libmicrohttpd has not read: with the kernel, in its session, or passed by the
 * wire. */
bool client_has_unread(const struct client *client);

/* Whether it has sent something that is answered: a head, or its part of a handshake; or what may become that when it
 * is looked at. */
bool client_has_spoken(const struct client *client);

/* Whether it has no request, not even the beginning of one: its connection may end. One that has just been opened has a
 * moment to begin. */
bool client_is_idle(const struct client *client);

/* What libmicrohttpd has waited for in vain, of a request under way. */
enum api_eviction client_silence(const struct client *client);

/* Whether its request is with the engine, so that it waits for the server and not the server for it. */
bool client_is_suspended(const struct client *client);

/* What a client without a body has not come to the end of: its head, its answer, or to say anything at all. */
enum api_eviction client_dawdling(const struct client *client);

/* Why its connection has to end now; API_EVICTIONS: it need not. */
enum api_eviction client_judge(struct client *client, const struct client_terms *terms, int64_t now);

/* Its socket is shut down for reading; what it was sending amid a body is cut, and it is not told that it was at
 * fault. */
void client_take_no_more(struct client *client);

/* Shuts its socket down, so that libmicrohttpd closes it. */
void client_evict(struct client *client, enum api_eviction reason);

#endif
