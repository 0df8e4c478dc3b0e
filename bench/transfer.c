/* transfer.c - the cheapest client there can be, so that a benchmark measures the server: one PUT from
 * memory, or one GET whose bytes the kernel throws away.
 *
 *   transfer PUT PORT PATH FILE
 *   transfer GET PORT PATH
 *
 * Talks to 127.0.0.1, prints the seconds from the connect to the end of the answer, and fails unless the
 * status is 2xx and every announced byte has arrived.
 */
#include "bench/connection.h"
#include "bench/crew.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MAX = 64 * 1024, PIECE = 1 << 20 };

struct answer {
    char head[HEAD_MAX];
    size_t length;      /* bytes received into head */
    size_t body_offset; /* where the body begins in it */
    int status;
    uint64_t content_length;
};

/* All of a file in memory before the clock starts; it stays there until the process ends. */
static const char *map_file(const char *path, uint64_t *ret_size)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &info) != 0)
        err(1, "%s", path);
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED)
        err(1, "%s", path);
    close(file);
    *ret_size = (uint64_t)info.st_size;
    return bytes;
}

static void send_head(int connection, const char *method, const char *path, uint64_t size)
{
    char head[HEAD_MAX], length[64] = "";
    if (strcmp(method, "PUT") == 0)
        snprintf(length, sizeof length, "Content-Length: %" PRIu64 "\r\n", size);
    int count = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, path, length);
    if (count < 0 || (size_t)count >= sizeof head)
        errx(2, "the path is too long");
    if (send(connection, head, (size_t)count, MSG_NOSIGNAL) != count)
        err(1, "sending the request");
}

static void send_body(int connection, const char *bytes, uint64_t size)
{
    uint64_t position = 0;
    while (position < size) {
        uint64_t left = size - position;
        ssize_t sent = send(connection, bytes + position, left < PIECE ? (size_t)left : PIECE, MSG_NOSIGNAL);
        if (sent <= 0)
            err(1, "sending the body");
        position += (uint64_t)sent;
    }
}

static void parse_head(struct answer *answer)
{
    const char *length = strcasestr(answer->head, "\r\ncontent-length:");
    if (sscanf(answer->head, "HTTP/1.1 %d", &answer->status) != 1)
        errx(1, "the answer is not HTTP/1.1");
    if (answer->status < 200 || answer->status > 299)
        errx(1, "the answer is %d", answer->status);
    if (length)
        answer->content_length = strtoull(length + strlen("\r\ncontent-length:"), NULL, 10);
    else if (answer->status != 204)
        errx(1, "the answer has no Content-Length");
}

static void receive_head(int connection, struct answer *answer)
{
    const char *end = NULL;
    while (!end) {
        size_t room = sizeof answer->head - 1 - answer->length;
        ssize_t count = recv(connection, answer->head + answer->length, room, 0);
        if (count <= 0)
            errx(1, "the connection ended before the answer's headers did");
        answer->length += (size_t)count;
        answer->head[answer->length] = '\0';
        end = strstr(answer->head, "\r\n\r\n");
    }
    answer->body_offset = (size_t)(end - answer->head) + 4;
    parse_head(answer);
}

/* MSG_TRUNC lets the kernel drop the bytes of a TCP stream without copying them. */
static void discard_body(int connection, const struct answer *answer)
{
    uint64_t received = answer->length - answer->body_offset;
    while (received < answer->content_length) {
        uint64_t left = answer->content_length - received;
        ssize_t count = recv(connection, NULL, left < PIECE ? (size_t)left : PIECE, MSG_TRUNC);
        if (count <= 0)
            errx(1, "%" PRIu64 " of %" PRIu64 " bytes arrived", received, answer->content_length);
        received += (uint64_t)count;
    }
}

int main(int count, char **arguments)
{
    static struct answer answer;
    bool put = count == 5 && strcmp(arguments[1], "PUT") == 0;
    if (!put && (count != 4 || strcmp(arguments[1], "GET") != 0))
        errx(2, "usage: transfer PUT PORT PATH FILE | transfer GET PORT PATH");

    uint64_t size = 0;
    const char *bytes = put ? map_file(arguments[4], &size) : NULL;
    double begin = crew_now();
    int connection = connection_to(arguments[2]);
    send_head(connection, arguments[1], arguments[3], size);
    send_body(connection, bytes, size);
    receive_head(connection, &answer);
    discard_body(connection, &answer);
    printf("%.6f\n", crew_now() - begin);
    return 0;
}
