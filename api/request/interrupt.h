/* interrupt.h - answers a request whose body is still coming.
 *
 * libmicrohttpd 0.9.75 takes an answer before the body, and closes the connection at once: what the client has sent
 * by then makes the kernel reset the connection, which can destroy the answer. Or it takes one after the body, and
 * nothing in between. So such an answer is written to the socket here. The caller goes on reading for a while, so
 * that the client finds the answer, and then cuts the connection.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_INTERRUPT_H
#define CAIRN_API_INTERRUPT_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes an answer with the fields of `response` and this content, and ends the server's side of the connection. It
 * has to be one whose last answer is out. False when the answer does not go into the socket's buffer whole. */
bool interrupt_send(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response,
                    const char *content, size_t length);

#endif
