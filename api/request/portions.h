/* portions.h - an answer of any length in constant memory: an I/O thread makes it, a portion at a time.
 *
 * portions_begin() has the first one made, and goes on where the endpoint can still refuse: request->error. Else it
 * calls portions_reply(). When the client has taken a portion the next one is made, and none ahead of that: so who
 * reads slowly costs one portion and no thread, and where the client goes nothing more is made.
 *
 * What goes wrong later can be told by no status. The log says it, and the connection is reset in the middle of the
 * content, which nobody can take for its end.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_PORTIONS_H
#define CAIRN_API_PORTIONS_H

#include "api/request/request.h"

struct portions {
    struct request *request;
    request_step *make; /* sets the next three, or request->error; the bytes are lent until it is called again */
    const char *bytes;
    size_t length; /* at least one, but of the last portion */
    bool last;
    size_t sent;  /* of the portion */
    size_t least; /* bytes that make a portion: when so many are there it is made */
};

/* Has the first portion made, once the request has its store; `portions` live in its state. */
void portions_begin(struct request *request, struct portions *portions, request_step *make, request_step *then);

/* Answers with all of them; HEAD with none. */
void portions_reply(struct request *request, struct portions *portions, const char *media_type);

#endif
