/* raw.h - bytes over a TCP socket, for requests that no HTTP library would send.
 *
 *     int socket = raw_connect(server->port);
 *     raw_send(socket, "GET / HTTP/1.1\r\n\r\n");
 *     struct raw_answer answer;
 *     ck_assert(raw_receive(socket, &answer));
 *     ck_assert_int_eq(answer.status, 400);
 *     ck_assert(raw_closed(socket));
 *     close(socket);
 *
 * Nothing here waits longer than RAW_SECONDS for one thing to happen.
 *
 * Thread: any.
 */
#ifndef CAIRN_TESTS_HTTP_RAW_H
#define CAIRN_TESTS_HTTP_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_SECONDS 30.0 /* half of the idle timeout that a server has by itself */

enum { RAW_HEADERS_MAX = 16384, RAW_BODY_MAX = 65536 };

struct raw_answer {
    int status;
    char headers[RAW_HEADERS_MAX + 1]; /* with the status line */
    char body[RAW_BODY_MAX + 1];       /* the first bytes; a NUL follows */
    size_t size;                       /* bytes of body received, also those beyond RAW_BODY_MAX */
    bool whole;                        /* as many as Content-Length says */
};

/* A connection to 127.0.0.1; the caller closes it. */
int raw_connect(int port);

/* All bytes; false when the other side has closed or takes nothing for RAW_SECONDS. */
bool raw_send_bytes(int socket, const void *bytes, size_t length);

/* A text by a format, as raw_send_bytes(). */
bool raw_send(int socket, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `length` bytes of the payload of that seed (payload.h) from `position` on. */
bool raw_send_payload(int socket, size_t length, uint64_t seed, uint64_t position);

/* The next answer with its body by Content-Length (none for 1xx, 204, 304); false when the connection ended or fell
 * silent before its headers were there. Reads not a byte more. */
bool raw_receive(int socket, struct raw_answer *ret_answer);

/* The same, for the answer to a HEAD: headers only. */
bool raw_receive_head(int socket, struct raw_answer *ret_answer);

/* Closes with a reset: nobody is there for an answer. */
void raw_reset(int socket);

/* Whether the other side closes within RAW_SECONDS; what still comes is dropped. */
bool raw_closed(int socket);

/* Whether the other side has sent nothing and kept the connection open for so long. */
bool raw_silent(int socket, double seconds);

/* A header's value in `value` of that size; false when it is not there. */
bool raw_header(const struct raw_answer *answer, const char *name, char *value, size_t size);

/* One connection, one request of this text, one answer: its status, or 0 when there was none. */
int raw_status(int port, const char *request, size_t length);

#endif
