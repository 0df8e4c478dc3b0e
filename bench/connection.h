/* connection.h - where the programs that the benchmarks use send their requests, and how they wait for the answers. */
#ifndef CAIRN_BENCH_CONNECTION_H
#define CAIRN_BENCH_CONNECTION_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MESSAGE_MAX = (1 << 20) + 4096 }; /* of a request, and of an answer: a body of 1 MiB and its head */

/* A connection to a port of 127.0.0.1; ends the program where there is none. */
static inline int connection_to(const char *port)
{
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    if (*port == '\0' || *end != '\0' || number == 0 || number > UINT16_MAX)
        errx(2, "'%s' is not a port", port);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address) != 0)
        err(1, "127.0.0.1:%s", port);
    return connection;
}

static inline void connection_send(int connection, const char *message, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t count = send(connection, message + sent, size - sent, MSG_NOSIGNAL);
        if (count <= 0)
            err(1, "sending a request");
        sent += (size_t)count;
    }
}

/* The bytes of an answer whose head is there, or 0. */
static inline size_t connection_answer_length(const char *message, bool head_only)
{
    const char *end = strstr(message, "\r\n\r\n"), *length = strcasestr(message, "\r\ncontent-length:");
    if (!end)
        return 0;
    if (strncmp(message, "HTTP/1.1 2", 10) != 0)
        errx(1, "the answer is %.*s", (int)strcspn(message, "\r"), message);
    bool empty = head_only || !length || length > end;
    return (size_t)(end - message) + 4 + (empty ? 0 : strtoul(length + strlen("\r\ncontent-length:"), NULL, 10));
}

/* Waits for an answer, into MESSAGE_MAX bytes; ends the program unless it is 2xx and whole. */
static inline void connection_receive(int connection, char *message, bool head_only)
{
    size_t received = 0, length = 0;
    while (received == 0 || received != length) {
        ssize_t count = recv(connection, message + received, MESSAGE_MAX - 1 - received, 0);
        if (count <= 0)
            errx(1, "the connection ended, or the answer is too long");
        received += (size_t)count;
        message[received] = '\0';
        length = length ? length : connection_answer_length(message, head_only);
    }
}

#endif
