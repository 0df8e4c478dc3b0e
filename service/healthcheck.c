/* healthcheck.c - `cairnd healthcheck`: asks a running server for /healthz, for containers that have no curl.
 *
 * It reads the same configuration as the server and asks the first address that the server listens on.
 */
#include "service/address.h"
#include "service/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE = 5 }; /* seconds for each step */

static const char question[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static int fail(const char *where, const char *what)
{
    fprintf(stderr, "cairnd: %s: %s\n", where, what);
    return STATUS_FAILED;
}

static int connect_to(const struct address *address)
{
    struct timeval patience = {.tv_sec = PATIENCE};
    int file = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (file < 0)
        return -1;
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(file, (const struct sockaddr *)&address->socket, address->length) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

/* Reads until the line is full or the server has closed. */
static size_t read_line(int file, char *line, size_t size)
{
    size_t used = 0;
    ssize_t got = 1;
    while (used < size - 1 && !memchr(line, '\n', used) && got > 0) {
        got = recv(file, line + used, size - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    line[used] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return used;
}

static int ask(const struct address *address)
{
    char where[ADDRESS_TEXT_MAX], line[256];
    address_format(address, where);
    int file = connect_to(address);
    if (file < 0) {
        (void)snprintf(line, sizeof(line), "%s (is cairnd running, and --listen the same?)", strerror(errno));
        return fail(where, line);
    }
    errno = 0;
    bool answered = send(file, question, strlen(question), MSG_NOSIGNAL) == (ssize_t)strlen(question) &&
                    read_line(file, line, sizeof(line)) > 0;
    close(file);
    if (!answered)
        return fail(where, errno ? strerror(errno) : "closed the connection without an answer");
    return strncmp(line, "HTTP/1.1 200", 12) == 0 ? STATUS_OK : fail(where, line);
}

static int check(const struct config *config)
{
    struct address address;
    const char *listen = config->listen.items[0];
    if (!address_parse(listen, &address) || (!address_path(&address) && address_port(&address) == 0)) {
        fprintf(stderr, "cairnd: healthcheck: --listen: '%s' has no port to ask; name the one the server uses\n",
                listen);
        return STATUS_USAGE;
    }
    address_make_local(&address);
    return ask(&address);
}

int command_healthcheck(char *const *arguments)
{
    struct config config;
    int status;
    if (command_configure(arguments, &config, &status))
        status = check(&config);
    config_free(&config);
    return status;
}
