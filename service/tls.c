/* tls.c - TLS by GnuTLS. See tls.h.
 *
 * GnuTLS reads and writes the socket by the two functions here and not by its own: those would call recv() and send(),
 * which transport.c defines.
 *
 * A message of a handshake may say that it has 16 MiB, and is held until it is whole; other messages carry nothing, and
 * may come without an end. So what is read without coming to something is counted, before the handshake is done and
 * after.
 *
 * It answers GNUTLS_E_AGAIN for two things: that the socket has no more, and that what it had was no data, a key update
 * say. Only the first is a reason to wait for the socket, so that the function that reads it notes which it was.
 *
 * A client may end its side of the connection without having said so within TLS. To GnuTLS that is an error, after
 * which it would not send either, and the answers to what had come before would be lost. So it is not told.
 */
#include "service/tls.h"

#include "service/identity.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    RECORD = 16 << 10,             /* bytes in a record, at most */
    FRUITLESS_MAX = RECORD + 4096, /* bytes that come to nothing: most of a record, or a handshake of a few thousand */
    UNREAD_MAX = 1 << 20
};

struct tls {
    gnutls_session_t session;
    struct identity *identity;                /* a server's */
    gnutls_certificate_credentials_t nothing; /* a client's, which shows and asks for nothing */
    int socket;
    int flags;        /* of the record that is being sent */
    size_t fruitless; /* bytes read since the handshake was done, or data came */
    bool dry;         /* the socket had nothing more */
    bool finished;    /* and never will */
    bool ended;       /* the other side sends no more */
    bool broken;      /* it has sent what cannot be read */
    bool answered;    /* something was sent, of the handshake at first */
    bool parked;      /* a record waits until the kernel takes the rest of it */
    size_t credit;    /* bytes that are sent, but have not been told to be */
    uint64_t sent;
};

/* ---- the socket -------------------------------------------------------------------------------- */

static ssize_t pull(gnutls_transport_ptr_t arg, void *buffer, size_t size)
{
    struct tls *tls = arg;
    size_t left = FRUITLESS_MAX - tls->fruitless;
    if (left == 0) {
        errno = EMSGSIZE;
        return -1;
    }
    ssize_t got = recvfrom(tls->socket, buffer, size < left ? size : left, 0, NULL, NULL);
    tls->dry = got <= 0;
    tls->finished = got == 0;
    if (got > 0) {
        tls->fruitless += (size_t)got;
        return got;
    }
    errno = got == 0 ? EAGAIN : errno;
    return -1;
}

static ssize_t push(gnutls_transport_ptr_t arg, const void *bytes, size_t size)
{
    struct tls *tls = arg;
    tls->answered = true;
    return sendto(tls->socket, bytes, size, MSG_NOSIGNAL | tls->flags, NULL, 0);
}

/* ---- beginning and end ------------------------------------------------------------------------- */

/* Protocols of HTTP that are spoken: a client that offers others too learns which it is. */
static bool offer_protocols(gnutls_session_t session)
{
    static unsigned char name[] = "http/1.1";
    const gnutls_datum_t http = {.data = name, .size = sizeof name - 1};
    return gnutls_alpn_set_protocols(session, &http, 1, 0) >= 0;
}

static struct tls *open_session(int socket, unsigned flags)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    tls->socket = socket;
    if (gnutls_init(&tls->session, flags) < 0) {
        free(tls);
        return NULL;
    }
    gnutls_transport_set_ptr(tls->session, tls);
    gnutls_transport_set_pull_function(tls->session, pull);
    gnutls_transport_set_push_function(tls->session, push);
    gnutls_handshake_set_timeout(tls->session, GNUTLS_INDEFINITE_TIMEOUT);
    return tls;
}

