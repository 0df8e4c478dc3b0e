/* loopback.c - what loopback carries where nobody speaks HTTP: one thread sends, and another receives and drops it.
 *
 *   loopback MIB
 *
 * Prints MiB per second, and the microseconds of CPU that the receiving thread took for all of them.
 */
#include "bench/connection.h"
#include "bench/crew.h"

#include <err.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 256 * 1024, MIB = 1 << 20 };

struct transfer {
    uint64_t bytes;
    char port[8];
};

static void *send_all(void *arg)
{
    const struct transfer *transfer = arg;
    char *piece = calloc(1, PIECE);
    if (!piece)
        err(1, "memory");
    int connection = connection_to(transfer->port);
    for (uint64_t sent = 0; sent < transfer->bytes; sent += PIECE)
        connection_send(connection, piece, PIECE);
    close(connection);
    free(piece);
    return NULL;
}

static void receive_all(int connection, uint64_t bytes)
{
    char *piece = malloc(PIECE);
    if (!piece)
        err(1, "memory");
    while (bytes > 0) {
        ssize_t count = recv(connection, piece, PIECE, 0);
        if (count <= 0)
            errx(1, "the connection ended early");
        bytes -= (uint64_t)count;
    }
    free(piece);
}

/* Listens on a free port of 127.0.0.1. */
static int listen_anywhere(struct transfer *transfer)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        err(1, "listening on 127.0.0.1");
    snprintf(transfer->port, sizeof transfer->port, "%u", ntohs(address.sin_port));
    return listener;
}

static double cpu_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
    pthread_t sender;
    uint64_t mib = count == 2 ? strtoul(arguments[1], NULL, 10) : 0;
    if (mib == 0)
        errx(2, "usage: loopback MIB");
    struct transfer transfer = {.bytes = mib * MIB};
    int listener = listen_anywhere(&transfer);
    double begin = crew_now(), cpu = cpu_now();
    if (pthread_create(&sender, NULL, send_all, &transfer) != 0)
        errx(1, "a thread cannot be created");
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0)
        err(1, "accepting");
    receive_all(connection, transfer.bytes);
    printf("%.0f %.0f\n", (double)mib / (crew_now() - begin), (cpu_now() - cpu) * 1e6);
    pthread_join(sender, NULL);
    close(connection);
    close(listener);
    return 0;
}
