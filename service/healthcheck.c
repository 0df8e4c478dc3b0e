/* healthcheck.c - `cairnd healthcheck`: asks a running server for /healthz, for containers that have no curl.
 *
 * It reads the same configuration as the server and asks the first address that the server listens on, over TLS where
 * that is spoken there. Whose certificate it is does not matter: it asks its own machine.
 */
#include "service/command.h"
#include "service/locator.h"
#include "service/tls.h"

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
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(file, (const struct sockaddr *)&address->socket, address->length) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

static bool send_question(int file, struct tls *tls)
{
    struct iovec piece = {.iov_base = (void *)question, .iov_len = strlen(question)};
    ssize_t sent = tls ? tls_send(tls, &piece, 1, 0) : send(file, question, strlen(question), MSG_NOSIGNAL);
    return sent == (ssize_t)strlen(question);
}

/* Reads until the line is full or the server has closed. */
static size_t read_line(int file, struct tls *tls, char *line, size_t size)
{
    size_t used = 0;
    ssize_t got = 1;
    while (used < size - 1 && !memchr(line, '\n', used) && got > 0) {
        size_t left = size - 1 - used;
        got = tls ? tls_receive(tls, line + used, left) : recv(file, line + used, left, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    line[used] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    return used;
}

/* The first of the addresses that a server answers on; -1 and errno of the last when none does. `where` is the one. */
static int connect_to_any(struct locator_addresses *addresses, char where[ADDRESS_TEXT_MAX])
{
    int file = -1;
    for (size_t i = 0; i < addresses->count && file < 0; i++) {
        address_make_local(&addresses->items[i]);
        address_format(&addresses->items[i], where);
        file = connect_to(&addresses->items[i]);
    }
    return file;
}

/* Whether there was an answer, whose first line is then in `line`. */
static bool exchange(int file, bool with_tls, char *line, size_t size)
{
    struct tls *tls = with_tls ? tls_new_client(file) : NULL;
    bool ready = !with_tls || (tls && tls_shake(tls) == TLS_READY);
    bool answered = ready && send_question(file, tls) && read_line(file, tls, line, size) > 0;
    tls_free(tls);
    return answered;
}

static int ask(struct locator_addresses *addresses, bool with_tls)
{
    char where[ADDRESS_TEXT_MAX], line[256];
    int file = connect_to_any(addresses, where);
    if (file < 0) {
        (void)snprintf(line, sizeof line, "%s (is cairnd running, and --listen the same?)", strerror(errno));
        return fail(where, line);
    }
    errno = 0;
    bool answered = exchange(file, with_tls, line, sizeof line);
    close(file);
    if (!answered)
        return fail(where, errno ? strerror(errno) : "closed the connection without an answer");
    return strncmp(line, "HTTP/1.1 200", 12) == 0 ? STATUS_OK : fail(where, line);
}

static int check(const struct config *config)
{
    struct locator locator;
    struct locator_addresses addresses;
    const char *listen = config->listen.items[0];
    if (locator_parse(listen, &locator) || (!locator.path[0] && locator.port == 0)) {
        fprintf(stderr, "cairnd: healthcheck: --listen: '%s' has no port to ask; name the one the server uses\n",
                listen);
        return STATUS_USAGE;
    }
    const char *reason = locator_resolve(&locator, &addresses);
    return reason ? fail(listen, reason) : ask(&addresses, locator.tls);
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
