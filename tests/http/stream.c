/* stream.c - over a raw socket, so that nothing is read ahead of an event but by this. See stream.h. */
#include "tests/http/stream.h"

#include "tests/http/site.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* In HTTP/1.0 the content ends with the connection, and is not in chunks. */
struct stream *stream_open(const char *target, const char *fields)
{
    struct stream *stream = calloc(1, sizeof *stream);
    stream->socket = raw_connect(site.server->port);
    ck_assert(
        raw_send(stream->socket, "GET %s HTTP/1.0\r\nHost: a\r\nAccept: text/event-stream\r\n%s\r\n", target, fields));
    ck_assert(raw_receive_head(stream->socket, &stream->head));
    return stream;
}

void stream_close(struct stream *stream)
{
    close(stream->socket);
    free(stream);
}

/* The next byte; false at the end of the stream. */
static bool next_byte(struct stream *stream, char *ret_byte)
{
    struct pollfd poller = {.fd = stream->socket, .events = POLLIN};
    if (stream->ahead_at == stream->ahead_length) {
        ck_assert_int_eq(poll(&poller, 1, 60000), 1);
        ssize_t received = recv(stream->socket, stream->ahead, sizeof stream->ahead, 0);
        if (received <= 0)
            return false;
        stream->ahead_at = 0;
        stream->ahead_length = (size_t)received;
    }
    *ret_byte = stream->ahead[stream->ahead_at++];
    return true;
}

bool stream_next(struct stream *stream)
{
    for (stream->length = 0; stream->length < STREAM_EVENT_MAX; stream->length++) {
        char *end = stream->event + stream->length;
        if (!next_byte(stream, end))
            return false;
        end[1] = '\0';
        if (stream->length > 0 && end[0] == '\n' && end[-1] == '\n')
            return true;
    }
    ck_abort_msg("an event has no end");
    return false;
}

const char *stream_field(const struct stream *stream, const char *name)
{
    const char *line = client_text(site.client, "\n%s: ", name), *found;
    const char *text = client_text(site.client, "\n%s", stream->event);
    found = strstr(text, line);
    ck_assert_msg(found, "no %s in %s", name, stream->event);
    found += strlen(line);
    return client_text(site.client, "%.*s", (int)strcspn(found, "\n"), found);
}
