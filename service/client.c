/* client.c - one connection. See client.h. */
#include "service/client.h"

#include "service/clock.h"
#include "service/tls.h"
#include "service/transport.h"

#include <limits.h>
#include <linux/sockios.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { NEW = 250 }; /* milliseconds for which a connection is new: time to send something, or for a handshake */

enum { UNSENT_MAX = 1024 * 1024 }; /* bytes of answers that a connection's socket holds and has not sent yet */

/* ---- beginning and end ----------------------------------------------------------------------- */

/* The kernel would take megabytes ahead of a slow reader. Unix sockets refuse this, and hold little anyway. */
static void limit_unsent(int socket)
{
    int bytes = UNSENT_MAX;
    setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

/* What it has not taken when its connection is closed is the kernel's to deliver, which it tries for minutes even
 * where nothing moves. The kernel may count from the first time that the client's window was full, though it has opened
 * since: so who read slowly has to have the connection's age on top, and who reads must not be limited before. */
void client_limit_silence(const struct client *client, const struct pace_terms *terms)
{
    int64_t age = clock_milliseconds() - client->opened;
    int64_t limit = age + 2 * terms->grace + pace_rest(client->socket, terms);
    int milliseconds = limit < INT_MAX ? (int)limit : INT_MAX;
    setsockopt(client->socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof milliseconds);
}

struct client *client_new(struct loop *loop, int socket, const struct sockaddr *address, socklen_t length, bool guest,
                          struct identity *identity)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client)
        return NULL;
    client->tls = identity ? tls_new(identity, socket) : NULL;
    if (identity && !client->tls) {
        free(client);
        return NULL;
    }
    client->loop = loop;
    client->guest = guest;
    client->socket = socket;
    memcpy(&client->address, address, length);
    client->address_length = length;
    client->opened = client->came_on = clock_milliseconds();
    limit_unsent(socket);
    return client;
}

void client_free(struct client *client)
{
    wire_end(&client->wire);
    tls_free(client->tls);
    free(client);
}

struct client *client_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void client_arrived(struct client *client, struct MHD_Connection *connection)
{
    client->connection = connection;
    wire_begin(&client->wire);
    if (!transport_watch(client->socket, &client->wire, client->tls))
        shutdown(client->socket, SHUT_RDWR);
    client_wait_for_head(client);
    client->came_on = client->waiting_since;
}

/* ---- its requests ---------------------------------------------------------------------------- */

void client_wait_for_head(struct client *client)
{
    client->heard = false;
    pace_end(&client->pace);
    client->waiting_since = clock_milliseconds();
}

bool client_heard(struct client *client)
{
    if (client->heard)
        return false;
    client->heard = true;
    pace_begin(&client->pace);
    return true;
}

/* A message that has not come through the wire is not read: then libmicrohttpd would have another way to the socket
 * than recv(). */
const struct fault *client_fault(const struct client *client)
{
    static const struct fault unseen = {
        .problem = PROBLEM_INTERNAL,
        .sentence = "The HTTP library reads in a way that is not known: it is too new for cairn."};
    return client->messages > client->wire.heads ? &unseen : wire_fault(&client->wire, client->messages);
}

/* ---- what it has sent and read --------------------------------------------------------------- */

bool client_is_leaving(const struct client *client)
{
    return client->evicted || client->given_up;
}

bool client_is_amid_head(const struct client *client)
{
    return !client->evicted && !client->ended && wire_is_amid_head(&client->wire);
}

/* Whether the kernel holds bytes of it. */
static bool has_arrived(const struct client *client)
{
    int unread = 0;
    return ioctl(client->socket, FIONREAD, &unread) == 0 && unread > 0;
}

bool client_has_unread(const struct client *client)
{
    return wire_has_ready(&client->wire) || has_arrived(client) || (client->tls && tls_has_ready(client->tls));
}

bool client_is_still_sending(const struct client *client)
{
    if (client_is_leaving(client))
        return false;
    return (!client->ended && wire_is_amid_body(&client->wire)) || has_arrived(client);
}

/* A record of 16 KiB becomes a thousandth longer, one of 512 bytes a twentieth; few send shorter ones for long. */
uint64_t client_rest(const struct client *client)
{
    uint64_t rest = wire_rest(&client->wire);
    return client->tls ? rest + rest / 16 : rest;
}

bool client_was_answered_in_clear(struct client *client)
{
    uint64_t before = client->encrypted;
    client->encrypted = client->tls ? tls_sent(client->tls) : 0;
    return client->tls && client->encrypted == before;
}

