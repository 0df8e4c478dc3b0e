/* interrupt.c - uses the socket by hand. See interrupt.h. */
#include "api/request/interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void write_answer(FILE *out, unsigned status, const struct field_lines *lines, const char *content,
                         size_t length)
{
    fprintf(out, "HTTP/1.1 %u %s\r\n", status, MHD_get_reason_phrase_for(status));
    fwrite(lines->bytes, 1, lines->length, out);
    fprintf(out, "Connection: close\r\nContent-Length: %zu\r\n\r\n", length);
    fwrite(content, 1, length, out);
}

static int socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

bool interrupt_send(struct MHD_Connection *connection, unsigned status, const struct field_lines *lines,
                    const char *content, size_t length)
{
    char *text = NULL;
    size_t text_length;
    FILE *out = open_memstream(&text, &text_length);
    if (!out)
        return false;
    write_answer(out, status, lines, content, length);
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
