/* interrupt.h - what libmicrohttpd has no way to do to a connection that is in the middle of a message.
 *
 * It takes an answer before the body, or one after it, and nothing in between. So an answer to a request whose body is
 * still coming is written to the socket here. And it ends a connection politely where content breaks off.
 *
 * The caller then closes the connection.
 *
 * Thread: the daemon's.
 */
#ifndef CAIRN_API_INTERRUPT_H
#define CAIRN_API_INTERRUPT_H

#include "api/http/field_lines.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes an answer with these fields and this content. It has to be one whose last answer is out. When it
 * does not go into the socket's buffer whole, or memory is out, the client gets a part of it or none:
 * false. */
bool interrupt_send(struct MHD_Connection *connection, unsigned status, const struct field_lines *lines,
                    const char *content, size_t length);

/* Resets it, so that the client does not take what has come for all of it: with HTTP/1.0 content ends where the
 * connection does. Unix sockets have no such thing. */
void interrupt_reset(struct MHD_Connection *connection);

#endif
