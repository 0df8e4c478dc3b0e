/* interrupt.c - uses the socket by hand. See interrupt.h. */
#include "api/request/interrupt.h"

#include "api/http/http_date.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static enum MHD_Result write_field(void *closure, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    fprintf(closure, "%s: %s\r\n", name, value);
    return MHD_YES;
}

static void write_answer(FILE *out, unsigned status, struct MHD_Response *response, const char *content, size_t length)
{
    char date[HTTP_DATE_SIZE];
    http_date_write(date, time(NULL));
    fprintf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, MHD_get_reason_phrase_for(status), date);
    MHD_get_response_headers(response, write_field, out);
    fprintf(out, "Connection: close\r\nContent-Length: %zu\r\n\r\n", length);
    fwrite(content, 1, length, out);
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

bool interrupt_send(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response,
                    const char *content, size_t length)
{
    char *text = NULL;
    size_t text_length;
    FILE *out = open_memstream(&text, &text_length);
    if (!out)
        return false;
    write_answer(out, status, response, content, length);
    int socket = socket_of(connection);
    ssize_t sent = fclose(out) == 0 ? send(socket, text, text_length, MSG_DONTWAIT | MSG_NOSIGNAL) : -1;
    free(text);
    return sent >= 0 && (size_t)sent == text_length;
}

/* A connection that is dissolved by hand is reset at once, and closing it later sends nothing more. */
void interrupt_reset(struct MHD_Connection *connection)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    (void)connect(socket_of(connection), &nowhere, sizeof nowhere);
}