struct tls *tls_new(struct identity *identity, int socket)
{
    struct tls *tls = open_session(socket, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (!tls)
        return NULL;
    tls->identity = identity_hold(identity);
    if (identity_equip(identity, tls->session) && offer_protocols(tls->session))
        return tls;
    tls_free(tls);
    return NULL;
}

struct tls *tls_new_client(int socket)
{
    struct tls *tls = open_session(socket, GNUTLS_CLIENT);
    if (tls && gnutls_set_default_priority(tls->session) >= 0 &&
        gnutls_certificate_allocate_credentials(&tls->nothing) >= 0 &&
        gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, tls->nothing) >= 0)
        return tls;
    tls_free(tls);
    return NULL;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    gnutls_deinit(tls->session);
    if (tls->nothing)
        gnutls_certificate_free_credentials(tls->nothing);
    identity_release(tls->identity);
    free(tls);
}

/* The kernel resets a connection that is closed with something unread, and the alert would be lost with it. */
static void drop_unread(int socket)
{
    recvfrom(socket, NULL, UNREAD_MAX, MSG_DONTWAIT | MSG_TRUNC, NULL, NULL);
}

enum tls_progress tls_shake(struct tls *tls)
{
    int error = gnutls_handshake(tls->session);
    if (error == GNUTLS_E_SUCCESS) {
        tls->fruitless = 0;
        return TLS_READY;
    }
    if (!gnutls_error_is_fatal(error) && !tls->finished)
        return gnutls_record_get_direction(tls->session) == 0 ? TLS_READS : TLS_WRITES;
    gnutls_alert_send_appropriate(tls->session, error);
    drop_unread(tls->socket);
    return TLS_FAILED;
}

/* ---- reading ----------------------------------------------------------------------------------- */

/* What there is to read after the last bytes: nothing more now, the end, or an error. */
static ssize_t rest(const struct tls *tls)
{
    if (tls->ended)
        return 0;
    errno = tls->broken ? ECONNRESET : EAGAIN;
    return -1;
}

/* Nothing that follows is read. Where bytes came before, epoll has to report once more: they make a short read, after
 * which nobody looks for more by himself. */
static void stop_reading(struct tls *tls, bool *what)
{
    *what = true;
    shutdown(tls->socket, SHUT_RD);
}

/* Whether there is more to be read after GnuTLS gave no bytes but this code. */
static bool goes_on(struct tls *tls, ssize_t code)
{
    bool again = code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED || code == GNUTLS_E_WARNING_ALERT_RECEIVED;
    if (code == 0 || (again && tls->finished))
        stop_reading(tls, &tls->ended);
    else if (!again)
        stop_reading(tls, &tls->broken);
    return !tls->ended && !tls->broken && !tls->dry;
}

ssize_t tls_receive(void *arg, void *buffer, size_t size)
{
    struct tls *tls = arg;
    size_t given = 0;
    while (given < size && !tls->ended && !tls->broken) {
        tls->dry = false;
        ssize_t got = gnutls_record_recv(tls->session, (char *)buffer + given, size - given);
        if (got <= 0 && !goes_on(tls, got))
            break;
        if (got > 0) {
            given += (size_t)got;
            tls->fruitless = 0;
        }
    }
    return given > 0 ? (ssize_t)given : rest(tls);
}

bool tls_has_ready(const struct tls *tls)
{
    return gnutls_record_check_pending(tls->session) > 0;
}

bool tls_has_answered(const struct tls *tls)
{
    return tls->answered;
}

bool tls_is_amid_record(const struct tls *tls)
{
    return tls->fruitless > 0 && !tls->ended;
}

/* ---- writing ----------------------------------------------------------------------------------- */

/* What GnuTLS answered to bytes, as send() answers. A record that the kernel has not taken whole waits in GnuTLS, and
 * its bytes count as not sent until it is out. */
static ssize_t outcome(struct tls *tls, ssize_t code)
{
    tls->parked = code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;
    if (code >= 0) {
        tls->sent += (uint64_t)code;
        return code;
    }
    errno = tls->parked ? EAGAIN : EPIPE;
    return -1;
}

