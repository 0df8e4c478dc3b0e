/* events.h - what there is and what comes, as server-sent events: for browsers, whose EventSource comes back by itself.
 *
 *     retry: 1843                            come back after so many milliseconds
 *
 *     data: {"changes":[...],"next":...}     a page
 *     id: 9f31c2aa-147488                    its next; comes back as Last-Event-ID
 *
 *     :                                      a heartbeat, after a silence
 *
 *     event: gone                            it does not go on from here: a problem
 *     data: {"type":"...","status":410,...}
 *
 * A page is one event: it arrives whole or not at all, so that who comes back by the last id misses nothing and gets
 * nothing twice. One that a transaction makes long is made and sent in parts; where the next part cannot be had any
 * more, what has been sent of it becomes an event `broken`, in front of `gone`. Where the log went on and there was
 * nothing to tell, below a prefix, a heartbeat brings its place: an id without data.
 *
 * Between two events the connection is suspended. The heartbeat's failing write is how the server learns that a client
 * has gone. A stream ends when the server does, and when the rules change by which it was let in: who comes back is
 * judged anew.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_EVENTS_H
#define CAIRN_API_EVENTS_H

#include "api/request/request.h"

/* Once the request has its store: answers with all that comes. */
void events_begin(struct request *request);

#endif
