/* ask.c - a fixed number of requests on one connection, each sent in one piece when the one before it is answered.
 *
 *   ask METHOD PORT PATH COUNT [KEYS [BYTES]]
 *
 * With KEYS, a slash and the numbers from 1 to KEYS in turn follow the path; with BYTES, each request brings so many.
 * Talks to 127.0.0.1, and fails unless each answer is 2xx and whole.
 */
#include "bench/connection.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task {
    const char *method, *path;
    unsigned long count, keys, bytes;
};

static char message[MESSAGE_MAX];

static void send_request(int connection, const struct task *task, unsigned long number)
{
    char key[32] = "", length[64] = "";
    if (task->keys > 0)
        snprintf(key, sizeof key, "/%lu", number % task->keys + 1);
    if (task->bytes > 0)
        snprintf(length, sizeof length, "Content-Length: %lu\r\n", task->bytes);
    int head = snprintf(message, sizeof message, "%s %s%s HTTP/1.1\r\nHost: localhost:8080\r\n%s\r\n", task->method,
                        task->path, key, length);
    if (head < 0 || (size_t)head + task->bytes > sizeof message)
        errx(2, "a request has more than %d bytes", MESSAGE_MAX);
    memset(message + head, 'x', task->bytes);
    connection_send(connection, message, (size_t)head + task->bytes);
}

static unsigned long number_of(int count, char **arguments, int index)
{
    return index < count ? strtoul(arguments[index], NULL, 10) : 0;
}

int main(int count, char **arguments)
{
    if (count < 5 || count > 7)
        errx(2, "usage: ask METHOD PORT PATH COUNT [KEYS [BYTES]]");
    struct task task = {.method = arguments[1],
                        .path = arguments[3],
                        .count = number_of(count, arguments, 4),
                        .keys = number_of(count, arguments, 5),
                        .bytes = number_of(count, arguments, 6)};
    int connection = connection_to(arguments[2]);
    for (unsigned long i = 0; i < task.count; i++) {
        send_request(connection, &task, i);
        connection_receive(connection, message, strcmp(task.method, "HEAD") == 0);
    }
    return 0;
}
