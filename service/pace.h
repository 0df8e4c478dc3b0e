/* pace.h - whether a client lets its request go on at a fair rate, with the body that it sends and the answer that it
 * takes.
 *
 * It has an account. What it sends and what it takes is paid in; a least rate is drawn for the time in which the server
 * waits for it, and for no other: not while its connection is suspended, nor while bytes of it are still to be read. It
 * begins with what the rate makes in a time of grace, and never holds more. So a client is slow when it stays below the
 * rate on an average over about that period, whatever it has done before; who is silent for as long is slow, too.
 *
 * The kernel tells what a TCP connection has moved. Of unix sockets it does not: whoever may open one is trusted.
 *
 * Thread: one at a time per pace.
 */
#ifndef CAIRN_PACE_H
#define CAIRN_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    bool known;      /* it was looked at since the request began */
    int64_t looked;  /* milliseconds (clock.h): when */
    uint64_t moved;  /* bytes, since the connection was opened */
    int64_t account; /* bytes */
};

struct pace_terms {
    int64_t rate;  /* bytes a second; 0: any is fair */
    int64_t grace; /* milliseconds */
};

enum pace_verdict {
    PACE_FAIR,
    PACE_SLOW_BODY,   /* it does not send */
    PACE_SLOW_ANSWER, /* it does not read */
};

/* A request begins: whatever it brings is judged from the next look on. */
void pace_begin(struct pace *pace);

/* Looks at the socket of a request under way whose client may go on: to be called every second or so, with the time
 * (clock.h). While the connection is suspended, `waits` is false. */
enum pace_verdict pace_look(struct pace *pace, int socket, bool waits, const struct pace_terms *terms, int64_t now);

#endif
