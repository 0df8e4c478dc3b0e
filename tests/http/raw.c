#include "tests/http/raw.h"

#include "tests/http/clock.h"
#include "tests/http/payload.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int raw_connect(int port)
{
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(handle, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_msg(connect(handle, (struct sockaddr *)&address, sizeof address) == 0, "connect to port %d: %s", port,
                  strerror(errno));
    return handle;
}

static bool ready(int socket, short events, double seconds)
{
    struct pollfd poller = {.fd = socket, .events = events};
    return poll(&poller, 1, (int)(seconds * 1000)) > 0;
}

bool raw_send_bytes(int socket, const void *bytes, size_t length)
{
    const char *next = bytes;
    while (length > 0) {
        if (!ready(socket, POLLOUT, RAW_SECONDS))
            return false;
        ssize_t sent = send(socket, next, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (sent < 0)
            return false;
        next += sent;
        length -= (size_t)sent;
    }
    return true;
}

bool raw_send(int socket, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    ck_assert_int_ge(length, 0);
    bool sent = raw_send_bytes(socket, text, (size_t)length);
    free(text);
    return sent;
}

bool raw_send_payload(int socket, size_t length, uint64_t seed, uint64_t position)
{
    char bytes[65536];
    bool sent = true;
    while (sent && length > 0) {
        size_t part = length < sizeof bytes ? length : sizeof bytes;
        payload_fill(bytes, part, seed, position);
        sent = raw_send_bytes(socket, bytes, part);
        position += part;
        length -= part;
    }
    return sent;
}

/* Up to `length` bytes: their number, 0 at the end of the connection, -1 when it broke or fell silent. */
static ssize_t receive_some(int socket, void *bytes, size_t length, double seconds)
{
    if (!ready(socket, POLLIN, seconds))
        return -1;
    return recv(socket, bytes, length, 0);
}

static bool receive_headers(int socket, struct raw_answer *answer)
{
    size_t length = 0;
    while (length < RAW_HEADERS_MAX) {
        if (receive_some(socket, answer->headers + length, 1, RAW_SECONDS) != 1)
            return false;
        answer->headers[++length] = '\0';
        if (length >= 4 && memcmp(answer->headers + length - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static void receive_body(int socket, struct raw_answer *answer)
{
    char value[32];
    if (answer->status < 200 || answer->status == 204 || answer->status == 304) {
        answer->whole = true;
        return;
    }
    if (!raw_header(answer, "Content-Length", value, sizeof value))
        return;
    size_t length = strtoull(value, NULL, 10);
    ssize_t got = 1;
    while (answer->size < length && got > 0) {
        char bytes[65536];
        size_t want = length - answer->size < sizeof bytes ? length - answer->size : sizeof bytes;
        got = receive_some(socket, bytes, want, RAW_SECONDS);
        if (got > 0) {
            size_t room = answer->size < RAW_BODY_MAX ? RAW_BODY_MAX - answer->size : 0;
            memcpy(answer->body + answer->size, bytes, (size_t)got < room ? (size_t)got : room);
            answer->size += (size_t)got;
        }
    }
    answer->body[answer->size < RAW_BODY_MAX ? answer->size : RAW_BODY_MAX] = '\0';
    answer->whole = answer->size == length;
}

bool raw_receive_head(int socket, struct raw_answer *ret_answer)
{
    memset(ret_answer, 0, sizeof *ret_answer);
    return receive_headers(socket, ret_answer) &&
           sscanf(ret_answer->headers, "HTTP/1.%*d %d", &ret_answer->status) == 1;
}

bool raw_receive(int socket, struct raw_answer *ret_answer)
{
    if (!raw_receive_head(socket, ret_answer))
        return false;
    receive_body(socket, ret_answer);
    return true;
}

void raw_reset(int socket)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(socket);
}

bool raw_closed(int socket)
{
    double deadline = clock_now() + RAW_SECONDS;
    char bytes[65536];
    while (clock_now() < deadline) {
        ssize_t got = receive_some(socket, bytes, sizeof bytes, RAW_SECONDS);
        if (got == 0 || (got < 0 && errno == ECONNRESET))
            return true;
        if (got < 0)
            return false;
    }
    return false;
}

bool raw_silent(int socket, double seconds)
{
    return !ready(socket, POLLIN, seconds);
}

bool raw_header(const struct raw_answer *answer, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    for (const char *line = strchr(answer->headers, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *start = line + length + 1 + strspn(line + length + 1, " \t");
            snprintf(value, size, "%.*s", (int)strcspn(start, "\r\n"), start);
            return true;
        }
    }
    return false;
}

int raw_status(int port, const char *request, size_t length)
{
    int socket = raw_connect(port);
    struct raw_answer *answer = malloc(sizeof *answer);
    ck_assert_ptr_nonnull(answer);
    int status = 0;
    if (raw_send_bytes(socket, request, length) && raw_receive(socket, answer))
        status = answer->status;
    free(answer);
    close(socket);
    return status;
}
