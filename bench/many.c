/* many.c - one request for each of many numbers, over some connections that take turns.
 *
 *   many CONNECTIONS METHOD PORT PATH COUNT OF [BYTES]
 *
 * Sends COUNT requests. In the place of % in the path stand the numbers from 0 to OF - 1 in turn; with BYTES, each
 * request brings so many. Talks to 127.0.0.1, fails unless each answer is 2xx and whole, and prints the requests per
 * second and the median and 99th percentile of their milliseconds.
 */
#include "bench/connection.h"
#include "bench/crew.h"

#include <err.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct task {
    const char *method, *port, *before, *behind; /* the path, before and behind its % */
    size_t count, of, bytes;
    atomic_size_t next;
    double *seconds; /* of each request */
};

static size_t write_request(const struct task *task, size_t number, char *message)
{
    int head = snprintf(message, MESSAGE_MAX, "%s %s%zu%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n",
                        task->method, task->before, number, task->behind, task->bytes);
    if (head < 0 || (size_t)head + task->bytes > MESSAGE_MAX)
        errx(2, "a request has more than %d bytes", MESSAGE_MAX);
    memset(message + head, 'x', task->bytes);
    return (size_t)head + task->bytes;
}

static void *run(void *arg)
{
    struct task *task = arg;
    char *message = malloc(MESSAGE_MAX);
    int connection = connection_to(task->port);
    if (!message)
        err(1, "memory");
    for (size_t i; (i = atomic_fetch_add(&task->next, 1)) < task->count;) {
        size_t size = write_request(task, i % task->of, message);
        double begin = crew_now();
        connection_send(connection, message, size);
        connection_receive(connection, message, strcmp(task->method, "HEAD") == 0);
        task->seconds[i] = crew_now() - begin;
    }
    free(message);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

int main(int count, char **arguments)
{
    if (count < 7 || count > 8 || !strchr(arguments[4], '%'))
        errx(2, "usage: many CONNECTIONS METHOD PORT PATH COUNT OF [BYTES], with a %% in the path");
    struct task task = {.method = arguments[2],
                        .port = arguments[3],
                        .before = arguments[4],
                        .behind = strchr(arguments[4], '%') + 1,
                        .count = strtoul(arguments[5], NULL, 10),
                        .of = strtoul(arguments[6], NULL, 10),
                        .bytes = count > 7 ? strtoul(arguments[7], NULL, 10) : 0};
    if (task.count == 0 || task.of == 0)
        errx(2, "COUNT and OF are at least 1");
    *strchr(arguments[4], '%') = '\0';
    task.seconds = calloc(task.count, sizeof *task.seconds);
    if (!task.seconds)
        err(1, "memory");
    double took = crew_run(strtoul(arguments[1], NULL, 10), run, &task);
    qsort(task.seconds, task.count, sizeof *task.seconds, compare);
    printf("%.0f %.3f %.3f\n", (double)task.count / took, task.seconds[task.count / 2] * 1e3,
           task.seconds[task.count - 1 - task.count / 100] * 1e3);
    free(task.seconds);
    return 0;
}