/* Sends what is left of a record that waits: its bytes are the next that libmicrohttpd will bring again, and are left
 * out then. */
static bool send_parked(struct tls *tls)
{
    if (!tls->parked)
        return true;
    ssize_t sent = outcome(tls, gnutls_record_send(tls->session, NULL, 0));
    if (sent > 0)
        tls->credit += (size_t)sent;
    return sent >= 0;
}

/* How many of these bytes have been sent before. */
static size_t take_credit(struct tls *tls, size_t size)
{
    size_t taken = tls->credit < size ? tls->credit : size;
    tls->credit -= taken;
    return taken;
}

/* Where a list of pieces is at. */
struct cursor {
    const struct iovec *pieces;
    size_t count;
    size_t offset; /* in the first of them */
};

static void skip(struct cursor *cursor, size_t length)
{
    cursor->offset += length;
    while (cursor->count > 0 && cursor->offset >= cursor->pieces->iov_len) {
        cursor->offset -= cursor->pieces->iov_len;
        cursor->pieces++;
        cursor->count--;
    }
}

/* The bytes of the next record: where they are, if they lie together, or else copied into the buffer. */
static const char *next_record(struct cursor cursor, char buffer[RECORD], size_t *ret_length)
{
    size_t length = cursor.count > 0 ? cursor.pieces->iov_len - cursor.offset : 0;
    if (length >= RECORD || cursor.count <= 1) {
        *ret_length = length < RECORD ? length : RECORD;
        return length > 0 ? (const char *)cursor.pieces->iov_base + cursor.offset : buffer;
    }
    size_t used = 0;
    while (cursor.count > 0 && used < RECORD) {
        length = cursor.pieces->iov_len - cursor.offset;
        length = length < RECORD - used ? length : RECORD - used;
        memcpy(buffer + used, (const char *)cursor.pieces->iov_base + cursor.offset, length);
        used += length;
        skip(&cursor, length);
    }
    *ret_length = used;
    return buffer;
}

static size_t length_of(const struct iovec *pieces, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].iov_len;
    return length;
}

ssize_t tls_send(struct tls *tls, const struct iovec *pieces, size_t count, int flags)
{
    char buffer[RECORD];
    struct cursor cursor = {.pieces = pieces, .count = count};
    tls->flags = flags & MSG_MORE;
    if (!send_parked(tls))
        return -1;
    size_t done = take_credit(tls, length_of(pieces, count));
    skip(&cursor, done);
    while (cursor.count > 0) {
        size_t length;
        const char *bytes = next_record(cursor, buffer, &length);
        ssize_t sent = outcome(tls, gnutls_record_send(tls->session, bytes, length));
        if (sent < 0)
            return done > 0 ? (ssize_t)done : -1;
        done += (size_t)sent;
        skip(&cursor, (size_t)sent);
    }
    return (ssize_t)done;
}

ssize_t tls_send_file(struct tls *tls, int file, off64_t *offset, size_t size)
{
    char buffer[RECORD];
    tls->flags = 0;
    if (!send_parked(tls))
        return -1;
    size_t done = take_credit(tls, size);
    while (done < size) {
        size_t length = size - done < RECORD ? size - done : RECORD;
        ssize_t got = pread64(file, buffer, length, *offset + (off64_t)done);
        ssize_t sent = got > 0 ? outcome(tls, gnutls_record_send(tls->session, buffer, (size_t)got)) : got;
        if (sent < 0 && done == 0)
            return -1;
        if (sent <= 0)
            break;
        done += (size_t)sent;
    }
    *offset += (off64_t)done;
    return (ssize_t)done;
}

uint64_t tls_sent(const struct tls *tls)
{
    return tls->sent;
}

void tls_end(struct tls *tls)
{
    tls->flags = 0;
    if (!tls->parked)
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
}
