/* fill.c - a store of very many objects, put or deleted by batches of 1,000 over some connections.
 *
 *   fill put|delete PORT STORE COUNT OF STRIDE [BYTES [CONNECTIONS]]
 *
 * The objects are numbered from 0 to OF - 1, and the key of one is its number without the last digit, a slash and that
 * digit: 0000123/4. COUNT of them are taken, each STRIDE behind the one before, and round again: with 1 in the order of
 * their keys, with a large prime in none. Talks to 127.0.0.1, fails unless each answer is 2xx, and prints the objects
 * per second.
 */
#include "bench/connection.h"
#include "bench/crew.h"

#include <err.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, PAYLOAD_MAX = 512, HEAD_MAX = 512 };

struct task {
    bool put;
    const char *port, *store;
    size_t count, of, stride;
    char payload[PAYLOAD_MAX]; /* in Base64 */
    atomic_size_t next;
};

struct text {
    char *bytes;
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, MESSAGE_MAX - text->length, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= MESSAGE_MAX - text->length)
        errx(2, "a batch has more than %d bytes", MESSAGE_MAX);
    text->length += (size_t)length;
}

static void write_batch(const struct task *task, size_t first, struct text *body)
{
    size_t end = first + BATCH < task->count ? first + BATCH : task->count;
    body->length = 0;
    add(body, "{\"operations\":[");
    for (size_t i = first; i < end; i++) {
        size_t number = (size_t)((unsigned __int128)i * task->stride % task->of);
        add(body, "%s{\"op\":\"%s\",\"key\":\"%07zu/%zu\"", i > first ? "," : "", task->put ? "put" : "delete",
            number / 10, number % 10);
        add(body, task->put ? ",\"data\":\"%s\"}" : "}", task->payload);
    }
    add(body, "]}");
}

static void *run(void *arg)
{
    struct task *task = arg;
    struct text body = {.bytes = malloc(MESSAGE_MAX)};
    char *answer = malloc(MESSAGE_MAX), head[HEAD_MAX];
    int connection = connection_to(task->port);
    if (!body.bytes || !answer)
        err(1, "memory");
    for (size_t first; (first = atomic_fetch_add(&task->next, BATCH)) < task->count;) {
        write_batch(task, first, &body);
        int length = snprintf(head, sizeof head,
                              "POST /v1/stores/%s/batch HTTP/1.1\r\nHost: localhost\r\n"
                              "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                              task->store, body.length);
        connection_send(connection, head, (size_t)length);
        connection_send(connection, body.bytes, body.length);
        connection_receive(connection, answer, false);
    }
    free(body.bytes);
    free(answer);
    return NULL;
}

/* Base64 of so many bytes of zeros. */
static void set_payload(struct task *task, size_t bytes)
{
    size_t length = (bytes + 2) / 3 * 4, padding = (3 - bytes % 3) % 3;
    if (length >= sizeof task->payload)
        errx(2, "an object has at most %d bytes", PAYLOAD_MAX / 4 * 3 - 3);
    memset(task->payload, 'A', length - padding);
    memset(task->payload + length - padding, '=', padding);
}

static size_t common_divisor(size_t a, size_t b)
{
    return b == 0 ? a : common_divisor(b, a % b);
}

int main(int count, char **arguments)
{
    if (count < 7 || count > 9)
        errx(2, "usage: fill put|delete PORT STORE COUNT OF STRIDE [BYTES [CONNECTIONS]]");
    struct task task = {.put = strcmp(arguments[1], "put") == 0,
                        .port = arguments[2],
                        .store = arguments[3],
                        .count = strtoul(arguments[4], NULL, 10),
                        .of = strtoul(arguments[5], NULL, 10),
                        .stride = strtoul(arguments[6], NULL, 10)};
    set_payload(&task, count > 7 ? strtoul(arguments[7], NULL, 10) : 0);
    if (task.count == 0 || common_divisor(task.of, task.stride) != 1)
        errx(2, "COUNT is at least 1, and STRIDE and OF have no divisor in common");
    double took = crew_run(count > 8 ? strtoul(arguments[8], NULL, 10) : 4, run, &task);
    printf("%.0f\n", (double)task.count / took);
    return 0;
}
