/* looking.h - what somebody who looks on is told, and how far.
 *
 *     event: history                                        the last 15 minutes; more such events while there is more
 *     data: {"interval":1,"columns":["time",...],"rows":[[1795954177123,...],...]}
 *
 *     event: sample                                         each second
 *     data: {"rows":[[1795954178123,...]]}
 *
 * Who does not ask for text/event-stream gets the history as one page. Between two events the connection is suspended,
 * as that of one who follows a store (feed/events.h); it ends when the server does, when the rules change by which it
 * was let in, and with the store.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_LOOKING_H
#define CAIRN_API_LOOKING_H

#include "api/live/live.h"
#include "api/request/portions.h"

struct looking {
    struct live_view view;
    uint64_t salt;  /* of the store that it is of */
    bool seated;    /* it has its seat for this one, too */
    uint64_t since; /* the row that is told next */
    bool begun;     /* the columns are told */
    bool caught_up; /* and the history */
    struct live_watcher watcher;
    struct jsontext text;
    struct portions portions;
};

/* The request's state from here on; NULL when it has answered. */
struct looking *looking_begin(struct request *request);

/* Answers with what there is to see in the view, once that is set. */
void looking_answer(struct request *request);

/* The end of both endpoints. */
void looking_end(struct request *request);

#endif
