/* wire.h - what arrives on one connection, judged before libmicrohttpd reads it.
 *
 * libmicrohttpd's versions read a message each in its own way (docs/libmicrohttpd.md). So none of them reads one that
 * can be taken in two ways: a head is held back until it is whole and judged (hygiene.h), and of a body's chunks only
 * what means something is passed on (chunks.h). A body with a length is passed as it comes.
 *
 * A message with a fault is ended for libmicrohttpd right there: in place of its head stands that of another request,
 * or its body ends. Either way libmicrohttpd comes to call the access handler, which finds the fault here
 * (wire_fault()) and answers it. Nothing that follows is read. A body that ends too early has a fault, too: who has
 * closed no more than its own side is waiting for an answer.
 *
 * Bytes are judged where libmicrohttpd wants them, and mostly stay as they are; only a head that comes in pieces is
 * kept here meanwhile.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_WIRE_H
#define CAIRN_API_WIRE_H

#include "api/http/chunks.h"
#include "api/http/hygiene.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum wire_state {
    WIRE_HEAD,   /* of the next message: begun, or to come */
    WIRE_BODY,   /* `left` bytes of it */
    WIRE_CHUNKS, /* a body of unknown length */
    WIRE_FAULTY, /* for good */
};

struct wire {
    enum wire_state state;
    struct hygiene hygiene; /* of the head under way */
    struct chunks chunks;
    uint64_t length, left; /* of a body whose length was told */
    uint64_t heads;        /* passed, those in place of faulty ones included */
    uint64_t answered;     /* messages whose answer is out */
    bool ended;            /* the source has ended, and the reader does not know it yet */
    bool stopped;          /* the source has been shut down on this side */
    struct fault fault;    /* of the last message */
    char *origin;          /* owned: that the fault names, or NULL */

    const char *ready; /* passed, and to be read before all that follows */
    size_t ready_length;
    char *held;      /* owned: a head that comes in pieces, behind what is ready; NULL mostly */
    size_t begun;    /* where in `held` it begins */
    size_t judged;   /* where its whole lines end */
    size_t held_end; /* where its last piece ends */
};

/* Reads from where the bytes come: as recv(). */
typedef ssize_t wire_source(void *arg, void *buffer, size_t size);

/* Nothing has arrived. */
void wire_begin(struct wire *wire);

/* In place of recv(): reads from the source what may be read. EAGAIN also when something came that has to wait, and at
 * the end of the source while a whole message is not answered: libmicrohttpd would drop the answer with the connection.
 * An end that comes together with the last bytes has to be read again, too. */
ssize_t wire_read(struct wire *wire, wire_source *source, void *arg, void *buffer, size_t size);

/* The answer to the next message is out. True: the source's end was held back, and is to be read again. */
bool wire_answered(struct wire *wire);

/* The source is shut down on this side: where it ends amid a body from here on, its sender is not to blame, and there
 * is no fault. */
void wire_stop(struct wire *wire);

/* What is wrong with the nth message, counted from 1; NULL: nothing so far. */
const struct fault *wire_fault(const struct wire *wire, uint64_t message);

/* Whether a part of a head has arrived. */
bool wire_is_amid_head(const struct wire *wire);

/* Whether a head has passed, and its body is not complete or something is wrong with the message. */
bool wire_is_amid_body(const struct wire *wire);

/* Whether bytes have passed that were not read yet. */
bool wire_has_ready(const struct wire *wire);

/* Bytes of a body that are still to come; 0 when there is none, or its length is not known. */
uint64_t wire_rest(const struct wire *wire);

/* Frees what it holds, not the structure. */
void wire_end(struct wire *wire);

#endif
