/* pace.h - whether a client comes on at a fair rate, with the bodies that it sends and the answers that it takes.
 *
 * It has an account. What it takes is paid in, and what it sends while there is nothing to take; a least rate is drawn
 * for the time in which the server waits for it, and for no other: not while its connection is suspended, nor while
 * bytes of it are still to be read. It begins with what the rate makes in a time of grace, and never holds more. So a
 * client is slow when it stays below the rate on an average over about that period, whatever it has done before; who is
 * silent for as long is slow, too.
 *
 * A request opens a new account, but not while there are answers that were out when the last one was opened and that
 * the client has not taken. An answer that the socket has room for is out for the server at once, and lies in the
 * kernel: so between two requests it is still waited for, and a small request buys no more time for a large answer.
 *
 * The kernel tells what a TCP connection has moved; it is asked when it is time to look, not for each request. Of unix
 * sockets it does not tell: whoever may open one is trusted.
 *
 * Thread: one at a time per pace.
 */
#ifndef CAIRN_PACE_H
#define CAIRN_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    bool under_way;  /* a request is */
    bool begun;      /* one has begun since the account was opened */
    bool open;       /* there is an account */
    int64_t looked;  /* milliseconds (clock.h): when */
    uint64_t sent;   /* bytes of the client, since the connection was opened */
    uint64_t taken;  /* bytes of answers, the same */
    uint64_t due;    /* so many have to be taken before there is another account */
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

/* Its answer is out. */
void pace_end(struct pace *pace);

/* Whether there is anything to look at: a request has begun, and its answer is not known to have been taken. */
bool pace_is_open(const struct pace *pace);

/* Looks at the socket of a client: to be called every second or so, with the time (clock.h), while the pace is open.
 * While the connection is suspended, `waits` is false. */
enum pace_verdict pace_look(struct pace *pace, int socket, bool waits, const struct pace_terms *terms, int64_t now);

#endif
