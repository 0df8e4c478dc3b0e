/* stream.h - an answer of server-sent events, read one by one as they come.
 *
 *     struct stream *stream = stream_open("/v1/live", "");
 *     ck_assert(stream_next(stream));
 *     ck_assert_str_eq(stream_field(stream, "event"), "history");
 *     stream_close(stream);
 *
 * Thread: one at a time per stream.
 */
#ifndef CAIRN_TESTS_HTTP_STREAM_H
#define CAIRN_TESTS_HTTP_STREAM_H

#include "tests/http/raw.h"

#include <stdbool.h>
#include <stddef.h>

enum { STREAM_EVENT_MAX = 1 << 20 };

struct stream {
    int socket;
    struct raw_answer head;
    char event[STREAM_EVENT_MAX + 1]; /* the last one, up to the empty line */
    size_t length;
    char ahead[16384]; /* bytes that have come, and are not in an event yet */
    size_t ahead_at, ahead_length;
};

/* GETs a target of the site's server, with header lines that each end in CR LF, and reads the head of the answer. */
struct stream *stream_open(const char *target, const char *fields);

void stream_close(struct stream *stream);

/* Reads up to the next empty line; false at the end of the stream. */
bool stream_next(struct stream *stream);

/* The value of a field of the last event; fails the test when it has none. Lives as long as the site's client. */
const char *stream_field(const struct stream *stream, const char *name);

#endif
