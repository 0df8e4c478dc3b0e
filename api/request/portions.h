/* portions.h - an answer of any length in constant memory: an I/O thread makes it, a portion at a time.
 *
 * portions_begin() has the first one made, and goes on where the endpoint can still refuse: request->error. Else it
 * calls portions_reply(). When the client has taken a portion the next one is made, and none ahead of that: so who
 * reads slowly costs one portion and no thread, and where the client goes nothing more is made.
 *
 * Content that has no end comes as it comes. Where `make` finds nothing more for now the portion is `idle`: when it is
 * out, the endpoint is asked for `more`. Where others make all of it, it is always asked: portions_from() instead of
 * portions_begin(). While it waits that takes no thread, and no memory but its own.
 *
 * What goes wrong later can be told by no status. The log says it, and the connection is reset in the middle of the
 * content, which nobody can take for its end.
 *
 * Thread: the daemon's, unless it says otherwise.
 */
#ifndef CAIRN_API_PORTIONS_H
#define CAIRN_API_PORTIONS_H

#include "api/request/request.h"
#include "api/text/jsontext.h"

enum portions_came {
    PORTIONS_LENT,  /* there are bytes: portions_lend() */
    PORTIONS_LATER, /* suspended (request_pause()): asked again when it is resumed, or portions_go_on() comes */
    PORTIONS_NONE,  /* the content ends here; where request->error is set, it is broken off */
};
typedef enum portions_came portions_more(struct request *request);

struct portions {
    request_step *make; /* sets what follows, or request->error; the bytes are lent until it is called again */
    const char *bytes;
    size_t length;
    bool last;
    bool idle;
    portions_more *more;                       /* NULL: it is never idle */
    bool (*make_now)(struct request *request); /* as `make`, where nothing has to be waited for; NULL: it always has */
    size_t sent;                               /* of the portion */
    size_t least;                              /* bytes that make a portion: when so many are there it is made */
    size_t capacity;                           /* bytes of memory that a text takes; 0: as many as it is long */
    bool large;                                /* they are more than usual, since each portion comes from far away */
};

/* Has the first portion made, once the request has its store; `portions` live in its state. */
void portions_begin(struct request *request, struct portions *portions, request_step *make, request_step *then);

/* The same for content that others make, of which nothing is asked for yet. */
void portions_from(struct request *request, struct portions *portions, portions_more *more);

/* What others have made, and keep until it is asked for more, or what goes in front of that. */
void portions_lend(struct portions *portions, const char *bytes, size_t length);

/* What was waited for has come: the next portion is made. Of a request that is suspended. Thread: any. */
void portions_go_on(struct request *request);

/* Answers with all of them; HEAD with none. */
void portions_reply(struct request *request, const char *media_type);

/* The same with content whose length is known, in large portions, and nothing made of it yet: the first portion, too,
 * is made when it is asked for. The endpoint sees to the fields. */
void portions_reply_bytes(struct request *request, struct portions *portions, request_step *make, unsigned status,
                          uint64_t length);

/* For `make`: a text that begins anew, without the room that a long one has taken; and that it is the portion.
 * Thread: an I/O thread. */
void portions_begin_text(const struct portions *portions, struct jsontext *text);
void portions_end_text(struct request *request, struct jsontext *text);

#endif
