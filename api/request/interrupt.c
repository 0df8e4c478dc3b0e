#include "api/request/interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "api/http/http_date.h"

enum { SILENCE = 5 }; /* seconds without a byte until a client that has its answer is cut off */

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

bool interrupt_send(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response,
                    const char *content, size_t length)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char *text = NULL;
    size_t text_length;
    FILE *out = open_memstream(&text, &text_length);
    if (out == NULL)
        return false;
    write_answer(out, status, response, content, length);
    bool sent = false;
    if (fclose(out) == 0)
        sent = send(info->connect_fd, text, text_length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)text_length;
    free(text);
    shutdown(info->connect_fd, SHUT_WR);
    MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)SILENCE);
    return sent;
}
