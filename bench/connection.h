/* connection.h - where the programs that the benchmarks use send their requests. */
#ifndef CAIRN_BENCH_CONNECTION_H
#define CAIRN_BENCH_CONNECTION_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

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

#endif
