/* pace.h - whether a client comes on at a fair rate, with the bodies that it sends and the answers that it takes.
 *
 * It has accounts. Into them is paid what it takes, and what it sends while there is nothing to take; from them a
 * least rate is drawn for the time in which the server waits for it, and for no other: not while its connection is
 * suspended, nor while bytes of it are still to be read.
 *
 *     account   drawn                      begins with                holds at most
 *     recent    the rate                   60 s (a time of grace)     as much
 *     whole     the rate                   nothing                    32 MiB
 *     hasty     the rate, in crowds only   5 s (a twelfth of it)      20 s
 *     brisk     eight times the rate       nothing                    1 MiB
 *
 * Seconds are what the rate makes in them. Slow is who has overdrawn the first two; in a crowd also who has overdrawn
 * the other two.
 *
 * Of a client's pace only steps are seen. Its kernel takes as much at once as its window is wide, and nothing more
 * before the client has read of it: in small windows a half of them, or all. One that sends does so as it has
 * something. So who reads steadily is seen to move megabytes, then to rest for minutes. What a window may hold is what
 * the whole account may hold.
 *
 * A crowd is not to wait for minutes. Who comes on in small steps has time for the next one, once it has made one: that
 * is the hasty account. Who makes large ones is told by the brisk one: it has moved much on the whole, and what it
 * moved long ago counts no more. So a steady 10 KiB/s passes in steps of up to a MiB, and who moves next to nothing is
 * cut as soon as its first account is used up. The hasty one fills up to what it began with in a time of grace without
 * a crowd: one that comes and goes hurries its clients as one that stays, and who was fair before a short one is fair
 * afterwards.
 *
 * A request opens new accounts, but not while there are answers that were out when the last ones were opened and
 * that the client has not taken. An answer that the socket has room for is out for the server at once, and lies in the
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
    bool under_way;                      /* a request is */
    bool begun;                          /* one has begun since the accounts were opened */
    bool open;                           /* there are accounts */
    int64_t looked;                      /* milliseconds (clock.h): when */
    uint64_t sent;                       /* bytes of the client, since the connection was opened */
    uint64_t taken;                      /* bytes of answers, the same */
    uint64_t due;                        /* so many have to be taken before there are others */
    int64_t recent, whole, hasty, brisk; /* bytes: the accounts */
};

struct pace_terms {
    int64_t
        rate; /* bytes a second; 0: nobody is slow, and fair is who would be at a KiB a second since the beginning */
    int64_t grace; /* milliseconds */
    int64_t haste; /* milliseconds: what is left of them in a crowd, for who has moved nothing yet */
    int64_t ahead; /* bytes: the most that may count for later */
    bool crowded;  /* connections are short */
};

enum pace_verdict {
    PACE_FAIR,
    PACE_UNTOLD,      /* nothing is waited for, or nobody counts */
    PACE_SLOW_BODY,   /* it does not send */
    PACE_SLOW_ANSWER, /* it does not read */
};

/* A request begins: whatever it brings is judged from the next look on. */
void pace_begin(struct pace *pace);

/* Its answer is out. */
void pace_end(struct pace *pace);

/* Whether there is anything to look at: a request has begun, and its answer is not known to have been taken. */
bool pace_is_open(const struct pace *pace);

/* Looks at the socket of a client: to be called every second or so, with the time (clock.h), while the pace is open. */
enum pace_verdict pace_look(struct pace *pace, int socket, const struct pace_terms *terms, int64_t now);

/* In its place while the connection is suspended, and costs nothing: the client waits for the server. What it moves
 * meanwhile is paid in at the next look. */
void pace_stand(struct pace *pace, int64_t now);

/* Bytes of answers since the connection was opened: how many the kernel was given, and how many the client has taken.
 * Both are 0 where the kernel does not tell. */
void pace_moved(int socket, uint64_t *ret_given, uint64_t *ret_taken);

/* Milliseconds in which it would have taken at the least rate what it has taken so far, as far as that may count. */
int64_t pace_rest(int socket, const struct pace_terms *terms);

#endif