/* Its request comes right behind the connection, and both may be told of in one look. */
static bool is_new(const struct client *client)
{
    return client->messages == 0 && clock_milliseconds() - client->waiting_since <= NEW;
}

/* Whether a part of something is there, if only of a record; before the handshake is done there are none. */
static bool has_begun(const struct client *client)
{
    return wire_is_amid_head(&client->wire) || (client->connection && client->tls && tls_is_amid_record(client->tls));
}

bool client_has_spoken(const struct client *client)
{
    return client->messages > 0 || (client->tls && tls_has_answered(client->tls)) || client_has_unread(client);
}

bool client_is_idle(const struct client *client)
{
    return !client->busy && !has_begun(client) && !client_has_unread(client) && !is_new(client);
}

/* Bytes of its answers that the kernel holds. */
static int untaken(const struct client *client)
{
    int bytes = 0;
    return ioctl(client->socket, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

enum api_eviction client_silence(const struct client *client)
{
    return untaken(client) > 0 ? API_EVICTED_ANSWER : API_EVICTED_BODY;
}

/* ---- whether it comes to the point ------------------------------------------------------------ */

bool client_is_suspended(const struct client *client)
{
    return client->connection &&
           MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_SUSPENDED)->suspended == MHD_YES;
}

/* libmicrohttpd's idle timeout begins again where it is set anew after it was off. */
static void renew_timeout(const struct client *client)
{
    unsigned seconds =
        MHD_get_connection_info(client->connection, MHD_CONNECTION_INFO_CONNECTION_TIMEOUT)->connection_timeout;
    MHD_set_connection_option(client->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    MHD_set_connection_option(client->connection, MHD_CONNECTION_OPTION_TIMEOUT, seconds);
}

/* libmicrohttpd counts its idle timeout from its own last write, and the kernel asks for the next one only after much
 * of the last has been taken. So who takes something shows life. What libmicrohttpd writes between two looks hides what
 * is taken, and does the same by itself. */
static void notice_reading(struct client *client)
{
    int before = client->untaken;
    client->untaken = untaken(client);
    if (client->untaken < before)
        renew_timeout(client);
}

/* Who is fair by its accounts may rest for longer than libmicrohttpd's timeout. The next request is waited for when the
 * last answer has been taken. Who waits for the server keeps nobody waiting, and there may be many. */
static enum api_eviction judge_pace(struct client *client, const struct pace_terms *terms, int64_t now)
{
    if (client_is_suspended(client)) {
        pace_stand(&client->pace, now);
        return API_EVICTIONS;
    }
    switch (pace_look(&client->pace, client->socket, terms, now)) {
    case PACE_SLOW_BODY:
        return API_EVICTED_BODY;
    case PACE_SLOW_ANSWER:
        return API_EVICTED_ANSWER;
    case PACE_FAIR:
        renew_timeout(client);
        if (!client->heard)
            client->waiting_since = now;
        return API_EVICTIONS;
    default:
        if (client->heard)
            notice_reading(client);
        return API_EVICTIONS;
    }
}

enum api_eviction client_dawdling(const struct client *client)
{
    if (client->heard)
        return API_EVICTED_ANSWER;
    if (!client->connection)
        return API_EVICTED_HEAD;
    return wire_is_amid_head(&client->wire) ? API_EVICTED_HEAD : API_EVICTED_IDLE;
}

/* Milliseconds that it may be without a head that is whole, or without a handshake that is done. */
static int64_t patience_with(const struct client *client, const struct client_terms *terms)
{
    if (client->guest)
        return terms->guest_patience;
    return client->connection ? terms->head_patience : terms->handshake_patience;
}

enum api_eviction client_judge(struct client *client, const struct client_terms *terms, int64_t now)
{
    bool paced = !client->guest && (client->heard || pace_is_open(&client->pace));
    enum api_eviction slow = paced ? judge_pace(client, &terms->pace, now) : API_EVICTIONS;
    if (slow != API_EVICTIONS || (client->heard && !client->guest))
        return slow;
    if (now - client->waiting_since <= patience_with(client, terms))
        return API_EVICTIONS;
    return client_is_suspended(client) ? API_EVICTIONS : client_dawdling(client);
}

void client_take_no_more(struct client *client)
{
    wire_stop(&client->wire);
    shutdown(client->socket, SHUT_RD);
}

void client_evict(struct client *client, enum api_eviction reason)
{
    /* What it has not taken of its answers would stay with the kernel for minutes. */
    struct linger none = {.l_onoff = 1};
    if (reason == API_EVICTED_ANSWER)
        setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    shutdown(client->socket, SHUT_RDWR);
    client->evicted = true;
}
